"""Nominals that users have been shown as one person, and that neither evidence nor anybody's word joins any more.

They stay one, so that references are stable, and a person is asked. They come apart where somebody has said so, where
their source took its merge back, and where their records tell of two people now.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from muniment.engine.matching.clusters import Groups
from muniment.engine.matching.features import Nominal
from muniment.engine.matching.model import Comparison, Model, compare
from muniment.engine.matching.rules import tell_of_two

# What may not come apart by itself, though it would not be joined anew.
RULES = frozenset({"group-twins", "group-identifier", "group-links"})
# What their source once held to be one and no longer does: evidence may still join them.
TAKEN_BACK = "taken-back"


@dataclass(frozen=True)
class Asked:
    """The likest pair of two parts of what was one person: its weight, and why a person is asked about it."""

    left: int
    right: int
    weight: float
    reason: str  # a key of `muniment.engine.matching.rules.REASONS`


@dataclass(frozen=True)
class Known:
    """What is known of the nominals in question: each standardised, and by pair the rule that forbids a join."""

    model: Model
    nominals: Mapping[int, Nominal]
    blocked: Mapping[tuple[int, int], str]

    def likest(self, some: Iterable[int], others: Iterable[int]) -> tuple[int, int, Comparison]:
        """Return the likest pair between two parts with what it compares to; one that does not tell of two first."""
        pairs = [tuple(sorted(pair)) for pair in product(some, others)]
        found = [(one, two, compare(self.nominals[one], self.nominals[two], self.model)) for one, two in pairs]
        return min(found, key=lambda each: (_tells_of_two(each[2]), -each[2].weight, each[0], each[1]))


def shown(pairs: Iterable[tuple[int, int]]) -> Groups:
    """Return the groups in which nominals have been shown as one, from pairs of them."""
    found = Groups()
    for one, two in pairs:
        found.join(one, two)
    return found


def in_parts(groups: Groups, pairs: Iterable[tuple[int, int]]) -> list[list[list[int]]]:
    """Return what was shown as one and is not joined, person by person: its parts, each the nominals that are."""
    persons = shown(pairs := list(pairs))
    parts: dict[int, dict[int, list[int]]] = {}
    for nominal in sorted({nominal for pair in pairs for nominal in pair}):
        parts.setdefault(persons.find(nominal), {}).setdefault(groups.find(nominal), []).append(nominal)
    return [list(each.values()) for each in parts.values() if len(each) > 1]


def carry(groups: Groups, persons: Iterable[list[list[int]]], known: Known) -> Iterator[Asked]:
    """Join the parts of each person again unless something ends it; give the pairs about which a person is asked."""
    for parts in persons:
        kept: list[list[int]] = []
        for part in parts:
            yield from _carry_part(groups, kept, part, known)


def _carry_part(groups: Groups, kept: list[list[int]], part: list[int], known: Known) -> Iterator[Asked]:
    """Join a part to the first of those kept that it may stand with; else it is kept by itself."""
    for earlier in kept:
        if groups.obstacle(earlier[0], part[0], but=RULES):
            continue  # a person has said so, or their source
        one, two, compared = known.likest(earlier, part)
        if _tells_of_two(compared):
            yield Asked(one, two, compared.weight, "parted")
            continue
        reason = groups.obstacle(one, two, but=frozenset({"group-links", TAKEN_BACK}))
        yield Asked(one, two, compared.weight, reason or known.blocked.get((one, two), "weight"))
        groups.join(one, two)
        earlier.extend(part)
        return
    kept.append(part)


def _tells_of_two(compared: Comparison) -> bool:
    return tell_of_two({each.feature: each.level for each in compared.contributions})
