"""Every policy case holds in every engine, and changing any period breaks at least one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from muniment.cli.policy import run_cases, with_demonstration
from muniment.engine import policy as policies
from muniment.engine.policy.model import Length, Policy
from muniment.engine.retention.cases import Case, differences, read_cases, stand_ins
from muniment.engine.retention.deciding import decide
from muniment.engine.retention.explain import nearest, words

CASES = Path(__file__).parents[2] / "policy" / "retention" / "cases"


@cache
def policy() -> Policy:
    return with_demonstration(policies.load()).adopting(stand_ins())


@cache
def cases() -> tuple[Case, ...]:
    return tuple(read_cases(CASES, policy()))


def test_every_case_holds_in_both_engines() -> None:
    failed = [(outcome.case.name, outcome.failures) for outcome in run_cases(CASES) if not outcome.holds]
    assert failed == []


def test_every_case_says_what_it_proves() -> None:
    assert [case.name for case in cases() if not case.proves] == []


def breaks(changed: Policy, class_id: str) -> bool:
    """Whether some case no longer holds; those that name the class are tried first."""
    ordered = sorted(cases(), key=lambda case: class_id not in (case.expect.get("rule"), case.facts.about))
    return any(differences(case, decide(case.facts, changed, case.asked_on)) for case in ordered)


def with_terms(class_id: str, change: Callable[[Length | None], Length | None], name: str) -> Policy | None:
    entry = policy().classes[class_id]
    before = getattr(entry.values[-1], name)
    after = change(before)
    if after == before:
        return None
    values = (*entry.values[:-1], replace(entry.values[-1], **{name: after}))
    classes = {**policy().classes, class_id: replace(entry, values=values)}
    return replace(policy(), classes=classes, overlays=without_periods(), _cache={})


def without_periods() -> dict:
    """Overlays that adopt the schedule's own periods, so that a change to the schedule is seen through them."""
    return {
        name: replace(overlay, adoptions=tuple(replace(each, length=None) for each in overlay.adoptions))
        for name, overlay in policy().overlays.items()
    }


def longer(length: Length | None) -> Length | None:
    if length is None:
        return None
    return (
        replace(length, days=length.days + 1)
        if length.days or not length.months
        else replace(length, months=length.months + 1)
    )


@pytest.mark.parametrize("class_id", sorted(policy().classes))
def test_changing_a_period_breaks_a_case(class_id: str) -> None:
    changed = with_terms(class_id, longer, "length")
    if changed is None:
        assert policy().classes[class_id].values[-1].length is None
        return
    assert breaks(changed, class_id), f"no case notices when the period of {class_id} changes"


def has_own_interval(class_id: str) -> bool:
    """A class that follows its person's group, and has no default period, is reviewed when the person is."""
    terms = policy().classes[class_id].values[-1]
    return terms.review_every is not None and not (terms.kind == "person_group" and terms.length is None)


@pytest.mark.parametrize("class_id", sorted(filter(has_own_interval, policy().classes)))
def test_changing_an_interval_breaks_a_case(class_id: str) -> None:
    changed = with_terms(class_id, longer, "review_every")
    assert changed is not None
    assert breaks(changed, class_id), f"no case notices when the interval of {class_id} changes"


def test_every_decision_explains_itself_and_names_a_fact_that_changes_it() -> None:
    for case in cases():
        decision = decide(case.facts, policy(), case.asked_on)
        lines = words(decision, case.facts, policy(), case.asked_on)
        assert any(line.kind == "outcome" and decision.outcome in line.text for line in lines)
        change = nearest(case.facts, policy(), case.asked_on)
        if change is not None:
            other = decide(change.facts, policy(), case.asked_on)
            assert (other.outcome, other.due, other.group) != (decision.outcome, decision.due, decision.group)
            assert any(line.kind == "nearest" and change.text in line.text for line in lines)


def test_a_date_can_be_recomputed_with_a_pencil() -> None:
    case = next(case for case in cases() if case.name == "six clear years after a caution for shop theft")
    decision = decide(case.facts, policy(), case.asked_on)
    sums = [line.text for line in words(decision, case.facts, policy(), case.asked_on) if line.kind == "sum"]
    assert sums == ["PER-G3B (6 years): 2019-03-01 + 6 years = 2025-03-01; kept at least until 2025-03-01."]
    assert decision.due == date(2025, 3, 1)
