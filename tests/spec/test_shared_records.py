"""Records with several people on them, and people with records at several controllers."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from muniment.batch.retention import Schedule, Tables, schedule
from muniment.batch.retention import tables as schemas
from muniment.engine import policy as policies
from muniment.engine.retention.cases import stand_ins

POLICY = policies.load().adopting(stand_ins())
ASKED = date(2026, 11, 22)
BY_TIME, NOTHING = "case:time_based", "southmere"


def table(schema: pa.Schema, *rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)


def person(number: int, born: date | None = date(1980, 5, 1)) -> dict[str, Any]:
    return {"person_id": number, "born_earliest": born, "born_latest": born}


def suspect(number: int, person_id: int, record_id: int, dated: date, **more: Any) -> dict[str, Any]:
    link = {"involvement_id": number, "person_id": person_id, "record_id": record_id, "role": "SUSPECT"}
    return {**link, "ho_class": "149/00", "dated": dated, **more}


def crime(number: int, controller: str = BY_TIME, class_id: str = "CRIME") -> dict[str, Any]:
    return {"record_id": number, "controller": controller, "class_id": class_id, "ho_class": "149/00"}


def run(**given: pa.Table) -> Schedule:
    return schedule(Tables(**given), POLICY, asked_on=ASKED)


def by(found: pa.Table, *keys: str) -> dict[Any, dict[str, Any]]:
    return {tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row for row in found.to_pylist()}


def two_suspects(second: date) -> Schedule:
    return run(
        persons=table(schemas.PERSONS, person(1), person(2)),
        records=table(schemas.RECORDS, crime(10)),
        involvements=table(schemas.INVOLVEMENTS, suspect(1, 1, 10, date(2015, 3, 1)), suspect(2, 2, 10, second)),
    )


def test_a_record_is_kept_whole_for_the_last_person() -> None:
    found = two_suspects(date(2023, 3, 1))
    record = by(found.records, "record_id")[10]
    assert (record["outcome"], record["due"], record["class_id"]) == ("retain", date(2029, 3, 1), "CRI-G3")
    people = by(found.persons, "person_id")
    assert people[1]["outcome"] == "review" and "others_retained" in people[1]["because"]
    assert people[2]["outcome"] == "retain"


def test_a_record_goes_when_everyone_on_it_may_go() -> None:
    found = two_suspects(date(2016, 3, 1))
    record = by(found.records, "record_id")[10]
    assert (record["outcome"], record["due"], record["rule"]) == ("dispose", date(2022, 3, 1), "PER-G3B")
    assert {row["outcome"] for row in found.persons.to_pylist()} == {"dispose"}


def test_every_controller_decides_by_its_own_overlay_with_every_forces_facts() -> None:
    found = run(
        persons=table(schemas.PERSONS, person(1)),
        records=table(schemas.RECORDS, crime(10), crime(11, NOTHING)),
        involvements=table(
            schemas.INVOLVEMENTS, suspect(1, 1, 10, date(2015, 3, 1)), suspect(2, 1, 11, date(2017, 3, 1))
        ),
    )
    rows = by(found.persons, "person_id", "controller")
    assert {row["clear_from"] for row in rows.values()} == {date(2017, 3, 1)}
    assert rows[(1, BY_TIME)]["outcome"] == "dispose"
    assert rows[(1, NOTHING)]["outcome"] == "review"
    assert {row["driving_record"] for row in rows.values()} == {11}
    assert by(found.records, "record_id")[11]["outcome"] == "review"


def reviewed_by(controller: str | None, *, suspected: date) -> dict[str, Any]:
    """Return when and why each controller looks at somebody whom one of them reviewed in June, after an enquiry."""
    last = {"person_id": 1, "controller": controller, "last_review": date(2026, 6, 1), "next_review": date(2027, 2, 1)}
    enquiry = {"person_id": 1, "kind": "enforcement_enquiry", "dated": date(2026, 5, 1)}
    found = run(
        persons=table(schemas.PERSONS, person(1)),
        records=table(schemas.RECORDS, crime(10), crime(11, NOTHING), crime(12, "northshire")),
        involvements=table(schemas.INVOLVEMENTS, *(suspect(number, 1, 9 + number, suspected) for number in (1, 2, 3))),
        reviews=table(schemas.REVIEWS, *([last] if controller else [])),
        events=table(schemas.EVENTS, enquiry),
    )
    return {row["controller"]: (row["due"], row["rule"]) for row in found.persons.to_pylist()}


def test_a_review_by_one_controller_is_none_by_another() -> None:
    enquired = (date(2026, 5, 1), "PER-TRIGGERED")
    before = reviewed_by(None, suspected=date(2025, 3, 1))
    assert before == dict.fromkeys((BY_TIME, NOTHING, "northshire"), enquired)
    after = reviewed_by(NOTHING, suspected=date(2025, 3, 1))
    assert after == {**before, NOTHING: (date(2027, 2, 1), "PER-NEXT")}


def test_nor_does_it_move_the_day_on_which_the_other_looks_at_its_records() -> None:
    overdue = (date(2021, 3, 1), "PER-G3A")
    before = reviewed_by(None, suspected=date(2015, 3, 1))
    assert before == {BY_TIME: (date(2021, 3, 1), "PER-G3B"), NOTHING: overdue, "northshire": overdue}
    assert reviewed_by(NOTHING, suspected=date(2015, 3, 1)) == {**before, NOTHING: (date(2027, 2, 1), "PER-G3A")}


def test_a_suspect_on_the_record_makes_the_crime_detected_for_its_victim_too() -> None:
    victim = {"involvement_id": 2, "person_id": 2, "record_id": 10, "role": "VICTIM", "dated": date(2015, 3, 1)}
    found = run(
        persons=table(schemas.PERSONS, person(1), person(2)),
        records=table(schemas.RECORDS, crime(10)),
        record_dates=table(
            schemas.RECORD_DATES,
            {"record_id": 10, "kind": "reported_date", "earliest": date(2015, 3, 1), "latest": date(2015, 3, 1)},
        ),
        involvements=table(schemas.INVOLVEMENTS, suspect(1, 1, 10, date(2015, 3, 1)), victim),
    )
    assert by(found.persons, "person_id")[2]["missing"] == ["case_closed"]
    assert by(found.records, "record_id")[10]["class_id"] == "CRI-G3"


def test_who_is_charged_with_less_on_a_graver_record_is_in_its_group() -> None:
    theft = suspect(1, 1, 10, date(2015, 3, 1), cjs="TH68010", ho_class=None)
    for classed, group in (({"cjs": None, "ho_class": "019/08"}, 1), ({"cjs": None, "ho_class": "046/00"}, 3)):
        found = run(
            persons=table(schemas.PERSONS, person(1)),
            records=table(schemas.RECORDS, {**crime(10), **classed}),
            involvements=table(schemas.INVOLVEMENTS, theft),
        )
        assert by(found.persons, "person_id")[1]["group"] == group
    unplaced = {**theft, "cjs": None, "ho_class": "099/99"}
    found = run(
        persons=table(schemas.PERSONS, person(1)),
        records=table(schemas.RECORDS, {**crime(10), "cjs": None, "ho_class": "046/00"}),
        involvements=table(schemas.INVOLVEMENTS, unplaced),
    )
    assert by(found.persons, "person_id")[1]["group"] is None


def victim_of_the_sentenced(months: int | None) -> dict[str, Any]:
    victim = {"involvement_id": 2, "person_id": 2, "record_id": 10, "role": "VICTIM", "dated": date(2008, 3, 1)}
    sentence = {"sentence_custodial": True, "sentence_months": months, "released": date(2012, 3, 1)}
    convicted = suspect(1, 1, 10, date(2009, 3, 1), role="CONVICTED", result="convicted", **sentence)
    closed = {"record_id": 10, "kind": "case_closed", "earliest": date(2009, 3, 1), "latest": date(2009, 3, 1)}
    found = run(
        persons=table(schemas.PERSONS, person(1), person(2)),
        records=table(schemas.RECORDS, crime(10)),
        record_dates=table(schemas.RECORD_DATES, closed),
        involvements=table(schemas.INVOLVEMENTS, convicted, victim),
    )
    return {**by(found.records, "record_id")[10], "victim": by(found.persons, "person_id")[2]["due"]}


def test_a_victim_is_kept_for_the_sentence_of_the_one_convicted() -> None:
    found = victim_of_the_sentenced(18 * 12)
    assert (found["outcome"], found["due"], found["rule"]) == ("retain", date(2027, 3, 1), "PER-VIC")
    assert found["victim"] == date(2027, 3, 1)
    found = victim_of_the_sentenced(24)
    assert (found["outcome"], found["due"], found["victim"]) == ("dispose", date(2018, 3, 1), date(2015, 3, 1))


def test_a_sentence_without_a_length_keeps_a_victims_record_from_going_by_itself() -> None:
    found = victim_of_the_sentenced(None)
    assert (found["outcome"], found["missing"]) == ("review", ["sentence_months"])


def test_a_record_with_nobody_on_it_is_placed_by_its_own_offence() -> None:
    found = run(
        records=table(schemas.RECORDS, crime(10), {**crime(11), "ho_class": "000/00"}),
        record_dates=table(
            schemas.RECORD_DATES,
            {"record_id": 10, "kind": "reported_date", "earliest": date(2015, 3, 1), "latest": date(2015, 3, 1)},
        ),
    )
    rows = by(found.records, "record_id")
    assert (rows[10]["class_id"], rows[10]["outcome"], rows[10]["due"]) == ("CRI-UND-O", "dispose", date(2021, 3, 1))
    assert (rows[11]["class_id"], rows[11]["outcome"], rows[11]["missing"]) == ("CRIME", "review", ["offence"])


def test_a_hold_on_one_record_holds_its_people_and_not_their_other_records() -> None:
    found = run(
        persons=table(schemas.PERSONS, person(1)),
        records=table(schemas.RECORDS, crime(10), crime(11)),
        involvements=table(
            schemas.INVOLVEMENTS, suspect(1, 1, 10, date(2015, 3, 1)), suspect(2, 1, 11, date(2015, 3, 1))
        ),
        holds=table(schemas.HOLDS, {"hold_id": "HOLD-LOCAL", "record_id": 10, "from": date(2024, 1, 1)}),
    )
    rows = by(found.records, "record_id")
    assert (rows[10]["outcome"], rows[11]["outcome"]) == ("hold", "dispose")
    assert by(found.persons, "person_id")[1]["outcome"] == "hold"


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="BYSTANDER"):
        run(
            persons=table(schemas.PERSONS, person(1)),
            records=table(schemas.RECORDS, crime(10)),
            involvements=table(schemas.INVOLVEMENTS, {**suspect(1, 1, 10, ASKED), "role": "BYSTANDER"}),
        )


def test_a_person_nobody_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        run(
            records=table(schemas.RECORDS, crime(10)),
            involvements=table(schemas.INVOLVEMENTS, suspect(1, 1, 10, ASKED)),
        )


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="possible_group"):
        run(persons=pa.table({"person_id": [1]}))


def test_tables_may_lie_in_parquet(tmp_path: Any) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "records.parquet"
    pq.write_table(table(schemas.RECORDS, crime(10, class_id="CRI-INC")), path)
    assert schedule(Tables(records=path), POLICY, asked_on=ASKED).records.to_pylist()[0]["missing"] == [
        "incident_closed"
    ]


def test_what_somebody_else_on_it_was_convicted_of_elsewhere_is_not_the_offenders() -> None:
    theft = {"cjs": "TH68010", "ho_class": None, "result": "convicted", "role": "CONVICTED"}
    in_march = {"happened_earliest": date(2019, 3, 1), "happened_latest": date(2019, 3, 1)}
    child = suspect(1, 1, 10, date(2019, 6, 1), **in_march, **theft)
    mother = {"involvement_id": 2, "person_id": 2, "record_id": 10, "role": "PARENT_CARER"}
    hers = suspect(3, 2, 11, date(2001, 6, 1), **theft)

    def said(*links: dict[str, Any]) -> tuple[Any, ...]:
        taken = {"record_id": 10, "kind": "biometric_taken", "earliest": date(2019, 3, 1), "latest": date(2019, 3, 1)}
        found = run(
            persons=table(schemas.PERSONS, person(1, date(2004, 1, 1)), person(2)),
            records=table(schemas.RECORDS, crime(10, class_id="CUS-BIO-U18-M"), crime(11)),
            record_dates=table(schemas.RECORD_DATES, taken),
            involvements=table(schemas.INVOLVEMENTS, *links),
        )
        row = by(found.records, "record_id")[10]
        return row["class_id"], row["outcome"], row["due"]

    assert said(child, mother, hers) == said(child, hers) == ("CUS-BIO-U18-M", "dispose", date(2024, 3, 1))
    own = suspect(4, 1, 11, date(2018, 6, 1), **theft)
    assert said(child, own)[0] == "CUS-BIO-U18-Q"


def child_concern(*people: tuple[str, date | None]) -> dict[str, Any]:
    """Decide about a child concern of this year that does not say when the child is 18."""
    found = run(
        persons=table(schemas.PERSONS, *(person(number, born) for number, (_, born) in enumerate(people, 1))),
        records=table(schemas.RECORDS, {"record_id": 10, "controller": BY_TIME, "class_id": "CP-NFA"}),
        involvements=table(
            schemas.INVOLVEMENTS,
            *(
                {"involvement_id": number, "person_id": number, "record_id": 10, "role": role, "dated": ASKED}
                for number, (role, _) in enumerate(people, 1)
            ),
        ),
    )
    return by(found.records, "record_id")[10]


def test_nobody_elses_birth_stands_for_that_of_the_child() -> None:
    parent, teacher, child = ("PARENT_CARER", date(1980, 5, 1)), ("REPORTER", date(1975, 5, 1)), date(2018, 3, 1)
    known = child_concern(parent, teacher, ("CHILD_AT_RISK", child))
    assert (known["outcome"], known["due"]) == ("retain", date(2043, 3, 1))
    for unknown in (
        child_concern(parent, teacher),
        child_concern(parent, teacher, ("CHILD_AT_RISK", None)),
        child_concern(("CHILD_AT_RISK", child), ("CHILD_AT_RISK", None)),
    ):
        assert (unknown["outcome"], unknown["due"]) == ("review", None)
        assert unknown["missing"] == ["child_18th_birthday"]
