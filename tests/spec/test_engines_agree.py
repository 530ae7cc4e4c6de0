"""The set engine says of every person and record exactly what the reference says."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.batch.retention.agreement import disagreements
from muniment.batch.retention.cases import decide_together
from muniment.cli.policy import with_demonstration
from muniment.engine import policy as policies
from muniment.engine.retention.cases import stand_ins
from muniment.engine.retention.deciding import decide
from muniment.engine.retention.facts import Facts, Involvement, Offence, Person
from muniment.engine.retention.links import Measuring
from muniment.engine.values.dates import exactly
from muniment.invention.lives import Lives
from spec.fact_strategies import DAYS, facts

POLICY = with_demonstration(policies.load()).adopting(stand_ins())


def test_the_set_engine_agrees_with_the_reference() -> None:
    lives = Lives(Random(20261122), POLICY)
    asked = [(lives.life(), lives.day()) for _ in range(3000)]
    decisions = [decide(one, POLICY, day) for one, day in asked]
    told = zip(asked, disagreements(asked, decisions, POLICY), strict=True)
    assert [(each, wrong) for each, wrong in told if wrong] == []
    assert {each.outcome for each in decisions} >= {"retain", "review", "hold", "dispose", "escalate"}


@pytest.mark.parametrize("kind", ["CUS-BIO-U18-M", "CUS-BIO-MIN", "CUS-BIO-NC"])
@pytest.mark.parametrize("parts", [[("SUSPECT", None), ("CONVICTED", "convicted")], [("CONVICTED", "convicted")] * 2])
def test_a_conviction_that_two_parts_tell_of_is_one(kind: str, parts: list[tuple[str, str | None]]) -> None:
    told = [
        Involvement(
            role=role,
            result=result,
            id=number,
            record=1,
            controller="a",
            record_class=kind,
            offence=Offence(cjs="TH68010"),
            happened=exactly(date(2019, 3, 1)),
            dated=date(2019, 6, 1),
            dates={"biometric_taken": exactly(date(2019, 3, 1))},
        )
        for number, (role, result) in enumerate(parts, 1)
    ]
    child = Person(born=exactly(date(2004, 1, 1)))
    one = Facts(person=child, controller="case:time_based", about=1, involvements=tuple(told))
    (row,) = decide_together([(one, date(2026, 11, 22))], POLICY)
    decision = decide(one, POLICY, date(2026, 11, 22))
    assert (row.class_id, row.due) == (decision.class_id, decision.due)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(facts(POLICY), DAYS)
def test_nothing_is_disposed_of_with_a_fact_missing(one: Facts, day: date) -> None:
    decision = decide(one, POLICY, day)
    if decision.outcome in ("dispose", "archive"):
        assert decision.missing == ()
        assert decision.due is not None and decision.due <= day


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(facts(POLICY), DAYS)
def test_nothing_adopted_disposes_of_no_person(one: Facts, day: date) -> None:
    from dataclasses import replace

    bare = replace(one, controller=None, about=None)
    assert decide(bare, POLICY, day).outcome in ("retain", "review", "hold")


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(facts(POLICY), min_size=1, max_size=4), st.lists(DAYS, min_size=1, max_size=2))
def test_what_is_measured_once_is_what_is_measured_anew(lives: list[Facts], days: list[date]) -> None:
    """One after the other, twice, and with a fact of one changed: born otherwise, an entry a day later."""
    moved = [
        replace(life, involvements=tuple(replace(item, dated=days[0]) for item in life.involvements)) for life in lives
    ]
    younger = [replace(life, person=replace(life.person, born=exactly(days[0]))) for life in lives]
    measuring = Measuring()
    for life in (*lives, *moved, *younger, *lives):
        for day in days:
            assert decide(life, POLICY, day, measuring) == decide(life, POLICY, day)
