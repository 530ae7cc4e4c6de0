"""Faults in what is known of a person, and whether they matter: only what could change the decision stops anything."""

from dataclasses import dataclass
from datetime import date

from muniment.core import words
from muniment.engine.policy.model import Policy
from muniment.engine.retention.either import Either, Possible, either
from muniment.engine.retention.facts import Facts


@dataclass(frozen=True)
class Lacking:
    """A fact that is not known, in words: whether it matters, and what would be decided with either value."""

    fact: str
    matters: bool
    said: str
    keeps: str  # with which value nothing could go yet, as the end of a sentence; empty where with none


def lacking(facts: Facts, policy: Policy, on: date) -> tuple[Lacking, ...]:
    """Return every fact that the decision about a person lacks."""
    return tuple(_said(each) for each in either(facts, policy, on))


def _said(each: Either) -> Lacking:
    fact = words.say("fact", each.fact)
    if not each.possible:
        return Lacking(
            fact, True, "Nothing is known that bounds it: find it out, or decide as if it stood against.", ""
        )
    if not each.matters:
        return Lacking(fact, False, "It changes nothing here, whatever it is.", "")
    keeping = [one for one in each.possible if one.decision.outcome == "retain"]
    keeps = _if(keeping[0]) if keeping and len(keeping) < len(each.possible) else ""
    return Lacking(fact, True, " ".join(f"If {_if(one)}." for one in each.possible), keeps)


def _if(one: Possible) -> str:
    decision = one.decision
    group = f"group {decision.group}, " if decision.group else ""
    due = f", {words.day(decision.due)}" if decision.due else ""
    if decision.outcome == "retain":
        return (
            f"{one.text}: {group}kept until {words.day(decision.due)}" if decision.due else f"{one.text}: {group}kept"
        )
    return f"{one.text}: {group}{words.say('decision', decision.outcome).lower()}{due}"
