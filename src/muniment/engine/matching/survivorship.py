"""Survivorship: which of several values of a fact about one person is shown first. None is ever taken away.

The rules stand in the policy, fact by fact, in the order in which they decide; a tie is broken by the alphabet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Any

OTHER = "other"  # the fact whose rules hold for those that policy does not name


@dataclass(frozen=True)
class Claim:
    """A value of a fact, and what is known of who gives it.

    `givers` are source records, `days` how many a date leaves open (1 for a whole date, None for what is no date),
    `since` the latest day since which one of them has been as it is.
    """

    text: str
    givers: int
    is_held: bool = True
    is_known: bool = True
    days: int | None = None
    since: date | None = None


# By each rule the least comes first.
RULES: Mapping[str, Callable[[Claim], Any]] = {
    "held": lambda claim: not claim.is_held,
    "known": lambda claim: not claim.is_known,
    "whole": lambda claim: inf if claim.days is None else claim.days,
    "most": lambda claim: -claim.givers,
    "latest": lambda claim: -claim.since.toordinal() if claim.since else 0,
}


@dataclass(frozen=True)
class Survivorship:
    """The rules in force, by fact."""

    rules: Mapping[str, tuple[str, ...]]

    def of(self, fact: str) -> tuple[str, ...]:
        """Return the rules for a fact, in the order in which they decide."""
        return self.rules.get(fact, self.rules[OTHER])

    def first(self, fact: str) -> Callable[[Claim], Any]:
        """Return what sorts the values of a fact, the one that is shown first before the others."""
        rules = [RULES[name] for name in self.of(fact)]
        return lambda claim: (*(rule(claim) for rule in rules), claim.text)

    def decided(self, fact: str, first: Claim, second: Claim) -> str | None:
        """Return the rule by which one value stands before another; None when only the alphabet does."""
        return next((name for name in self.of(fact) if RULES[name](first) != RULES[name](second)), None)


def survivorship(rules: Mapping[str, Sequence[str]]) -> Survivorship:
    """Return the rules as policy has them. Raise ValueError when one is not known, or none is for other facts."""
    where = "policy/matching/matching.yaml: survivorship"
    if OTHER not in rules:
        raise ValueError(f"{where} has no rules for '{OTHER}': add them, for the facts that it does not name.")
    for fact, names in rules.items():
        for name in names:
            if name not in RULES:
                raise ValueError(f"{where}, {fact}: there is no rule '{name}'. There are {', '.join(RULES)}.")
    return Survivorship({fact: tuple(names) for fact, names in rules.items()})
