"""Pairs that alone hold two parts of a group together: without one of them the group would fall in two."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

Pair = tuple[int, int]


def bridges(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return the pairs that are bridges, each with the size of the smaller of the two parts that it holds together.

    A pair that is given twice joins twice, and is none.
    """
    near: dict[int, list[tuple[int, int]]] = defaultdict(list)
    given = list(pairs)
    for number, (one, two) in enumerate(given):
        near[one].append((two, number))
        near[two].append((one, number))
    found: dict[Pair, int] = {}
    seen: dict[int, int] = {}
    for start in near:
        if start not in seen:
            _walk(start, near, seen, given, found)
    return found


def _walk(
    start: int,
    near: Mapping[int, list[tuple[int, int]]],
    seen: dict[int, int],
    given: list[Pair],
    found: dict[Pair, int],
) -> None:
    """Walk one group in depth (Tarjan, 1974), without recursion: groups may be deeper than the interpreter allows."""
    order, low, size, by = [start], {start: len(seen)}, {start: 1}, {start: -1}
    seen[start] = len(seen)
    waiting = [(start, iter(near[start]))]
    while waiting:
        at, others = waiting[-1]
        for other, number in others:
            if other not in seen:
                seen[other] = low[other] = len(seen)
                size[other], by[other] = 1, number
                order.append(other)
                waiting.append((other, iter(near[other])))
                break
            if number != by[at]:
                low[at] = min(low[at], seen[other])
        else:
            waiting.pop()
            if waiting:
                parent = waiting[-1][0]
                low[parent] = min(low[parent], low[at])
                size[parent] += size[at]
    for each in order[1:]:
        if low[each] == seen[each]:
            found[given[by[each]]] = min(size[each], len(order) - size[each])
