"""Rows of events: records as their sources hold them, without narratives, which are never supplied."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from muniment.engine.values.dates import PartialDate
from muniment.records.models import Record, RecordDates, merged
from muniment.retention.models import RecordDecision
from muniment.supply.building import findings, gathering
from muniment.supply.building.rows import Asked, Batches, Item, Row, identifier, kept, withhold

# By name, and not as models: a supply has millions of them.
_SAME = ("reference", "outcome", "cjs", "ho_class", "title", "postcode", "purposes", "purpose_from")
_COLUMNS = (
    *("pk", "class_id", "offence_text", "location", "attributes", "seen_first", "seen_last", *_SAME),
    *("system__code", "system__controller__code", "scope__area", "scope__marking"),
)


def all_of(asked: Asked) -> Batches:
    """Yield the rows of all events of a supply."""
    for keys in gathering.keys_of("supply_event", "record_id"):
        yield rows(keys, asked)


def rows(keys: Collection[int], asked: Asked) -> list[Item]:
    """Return the rows of some events, in the order of their keys."""
    told: dict[int, list[Any]] = defaultdict(list)
    for each in RecordDates.objects.filter(record__in=keys).values_list("record_id", "kinds", "days", named=True):
        told[each.record_id].append(each)
    due = dict(RecordDecision.objects.filter(record__in=keys).values_list("record_id", "due"))
    withheld = asked.terms.withheld("event")
    found = []
    for record in Record.objects.filter(pk__in=keys).order_by("pk").values_list(*_COLUMNS, named=True):
        row = _row(record, merged(told[record.pk]), asked)
        row["retention"] = {"due": due[record.pk]} if record.pk in due else None
        found.append(Item("event", record.pk, withhold(row, withheld)))
    return found


def _row(record: Any, days: Mapping[str, PartialDate], asked: Asked) -> Row:
    controller, system = record.system__controller__code, record.system__code
    return {
        "id": identifier(controller, system, record.reference),
        "controller": controller,
        "system": system,
        "reference": record.reference,
        "class": record.class_id,
        "area": record.scope__area,
        "nature": "assessment" if record.scope__area in asked.rules.assessed_areas else "fact",
        "title": kept(record.title),
        "outcome": kept(record.outcome),
        "cjs": kept(record.cjs),
        "ho_class": kept(record.ho_class),
        "offence": kept(record.offence_text),
        "address": kept(record.location),
        "postcode": kept(record.postcode),
        "dates": [
            {"kind": kind, "earliest": each.earliest, "latest": each.latest} for kind, each in sorted(days.items())
        ],
        "purposes": sorted(record.purposes),
        "purpose_from": record.purpose_from,
        "marking": record.scope__marking,
        "handling": _handling(record.attributes, asked),
        "first_seen": record.seen_first,
        "last_seen": record.seen_last,
        "findings": findings.of_record(record, days),
        "currency": findings.currency(record.seen_last, asked.on, asked.rules.stale_after),
        "retention": None,
    }


def _handling(attributes: Mapping[str, Any], asked: Asked) -> Row | None:
    """Return grading and handling, with the conditions of its code and those that the agreement has for everything."""
    grading, scheme = attributes.get("grading"), attributes.get("grading_scheme")
    of_code = asked.rules.conditions.get(f"{scheme}:{str(grading)[-1:]}") if grading else None
    conditions = ". ".join(part.rstrip(".") for part in (of_code, asked.terms.conditions) if part)
    if not grading and not conditions:
        return None
    return {"scheme": scheme, "grading": grading, "conditions": conditions or None}
