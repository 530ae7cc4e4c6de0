"""What policy says of reviews on a day (`policy/reviews.yaml`): what opens one, who has to agree, when one is aged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from muniment.engine.policy.model import Policy, pick
from muniment.retention.policies import policy_now


@dataclass(frozen=True)
class Step:
    """Who is asked, by role, so many days after a review became aged."""

    number: int
    after_days: int
    to: tuple[str, ...]


@dataclass(frozen=True)
class ReviewPolicy:
    """The switches of reviews as they stand on a day; groups are keys from 0, none, to 3."""

    events: tuple[str, ...]
    while_open: tuple[str, ...]
    within_days: int
    arrivals: tuple[Mapping[str, Any], ...]
    flags: tuple[str, ...]
    group_moves: bool
    needs: tuple[str, ...]
    second_approval: Mapping[str, tuple[str, ...]]
    aged_after_days: Mapping[int, int]
    chased_after_days: Mapping[str, int]
    escalation: tuple[Step, ...]  # the last step first


def on(day: date, policy: Policy | None = None) -> ReviewPolicy:
    """Return the switches on a day, of the policy in force unless another is given."""
    said: Any = pick((policy or policy_now.policy()).reviews, day).content
    return ReviewPolicy(
        tuple(said["events"]),
        tuple(said["while_open"]),
        said["within_days"],
        tuple(said["arrivals"]),
        tuple(said["flags"]),
        said["group_moves"],
        tuple(said["needs"]),
        {code: tuple(outcomes) for code, outcomes in said["second_approval"].items()},
        said["aged_after_days"],
        said["chased_after_days"],
        tuple(
            Step(each["step"], each["after_days"], tuple(each["to"]))
            for each in sorted(said.get("escalation", ()), key=lambda each: -each["step"])
        ),
    )
