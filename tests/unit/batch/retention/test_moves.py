"""Whom another schedule moves stands in the order in which somebody ought to look."""

from datetime import date

import pyarrow as pa

from muniment.batch.retention import Schedule, moves
from muniment.batch.retention import tables as schemas
from muniment.batch.retention.foresight import Side
from muniment.engine import policy

ON = date(2026, 11, 22)
PAST, SOON, LATE = date(2026, 1, 31), date(2028, 2, 29), date(2033, 2, 28)

# Of each: the day and what it comes to in force, the same with the other schedule, and why a person looks then.
ORDER = [
    ("goes at once, from far", LATE, "review", PAST, "dispose", ()),
    ("goes at once, from near", SOON, "review", PAST, "dispose", ()),
    ("goes some day, and was to be kept", None, "retain", SOON, "dispose", ()),
    ("goes later than it was looked at", SOON, "review", LATE, "dispose", ()),
    ("is to be archived on the same day", SOON, "review", SOON, "archive", ()),
    ("is overdue at once", SOON, "review", PAST, "review", ("PER-G3B",)),
    ("would be overdue, and is held", LATE, "hold", PAST, "hold", ("7", "PER-G3B")),
    ("is held", LATE, "hold", SOON, "hold", ("7", "PER-G3B")),
    ("is a child", SOON, "review", date(2029, 2, 28), "review", ("PER-G3B", "child")),
    ("comes later by years", PAST, "review", LATE, "review", ("PER-G3B",)),
    ("goes by itself no longer", SOON, "dispose", LATE, "review", ("PER-G3B",)),
    ("comes later by a day", date(2030, 1, 1), "review", date(2030, 1, 2), "review", ()),
]
STAYS = ("stays as it is", SOON, "review", SOON, "review", ())


def side(cases, day, kind, *, records=()):
    rows = [
        {
            "person_id": key,
            "controller": case[0] if case[0] == "west" else "north",
            "due": case[day],
            "outcome": case[kind],
            "rule": "PER-G3A" if day == 1 else "PER-G3B",
            "because": list(case[5]),
            "missing": [],
        }
        for key, case in enumerate(cases, 1)
    ]
    made = Schedule(
        pa.Table.from_pylist(rows, schema=schemas.PERSON_DECISIONS),
        pa.Table.from_pylist(list(records), schema=schemas.RECORD_DECISIONS),
    )
    return Side(made, made)


def moved(cases, records=((), ())):
    before, after = side(cases, 1, 2, records=records[0]), side(cases, 3, 4, records=records[1])
    return moves.moves(ON, before, after, controller="north", policy=policy.load())


def test_what_goes_by_itself_is_first_then_what_is_overdue_then_what_is_open_then_what_moves_furthest():
    shuffled = [STAYS, ("west", *ORDER[0][1:]), *ORDER[::-1]]
    found = moved(shuffled)
    assert [shuffled[key - 1][0] for key in found.table["person_id"].to_pylist()] == [case[0] for case in ORDER]
    assert found.table["place"].to_pylist() == list(range(1, len(ORDER) + 1))
    assert found.table["look"].to_pylist() == [1] * 5 + [2] + [3] * 3 + [4] * 3
    first = found.table.slice(0, 1).to_pylist()[0]
    assert (first["due"], first["due_other"], first["moved"]) == (LATE, PAST, "earlier")
    assert (first["kind"], first["kind_other"], first["rule"], first["rule_other"]) == (
        "review", "dispose", "PER-G3A", "PER-G3B"
    )  # fmt: skip


def test_records_stand_among_people_by_their_class_and_a_fact_that_is_missing_is_open():
    told = {"record_id": 5, "controller": "north", "class_id": "CRI-INC", "rule": "CRI-INC", "because": ["CRI-INC"]}
    before = {**told, "due": SOON, "outcome": "review", "missing": []}
    after = {**told, "due": LATE, "outcome": "review", "missing": ["offence"]}
    found = moved([ORDER[0], ORDER[-1]], ([before], [after])).table.to_pylist()
    assert [(row["person_id"], row["record_id"], row["class_id"]) for row in found] == [
        (1, None, ""), (None, 5, "CRI-INC"), (2, None, "")
    ]  # fmt: skip
    assert found[1]["missing"] == ["offence"]


def test_the_digest_is_of_what_moves_and_of_nothing_else():
    assert moved(ORDER).digest == moved([*ORDER, STAYS]).digest
    assert moved(ORDER).digest != moved(ORDER[:-1]).digest
    another_day = [*ORDER[:-1], (*ORDER[-1][:3], date(2030, 1, 3), *ORDER[-1][4:])]
    assert moved(ORDER).digest != moved(another_day).digest
    assert moved([STAYS]).table.num_rows == 0
    assert moved([STAYS]).digest
