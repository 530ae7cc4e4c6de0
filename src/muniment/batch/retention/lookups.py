"""Policy as small tables, for the set engine to join: one row a role, a class, a controller, an offence.

Rules, classes and triggers are numbered while a set is computed: comparing and carrying a small integer costs a tenth
of what a text does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from muniment.batch.retention import lookup_rows as rows
from muniment.batch.retention.wording import PERSON_RULES
from muniment.engine.policy.model import Policy, Rules
from muniment.engine.retention.links import notification_threshold

THRESHOLDS = ("any", "custody", "months")  # what brings notification, by place
_DECISIONS = ("decision_or_acquittal", "decision_date")


@dataclass(frozen=True)
class Numbers:
    """The texts of one policy by number; the texts are sorted, so that the least number is the first text."""

    classes: tuple[str, ...]
    families: tuple[str, ...]
    triggers: tuple[str, ...]  # and the roles' stand-ins for them

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """Return what a rule's number stands for: the rules of persons first, then every class."""
        return (*PERSON_RULES, *self.classes)

    def class_no(self, class_id: str | None) -> int | None:
        """Return the number of a class among the rules."""
        return None if class_id is None else len(PERSON_RULES) + self.classes.index(class_id)

    def trigger_no(self, trigger: str | None) -> int | None:
        """Return the number of a trigger."""
        return None if trigger is None else self.triggers.index(trigger)


def numbers(rules: Rules) -> Numbers:
    """Return the numbers of a policy on a day."""
    stand_ins = rules.settings["role_dates"]["fallback"].values()
    least = {entry.at_least.trigger for entry in rules.classes.values() if entry.at_least}
    triggers = {terms.trigger for terms in rules.terms.values()} | least | set(stand_ins)
    return Numbers(tuple(sorted(rules.classes)), tuple(sorted(rules.families)), tuple(sorted(triggers)))


def asked_kinds(rules: Rules) -> frozenset[str]:
    """Return the kinds of record date that something hangs on."""
    starts = rules.settings["clear_starts"]
    asked = {*numbers(rules).triggers, *starts["always"], *starts["not_proceeded"]}
    return frozenset(asked | {"case_closed", "reported_date", "conviction_date", *_DECISIONS})


@dataclass(frozen=True)
class Lookups:
    """The small tables of one run, by the name they are registered under."""

    tables: dict[str, pa.Table]
    base: Rules
    numbers: Numbers
    offence_days: tuple[date, ...]  # days on which some maximum changed
    numbered: dict[int, Mapping[str, Any]] = field(default_factory=dict)  # the offences of a run


def build(policy: Policy, asked_on: date, controllers: Sequence[str]) -> Lookups:
    """Return the lookups for the controllers that decide in a run."""
    base = policy.on(asked_on)
    known = numbers(base)
    by_controller = {name: policy.on(asked_on, name) for name in controllers}
    own, variants = rows.controllers(by_controller)
    return Lookups(
        tables={
            "lk_roles": rows.roles(base, known.trigger_no),
            "lk_results": rows.results(),
            "lk_declared": rows.declared(base, known),
            "lk_classes": rows.classes(base, known),
            "lk_terms": rows.terms(by_controller, known),
            "lk_controllers": own,
            "lk_variants": variants,
            "lk_flags": rows.flags(base),
            "lk_events": rows.events(base),
        },
        base=base,
        numbers=known,
        offence_days=tuple(
            sorted({value.start for entry in base.offences.entries.values() for value in entry.maxima[1:]})
        ),
    )


def number_offences(found: pa.Table, lookups: Lookups) -> pa.Table:
    """Return each distinct offence of a run (cjs, ho_class, penalty) with a number beside it."""
    lookups.numbered.update(enumerate(found.to_pylist()))
    return found.append_column("offence_no", pa.array(range(found.num_rows), pa.int32()))


def place_offences(eras: pa.Table, lookups: Lookups) -> pa.Table:
    """Return where each offence of a run falls, for each day of the offence and each of the days asked on.

    `eras` holds how many changes of maxima lie before the days asked on; those before an offence are all tried. The key
    is `offence_key` of the three.
    """
    table, days = lookups.base.offences, lookups.offence_days
    found: list[dict[str, Any]] = []
    for number, row in lookups.numbered.items():
        for era in (None, *range(len(days) + 1)):
            for asked in eras["asked_era"].to_pylist():
                happened = None if era is None else _era_day(days, era)
                penalty = None if row["penalty"] < 0 else row["penalty"]
                placed = table.group(row["cjs"], row["ho_class"], happened, _era_day(days, asked), penalty)
                thresholds = {
                    name: _threshold(placed.notification, under_18)
                    for name, under_18 in (("adult_threshold", False), ("child_threshold", True))
                }
                found.append(
                    {
                        "offence_key": offence_key(number, -1 if era is None else era, asked, len(days)),
                        "offence_group": placed.group,
                        "specified_violence": placed.specified_violence,
                        "terrorism": placed.terrorism,
                        **thresholds,
                    }
                )
    fields = [("offence_key", pa.int32()), ("offence_group", pa.int8()), ("adult_threshold", pa.int8())]
    fields += [("child_threshold", pa.int8()), ("specified_violence", pa.bool_()), ("terrorism", pa.bool_())]
    return pa.Table.from_pylist(found, schema=pa.schema(fields))


def offence_key(number: Any, era: Any, asked_era: Any, changes: int) -> Any:
    """Return one number for an offence and its days, of plain numbers or of expressions; era is -1 where unknown."""
    return (number * (changes + 2) + era + 1) * (changes + 1) + asked_era


def _threshold(notification: str | None, under_18: bool) -> int | None:
    threshold = notification_threshold(notification, under_18=under_18)
    return None if threshold is None else THRESHOLDS.index(threshold)


def _era_day(days: tuple[date, ...], era: int) -> date:
    return days[era - 1] if era else date.min
