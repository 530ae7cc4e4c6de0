"""What people have said of pairs of places and of vehicles, and what of it speaks against a new judgement."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from muniment.batch.matching.policy import today
from muniment.core import content
from muniment.engine.matching import said as saying
from muniment.engine.matching import words
from muniment.objects.kinds import Thing

VERDICTS = ("same", "different", "unsure")


def titles() -> dict[str, str]:
    """Return what a judgement may rest on, by its code."""
    return {code: each.title for code, each in words.in_force(today()).evidence.items()}


def choices() -> list[tuple[str, str]]:
    """Return what a judgement may rest on, to choose from."""
    return [("", "Choose"), *titles().items()]


@dataclass(frozen=True)
class Contradiction:
    """Judgements that together say otherwise, in order from the one member to the other."""

    judgements: tuple[Any, ...]

    @property
    def digest(self) -> str:
        """A short text that tells this contradiction from any other."""
        told = "|".join(f"{each.left_id}-{each.right_id}-{each.verdict}" for each in self.judgements)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def overruled(self) -> list[Any]:
        """The judgements of the other verdict than the new one, which somebody has to look at again."""
        verdicts = {each.verdict for each in self.judgements}
        other = saying.DIFFERENT if saying.DIFFERENT in verdicts else saying.SAME
        return [each for each in self.judgements if each.verdict == other]


def contradiction(thing: Thing, one: int, two: int, verdict: str) -> Contradiction | None:
    """Return what speaks against a verdict on a pair, as far as the reader may see it."""
    if verdict == "unsure":
        return None
    told = _around(thing, {one, two})
    steps = saying.against(set(told), one, two, verdict)
    return Contradiction(tuple(told[step] for step in steps)) if steps else None


def _around(thing: Thing, start: set[int]) -> dict[saying.Said, Any]:
    """Return what was said of whatever is said to be the same as some members."""
    told: dict[saying.Said, Any] = {}
    seen: set[int] = set()
    coming = set(start)
    while coming:
        seen |= coming
        found = thing.judgement._default_manager.filter(superseded_at__isnull=True).exclude(verdict="unsure")
        new = {
            saying.Said(each.left_id, each.right_id, each.verdict): each  # type: ignore[attr-defined]
            for each in found.filter(Q(left__in=coming) | Q(right__in=coming))
        }
        told |= new
        coming = {key for each in new if each.verdict == saying.SAME for key in each.pair} - seen
    return told


def every(thing: Thing) -> QuerySet[Any]:
    """Return the judgements that stand: first those to look at again, then the last."""
    standing = thing.judgement._default_manager.filter(superseded_at__isnull=True)
    of_pair = ("left__system__controller", "right__system__controller")
    return standing.select_related(*of_pair).order_by(F("reopened_at").desc(nulls_last=True), "-at", "-pk")


def around(thing: Thing, start: set[int]) -> list[Any]:
    """Return the judgements that stand of whatever is said to be the same as some members."""
    return list(_around(thing, start).values())


def standing(thing: Thing, left: Any, right: Any) -> Any:
    """Return what was said last of two members, with its reason and what it rests on; None when nothing stands."""
    one, two = sorted((left.pk, right.pk))
    every = thing.judgement._default_manager.filter(left=one, right=two, superseded_at__isnull=True)
    held = every.select_related("reason").first()
    if held is None:
        return None
    return {
        "judgement": held,
        "rests_on": titles().get(held.evidence, held.evidence),  # type: ignore[attr-defined]
        "reason": content.shown(held.reason),  # type: ignore[attr-defined]
    }
