"""What policy says on a day of how automatic decisions are checked (`policy/checks.yaml`)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from muniment.engine.policy.model import pick
from muniment.retention.policies import policy_now


@dataclass(frozen=True)
class Leaving:
    """What has to hold before a controller leaves advisory mode; `harmful` is a share from 0 to 1."""

    least_compared: int
    within_days: int
    harmful: float
    sample_within_days: int


@dataclass(frozen=True)
class CheckPolicy:
    """The switches of checking as they stand on a day; `harmful` is a share from 0 to 1."""

    outcomes: tuple[str, ...]
    least: int
    most: int
    usual: int
    causes: tuple[str, ...]
    harmful: float
    leaving: Leaving


def on(day: date) -> CheckPolicy:
    """Return the switches on a day, of the policy in force."""
    said: Any = pick(policy_now.policy().checks, day).content
    sizes, leaving = said["sample"], said["leaving"]
    return CheckPolicy(
        tuple(said["outcomes"]),
        sizes["least"],
        sizes["most"],
        sizes["usual"],
        tuple(said["causes"]),
        said["harmful_percent"] / 100,
        Leaving(
            leaving["least_compared"],
            leaving["within_days"],
            leaving["harmful_percent"] / 100,
            leaving["sample_within_days"],
        ),
    )
