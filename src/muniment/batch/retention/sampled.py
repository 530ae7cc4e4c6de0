"""A sample of what is decided, decided exactly under another schedule: what can be said before everything is.

What is drawn is decided with everybody and everything that it hangs on: all who are on a record drawn or on a record of
somebody drawn, with all their records. Who else is on those tells nothing: how somebody stands with others hangs on the
parts that they had themselves, and whether a victim's crime has a suspect is asked of victims alone, never of whoever
is beside them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from muniment.batch.connecting import connect
from muniment.batch.retention import tables as schemas
from muniment.batch.retention.foresight import MOVED, Side, Told, horizon, term
from muniment.batch.retention.tables import Schedule, Source, Tables

DRAWN_PERSONS = pa.schema([("person_id", pa.int64()), ("controller", pa.string())])
DRAWN_RECORDS = pa.schema([("record_id", pa.int64())])

# What is drawn, counted by what it comes to under both schedules; `_other` is the other one.
PAIRS = pa.schema(
    [
        ("subject", pa.string()),  # person | record
        ("controller", pa.string()),
        ("scopes", pa.string()),
        ("group", pa.int8()),
        ("class_id", pa.string()),
        ("term", pa.string()),
        ("month", pa.date32()),
        ("kind", pa.string()),
        ("group_other", pa.int8()),
        ("class_other", pa.string()),
        ("term_other", pa.string()),
        ("month_other", pa.date32()),
        ("kind_other", pa.string()),
        ("moved", pa.string()),  # earlier | later | same | dated | undated
        ("under_way", pa.bool_()),
        ("number", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Size:
    """How many decisions are drawn, and from how many on a sample is drawn at all: fewer are decided exactly at once.

    Half are shared out by how many there are in each stratum, half evenly, so that no small one goes without.
    """

    persons: int = 2_500
    records: int = 5_000
    least: int = 1_000_000  # decisions: what is around a sample is some hundred thousand records, whatever is held


@dataclass(frozen=True)
class Drawn:
    """What is drawn: Arrow tables of DRAWN_PERSONS, decisions by person and controller, and DRAWN_RECORDS."""

    persons: pa.Table
    records: pa.Table


def shares(sizes: Iterable[tuple[Any, int]], wanted: int) -> dict[Any, float]:
    """Return which share of each stratum is drawn, by how many each has; of a small one everything.

    The same few numbers make the same shares, and each decision is drawn by its own key alone.
    """
    counts = {stratum: number for stratum, number in sizes if number}
    every = sum(counts.values())
    return {
        stratum: min(1.0, wanted / 2 * (1 / (len(counts) * number) + 1 / every)) for stratum, number in counts.items()
    }


def draw(made: "Schedule | tuple[Path, Path]", size: Size) -> Drawn:
    """Draw decisions by what is hashed of their keys: the same ones each time, of people by controller and group.

    `made` are the decisions, or the paths of Parquet files of them. Each decision of a person known to several
    controllers is drawn by itself, so that strata are independent.
    """
    raw = connect(preserve_insertion_order="false")
    persons, records = (made.persons, made.records) if isinstance(made, Schedule) else made
    for name, source in (("persons", persons), ("records", records)):
        _lend(raw, name, source)
    return Drawn(
        _drawn(raw, "persons", ("person_id", "controller"), 'controller, "group"', size.persons).cast(DRAWN_PERSONS),
        _drawn(raw, "records", ("record_id",), "controller", size.records).cast(DRAWN_RECORDS),
    )


def _drawn(raw: duckdb.DuckDBPyConnection, name: str, key: tuple[str, ...], by: str, wanted: int) -> pa.Table:
    keys = ", ".join(key)
    counted = raw.sql(f"SELECT {by}, count(*) FROM {name} GROUP BY ALL").fetchall()  # noqa: S608 - names of our own
    found = shares(((tuple(stratum), number) for *stratum, number in counted), wanted)
    lists = [list(each) for each in zip(*((*stratum, share) for stratum, share in found.items()), strict=True)]
    columns = [*by.replace('"', "").split(", "), "share"]
    raw.register("shares", pa.table(lists or [[] for _ in columns], names=columns))
    same = " AND ".join(f's."{each}" IS NOT DISTINCT FROM d."{each}"' for each in columns[:-1])
    # Ordered by key: which of equals comes first changes nothing, and the same sample reads the same.
    return raw.sql(
        f"SELECT {', '.join(f'd.{each}' for each in key)} FROM {name} d JOIN shares s ON {same}"  # noqa: S608
        f" WHERE hash({', '.join(f'd.{each}' for each in key)}, 'muniment') < s.share * 18446744073709551616.0"
        f" ORDER BY {keys}"
    ).to_arrow_table()


_AROUND = """
CREATE TEMP TABLE theirs AS SELECT record_id FROM drawn_records
    UNION SELECT record_id FROM involvements WHERE person_id IN (SELECT person_id FROM drawn_persons);
