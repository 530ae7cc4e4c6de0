"""The rows of the small tables that policy comes to; `lookups` puts them together."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from muniment.batch.retention.wording import MARKERS, RULE
from muniment.engine.policy.model import POLICING, Rules
from muniment.engine.retention.links import NOT_PROCEEDED
from muniment.engine.retention.records import ALONE, BY_PERSON

if TYPE_CHECKING:
    from muniment.batch.retention.lookups import Numbers

PERSON_TERMS = {
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
    "next": "PER-NEXT",
    "adult": "PER-U18",
}
EFFECTS = ("resets", "triggers", "triggers_open", "blocks", "floor")
RESULTS = ("convicted", "cautioned", "pending", "penalty_notice")


def roles(rules: Rules, trigger_no: Callable[[str | None], int | None]) -> pa.Table:
    """Return one row a role: what it makes of a person, and which trigger its own date stands in for."""
    fallback, ends = rules.settings["role_dates"]["fallback"], marker_ends(rules)
    rows = [
        {
            "role": role.code,
            "is_offender_role": role.offender,
            "is_victim_role": not role.offender and role.kind == "victim",
            "is_harmed_role": not role.offender and role.dpa38 == "victim",
            "stand_in_no": trigger_no(fallback.get(role.code)),
            **{f"warns_{name}": role.marker == name for name in MARKERS},
            "warns_until": sum(1 << ends.index(kind) for kind in role.marker_ends),
            **{f"as_{name.lower()}": role.code == name for name in ("CONVICTED", "CAUTIONED", "CHARGED", "ACQUITTED")},
            "as_proceeded": role.code in rules.settings["endings"]["roles"],
            "as_held": role.code in rules.settings["endings"]["roles_unless_closed"],
        }
        for role in rules.roles.values()
    ]
    truths = (
        *("is_offender_role", "is_victim_role", "as_convicted", "as_cautioned", "as_charged", "as_acquitted"),
        *("is_harmed_role", "as_proceeded", "as_held"),
        *(f"warns_{name}" for name in MARKERS),
    )
    numbers = (("stand_in_no", pa.int16()), ("warns_until", pa.int32()))
    fields = [("role", pa.string()), *numbers, *((name, pa.bool_()) for name in truths)]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def marker_ends(rules: Rules) -> tuple[str, ...]:
    """Return the trigger events that end what a role warns of, each at its bit of `warns_until`."""
    return tuple(sorted({kind for role in rules.roles.values() for kind in role.marker_ends}))


def results() -> pa.Table:
    """Return one row a result that something hangs on."""
    rows = [
        {"result": name, "is_ended": name in NOT_PROCEEDED, **{f"is_{one}": name == one for one in RESULTS}}
        for name in (*RESULTS, *NOT_PROCEEDED)
    ]
    truths = ("is_ended", *(f"is_{name}" for name in RESULTS))
    fields = [("result", pa.string()), *((name, pa.bool_()) for name in truths)]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def declared(rules: Rules, known: "Numbers") -> pa.Table:
    """Return one row for each text a record may declare, class or family, with what a class says of its people."""
    rows: list[dict[str, Any]] = [
        {
            "class_id": entry.id,
            "declared_no": known.class_no(entry.id),
            "no_offender": entry.no_offender,
            "class_group": entry.group if entry.sets_group else None,
        }
        for entry in rules.classes.values()
    ]
    rows += [
        {"class_id": name, "family_no": place} for place, name in enumerate(known.families) if name not in rules.classes
    ]
    fields = [("class_id", pa.string()), ("declared_no", pa.int16()), ("family_no", pa.int8())]
    fields += [("no_offender", pa.bool_()), ("class_group", pa.int8())]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def classes(rules: Rules, known: "Numbers") -> pa.Table:
    """Return one row a class: what holds of it for every controller."""
    rows = [
        {
            "class_no": known.class_no(entry.id),
            "is_policing": entry.partition == POLICING,
            "minors_from_18": entry.minors_from_18,
            "reviewed_during": entry.reviewed_during,
            "plus_sentence": entry.plus_sentence,
            "not_terrorism": entry.not_terrorism,
            "of_unconvicted": entry.of_unconvicted,
            "needs_result": entry.needs_result,
            "indefinite_from_months": entry.indefinite_from_months,
            "swap_no": known.class_no(entry.unless_convicted),
            "adult_no": known.class_no(entry.if_adult),
            "qualifying_no": known.class_no(entry.if_qualifying),
            "qualifying_charge_no": known.class_no(entry.if_qualifying_charge),
            "needs_conviction": entry.needs_conviction,
            "of_adults": entry.of_adults,
            "by_offence": entry.if_group_1 is not None,
            "least_no": known.trigger_no(entry.at_least.trigger) if entry.at_least else None,
            "least_months": entry.at_least.length.months if entry.at_least else None,
            "least_days": entry.at_least.length.days if entry.at_least else None,
        }
        for entry in rules.classes.values()
    ]
    truths = (
        *("is_policing", "minors_from_18", "reviewed_during", "plus_sentence", "not_terrorism", "of_unconvicted"),
        *("needs_result", "needs_conviction", "of_adults", "by_offence"),
    )
    counts = ("indefinite_from_months", "least_months", "least_days")
    numbers = ("class_no", "swap_no", "adult_no", "qualifying_no", "qualifying_charge_no", "least_no")
    fields = [*((name, pa.bool_()) for name in truths), *((name, pa.int32()) for name in counts)]
    return pa.Table.from_pylist(rows, schema=pa.schema([*fields, *((name, pa.int16()) for name in numbers)]))


def terms(by_controller: dict[str, Rules], known: "Numbers") -> pa.Table:
    """Return one row a controller and class: its period, its trigger, and what is done at the end."""
    rows = [
        {
            "controller_no": number,
            "class_no": known.class_no(class_id),
            "trigger_no": known.trigger_no(terms.trigger),
            "months": terms.length.months if terms.length else None,
            "days": terms.length.days if terms.length else None,
            "every": terms.review_every.months if terms.review_every else None,
            "is_automatic": rules.is_automatic(class_id),
            "by_group": terms.kind == "person_group",
            "destroys": terms.kind == "must_destroy_by",
            "indefinite": terms.kind == "indefinite",
            "from_trigger": terms.kind == "from_trigger",
            "alone": terms.kind in ALONE,
            "is_reviewed": terms.kind in ("on_application", "person_group", "review_only"),
            "follows_person": terms.kind in BY_PERSON,
            "does_nothing": terms.action == "none",
            "does_dispose": terms.action == "dispose",
            "does_archive": terms.action == "archive",
        }
        for number, rules in enumerate(by_controller.values())
        for class_id, terms in rules.terms.items()
    ]
    numbers = (("controller_no", pa.int16()), ("class_no", pa.int16()), ("trigger_no", pa.int16()))
    counts = ((name, pa.int32()) for name in ("months", "days", "every"))
    truths = (
        *("is_automatic", "by_group", "destroys", "indefinite", "from_trigger", "alone", "is_reviewed"),
        *("follows_person", "does_nothing", "does_dispose", "does_archive"),
    )
    return pa.Table.from_pylist(rows, schema=pa.schema([*numbers, *counts, *((name, pa.bool_()) for name in truths)]))


def controllers(by_controller: dict[str, Rules]) -> tuple[pa.Table, pa.Table]:
    """Return one row a controller with its variant, and one row a variant with the terms that a person is decided by.

    Controllers whose terms for persons are the same are one variant: a person stands alike with them all.
    """
    variants: dict[tuple[tuple[str, Any], ...], int] = {}
    own = []
    for number, (name, rules) in enumerate(by_controller.items()):
        row: dict[str, Any] = {"group_3": RULE[rules.group_3]}
        for short, rule in PERSON_TERMS.items():
            terms = rules.terms[rule or rules.group_3]
            row[f"{short}_months"] = terms.length.months if terms.length else None
            row[f"{short}_days"] = terms.length.days if terms.length else None
            row[f"{short}_every"] = terms.review_every.months if terms.review_every else None
        variant = variants.setdefault(tuple(row.items()), len(variants))
        own.append({"controller": name, "controller_no": number, "variant": variant})
    counts = [(f"{short}_{part}", pa.int32()) for short in PERSON_TERMS for part in ("months", "days", "every")]
    numbers = [("controller", pa.string()), ("controller_no", pa.int16()), ("variant", pa.int16())]
    rows = [{"variant": variant, **dict(row)} for row, variant in variants.items()]
    return (
        pa.Table.from_pylist(own, schema=pa.schema(numbers)),
        pa.Table.from_pylist(rows, schema=pa.schema([("variant", pa.int16()), ("group_3", pa.int8()), *counts])),
    )


def flags(rules: Rules) -> pa.Table:
    """Return one row a kind of flag."""
    rows = [
        {"flag": name, "sets": kind.get("group"), "blocks": bool(kind.get("blocks")), "death": bool(kind.get("death"))}
        for name, kind in rules.settings["flags"]["kinds"].items()
    ]
    schema = pa.schema([("flag", pa.string()), ("sets", pa.int8()), ("blocks", pa.bool_()), ("death", pa.bool_())])
    return pa.Table.from_pylist(rows, schema=schema)


def events(rules: Rules) -> pa.Table:
    """Return one row a kind of event."""
    rows = [
        {"kind": name, **{effect: effect in what for effect in EFFECTS}}
        for name, what in rules.settings["events"]["kinds"].items()
    ]
    schema = pa.schema([("kind", pa.string()), *[(effect, pa.bool_()) for effect in EFFECTS]])
    return pa.Table.from_pylist(rows, schema=schema)
