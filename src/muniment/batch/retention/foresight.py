"""What falls due in years to come: how many of each kind, month by month, and what another schedule would change.

A decision of today names the day on which it falls due. What would become of it then, a review or a disposal by the
clock, is asked of the same engine as on that day, with what is known and what policy says today.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from muniment.batch.connecting import connect
from muniment.batch.retention import tables as schemas
from muniment.batch.retention.scheduling import ASKED_ON, schedule
from muniment.batch.retention.tables import Schedule, Source, Tables
from muniment.engine.policy.model import Policy
from muniment.engine.values.dates import add_months

MONTHS = 120  # ten years, the month that it begins in among them

# Who may see a row, and what it holds: all that a count needs beside the decisions.
PERSONS_TOLD = pa.schema(
    [
        ("person_id", pa.int64()),
        ("controller", pa.string()),
        ("scopes", pa.string()),  # keys in order, with commas between
        ("under_way", pa.bool_()),  # a disposal has been proposed: no review waits for anybody
    ]
)
RECORDS_TOLD = pa.schema(
    [
        ("record_id", pa.int64()),
        ("scopes", pa.string()),
        ("bytes", pa.int64()),  # null where its size is not known
    ]
)

COUNTS = pa.schema(
    [
        ("side", pa.string()),  # now | other | change
        ("subject", pa.string()),  # person | record
        ("controller", pa.string()),
        ("scopes", pa.string()),
        ("group", pa.int8()),  # of people; null for none
        ("class_id", pa.string()),  # of a record its class, of a person the rule
        ("term", pa.string()),  # overdue | undated | ahead | later | open
        ("month", pa.date32()),  # its first day, of what lies ahead
        ("kind", pa.string()),  # what it comes to on that day: an outcome of a decision
        ("kind_other", pa.string()),  # of a change: what it would come to instead
        ("moved", pa.string()),  # of a change: earlier | later | same | dated | undated
        ("under_way", pa.bool_()),
        ("number", pa.int64()),
        ("bytes", pa.int64()),
        ("measured", pa.int64()),  # records whose size is known
    ]
)


@dataclass(frozen=True)
class Told:
    """What is told of those who were decided: Arrow tables of PERSONS_TOLD and RECORDS_TOLD."""

    persons: pa.Table
    records: pa.Table


@dataclass(frozen=True)
class Side:
    """Decisions of one day, and the same asked on the day on which each falls due."""

    made: Schedule
    ahead: Schedule


def horizon(on: date) -> date:
    """Return the last day of the last month that is looked at."""
    return add_months(on.replace(day=1), MONTHS) - timedelta(days=1)


def side(tables: Tables, policy: Policy, made: Schedule, *, asked_on: date, plans_in: Path | None = None) -> Side:
    """Ask about everybody and everything on the day on which it falls due, and of the rest on the day of asking.

    A person is asked about once: where controllers differ, on the last of their days. A record is asked about on its
    own day, its people on theirs. Raises ValueError as `schedule` does.
    """
    raw = connect(preserve_insertion_order="false")
    dated = {
        name: _dated(raw, getattr(tables, name), getattr(made, name), (name, key), asked_on)
        for name, key in (("persons", "person_id"), ("records", "record_id"))
    }
    ahead = schedule(replace(tables, **dated), policy, asked_on=asked_on, plans_in=plans_in)
    return Side(made, ahead)


def _dated(
    raw: duckdb.DuckDBPyConnection, source: Source, made: pa.Table, names: tuple[str, str], asked_on: date
) -> pa.Table:
    name, key = names
    given = "(SELECT * FROM read_parquet('{}'))".format(str(source).replace("'", "''"))  # noqa: S608 - our path
    if not isinstance(source, Path):
        raw.register("given", source)
        given = "given"
    raw.register("made", made)
    columns = ", ".join(f"g.{field.name}" for field in getattr(schemas, name.upper()))
    sql = f"""
        SELECT {columns}, coalesce(d.day, $day) AS {ASKED_ON} FROM {given} g
        LEFT JOIN (SELECT {key}, max(due) AS day FROM made WHERE due > $day AND due <= $until GROUP BY {key}) d
            USING ({key})"""  # noqa: S608 - names of our own
    return raw.sql(sql, params={"day": asked_on, "until": horizon(asked_on)}).to_arrow_table()


# One row a decision, in the same columns for people and for records.
_TERMED = """
CREATE OR REPLACE TEMP TABLE {into} AS
SELECT m.{key} AS key, m.controller, {group} AS "group", {class_id} AS class_id, m.due, m.rule, a.because, a.missing,
    CASE WHEN m.due IS NULL AND m.outcome = 'retain' THEN 'open' WHEN m.due IS NULL THEN 'undated'
        WHEN m.due <= $day THEN 'overdue' WHEN m.due <= $until THEN 'ahead' ELSE 'later' END AS term,
    CASE WHEN m.due > $day AND m.due <= $until THEN date_trunc('month', m.due)::date END AS month,
    CASE WHEN m.outcome = 'retain' AND m.due <= $until THEN a.outcome ELSE m.outcome END AS kind
