"""Who is one person: what people have said, who has been shown as one, and the evidence, in this order.

Groups are a function of the nominals, the judgements, the standing pairs and the model, and of nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from muniment.engine.matching import standing as stands
from muniment.engine.matching.clusters import Groups
from muniment.engine.matching.model import Points

# Evidence and a person's word join also what a source once merged and took back.
_BY_EVIDENCE = frozenset({stands.TAKEN_BACK})
_BY_WORD = stands.RULES | _BY_EVIDENCE
_AS_BEFORE = frozenset({"group-links"}) | _BY_EVIDENCE
Pair = tuple[int, int]


class Refused(NamedTuple):
    """A pair that was not joined, or is one only because it was: its weight in bits, and why a person is asked."""

    left: int
    right: int
    weight: float
    reason: str  # a key of `muniment.engine.matching.rules.REASONS`
    were_one: bool = False


@dataclass(frozen=True)
class Sayings:
    """What people and sources have said of pairs."""

    same: tuple[Pair, ...] = ()
    different: tuple[Pair, ...] = ()
    taken_back: tuple[Pair, ...] = ()  # merged by their source once, and no longer


@dataclass(frozen=True)
class Evidence:
    """What the nominals themselves tell: pairs that speak for being one, the strongest first, and what forbids it.

    `automatic` gives those that join without a person, with their weights, each time it is called: the strongest
    first, ties by source reference. `known` tells of nominals who were one and are not joined.
    """

    speak: Iterable[Pair]
    automatic: Callable[[], Iterable[tuple[int, int, float]]]
    twins: Iterable[Pair]
    identifiers: Mapping[str, Mapping[int, str]]
    known: Callable[[Iterable[int]], stands.Known]


@dataclass
class Grouped:
    """The groups, and what was refused on the way."""

    groups: Groups
    refused: list[Refused] = field(default_factory=list)

    def is_asked(self, pair: Refused) -> bool:
        """Whether a person is asked: what came together by other edges needs no question.

        Unless nothing but having been one holds it together.
        """
        if pair.were_one and pair.reason != "parted":
            return True
        return self.groups.find(pair.left) != self.groups.find(pair.right)


def group(evidence: Evidence, said: Sayings, shown: list[Pair], points: Points) -> Grouped:
    """Join nominals; `shown` are pairs of those that users have been shown as one."""
    groups = Groups(evidence.identifiers if points.hard_rules else {}, points.least_links)
    groups.link(evidence.speak)
    groups.bar("judgement", said.different)
    groups.bar(stands.TAKEN_BACK, said.taken_back)
    if points.hard_rules:
        groups.bar("group-twins", evidence.twins)
    made = Grouped(groups)
    made.refused += _join(groups, ((one, two, 0.0) for one, two in sorted(said.same)), _BY_WORD)
    made.refused += _join_as_before(groups, evidence, shown)
    made.refused += _join(groups, evidence.automatic(), _BY_EVIDENCE)
    return made


def _join(groups: Groups, pairs: Iterable[tuple[int, int, float]], but: frozenset[str]) -> list[Refused]:
    refused: list[Refused] = []
    for one, two, weight in pairs:
        if groups.find(one) == groups.find(two):
            continue
        if reason := groups.obstacle(one, two, but=but):
            refused.append(Refused(one, two, weight, reason))
        else:
            groups.join(one, two)
    return refused


def _join_as_before(groups: Groups, evidence: Evidence, shown: list[Pair]) -> list[Refused]:
    """Join what was one before: first what evidence joins still, so that what stands alone is told from it."""
    before = stands.shown(shown)
    for one, two, _ in evidence.automatic() if shown else ():
        if groups.find(one) == groups.find(two) or before.find(one) != before.find(two):
            continue
        if not groups.obstacle(one, two, but=_AS_BEFORE):
            groups.join(one, two)
    alone = stands.in_parts(groups, shown)
    known = evidence.known({each for parts in alone for part in parts for each in part})
    return [
        Refused(each.left, each.right, each.weight, each.reason, were_one=True)
        for each in stands.carry(groups, alone, known)
    ]
