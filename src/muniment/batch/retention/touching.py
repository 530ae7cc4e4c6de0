"""Whose decisions another schedule can change at all: of the others it is known, without deciding them, that none is.

A person is decided by what is known and the terms for people of the controller that decides; a record by how its people
stand with its controller, and by the terms of its class there. Only what those terms are differs between controllers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from muniment.batch.retention.lookup_rows import PERSON_TERMS
from muniment.engine.policy.model import GROUP_3_RULES, Policy

_OF_PEOPLE = {*filter(None, PERSON_TERMS.values()), *GROUP_3_RULES}


@dataclass(frozen=True)
class Touched:
    """The controllers, by code, whose decisions about people and about records another schedule may change."""

    person: frozenset[str]
    record: frozenset[str]


def touched(policy: Policy, other: Policy, on: date, controllers: Iterable[str]) -> Touched:
    """Return whose decisions may differ between two policies on a day."""
    every = frozenset(controllers)
    if relabels(policy, other, on):
        return Touched(every, every)
    differing = {code: _differing(policy, other, on, code) for code in every}
    people = frozenset(code for code, rules in differing.items() if rules & _OF_PEOPLE)
    return Touched(people, frozenset(code for code, rules in differing.items() if rules))


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
    """Whether another schedule may bring anybody into another group, or a record into another class.

    Periods, actions and adoptions do not; whatever else differs may.
    """
    one, two = policy.on(on), other.on(on)
    names = ("settings", "families", "systems", "roles", "offences")
    if any(getattr(one, name) != getattr(two, name) for name in names) or one.classes.keys() != two.classes.keys():
        return True
    return any(
        replace(entry, values=()) != replace(two.classes[name], values=()) for name, entry in one.classes.items()
    )
