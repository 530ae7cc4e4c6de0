"""What policy says of supplies on a day (`policy/supply.yaml`)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from muniment.engine import policy
from muniment.engine.policy.model import pick


@dataclass(frozen=True)
class Rules:
    """The settings in force on a day."""

    stale_after: timedelta
    approval_above: int
    approval_lasts: timedelta
    graded_areas: frozenset[str]
    assessed_areas: frozenset[str]
    facts_among_flags: frozenset[str]
    conditions: dict[str, str]
    policy_version: str


def on(day: date) -> Rules:
    """Return the settings in force on a day."""
    loaded = policy.load()
    setting: Any = pick(loaded.supply, day).content
    return Rules(
        stale_after=timedelta(days=setting["stale_after_days"]),
        approval_above=setting["approval_above"],
        approval_lasts=timedelta(days=setting["approval_days"]),
        graded_areas=frozenset(setting["graded_areas"]),
        assessed_areas=frozenset(setting["assessed_areas"]),
        facts_among_flags=frozenset(setting["facts_among_flags"]),
        conditions=dict(setting["conditions"]),
        policy_version=loaded.version,
    )
