"""Bridges are the pairs without which a group falls in two."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.matching.bridges import bridges

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]), max_size=18)


def parts(pairs, start):
    """Return everyone to whom pairs lead from somebody."""
    near = defaultdict(set)
    for one, two in pairs:
        near[one].add(two)
        near[two].add(one)
    seen, coming = set(), {start}
    while coming:
        seen |= coming
        coming = {other for each in coming for other in near[each]} - seen
    return seen


@given(PAIRS)
def test_without_a_bridge_and_without_nothing_else_the_group_falls_in_two(pairs):
    found = bridges(pairs)
    for at, (one, two) in enumerate(pairs):
        left = pairs[:at] + pairs[at + 1 :]
        side = parts(left, one)
        assert ((one, two) in found) == (two not in side)
        if two not in side:
            assert found[one, two] == min(len(side), len(parts(left, two)))


def test_two_families_and_one_likeness():
    assert bridges([(1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (5, 6), (4, 6)]) == {(3, 4): 3}


def test_a_chain_longer_than_python_recurses():
    found = bridges((each, each + 1) for each in range(5000))
    assert len(found) == 5000
    assert max(found.values()) == 2500