CREATE TEMP TABLE near AS SELECT person_id FROM drawn_persons
    UNION SELECT person_id FROM involvements WHERE record_id IN (FROM theirs);
CREATE TEMP TABLE every AS SELECT record_id FROM involvements WHERE person_id IN (FROM near) UNION FROM theirs;
"""
_NARROWED = {
    "persons": "person_id IN (FROM near)",
    "involvements": "person_id IN (FROM near)",
    "reviews": "person_id IN (FROM near)",
    "flags": "person_id IN (FROM near)",
    "events": "person_id IN (FROM near)",
    "records": "record_id IN (FROM every)",
    "record_dates": "record_id IN (FROM every)",
    "holds": "person_id IN (FROM near) OR record_id IN (FROM every)",
}


def around(tables: Tables, drawn: Drawn) -> Tables:
    """Return what has to be known to decide what is drawn as if everything were known."""
    raw = connect(preserve_insertion_order="false")
    for each in fields(tables):
        _lend(raw, each.name, getattr(tables, each.name))
    raw.register("drawn_persons", drawn.persons)
    raw.register("drawn_records", drawn.records)
    raw.execute(_AROUND)
    queries = {name: f"SELECT * FROM {name} WHERE {condition}" for name, condition in _NARROWED.items()}  # noqa: S608
    return Tables(**{name: _read(raw, query, name) for name, query in queries.items()})


def made_of(made: "Schedule | tuple[Path, Path]", tables: Tables) -> Schedule:
    """Return the decisions, of all that are made, about whom and what some tables hold."""
    raw = connect(preserve_insertion_order="false")
    persons, records = (made.persons, made.records) if isinstance(made, Schedule) else made
    found = []
    for name, key, source in (("persons", "person_id", persons), ("records", "record_id", records)):
        _lend(raw, name, source)
        raw.register("keys", getattr(tables, name))
        found.append(raw.sql(f"SELECT * FROM {name} WHERE {key} IN (SELECT {key} FROM keys)").to_arrow_table())  # noqa: S608
    return Schedule(found[0].cast(schemas.PERSON_DECISIONS), found[1].cast(schemas.RECORD_DECISIONS))


def _lend(raw: duckdb.DuckDBPyConnection, name: str, source: Source) -> None:
    if isinstance(source, Path):
        path = str(source).replace("'", "''")
        raw.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM read_parquet('{path}')")  # noqa: S608
    else:
        raw.register(name, source)


def _read(raw: duckdb.DuckDBPyConnection, query: str, name: str) -> pa.Table:
    schema = getattr(schemas, name.upper())
    return raw.sql(query).to_arrow_table().select(schema.names).cast(schema)


_KEYS = {
    "person": ("JOIN drawn s ON s.person_id = d.key AND s.controller IS NOT DISTINCT FROM d.controller", "person_id"),
    "record": ("JOIN drawn s ON s.record_id = d.key", "record_id"),
}
_PAIRED = """
SELECT '{subject}' AS subject, d.controller, coalesce(t.scopes, '') AS scopes, d."group", d.class_id, d.term, d.month,
    d.kind, o."group" AS group_other, o.class_id AS class_other, o.term AS term_other, o.month AS month_other,
    o.kind AS kind_other, {moved}, {under_way} AS under_way, count(*) AS number
FROM of_now d {drawn} JOIN of_other o ON o.key = d.key AND o.controller IS NOT DISTINCT FROM d.controller
LEFT JOIN told t ON t.{key} = d.key {same} GROUP BY ALL
"""


def pairs(drawn: Drawn, told: Told, on: date, now: Side, other: Side) -> pa.Table:
    """Count what is drawn by what it comes to under both schedules; a table of PAIRS, in no order.

    Both sides are of what is around the sample.
    """
    raw = connect(preserve_insertion_order="false")
    days: dict[str, Any] = {"day": on, "until": horizon(on)}
    found = []
    for subject in ("person", "record"):
        raw.register("drawn", getattr(drawn, f"{subject}s"))
        raw.register("told", getattr(told, f"{subject}s"))
        term(raw, subject, now, "of_now", days)
        term(raw, subject, other, "of_other", days)
        join, key = _KEYS[subject]
        is_person = subject == "person"
        said = {
            "under_way": "coalesce(t.under_way, false)" if is_person else "false",
            "same": "AND t.controller IS NOT DISTINCT FROM d.controller" if is_person else "",
        }
        query = _PAIRED.format(subject=subject, moved=MOVED, drawn=join, key=key, **said)
        found.append(raw.sql(query).to_arrow_table().cast(PAIRS))
    return pa.concat_tables(found)
