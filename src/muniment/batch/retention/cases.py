"""Turns facts into the tables of a run, so that all cases are decided as one set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from muniment.batch.retention import tables as schemas
from muniment.batch.retention.engines import SetEngine
from muniment.batch.retention.scheduling import ASKED_ON, NO_CONTROLLER, schedule
from muniment.batch.retention.tables import Tables
from muniment.engine.policy.model import Policy
from muniment.engine.retention.deciding import reaches_person, reaches_record, resolved_classes
from muniment.engine.retention.facts import Facts
from muniment.engine.retention.persons import group_and_rule
from muniment.engine.retention.profile import gather

NOBODY = "case:nobody"  # the controller of facts that name none: the base, with nothing adopted
_STEP = 1000


@dataclass(frozen=True)
class Row:
    """What a set engine said of one set of facts; the fields of a Decision that tables carry."""

    outcome: str
    group: int | None
    clear_from: date | None
    due: date | None
    rule: str | None
    because: tuple[str, ...]
    missing: tuple[str, ...]
    driving_record: int | None
    class_id: str | None


@dataclass
class _Collected:
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {
            name: []
            for name in ("persons", "reviews", "flags", "involvements", "records", "record_dates", "events", "holds")
        }
    )

    def tables(self) -> Tables:
        asked = pa.field(ASKED_ON, pa.date32())
        made = {name: getattr(schemas, name.upper()) for name in self.rows}
        for name in ("persons", "records"):
            made[name] = made[name].append(asked)
        return Tables(**{name: pa.Table.from_pylist(self.rows[name], schema=schema) for name, schema in made.items()})


def decide_together(asked: Sequence[tuple[Facts, date]], policy: Policy, engine: SetEngine | None = None) -> list[Row]:
    """Decide many independent sets of facts, each on its own day, in their order; each is its own person.

    All that fall in one era of the policy, between two days on which some value changes, are one run.
    """
    eras: dict[int, list[int]] = {}
    for index, (_, day) in enumerate(asked):
        eras.setdefault(policy.era(day), []).append(index)
    rows: dict[int, Row] = {}
    for members in eras.values():
        collected = _Collected()
        for index in members:
            _collect(collected, (index + 1) * _STEP, asked[index][0], policy, asked[index][1])
        day = asked[members[0]][1]
        result = schedule(collected.tables(), policy, asked_on=day, engine=engine)
        by_person = {row["person_id"]: row for row in result.persons.to_pylist()}
        by_record = {row["record_id"]: row for row in result.records.to_pylist()}
        for index in members:
            rows[index] = _row((index + 1) * _STEP, asked[index][0], by_person, by_record)
    return [rows[index] for index in range(len(asked))]


def _row(key: int, facts: Facts, by_person: dict[int, Any], by_record: dict[int, Any]) -> Row:
    person = by_person[key]
    asked = person if facts.about is None else by_record[key + facts.about]
    driving = person["driving_record"]
    return Row(
        outcome=asked["outcome"],
        group=person["group"],
        clear_from=person["clear_from"],
        due=asked["due"],
        rule=asked["rule"],
        because=tuple(asked["because"]),
        missing=tuple(asked["missing"]),
        driving_record=None if driving is None else driving - key,
        class_id=asked.get("class_id"),
    )


def _collect(collected: _Collected, key: int, facts: Facts, policy: Policy, asked_on: date) -> None:
    rows, person = collected.rows, facts.person
    match = person.possible_match
    rows["persons"].append(
        {
            "person_id": key,
            "born_earliest": person.born.earliest if person.born else None,
            "born_latest": person.born.latest if person.born else None,
            "possible_group": match.group if match else None,
            "possible_clear_from": match.clear_from if match else None,
            ASKED_ON: asked_on,
        }
    )
    rows["reviews"].append(
        {
            "person_id": key,
            "controller": (facts.controller or NOBODY) if facts.involvements else NO_CONTROLLER,
            "last_review": person.last_review,
            "next_review": person.next_review,
        }
    )
    for flag in person.flags:
        rows["flags"].append({"person_id": key, "flag": flag.id, "start": flag.start, "until": flag.until})
    for event in facts.events:
        rows["events"].append({"person_id": key, "kind": event.kind, "dated": event.dated, "closed": event.closed})
    _collect_records(rows, key, facts, policy, asked_on)
    _collect_holds(rows["holds"], key, facts, policy, asked_on)


def _collect_records(
    rows: dict[str, list[dict[str, Any]]], key: int, facts: Facts, policy: Policy, asked_on: date
) -> None:
    controller = facts.controller or NOBODY
    # A record has one row, however many parts somebody had in it.
    records = {item.record: item for item in reversed(facts.involvements)}
    for number, item in sorted(records.items()):
        rows["records"].append(
            {
                "record_id": key + number,
                "controller": controller,
                "class_id": item.record_class or policy.systems.get(item.system or ""),
                "outcome": item.outcome,
                "cjs": item.record_offence.cjs,
                "ho_class": item.record_offence.ho_class,
                "others_retained": item.others_retained,
                ASKED_ON: asked_on,
            }
        )
        rows["record_dates"] += [
            {"record_id": key + number, "kind": kind, "earliest": day.earliest, "latest": day.latest}
            for kind, day in item.dates.items()
        ]
    for item in facts.involvements:
        record = key + item.record
        rows["involvements"].append(
            {
                "involvement_id": key + item.id,
                "person_id": key,
                "record_id": record,
                "controller": controller,
                "role": item.role,
                "cjs": item.offence.cjs,
                "ho_class": item.offence.ho_class,
                "max_penalty_years": item.offence.max_penalty_years,
                "happened_earliest": item.happened.earliest if item.happened else None,
                "happened_latest": item.happened.latest if item.happened else None,
                "dated": item.dated,
                "result": item.result,
                "sentence_custodial": item.sentence.custodial,
                "sentence_months": item.sentence.months,
                "released": item.sentence.released,
            }
        )


def _collect_holds(rows: list[dict[str, Any]], key: int, facts: Facts, policy: Policy, asked_on: date) -> None:
    """Expand each hold by its scope, as a caller does before a run."""
    if not facts.holds:
        return
    rules = policy.on(asked_on, facts.controller)
    profile = gather(facts, rules)
    classes, rule = resolved_classes(facts, profile, rules), group_and_rule(profile, rules)[1]
    for hold in facts.holds:
        reached: dict[str, Any] = {"hold_id": hold.id, "from": hold.start, "until": hold.until}
        if reaches_person(hold, rule, {}):
            rows.append({**reached, "person_id": key, "record_id": None})
        for record in classes:
            if reaches_record(hold, record, rule, classes):
                rows.append({**reached, "person_id": None, "record_id": key + record})
