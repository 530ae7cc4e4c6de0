"""Whose decisions another schedule can change at all: of the others it is known, without deciding them, that none is.

A person is decided by what is known and the terms for people of the controller that decides; a record by how its people
stand with its controller, and by the terms of its class there. Only what those terms are differs between controllers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from muniment.batch.retention.lookup_rows import PERSON_TERMS
from muniment.engine.policy.model import GROUP_3_RULES, Policy, Rules

_OF_PEOPLE = {*filter(None, PERSON_TERMS.values()), *GROUP_3_RULES}


@dataclass(frozen=True)
class Touched:
    """The controllers, by code, whose decisions about people and about records another schedule may change."""

    person: frozenset[str]
    record: frozenset[str]


def touched(policy: Policy, other: Policy, on: date, controllers: Iterable[str]) -> Touched:
    """Return whose decisions may differ between two policies, asked on a day or any after it."""
    every = frozenset(controllers)
    if relabels(policy, other, on):
        return Touched(every, every)
    days = _days(policy, other, on)
    differing = {code: set().union(*(_differing(policy, other, day, code) for day in days)) for code in every}
    people = frozenset(code for code, rules in differing.items() if rules & _OF_PEOPLE)
    return Touched(people, frozenset(code for code, rules in differing.items() if rules))


def _days(policy: Policy, other: Policy, on: date) -> list[date]:
    """Return a day, and those after it from which one of the policies has another value."""
    return sorted({on, *(day for day in policy.changes | other.changes if day > on)})


def _differing(policy: Policy, other: Policy, on: date, controller: str) -> set[str]:
    """Return the rules that say something else to a controller: their terms, or whether they act without a person."""
    one, two = policy.on(on, controller), other.on(on, controller)
    chosen = set() if one.group_3 == two.group_3 else set(GROUP_3_RULES)
    return chosen | {
        rule
        for rule in one.terms
        if one.terms[rule] != two.terms[rule] or one.is_automatic(rule) != two.is_automatic(rule)
    }


def relabels(policy: Policy, other: Policy, on: date) -> bool:
    """Whether another schedule may bring anybody into another group, or a record into another class, ever after a day.

    Periods, actions and adoptions do not; whatever else differs may.
    """
    return any(_relabels(policy.on(day), other.on(day)) for day in _days(policy, other, on))


def _relabels(one: Rules, two: Rules) -> bool:
    names = ("settings", "families", "systems", "roles", "offences")
    if any(getattr(one, name) != getattr(two, name) for name in names) or one.classes.keys() != two.classes.keys():
        return True
    return any(
        replace(entry, values=()) != replace(two.classes[name], values=()) for name, entry in one.classes.items()
    )
