"""What those say who look at a sample of an act: how many of its judgements they see otherwise."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from muniment.engine.matching.interval import exact
from muniment.people.models import CheckedPair, Judgement, JudgingAct


def is_otherwise(pair: CheckedPair) -> bool:
    """Whether somebody else sees a pair otherwise; who cannot tell does not."""
    return pair.said not in {"", pair.act.verdict, Judgement.Verdict.UNSURE}


@dataclass(frozen=True)
class Checked:
    """How far the sample of an act has been looked at, and the share of errors among those that could be told."""

    drawn: int
    looked_at: int
    otherwise: int
    unsure: int
    interval: tuple[float, float] | None  # exact, of the share of errors

    @property
    def told(self) -> int:
        """How many could be told."""
        return self.looked_at - self.unsure

    @property
    def share(self) -> float | None:
        """The share that is seen otherwise."""
        return self.otherwise / self.told if self.told else None


def checked(acts: Collection[int]) -> dict[int, Checked]:
    """Return what the samples of some acts tell so far, by the key of the act; of those that have one.

    The pairs of a sample come in random order, so that a part is a sample too.
    """
    drawn: dict[int, list[CheckedPair]] = defaultdict(list)
    for each in CheckedPair.objects.filter(act__in=acts).select_related("act"):
        drawn[each.act_id].append(each)
    return {act: _told(pairs) for act, pairs in drawn.items()}


def _told(pairs: list[CheckedPair]) -> Checked:
    said = [each for each in pairs if each.said]
    otherwise = sum(map(is_otherwise, said))
    unsure = sum(each.said == Judgement.Verdict.UNSURE for each in said)
    told = len(said) - unsure
    return Checked(len(pairs), len(said), otherwise, unsure, exact(otherwise, told) if told else None)


def waiting_for(name: str, act: JudgingAct | None = None) -> QuerySet[CheckedPair]:
    """Return the pairs that somebody may look at: of acts of others, that stand."""
    found = CheckedPair.objects.filter(said="", act__withdrawn_at__isnull=True).exclude(act__by=name)
    return (found.filter(act=act) if act else found).order_by("act", "place")