FROM made m JOIN ahead a ON a.{key} = m.{key} AND a.controller IS NOT DISTINCT FROM m.controller
"""
_NAMES = {
    "person": {"key": "person_id", "group": 'm."group"', "class_id": "coalesce(m.rule, '')"},
    "record": {"key": "record_id", "group": "NULL::TINYINT", "class_id": "coalesce(m.class_id, '')"},
}
_TOLD = {
    "person": "t.person_id = d.key AND t.controller IS NOT DISTINCT FROM d.controller",
    "record": "t.record_id = d.key",
}
_OF = {
    "person": "coalesce(t.under_way, false) AS under_way, NULL::BIGINT AS bytes",
    "record": "false AS under_way, t.bytes",
}
_SUMS = "count(*) AS number, sum(bytes)::BIGINT AS bytes, count(bytes) AS measured"

_COUNTED = """
SELECT '{side}' AS side, '{subject}' AS subject, controller, scopes, "group", class_id, term, month, kind,
    '' AS kind_other, '' AS moved, under_way, {sums}
FROM (SELECT d.*, coalesce(t.scopes, '') AS scopes, {of} FROM {table} d LEFT JOIN told t ON {told}) GROUP BY ALL
"""

# How a day moves; `d` is the decision in force and `o` the other.
MOVED = """CASE WHEN o.due < d.due THEN 'earlier' WHEN o.due > d.due THEN 'later'
            WHEN d.due IS NULL AND o.due IS NOT NULL THEN 'dated'
            WHEN o.due IS NULL AND d.due IS NOT NULL THEN 'undated' ELSE 'same' END AS moved"""

# Whatever only one side decides about is no change of the schedule, and cannot be: both are asked about the same.
_CHANGED = """
SELECT 'change' AS side, '{subject}' AS subject, controller, scopes, "group", class_id, term, month, kind, kind_other,
    moved, under_way, {sums}
FROM (
    SELECT d.*, o.kind AS kind_other, coalesce(t.scopes, '') AS scopes, {of},
        {moved}
    FROM {table} d JOIN {other} o ON o.key = d.key AND o.controller IS NOT DISTINCT FROM d.controller
    LEFT JOIN told t ON {told}
) WHERE moved <> 'same' OR kind <> kind_other GROUP BY ALL
"""


def term(raw: duckdb.DuckDBPyConnection, subject: str, of: Side, into: str, days: dict[str, Any]) -> None:
    """Make a table of the decisions of a side about people or records: when each falls due, and what it comes to then.

    `days` are the `day` of asking and the last, `until`.
    """
    raw.register("made", getattr(of.made, f"{subject}s"))
    raw.register("ahead", getattr(of.ahead, f"{subject}s"))
    raw.execute(_TERMED.format(into=into, **_NAMES[subject]), days)


def count(told: Told, on: date, now: Side, other: Side | None = None) -> pa.Table:
    """Count decisions by all that a table of the forecast is split by; a table of COUNTS, in no order.

    With another side, its own counts and those of what it changes are added.
    """
    raw = connect(preserve_insertion_order="false")
    days: dict[str, Any] = {"day": on, "until": horizon(on)}
    found = []
    for subject, of in (("person", told.persons), ("record", told.records)):
        raw.register("told", of)
        said = {"subject": subject, "told": _TOLD[subject], "of": _OF[subject], "sums": _SUMS, "moved": MOVED}
        sides = {"now": now} | ({"other": other} if other else {})
        for name, each in sides.items():
            term(raw, subject, each, f"of_{name}", days)
            found.append(raw.sql(_COUNTED.format(side=name, table=f"of_{name}", **said)).to_arrow_table())
        if other:
            found.append(raw.sql(_CHANGED.format(table="of_now", other="of_other", **said)).to_arrow_table())
    return pa.concat_tables([table.cast(COUNTS) for table in found])
