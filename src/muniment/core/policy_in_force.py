"""The policy of this installation: the policy folder, and what its controllers have adopted."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from muniment import feeds
from muniment.core import places
from muniment.core.models import Controller
from muniment.engine import policy
from muniment.engine.policy.adoptions import read_folder
from muniment.engine.policy.model import pick


def adoptions_folder() -> Path:
    """Return where the adoption files of this installation's controllers lie, one YAML file each."""
    chosen = os.environ.get("MUNIMENT_ADOPTIONS")
    folder = Path(chosen) if chosen else places.home() / "adoptions"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def load() -> policy.Policy:
    """Return the policy with the adoptions; demonstration adoptions are refused for who is not fictional."""
    fictional = list(Controller.objects.filter(is_fictional=True).values_list("code", flat=True))
    overlays = read_folder(adoptions_folder(), fictional=fictional)
    return policy.load().adopting(overlays)


def intake_setting(name: str, on: date) -> Any:
    """Return a setting of `policy/intake.yaml` as on a day."""
    return pick(policy.load().intake, on).content[name]


@dataclass(frozen=True)
class Births:
    """Which days can be a date of birth: from when, and the days that only stand for not knowing one."""

    since: date
    defaults: frozenset[date]


def births(on: date) -> Births:
    """Return which days can be a date of birth, as policy says on a day."""
    setting = pick(policy.load().intake, on).content
    return Births(setting["born_from"], frozenset(setting["born_defaults"]))


def feed_limits(on: date) -> feeds.Limits:
    """Return how much a field may hold and which dates are absurd, as policy says on a day."""
    setting = pick(policy.load().intake, on).content
    return feeds.Limits(
        text_characters=setting["max_field_length"],
        earliest=setting["event_from"],
        days_ahead=setting["event_days_ahead"],
    )
