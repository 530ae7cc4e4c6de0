"""What people and sources have said of pairs, put together: what speaks against a new judgement, and what reopens one.

`same` carries: who says that a is b and b is c has said that a is c. `different` does not.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

SAME, DIFFERENT = "same", "different"


@dataclass(frozen=True, order=True)
class Said:
    """What was said of two nominals: `same` or `different`."""

    left: int
    right: int
    verdict: str

    @property
    def pair(self) -> frozenset[int]:
        """The two nominals, in no order."""
        return frozenset((self.left, self.right))


def against(said: Collection[Said], one: int, two: int, verdict: str) -> tuple[Said, ...]:
    """Return the fewest things said that together say otherwise of two nominals; none when nothing does.

    What was said of the two themselves is left out: a new judgement takes its place.
    """
    others = [each for each in sorted(said) if each.pair != {one, two}]
    near = _neighbours(others)
    ways = _ways(near, one)
    if verdict == DIFFERENT:
        return ways.get(two, ())
    back = _ways(near, two)
    found = [
        (*ways[a], each, *reversed(back[b]))
        for each in others
        if each.verdict == DIFFERENT
        for a, b in ((each.left, each.right), (each.right, each.left))
        if a in ways and b in back
    ]
    return min(found, key=len, default=())


def _neighbours(said: Iterable[Said]) -> Mapping[int, list[tuple[int, Said]]]:
    near: dict[int, list[tuple[int, Said]]] = defaultdict(list)
    for each in said:
        if each.verdict == SAME:
            near[each.left].append((each.right, each))
            near[each.right].append((each.left, each))
    return near


def _ways(near: Mapping[int, list[tuple[int, Said]]], start: int) -> dict[int, tuple[Said, ...]]:
    """Return the shortest way to each nominal that was said to be the same as one, directly or through others."""
    ways: dict[int, tuple[Said, ...]] = {start: ()}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        for other, each in near.get(at, ()):
            if other not in ways:
                ways[other] = (*ways[at], each)
                waiting.append(other)
    return ways


def identifiers(left: Mapping[str, Any], right: Mapping[str, Any]) -> str:
    """Say whether the numbers that a person has only one of are `same` or `different`; empty where not both bear one.

    `left` and `right` are nominals in standard form. One that differs counts for more than one that agrees.
    """
    borne = [(left.get(name), right.get(name)) for name in UNIQUE_IDENTIFIERS]
    known = [one == two for one, two in borne if one and two]
    return "" if not known else SAME if all(known) else DIFFERENT


def is_reopened(verdict: str, before: str, now: str) -> bool:
    """Whether identifiers speak against a judgement that they did not speak against when it was made."""
    return now != before and {verdict, now} == {SAME, DIFFERENT}
