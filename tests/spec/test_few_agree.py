"""A few people who share records are decided by the reference as the set engine decides them."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from muniment.batch.retention import Schedule, Tables, schedule, schedule_few
from muniment.batch.retention import tables as schemas
from muniment.cli.policy import with_demonstration
from muniment.engine import policy as policies
from muniment.engine.retention.cases import stand_ins
from muniment.invention.lives import CLASSED, OFFENCES
from spec.fact_strategies import BORN, DAYS, PARTIAL, drawn, maybe, rarely

POLICY = with_demonstration(policies.load()).adopting(stand_ins())
ASKED = date(2026, 11, 22)
_RESULTS = (None, None, "convicted", "acquitted", "nfa", "cautioned", "penalty_notice", "pending")
_OUTCOMES = (None, None, "CANCELLED", "CHARGED", "NFA", "PENDING", "PROTEST", "UNDETECTED")
_SUSPECTS = ("SUSPECT", "SUSPECT", "CONVICTED", "CHARGED", "ARRESTED", "CAUTIONED")
_CONTROLLERS = ("case:time_based", "case:time_based", "case:review", "southmere")

Rows = dict[str, list[dict[str, Any]]]


def _ends(day: Any) -> dict[str, Any]:
    return {"earliest": day.earliest if day else None, "latest": day.latest if day else None}


@st.composite
def worlds(draw: Callable[[st.SearchStrategy], Any]) -> Rows:
    """Up to five people on up to four records of several controllers, some with several parts in one record."""
    people, records = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    classes = [*POLICY.classes, *POLICY.families, *["CRIME"] * 40, *["CRI-G3"] * 10]
    classes += [entry.id for entry in POLICY.classes.values() if entry.values[0].kind == "must_destroy_by"] * 15
    triggers = sorted({terms.trigger for entry in POLICY.classes.values() for terms in entry.values})
    rows: Rows = {name: [] for name in Tables.__dataclass_fields__}
    for number in range(1, people + 1):
        born, match = _ends(draw(maybe(BORN))), draw(rarely(st.tuples(st.sampled_from([None, 1, 2, 3]), maybe(DAYS))))
        group, clear_from = match or (None, None)
        rows["persons"].append(
            {
                "person_id": number,
                "born_earliest": born["earliest"],
                "born_latest": born["latest"],
                "possible_group": group,
                "possible_clear_from": clear_from,
            }
        )
        _beside(draw, rows, number)
    for number in range(101, 101 + records):
        declared = draw(st.sampled_from(classes))
        wanted = {POLICY.classes[declared].values[0].trigger} if declared in POLICY.classes else set()
        kinds = draw(st.sets(st.sampled_from([*triggers, "case_closed", "reported_date"]), max_size=2))
        kinds |= draw(st.sampled_from([wanted, wanted, wanted, set()]))
        rows["record_dates"] += [{"record_id": number, "kind": kind, **_ends(draw(PARTIAL))} for kind in sorted(kinds)]
        offence = draw(rarely(st.sampled_from(CLASSED)))
        rows["records"].append(
            {
                "record_id": number,
                "controller": draw(st.sampled_from(_CONTROLLERS)),
                "class_id": declared,
                "outcome": draw(st.sampled_from(_OUTCOMES)),
                "cjs": offence.cjs if offence else None,
                "ho_class": offence.ho_class if offence else None,
                "others_retained": draw(st.sampled_from([None, None, None, None, False, True])),
            }
        )
        if draw(st.integers(0, 5)) == 0:
            rows["holds"].append(
                {"hold_id": "H1", "record_id": number, "from": draw(maybe(DAYS)), "until": draw(maybe(DAYS))}
            )
    for number in range(1, draw(st.integers(0, 2 * people)) + 1):
        rows["involvements"].append(_involvement(draw, number, people, rows["records"]))
    return rows


def _beside(draw: Callable[[st.SearchStrategy], Any], rows: Rows, number: int) -> None:
    """Add a review, a flag and an event of a person, each now and then."""
    known = POLICY.settings["flags"][0].content["kinds"]
    events = POLICY.settings["events"][0].content["kinds"]
    if draw(st.integers(0, 3)) == 0:
        controller, last = draw(st.sampled_from(_CONTROLLERS)), draw(DAYS)
        rows["reviews"].append(
            {"person_id": number, "controller": controller, "last_review": last, "next_review": draw(maybe(DAYS))}
        )
    if draw(st.integers(0, 4)) == 0:
        flag = draw(st.sampled_from([*known, "unheard_of"]))
        rows["flags"].append(
            {"person_id": number, "flag": flag, "start": draw(maybe(DAYS)), "until": draw(maybe(DAYS))}
        )
    if draw(st.integers(0, 4)) == 0:
        kind = draw(st.sampled_from([*events, "unheard_of"]))
        rows["events"].append(
            {"person_id": number, "kind": kind, "dated": draw(maybe(DAYS)), "closed": draw(maybe(DAYS))}
        )


def _involvement(
    draw: Callable[[st.SearchStrategy], Any], number: int, people: int, records: list[dict[str, Any]]
) -> dict[str, Any]:
    record, offence, happened = draw(st.sampled_from(records)), draw(st.sampled_from(OFFENCES)), draw(rarely(PARTIAL))
    roles = [*sorted(POLICY.codes.roles), *_SUSPECTS * 5]
    return {
        "involvement_id": number,
        "person_id": draw(st.integers(1, people)),
        "record_id": record["record_id"],
        "controller": record["controller"],
        "role": draw(st.sampled_from(roles)),
        "cjs": offence.cjs,
        "ho_class": offence.ho_class,
        "max_penalty_years": offence.max_penalty_years,
        "happened_earliest": happened.earliest if happened else None,
        "happened_latest": happened.latest if happened else None,
        "dated": draw(maybe(DAYS)),
        "result": draw(st.sampled_from(_RESULTS)),
        "sentence_custodial": draw(st.sampled_from([None, None, None, False, True])),
        "sentence_months": draw(st.sampled_from([None, 3, 12, 60, 120])),
        "released": draw(maybe(DAYS)),
    }


_KEYS = ("person_id", "record_id", "involvement_id")


def moved(one: Rows, place: int) -> Rows:
    """Return a world with its keys moved apart from those of others."""
    return {
        name: [
            {key: place * 1000 + value if key in _KEYS and value else value for key, value in row.items()}
            for row in rows
        ]
        for name, rows in one.items()
    }


def together(worlds: list[Rows]) -> Rows:
    """Put worlds side by side."""
    apart = [moved(one, place) for place, one in enumerate(worlds)]
    return {name: [row for one in apart for row in one[name]] for name in Tables.__dataclass_fields__}


def tables(rows: Rows) -> Tables:
    return Tables(
        **{
            name: pa.Table.from_pylist(
                [{column: row.get(column) for column in schema.names} for row in rows[name]], schema=schema
            )
            for name in rows
            for schema in (getattr(schemas, name.upper()),)
        }
    )


def said(made: Schedule) -> dict[tuple[Any, ...], dict[str, Any]]:
    people = {("person", row["person_id"], row["controller"]): row for row in made.persons.to_pylist()}
    return people | {("record", row["record_id"]): row for row in made.records.to_pylist()}


def test_the_reference_decides_shared_records_as_the_set_engine_does() -> None:
    made = drawn(worlds(), 20261128, 150)
    few: dict[tuple[Any, ...], dict[str, Any]] = {}
    for place, one in enumerate(made):
        few |= said(schedule_few(tables(moved(one, place)), POLICY, asked_on=ASKED))
    whole = said(schedule(tables(together(made)), POLICY, asked_on=ASKED))
    assert few.keys() == whole.keys()
    differing = [
        (key, name, few[key][name], whole[key][name])
        for key in whole
        for name in whole[key]
        if few[key][name] != whole[key][name]
    ]
    assert differing == []
    assert {row["outcome"] for row in whole.values()} >= {"retain", "review", "dispose", "hold", "escalate"}
