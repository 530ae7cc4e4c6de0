"""Judge whether two nominals are one person; a person's word beats the model."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from muniment.batch.matching.policy import in_force
from muniment.core import access, audit, content, reasons, words
from muniment.core.actors import Actor
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.engine.matching import said as saying
from muniment.people import advice, joins
from muniment.people.models import Judgement
from muniment.records.models import Nominal

_JUDGE_LOCK = 7_130_008
WHY = "Give the reason for the judgement"
WITHDRAW = "Say why you take it back"
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
class Said:
    """What a person says about a pair: the verdict, what it rests on, and why.

    `despite` is the `Contradiction.digest` that they have read and say it against.
    """

    verdict: str
    evidence: str
    reason: str
    despite: str = ""


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
    judged, told = _said_around({one.pk, two.pk})
    steps = saying.against(told, one.pk, two.pk, verdict)
    return Contradiction(tuple((step, judged.get(step)) for step in steps)) if steps else None


def _said_around(start: set[int]) -> tuple[dict[saying.Said, Judgement], set[saying.Said]]:
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
        merged = {saying.Said(gone, kept, saying.SAME) for gone, kept in _merged_at_source(coming)}
        told |= {*new, *merged}
        coming = {key for each in {*new, *merged} if each.verdict == saying.SAME for key in each.pair} - seen
    return judged, told


def _merged_at_source(keys: Iterable[int]) -> set[tuple[int, int]]:
    """Return the pairs that their own system holds to be one, of which either is among these."""
    with connection.cursor() as cursor:
        cursor.execute(_MERGED, {"keys": list(keys)})
        return set(cursor.fetchall())


def _stand_again(*nominals: Nominal) -> None:
    """Let judgements stand again that were reopened by what no longer says otherwise."""
    judged, told = _said_around({each.pk for each in nominals})
    settled = [
        each.pk
        for step, each in judged.items()
        if each.reopened_because == Judgement.Reopened.CONTRADICTED
        and not saying.against(told, step.left, step.right, step.verdict)
    ]
    Judgement.objects.filter(pk__in=settled).update(reopened_at=None, reopened_because="")


def judge(one: Nominal, two: Nominal, said: Said, *, by: Actor) -> Judgement:
    """Record what a person decided about a pair; an earlier judgement is superseded, never overwritten.

    The prime records follow with the next run of `resolve`. A judgement on stronger evidence stands until it is
    reopened. What says otherwise is named first; said in spite of it, the others have to be looked at again.
    """
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    left, right = sorted((one, two), key=lambda nominal: nominal.pk)
    check = unless(said.verdict in Judgement.Verdict.values, "Say whether the two are one person.")
    check &= unless(said.evidence in in_force().evidence, "Say what the judgement rests on.")
    check &= reasons.is_given(said.reason, WHY)
    check &= unless(left.pk != right.pk, "These are the same source record.")
    check.require()
    with transaction.atomic():
        _take_turns()
        standing = Judgement.objects.filter(left=left, right=right, superseded_at__isnull=True)
        _is_strong_enough(standing.first(), said.evidence).require()
        otherwise = contradiction(left, right, said.verdict)
        unless(
            otherwise is None or otherwise.digest == said.despite,
            "Other judgements say otherwise: read them, and say whether you still do.",
        ).require()
        before = list(standing)
        standing.update(superseded_at=timezone.now())
        kept = content.store(f"judgement:{left.pk}:{right.pk}", "reason", said.reason.strip(), scope_id=left.scope_id)
        forms = joins.standardised([left, right])
        judgement = Judgement.objects.create(
            left=left,
            right=right,
            verdict=said.verdict,
            evidence=said.evidence,
            reason=kept,
            by=by.name,
            identifiers=saying.identifiers(forms[left.pk], forms[right.pk]),
        )
        advice.follow(judgement, before)
        again = otherwise.overruled if otherwise else []
        reopened = Judgement.objects.filter(pk__in=[each.pk for each in again], reopened_at__isnull=True)
        reopened.update(reopened_at=timezone.now(), reopened_because=Judgement.Reopened.CONTRADICTED)
        _stand_again(left, right)
        detail = {"verdict": said.verdict, "evidence": said.evidence, "reopened": [each.pk for each in again]}
        audit.record(by, "match.judge", subject=_subject(judgement), detail=detail)
    return judgement


def _take_turns() -> None:
    """Let one judge at a time: what speaks against a judgement is what stands when it is recorded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_JUDGE_LOCK])


def _is_strong_enough(standing: Judgement | None, evidence: str) -> Verdict:
    """Whether evidence may take the place of what was said before: unless that is reopened, only what is as strong."""
    known = in_force().evidence
    if standing is None or standing.reopened_at or standing.evidence not in known:
        return ALLOWED
    before = known[standing.evidence]
    return unless(
        known[evidence].strength >= before.strength,
        f"{standing.by} said on {words.day(standing.at.date())} that the two are"
        f" {'one person' if standing.verdict == saying.SAME else 'not one person'}, by better evidence"
        f" ({before.title.lower()}): only evidence as good can take its place.",
    )


def withdraw(judgement: Judgement, *, by: Actor, reason: str) -> None:
    """Take back one's own judgement: the pair is as if nobody had judged it; what was said stays on record."""
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    with transaction.atomic():
        _take_turns()
        held = Judgement.objects.select_related("left", "right").get(pk=judgement.pk)
        check = unless(held.superseded_at is None, "It does not stand any more.")
        check &= unless(held.by == by.name, f"{held.by} judged it: who sees it otherwise judges the pair anew.")
        check &= reasons.is_given(reason, WITHDRAW)
        check.require()
        held.withdrawal = content.store(
            f"judgement:{held.left_id}:{held.right_id}", "withdrawal", reason.strip(), scope_id=held.left.scope_id
        )
        held.superseded_at = timezone.now()
        held.save(update_fields=["withdrawal", "superseded_at"])
        advice.take_back([held])
        _stand_again(held.left, held.right)
        audit.record(by, "match.withdraw", subject=_subject(held), detail={"verdict": held.verdict})


def _subject(judgement: Judgement) -> str:
    return f"nominals {judgement.left_id} and {judgement.right_id}"
