"""What falls due is asked of the engine as on its day: ends of months, children, flags, holds and controllers."""

from datetime import date

import pyarrow as pa
import pytest

from muniment.batch.retention import Tables, foresight, schedule
from muniment.batch.retention import tables as schemas
from muniment.engine import policy
from muniment.engine.policy.model import Adoption, Overlay

ON = date(2026, 11, 22)
FLAGGED, LONG_FLAGGED, CHILD, PLAIN, TWO, HELD = range(1, 7)
DAYS = {  # day of the caution; group 3 by time, six years
    FLAGGED: date(2024, 2, 29),
    LONG_FLAGGED: date(2024, 2, 29),
    CHILD: date(2024, 2, 29),
    PLAIN: date(2024, 8, 31),
    TWO: date(2021, 1, 31),
    HELD: date(2022, 12, 31),
}


def table(schema, rows):
    return pa.Table.from_pylist(rows, schema=schema)


def adopted():
    both = [
        Overlay(code, (Adoption("PER-G3B", date(2020, 1, 1), None, "Board minute 7", ("One", "Two")),))
        for code in ("north", "west")
    ]
    return policy.load().adopting(both)


@pytest.fixture(scope="module")
def looked():
    links = [(person, "north", day) for person, day in DAYS.items()] + [(TWO, "west", date(2020, 5, 1))]
    told = [
        {
            "involvement_id": at,
            "record_id": at,
            "person_id": person,
            "controller": code,
            "role": "CAUTIONED",
            "cjs": "TH68010",
            "result": "cautioned",
            "dated": day,
            "happened_earliest": day,
            "happened_latest": day,
        }
        for at, (person, code, day) in enumerate(links)
    ]
    dates = [
        {"record_id": at, "kind": kind, "earliest": day, "latest": day}
        for at, (_, _, day) in enumerate(links)
        for kind in ("reported_date", "case_closed")
    ]
    born = {CHILD: date(2013, 6, 1)}
    records = [
        {"record_id": at, "controller": code, "class_id": "CRIME", "outcome": "CAUTIONED", "cjs": "TH68010"}
        for at, (_, code, _) in enumerate(links)
    ]
    given = Tables(
        persons=table(
            schemas.PERSONS,
            [
                {"person_id": key, "born_earliest": day, "born_latest": day}
                for key, day in {key: born.get(key, date(1980, 5, 12)) for key in DAYS}.items()
            ],
        ),
        involvements=table(schemas.INVOLVEMENTS, told),
        records=table(schemas.RECORDS, records),
        record_dates=table(schemas.RECORD_DATES, dates),
        flags=table(
            schemas.FLAGS,
            [
                {"person_id": FLAGGED, "flag": "violent", "start": date(2024, 1, 1), "until": date(2028, 1, 1)},
                {"person_id": LONG_FLAGGED, "flag": "violent", "start": date(2024, 1, 1), "until": date(2034, 1, 1)},
            ],
        ),
        holds=table(schemas.HOLDS, [{"hold_id": "7", "person_id": HELD, "from": date(2026, 1, 1)}]),
    )
    rules = adopted()
    side = foresight.side(given, rules, schedule(given, rules, asked_on=ON), asked_on=ON)
    nobody = foresight.Told(foresight.PERSONS_TOLD.empty_table(), foresight.RECORDS_TOLD.empty_table())
    return foresight.count(nobody, ON, side).to_pylist()


def counted(looked, subject):
    return {
        (row["month"].isoformat(), row["controller"], row["kind"]): row["number"]
        for row in looked
        if row["subject"] == subject and row["term"] == "ahead"
    }


@pytest.mark.parametrize("subject", ["person", "record"])
def test_each_is_asked_about_on_the_day_it_falls_due(looked, subject):
    assert counted(looked, subject) == {
        ("2027-01-01", "north", "dispose"): 1,  # 31 January 2021 and six years, for both controllers: one clock
        ("2027-01-01", "west", "dispose"): 1,
        ("2028-12-01", "north", "hold"): 1,  # what is held does not go
        ("2030-02-01", "north", "dispose"): 1,  # 29 February and six years is the 28th; the flag has ended by then
        ("2030-02-01", "north", "review"): 2,  # a flag that lasts, and a child of sixteen
        ("2030-08-01", "north", "dispose"): 1,  # the 31st
    }
    assert sum(row["number"] for row in looked if row["subject"] == subject) == len(DAYS) + 1


@pytest.mark.parametrize(
    ("on", "last"),
    [
        (date(2026, 11, 22), date(2036, 10, 31)),
        (date(2026, 11, 30), date(2036, 10, 31)),
        (date(2026, 3, 31), date(2036, 2, 29)),
        (date(2028, 2, 29), date(2038, 1, 31)),
        (date(2026, 1, 1), date(2035, 12, 31)),
    ],
)
def test_ten_years_are_a_hundred_and_twenty_months(on, last):
    assert foresight.horizon(on) == last


def test_a_policy_as_on_a_day_is_that_of_the_day_on_every_other():
    then = adopted().as_on(date(2019, 12, 31))
    assert not then.on(date(2040, 1, 1), "north").adopted, "what was adopted later is not adopted"
    assert adopted().as_on(ON).on(date(2001, 1, 1), "north").adopted == {"PER-G3B"}
    assert all(len(entry.values) == 1 for entry in then.classes.values())
