"""A fact that is not known is a reason to wait only where it could change what is decided."""

from dataclasses import replace
from datetime import date

import pytest

from muniment.engine import policy
from muniment.engine.retention.either import either
from muniment.engine.retention.facts import Facts, Involvement, Offence, Person, Sentence
from muniment.engine.values.dates import PartialDate, exactly

NOW = date(2026, 11, 22)
THEFT, MURDER = Offence(ho_class="046/00"), Offence(ho_class="001/00")


def facts(day, *, born=date(1970, 1, 1), **link):
    item = Involvement(
        **{
            "role": "CONVICTED",
            "id": 1,
            "record": 1,
            "controller": "northshire",
            "offence": THEFT,
            "dated": day,
            **link,
        }
    )
    item = replace(item, dates={"conviction_date": exactly(day)} if item.role == "CONVICTED" else {})
    return Facts(Person(exactly(born) if isinstance(born, date) else born), (item,))


def of(one, fact):
    return next(each for each in either(one, policy.load(), NOW) if each.fact == fact)


def test_a_release_that_is_not_known_matters_where_the_sentence_may_have_lasted():
    short, long = Sentence(custodial=True, months=12), Sentence(custodial=True, months=180)
    assert not of(facts(date(2010, 5, 1), result="convicted", sentence=short), "release_date").matters
    doubtful = of(facts(date(2010, 5, 1), result="convicted", sentence=long), "release_date")
    assert doubtful.matters
    assert [each.decision.outcome for each in doubtful.possible] == ["review", "retain"]


def test_a_birth_that_is_not_known_changes_nothing_of_an_old_matter():
    assert not of(facts(date(2000, 5, 1), born=None), "date_of_birth").matters


def test_an_offence_that_is_not_known_matters():
    unknown = of(facts(date(2000, 5, 1), offence=Offence(), role="SUSPECT"), "offence")
    assert unknown.matters
    assert {each.decision.group for each in unknown.possible} == {1, 3}


def test_how_an_old_charge_ended_changes_nothing():
    charged = of(facts(date(2008, 5, 1), role="CHARGED"), "result")
    assert [each.decision.outcome for each in charged.possible] == ["review", "review"]
    assert not charged.matters


def test_of_what_nothing_bounds_it_is_said_that_it_may_matter():
    undated = of(facts(None, role="SUSPECT"), "involvement_date")
    assert (undated.possible, undated.matters) == ((), True)


@pytest.mark.parametrize("born", [PartialDate(date(1960, 1, 1), date(1961, 12, 31)), date(1960, 5, 1)])
def test_what_is_known_is_not_asked_about(born):
    assert either(facts(date(2000, 5, 1), born=born), policy.load(), NOW) == ()
