"""Groups: joined in order, never across what bars them, directly or through others."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.matching.clusters import Groups


def together(groups, *persons):
    return len({groups.find(person) for person in persons}) == 1


def test_joins_are_transitive():
    groups = Groups()
    groups.join(1, 2)
    groups.join(3, 2)
    assert together(groups, 1, 2, 3)
    assert groups.find(4) == 4


def test_a_bar_holds_through_others():
    groups = Groups()
    groups.bar("judgement", [(1, 3)])
    groups.join(1, 2)
    assert groups.obstacle(2, 3) == "judgement"
    assert groups.obstacle(2, 3, but=frozenset({"judgement"})) is None
    groups.join(3, 4)
    assert groups.obstacle(4, 2) == "judgement"
    assert groups.obstacle(1, 2) is None


def test_identifiers_hold_through_others():
    groups = Groups({"pncid": {1: "A", 3: "B", 5: "A"}})
    groups.join(1, 2)
    groups.join(3, 4)
    assert groups.obstacle(2, 4) == "group-identifier"
    assert groups.obstacle(2, 5) is None


def test_one_likeness_does_not_chain_families():
    groups = Groups(least_links=0.25)
    first, second = (1, 2, 3), (4, 5, 6)
    groups.link([*combinations(first, 2), *combinations(second, 2), (3, 4)])
    for family in (first, second):
        groups.join(family[0], family[1])
        groups.join(family[1], family[2])
    assert groups.obstacle(3, 4) == "group-links"
    more = Groups(least_links=0.25)
    more.link([*combinations(first, 2), *combinations(second, 2), (3, 4), (3, 5), (2, 6)])
    for family in (first, second):
        more.join(family[0], family[1])
        more.join(family[1], family[2])
    assert more.obstacle(3, 4) is None


PERSONS = st.integers(0, 8)
PAIRS = st.lists(st.tuples(PERSONS, PERSONS).filter(lambda pair: pair[0] != pair[1]), max_size=20)


@given(PAIRS, PAIRS, st.dictionaries(PERSONS, st.sampled_from("AB")))
def test_no_group_ever_holds_what_is_barred(joins, bars, identifiers):
    groups = Groups({"cro": identifiers})
    groups.bar("judgement", bars)
    for one, two in joins:
        if groups.obstacle(one, two) is None:
            groups.join(one, two)
    assert not any(groups.find(one) == groups.find(two) for one, two in bars)
    for one, two in combinations(identifiers, 2):
        if groups.find(one) == groups.find(two):
            assert identifiers[one] == identifiers[two]


@given(PAIRS)
def test_links_across_groups_are_counted_right(pairs):
    distinct = {tuple(sorted(pair)) for pair in pairs}
    groups = Groups(least_links=0.5)
    groups.link(distinct)
    for one, two in sorted(distinct):
        if groups.find(one) == groups.find(two):
            continue
        members = [[p for p in range(9) if groups.find(p) == groups.find(end)] for end in (one, two)]
        across = sum((min(a, b), max(a, b)) in distinct for a in members[0] for b in members[1])
        enough = across >= 0.5 * len(members[0]) * len(members[1])
        assert (groups.obstacle(one, two) is None) == enough
        if enough:
            groups.join(one, two)
