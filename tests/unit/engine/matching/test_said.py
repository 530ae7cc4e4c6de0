"""What speaks against a judgement, through whatever was said of others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.matching.said import Said, against, identifiers, is_reopened

SAME, DIFFERENT = "same", "different"


def said(*told):
    return {Said(one, two, verdict) for one, two, verdict in told}


@pytest.mark.parametrize(
    ("told", "pair", "verdict", "expected"),
    [
        ([(1, 2, SAME), (2, 3, DIFFERENT)], (1, 3), SAME, [(1, 2), (2, 3)]),
        ([(1, 2, SAME), (3, 4, SAME), (2, 4, DIFFERENT)], (1, 3), SAME, [(1, 2), (2, 4), (3, 4)]),
        ([(1, 2, SAME), (2, 3, SAME)], (1, 3), DIFFERENT, [(1, 2), (2, 3)]),
        ([(1, 2, SAME), (2, 3, SAME), (1, 4, SAME), (4, 5, SAME), (5, 3, SAME)], (1, 3), DIFFERENT, [(1, 2), (2, 3)]),
        ([(1, 2, SAME), (2, 3, SAME)], (1, 3), SAME, []),
        ([(1, 2, DIFFERENT), (2, 3, DIFFERENT)], (1, 3), SAME, []),
        ([(1, 2, DIFFERENT), (2, 3, DIFFERENT)], (1, 3), DIFFERENT, []),
        ([(1, 3, DIFFERENT)], (1, 3), SAME, []),
        ([(1, 3, SAME)], (1, 3), DIFFERENT, []),
        ([(1, 2, SAME), (1, 2, DIFFERENT)], (1, 3), SAME, []),
    ],
)
def test_the_fewest_things_said_that_say_otherwise(told, pair, verdict, expected):
    assert [(each.left, each.right) for each in against(said(*told), *pair, verdict)] == expected


PAIRS = st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] < pair[1])
TOLD = st.dictionaries(PAIRS, st.sampled_from([SAME, DIFFERENT]), max_size=10)


def groups(told):
    """Return who is one with whom, by joining every pair that was said to be the same."""
    root = list(range(6))
    for _ in root:
        for (one, two), verdict in told.items():
            if verdict == SAME:
                root = [min(root[one], root[two]) if each in (root[one], root[two]) else each for each in root]
    return root


@given(TOLD, PAIRS, st.sampled_from([SAME, DIFFERENT]))
def test_something_speaks_against_it_exactly_where_the_whole_would_not_hold(told, pair, verdict):
    others = {each: what for each, what in told.items() if each != pair}
    root = groups(others)
    if verdict == DIFFERENT:
        expected = root[pair[0]] == root[pair[1]]
    else:
        both = {root[pair[0]], root[pair[1]]}
        across = ({root[one], root[two]} == both for (one, two), what in others.items() if what == DIFFERENT)
        expected = any(across)
    steps = against({Said(*each, what) for each, what in told.items()}, *pair, verdict)
    assert bool(steps) == expected
    assert sum(each.verdict == DIFFERENT for each in steps) == (verdict == SAME and expected)


def test_identifiers_speak_where_both_bear_one():
    assert identifiers({"pncid": "A", "cro": None}, {"pncid": "A", "cro": "1"}) == SAME
    assert identifiers({"pncid": "A", "cro": "2"}, {"pncid": "A", "cro": "1"}) == DIFFERENT
    assert identifiers({"pncid": "A"}, {"cro": "1"}) == ""


def test_only_what_has_changed_and_says_otherwise_reopens():
    assert is_reopened(DIFFERENT, "", SAME) and is_reopened(SAME, "", DIFFERENT) and is_reopened(SAME, SAME, DIFFERENT)
    assert not is_reopened(DIFFERENT, SAME, SAME) and not is_reopened(SAME, DIFFERENT, DIFFERENT)
    assert not is_reopened(SAME, "", SAME) and not is_reopened(DIFFERENT, SAME, "")
