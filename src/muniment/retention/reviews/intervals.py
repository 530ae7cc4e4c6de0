"""How far ahead the next review of a person may lie, by policy."""

from dataclasses import dataclass
from datetime import date

from muniment.core import words
from muniment.engine.policy import Policy
from muniment.engine.policy.model import Length
from muniment.people.models import PrimePerson
from muniment.retention import queries
from muniment.retention.deciding import facts_seen
from muniment.retention.models import Review
from muniment.retention.policies import policy_now


@dataclass(frozen=True)
class Latest:
    """The last day on which the next review may be, and why, as the end of a sentence."""

    day: date
    because: str


def latest_next_review(review: Review, on: date) -> Latest:
    """Return the last day for the review after this one: the interval of its rule, and no later than a life is kept.

    A rule that is not looked at at an interval of its own takes that of the person's group, then its own length, then
    that of group 1, the longest there is.
    """
    policy = policy_now.policy()
    decision = queries.person_decision(review.prime, review.controller)
    rule, group = (decision.rule, decision.group) if decision else ("", None)
    every = _interval(policy, review.controller.code, rule, group, on)
    latest = Latest(every.after(on), f"records like these are looked at again at least every {words.period(every)}")
    end = _end_of_life(policy, review.prime, on)
    return end if end and on < end.day < latest.day else latest


def _interval(policy: Policy, controller: str, rule: str, group: int | None, on: date) -> Length:
    terms = policy.on(on, controller).terms
    by_group = _rules_of_groups(policy)
    longest = terms[by_group[1]].review_every or Length(120)
    own = terms[rule].length if rule in terms else None
    intervals = [terms[name].review_every for name in (rule, by_group.get(group or 0, "")) if name in terms]
    if own and Length() != own and own.after(on) <= longest.after(on):
        intervals.append(own)
    return next((each for each in intervals if each), longest)


def _end_of_life(policy: Policy, prime: PrimePerson, on: date) -> Latest | None:
    """Return the birthday until which policy keeps anyone: of group 1, the hundredth."""
    born, until = facts_seen.born(prime), policy.on(on).terms[_rules_of_groups(policy)[1]].length
    if born is None or until is None:
        return None
    return Latest(until.after(born.latest), f"the person is {until.months // 12} years old then")


def _rules_of_groups(policy: Policy) -> dict[int, str]:
    return {int(each["group"]): str(each["rule"]) for each in policy.groups if each["rule"]}
