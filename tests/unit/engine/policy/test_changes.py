"""What a schedule says otherwise than another, part by part."""

from dataclasses import replace
from datetime import date

from muniment.engine import policy as policies
from muniment.engine.policy.changes import changes
from muniment.engine.policy.model import Adoption, Length, Overlay

FORCE, BEFORE, DAY = "force", date(2026, 12, 31), date(2027, 1, 1)
PAPER = "Retention policy of the force, section 3, 1 December 2026"


def adopting(*adoptions: Adoption) -> policies.Policy:
    return policies.load().adopting([Overlay(FORCE, adoptions)])


def told(policy: policies.Policy, was: date, now: date) -> dict[str, dict[str, tuple[object, object]]]:
    found = changes(policy.on(was, FORCE), policy.on(now, FORCE))
    return {each.entry.id: {part.name: (part.was, part.now) for part in each.parts} for each in found}


def test_a_schedule_that_says_the_same_has_no_changes() -> None:
    assert told(policies.load(), BEFORE, DAY) == {}


def test_an_adoption_with_a_period_of_its_own_is_a_change_of_both_and_ends_on_its_day() -> None:
    adoption = Adoption("CRI-INC", DAY, Length(months=96), PAPER, ("A", "B"), until=date(2028, 1, 1))
    policy = adopting(adoption)
    change = {"length": (Length(months=84), Length(months=96)), "adopted": (False, True), "paper": (None, PAPER)}
    assert told(policy, BEFORE, DAY) == {"CRI-INC": change}
    assert told(policy, BEFORE, date(2027, 12, 31)) == {"CRI-INC": change}
    assert told(policy, BEFORE, date(2028, 1, 1)) == {}


def test_what_only_rests_on_something_else_is_a_change_of_that_alone() -> None:
    policy = policies.load()
    entry = policy.classes["CRI-INC"]
    sure = replace(entry.values[0], start=DAY, verified=True, authority="Read at its source", evidence="seen")
    dated = replace(
        policy, classes={**policy.classes, "CRI-INC": replace(entry, values=(*entry.values, sure))}, _cache={}
    )
    (change,) = changes(dated.on(BEFORE), dated.on(DAY))
    assert {part.name for part in change.parts} == {"authority", "verified", "evidence"}


def test_rules_for_every_class_that_have_another_value_are_named_with_it() -> None:
    policy = policies.load()
    ages = policy.settings["ages"]
    later = replace(ages[-1], start=DAY, content={**ages[-1].content, "majority": 19})
    dated = replace(policy, settings={**policy.settings, "ages": (*ages, later)}, _cache={})
    assert dated.switched(BEFORE, DAY) == [later]
    assert dated.switched(DAY, date(2027, 6, 1)) == []
    assert later.title


def test_the_version_tells_the_adoptions() -> None:
    base, adoption = policies.load(), Adoption("CRI-INC", DAY, None, PAPER, ("A", "B"))
    versions = [base.version, adopting(adoption).version, adopting(replace(adoption, start=BEFORE)).version]
    assert len(set(versions)) == 3
    assert all(version.startswith(base.version) for version in versions)
    again = adopting(adoption).adopting([Overlay(FORCE, (adoption,))])
    assert again.version == adopting(adoption).version
