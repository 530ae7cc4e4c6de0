"""The policy of this installation: the policy folder, and what its controllers have adopted."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection

from muniment import feeds
from muniment.core import places
from muniment.core.models import Controller, RuleAdoption
from muniment.engine import policy
from muniment.engine.policy.adoptions import read_folder
from muniment.engine.policy.model import Adoption, Overlay, pick

# In one statement, because many parts of a page ask for the policy.
_MARK = """
SELECT concat(
    (SELECT string_agg(code, ' ' ORDER BY code) FROM core_controller WHERE is_fictional), '/',
    (SELECT md5(string_agg(done::text, ' ' ORDER BY id)) FROM core_ruleadoption done WHERE completed_at IS NOT NULL))
"""


def adoptions_folder() -> Path:
    """Return where the adoption files of this installation's controllers lie, one YAML file each."""
    chosen = os.environ.get("MUNIMENT_ADOPTIONS")
    folder = Path(chosen) if chosen else places.home() / "adoptions"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def load() -> policy.Policy:
    """Return the policy with the adoptions; demonstration adoptions are refused for who is not fictional."""
    return with_adoptions(fictional(), completed())


def with_adoptions(of: Collection[str], done: Iterable[Overlay]) -> policy.Policy:
    """Return the policy with what files and people have adopted; `of` are the fictional controllers."""
    return policy.load().adopting(merged((*read_folder(adoptions_folder(), fictional=of), *done)))


def mark() -> str:
    """Return what is another text as soon as people complete or end an adoption here, or a controller is another."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK)
        (found,) = cursor.fetchone()
    return str(found)


def fictional() -> tuple[str, ...]:
    """Return the codes of the fictional controllers."""
    return tuple(Controller.objects.filter(is_fictional=True).order_by("code").values_list("code", flat=True))


def completed() -> tuple[Overlay, ...]:
    """Return what people have adopted here, each rule by two, and ended."""
    found: dict[str, list[Adoption]] = defaultdict(list)
    done = RuleAdoption.objects.filter(completed_at__isnull=False).select_related("controller")
    for each in done.order_by("controller__code", "start", "completed_at"):
        found[each.controller.code].append(_as_adoption(each))
    return tuple(Overlay(code, tuple(adoptions)) for code, adoptions in found.items())


def were_it_completed(asked: RuleAdoption, loaded: policy.Policy) -> policy.Policy:
    """Return the policy as it would be with an adoption that waits."""
    own = loaded.overlays.get(asked.controller.code)
    more = Overlay(asked.controller.code, (_as_adoption(asked),))
    return loaded.adopting(merged((*([own] if own else []), more)))


def _as_adoption(each: RuleAdoption) -> Adoption:
    # Where a rule ends it is adopted for no time at all.
    until = each.start if each.ends else None
    return Adoption(each.rule, each.start, each.length, each.authority, (each.asked_by, each.completed_by), until)


def merged(overlays: Iterable[Overlay]) -> tuple[Overlay, ...]:
    """Return one overlay for each controller: of one rule each adoption applies until the next begins.

    Of two from one day on, that of the later overlay applies.
    """
    given = list(overlays)
    by_controller: dict[str, dict[str, list[Adoption]]] = defaultdict(lambda: defaultdict(list))
    for overlay in given:
        for adoption in overlay.adoptions:
            by_controller[overlay.controller][adoption.rule].append(adoption)
    return tuple(
        Overlay(
            controller,
            tuple(each for of_rule in rules.values() for each in _one_after_the_other(of_rule)),
            demonstration=any(each.demonstration for each in given if each.controller == controller),
        )
        for controller, rules in sorted(by_controller.items())
    )


def _one_after_the_other(adoptions: list[Adoption]) -> Iterator[Adoption]:
    ordered = sorted(adoptions, key=lambda each: each.start)
    for each, following in zip(ordered, [*ordered[1:], None], strict=True):
        ends = [day for day in (each.until, following.start if following else None) if day]
        yield replace(each, until=min(ends, default=None))


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
