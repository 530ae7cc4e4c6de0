"""Things other than people put together: which of what sources say is about one place, or one vehicle.

People are weighed; a place and a vehicle are named, so a pair agrees at a *level* that says by itself whether the two
are joined, whether a person is asked, or neither. What people said counts before any level.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from muniment.engine.matching.clusters import Groups

M = TypeVar("M")


@dataclass(frozen=True)
class Level:
    """How far two agree: in words, and what follows. The strongest come first in the list of levels."""

    name: str
    words: str
    joins: bool = False
    asks: bool = False


@dataclass(frozen=True, order=True)
class Pair:
    """Two members and the level at which they agree."""

    left: int
    right: int
    level: str


@dataclass(frozen=True)
class Told:
    """What people said of pairs: one thing, or two."""

    same: Collection[tuple[int, int]] = ()
    different: Collection[tuple[int, int]] = ()


@dataclass(frozen=True)
class Grouping:
    """Each member with the first of its group, which anchors it, and the pairs on which a person is asked."""

    anchors: Mapping[int, int]
    asked: tuple[Pair, ...]


def candidates(members: Sequence[M], keys: Callable[[M], Iterable[Hashable]]) -> Iterator[tuple[M, M]]:
    """Yield each pair of members that share a key, once."""
    by_key: dict[Hashable, list[int]] = defaultdict(list)
    for index, member in enumerate(members):
        for key in dict.fromkeys(keys(member)):
            by_key[key].append(index)
    seen: set[tuple[int, int]] = set()
    for sharing in by_key.values():
        for at, one in enumerate(sharing):
            for two in sharing[at + 1 :]:
                if (one, two) not in seen:
                    seen.add((one, two))
                    yield members[one], members[two]


def group(
    members: Sequence[int],
    pairs: Iterable[Pair],
    levels: Sequence[Level],
    told: Told,
    identifiers: Mapping[str, Mapping[int, str]],
) -> Grouping:
    """Put members together, which come in the order of their sources; the same input gives the same groups.

    `identifiers` are what a group may hold one value of. What people said joins in spite of them, and comes first.
    """
    place = {member: at for at, member in enumerate(members)}
    rank = {level.name: at for at, level in enumerate(levels)}
    by_name = {level.name: level for level in levels}
    edges = sorted(set(pairs), key=lambda pair: (rank[pair.level], place[pair.left], place[pair.right]))
    groups = Groups(identifiers)
    groups.bar("judgement", told.different)
    for one, two in sorted(told.same):
        if one in place and two in place and groups.obstacle(one, two, but=frozenset({"group-identifier"})) is None:
            groups.join(one, two)
    for pair in edges:
        if by_name[pair.level].joins and groups.obstacle(pair.left, pair.right) is None:
            groups.join(pair.left, pair.right)
    anchors: dict[int, int] = {}
    by_member = {member: anchors.setdefault(groups.find(member), member) for member in members}
    # What was said of one of a group was said of all who are of it.
    asked = tuple(
        pair
        for pair in edges
        if by_member[pair.left] != by_member[pair.right] and groups.obstacle(pair.left, pair.right) != "judgement"
    )
    return Grouping(by_member, asked)
