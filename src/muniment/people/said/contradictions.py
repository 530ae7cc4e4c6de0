"""What was said of pairs before, put together, that speaks against a judgement."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from muniment.engine.matching import said as saying
from muniment.people.models import Judgement
from muniment.records.models import Nominal

_JUDGE_LOCK = 7_130_008
_MERGED = """
SELECT gone.id, kept.id FROM records_nominal gone
JOIN records_nominal kept ON kept.system_id = gone.system_id AND kept.reference = gone.merged_into
WHERE gone.merged_into <> '' AND gone.id = ANY(%(keys)s)
UNION
SELECT gone.id, kept.id FROM records_nominal kept
JOIN records_nominal gone ON gone.system_id = kept.system_id AND gone.merged_into = kept.reference
WHERE gone.merged_into <> '' AND kept.id = ANY(%(keys)s)
"""


@dataclass(frozen=True)
class Contradiction:
    """What was said before that together says otherwise, in order from the one nominal to the other.

    A step is a judgement, or None where their own system has merged two of its nominals.
    """

    steps: tuple[tuple[saying.Said, Judgement | None], ...]

    @property
    def digest(self) -> str:
        """A short text that tells this contradiction from any other."""
        told = "|".join(f"{step.left}-{step.right}-{step.verdict}" for step, _ in self.steps)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def overruled(self) -> list[Judgement]:
        """The judgements of the other verdict than the new one, which somebody has to look at again."""
        verdicts = {step.verdict for step, _ in self.steps}
        other = saying.DIFFERENT if saying.DIFFERENT in verdicts else saying.SAME
        return [judgement for step, judgement in self.steps if judgement and step.verdict == other]


def contradiction(one: Nominal, two: Nominal, verdict: str) -> Contradiction | None:
    """Return what speaks against a verdict on a pair, as far as the reader may see it."""
    if verdict == Judgement.Verdict.UNSURE:
        return None
    judged, told = said_around({one.pk, two.pk})
    steps = saying.against(told, one.pk, two.pk, verdict)
    return Contradiction(tuple((step, judged.get(step)) for step in steps)) if steps else None


def said_around(start: set[int]) -> tuple[dict[saying.Said, Judgement], set[saying.Said]]:
    """Return what was said of whoever is said to be the same as some nominals, and the judgements among it."""
    judged: dict[saying.Said, Judgement] = {}
    told: set[saying.Said] = set()
    seen: set[int] = set()
    coming = set(start)
    while coming:
        seen |= coming
        found = Judgement.objects.filter(Q(left__in=coming) | Q(right__in=coming), superseded_at__isnull=True)
        new = {saying.Said(each.left_id, each.right_id, each.verdict): each for each in found.exclude(verdict="unsure")}
        judged |= new
        merged = {saying.Said(gone, kept, saying.SAME) for gone, kept in merged_at_source(coming)}
        told |= {*new, *merged}
        coming = {key for each in {*new, *merged} if each.verdict == saying.SAME for key in each.pair} - seen
    return judged, told


def merged_at_source(keys: Iterable[int]) -> set[tuple[int, int]]:
    """Return the pairs that their own system holds to be one, of which either is among these."""
    with connection.cursor() as cursor:
        cursor.execute(_MERGED, {"keys": list(keys)})
        return set(cursor.fetchall())


def take_turns() -> None:
    """Let one judge at a time: what speaks against a judgement is what stands when it is recorded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_JUDGE_LOCK])


def stand_again(*nominals: Nominal) -> None:
    """Let judgements stand again that were reopened by what no longer says otherwise."""
    judged, told = said_around({each.pk for each in nominals})
    settled = [
        each.pk
        for step, each in judged.items()
        if each.reopened_because == Judgement.Reopened.CONTRADICTED
        and not saying.against(told, step.left, step.right, step.verdict)
    ]
    Judgement.objects.filter(pk__in=settled).update(reopened_at=None, reopened_because="")
