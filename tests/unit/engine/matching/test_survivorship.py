"""Which of several values of a fact is shown first."""

from datetime import date

import pytest

from muniment.engine.matching import tables
from muniment.engine.matching.survivorship import RULES, Claim, survivorship

POLICY = tables.load(date(2026, 6, 1)).survivorship
OLD, NEW = date(2020, 1, 1), date(2026, 1, 1)


def first(fact, *claims):
    return min(claims, key=POLICY.first(fact)).text


def test_where_people_move_the_newest_word_is_first_and_elsewhere_what_most_say():
    often, newer = Claim("often", 3, since=OLD), Claim("newer", 1, since=NEW)
    assert first("address", often, newer) == "newer"
    assert first("phone", often, newer) == "newer"
    assert first("surname", often, newer) == "often"
    assert first("pncid", often, newer) == "often"


@pytest.mark.parametrize("fact", ["address", "born", "name"])
def test_a_known_value_is_not_pushed_aside_by_a_newer_unknown_that_more_give(fact):
    known, unknown = Claim("known", 1, since=OLD), Claim("an unknown", 9, is_known=False, since=NEW)
    assert first(fact, unknown, known) == "known"


def test_what_no_source_has_any_more_comes_after_what_one_still_has():
    assert first("address", Claim("a gone one", 9, is_held=False, since=NEW), Claim("held", 1, since=OLD)) == "held"


def test_a_whole_date_comes_before_a_month_and_a_month_before_a_year_and_before_what_is_no_date():
    none, year, month, whole = (
        Claim(t, n, days=d) for t, n, d in (("a", 4, None), ("b", 3, 365), ("c", 2, 30), ("d", 1, 1))
    )
    ordered = sorted((none, year, month, whole), key=POLICY.first("born"))
    assert [each.text for each in ordered] == ["d", "c", "b", "a"]


def test_a_tie_is_broken_by_the_alphabet_and_no_rule_is_said_to_have_decided():
    one, two = Claim("B", 2), Claim("A", 2)
    assert first("name", one, two) == "A"
    assert POLICY.decided("name", two, one) is None
    assert POLICY.decided("name", Claim("B", 3), two) == "most"


def test_a_rule_that_there_is_not_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=f"no rule 'newest'. There are {', '.join(RULES)}"):
        survivorship({"other": ["most"], "born": ["newest"]})
    with pytest.raises(ValueError, match="no rules for 'other'"):
        survivorship({"born": ["most"]})
