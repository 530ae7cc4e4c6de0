"""Policy as small tables, for the set engine to join: one row a role, a class, a controller, an offence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from muniment.engine.policy.model import POLICING, Policy, Rules
from muniment.engine.retention.links import notification_threshold

KINDS = ("from_trigger", "clear_period", "until_age", "review_only", "on_application", "person_group", "indefinite")


@dataclass(frozen=True)
class Lookups:
    """The small tables of one run, by the name they are registered under."""

    tables: dict[str, pa.Table]
    base: Rules
    offence_days: tuple[date, ...]  # days on which some maximum changed


def build(policy: Policy, asked_on: date, controllers: Sequence[str]) -> Lookups:
    """Return the lookups for the controllers that decide in a run."""
    base = policy.on(asked_on)
    by_controller = {name: policy.on(asked_on, name) for name in controllers}
    return Lookups(
        tables={
            "lk_roles": _roles(base),
            "lk_classes": _classes(base),
            "lk_terms": _terms(by_controller),
            "lk_controllers": _controllers(by_controller),
            "lk_flags": _flags(base),
            "lk_events": _events(base),
            "lk_stand_ins": _stand_ins(base),
        },
        base=base,
        offence_days=tuple(
            sorted({value.start for entry in base.offences.entries.values() for value in entry.maxima[1:]})
        ),
    )


def offences(asked: pa.Table, lookups: Lookups) -> pa.Table:
    """Return where each distinct offence falls: key, group, thresholds for adults and under-18s, violence.

    `asked` holds key, the_cjs, the_ho, penalty, and how many changes of maxima lie before the offence (era; null where
    its day is unknown) and before the day asked (asked_era).
    """
    table = lookups.base.offences
    found: list[dict[str, Any]] = []
    for row in asked.to_pylist():
        era = row["era"]
        happened = None if era is None else _era_day(lookups.offence_days, era)
        asked_on = _era_day(lookups.offence_days, row["asked_era"])
        placed = table.group(row["the_cjs"], row["the_ho"], happened, asked_on, row["penalty"])
        found.append(
            {
                "key": row["key"],
                "offence_group": placed.group,
                "adult_threshold": notification_threshold(placed.notification, under_18=False),
                "child_threshold": notification_threshold(placed.notification, under_18=True),
                "specified_violence": placed.specified_violence,
            }
        )
    fields = [("key", pa.string()), ("offence_group", pa.int8()), ("adult_threshold", pa.string())]
    fields += [("child_threshold", pa.string()), ("specified_violence", pa.bool_())]
    return pa.Table.from_pylist(found, schema=pa.schema(fields))


def _era_day(days: tuple[date, ...], era: int) -> date:
    return days[era - 1] if era else date.min


def _roles(rules: Rules) -> pa.Table:
    fallback = rules.settings["role_dates"]["fallback"]
    rows = [
        {
            "role": role.code,
            "is_offender_role": role.offender,
            "role_kind": role.kind,
            "stand_in": fallback.get(role.code),
        }
        for role in rules.roles.values()
    ]
    schema = pa.schema(
        [("role", pa.string()), ("is_offender_role", pa.bool_()), ("role_kind", pa.string()), ("stand_in", pa.string())]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _stand_ins(rules: Rules) -> pa.Table:
    return pa.table({"stand_in": sorted(set(rules.settings["role_dates"]["fallback"].values()))})


def _classes(rules: Rules) -> pa.Table:
    rows = [
        {
            "class_id": entry.id,
            "no_offender": entry.no_offender,
            "class_group": entry.group if entry.sets_group else None,
            "is_policing": entry.partition == POLICING,
            "minors_from_18": entry.minors_from_18,
            "reviewed_during": entry.reviewed_during,
            "plus_sentence": entry.plus_sentence,
            "indefinite_from_months": entry.indefinite_from_months,
            "unless_convicted": entry.unless_convicted,
            "least_trigger": entry.at_least.trigger if entry.at_least else None,
            "least_months": entry.at_least.length.months if entry.at_least else None,
            "least_days": entry.at_least.length.days if entry.at_least else None,
        }
        for entry in rules.classes.values()
    ]
    schema = pa.schema(
        [
            ("class_id", pa.string()),
            ("no_offender", pa.bool_()),
            ("class_group", pa.int8()),
            ("is_policing", pa.bool_()),
            ("minors_from_18", pa.bool_()),
            ("reviewed_during", pa.bool_()),
            ("plus_sentence", pa.bool_()),
            ("indefinite_from_months", pa.int32()),
            ("unless_convicted", pa.string()),
            ("least_trigger", pa.string()),
            ("least_months", pa.int32()),
            ("least_days", pa.int32()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _terms(by_controller: dict[str, Rules]) -> pa.Table:
    rows = [
        {
            "controller": name,
            "class_id": class_id,
            "trigger": terms.trigger,
            "kind": terms.kind,
            "months": terms.length.months if terms.length else None,
            "days": terms.length.days if terms.length else None,
            "action": terms.action,
            "every": terms.review_every.months if terms.review_every else None,
            "is_automatic": rules.is_automatic(class_id),
        }
        for name, rules in by_controller.items()
        for class_id, terms in rules.terms.items()
    ]
    schema = pa.schema(
        [
            ("controller", pa.string()),
            ("class_id", pa.string()),
            ("trigger", pa.string()),
            ("kind", pa.string()),
            ("months", pa.int32()),
            ("days", pa.int32()),
            ("action", pa.string()),
            ("every", pa.int32()),
            ("is_automatic", pa.bool_()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


PERSON_RULES = {
    "g1": "PER-G1",
    "g2": "PER-G2",
    "g3": None,  # the controller's choice
    "g3a": "PER-G3A",
    "u10": "PER-U10",
    "vic": "PER-VIC",
    "und_s": "CRI-UND-S",
    "und_o": "CRI-UND-O",
    "cpia": "CRI-CPIA",
    "ended": "CRI-CPIA-NC",
    "dead": "PER-DECEASED",
    "trig": "PER-TRIGGERED",
    "adult": "PER-U18",
}


def _controllers(by_controller: dict[str, Rules]) -> pa.Table:
    rows = []
    for name, rules in by_controller.items():
        row: dict[str, Any] = {"controller": name, "group_3": rules.group_3}
        for short, rule in PERSON_RULES.items():
            terms = rules.terms[rule or rules.group_3]
            row[f"{short}_months"] = terms.length.months if terms.length else None
            row[f"{short}_days"] = terms.length.days if terms.length else None
            row[f"{short}_every"] = terms.review_every.months if terms.review_every else None
        rows.append(row)
    numbers = [(f"{short}_{part}", pa.int32()) for short in PERSON_RULES for part in ("months", "days", "every")]
    schema = pa.schema([("controller", pa.string()), ("group_3", pa.string()), *numbers])
    return pa.Table.from_pylist(rows, schema=schema)


def _flags(rules: Rules) -> pa.Table:
    rows = [
        {"flag": name, "sets": kind.get("group"), "blocks": bool(kind.get("blocks")), "death": bool(kind.get("death"))}
        for name, kind in rules.settings["flags"]["kinds"].items()
    ]
    schema = pa.schema([("flag", pa.string()), ("sets", pa.int8()), ("blocks", pa.bool_()), ("death", pa.bool_())])
    return pa.Table.from_pylist(rows, schema=schema)


EFFECTS = ("resets", "triggers", "triggers_open", "blocks", "floor")


def _events(rules: Rules) -> pa.Table:
    rows = [
        {"kind": name, **{effect: effect in what for effect in EFFECTS}}
        for name, what in rules.settings["events"]["kinds"].items()
    ]
    schema = pa.schema([("kind", pa.string()), *[(effect, pa.bool_()) for effect in EFFECTS]])
    return pa.Table.from_pylist(rows, schema=schema)
