"""Whom and which records another schedule moves, one by one, in the order in which somebody ought to look at them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from muniment.batch.connecting import connect
from muniment.batch.retention.foresight import MOVED, Side, horizon, term
from muniment.engine.policy.model import Policy

MOVES = pa.schema(
    [
        ("place", pa.int64()),  # from 1, in the order in which to look
        ("person_id", pa.int64()),  # one of the two
        ("record_id", pa.int64()),
        ("look", pa.int8()),  # why it stands where it does, by LOOKS
        ("group", pa.int8()),  # of people
        ("class_id", pa.string()),  # of records
        ("due", pa.date32()),
        ("kind", pa.string()),  # what it comes to on that day
        ("rule", pa.string()),
        ("due_other", pa.date32()),
        ("kind_other", pa.string()),
        ("rule_other", pa.string()),
        ("moved", pa.string()),  # earlier | later | same | dated | undated
        ("because", pa.list_(pa.string())),  # rules and reasons under the other schedule, as on its day
        ("missing", pa.list_(pa.string())),
    ]
)
GOES, OVERDUE, OPEN, REST = range(1, 5)

_QUOTED = [f'"{name}"' for name in MOVES.names]

_ONE_BY_ONE = """
CREATE TEMP TABLE each_{subject} AS
SELECT {person} AS person_id, {record} AS record_id, d."group", {class_id} AS class_id, d.due, d.kind,
    coalesce(d.rule, '') AS rule, o.due AS due_other, o.kind AS kind_other, coalesce(o.rule, '') AS rule_other,
    {moved}, coalesce(o.because, []) AS because, coalesce(o.missing, []) AS missing
FROM of_now d JOIN of_other o ON o.key = d.key AND o.controller IS NOT DISTINCT FROM d.controller
WHERE d.controller = $controller AND (moved <> 'same' OR d.kind <> o.kind)
"""
_PERSON = {"person": "d.key", "record": "NULL::BIGINT", "class_id": "''"}
_RECORD = {"person": "NULL::BIGINT", "record": "d.key", "class_id": "d.class_id"}

# What would go by itself and did not; what is overdue at once; what is held, or something is open about; the rest.
_IN_ORDER = f"""
CREATE TEMP TABLE found AS
WITH told AS (
    SELECT *, CASE WHEN kind_other IN ('dispose', 'archive') AND kind NOT IN ('dispose', 'archive') THEN {GOES}
        WHEN due_other <= $day AND NOT coalesce(due <= $day, false)
            AND kind_other NOT IN ('hold', 'escalate') THEN {OVERDUE}
        WHEN kind IN ('hold', 'escalate') OR kind_other IN ('hold', 'escalate') OR len(missing) > 0
            OR len(list_filter(because, lambda code: NOT list_contains($rules, code))) > 0 THEN {OPEN}
        ELSE {REST} END AS look
    FROM (SELECT * FROM each_person UNION ALL SELECT * FROM each_record)
)
SELECT row_number() OVER (ORDER BY look, coalesce(due_other <= $day, false) DESC,
    abs(due_other - due) DESC NULLS FIRST, person_id, record_id) AS place, * FROM told
"""  # noqa: S608 - numbers of our own

_DIGEST = """
SELECT sha256(coalesce(string_agg(concat_ws('|', coalesce(person_id, 0), coalesce(record_id, 0),
    coalesce(due::text, ''), kind, rule, coalesce(due_other::text, ''), kind_other, rule_other), chr(10)
    ORDER BY person_id, record_id), '')) FROM found
"""


@dataclass(frozen=True)
class Moves:
    """A table of MOVES, and a digest that is the same for the same moves, whatever the day they were worked out on."""

    table: pa.Table
    digest: str


def moves(on: date, now: Side, other: Side, *, controller: str, policy: Policy) -> Moves:
    """Return everyone and everything of one controller whose day another schedule moves, or what it comes to.

    What moves furthest comes first among what is looked at for one reason; to a day, or from one, is furthest of all.
    """
    raw = connect(preserve_insertion_order="false")
    days: dict[str, Any] = {"day": on, "until": horizon(on)}
    for subject, names in (("person", _PERSON), ("record", _RECORD)):
        term(raw, subject, now, "of_now", days)
        term(raw, subject, other, "of_other", days)
        raw.execute(_ONE_BY_ONE.format(subject=subject, moved=MOVED, **names), {"controller": controller})
    raw.execute(_IN_ORDER, {"day": on, "rules": list(policy.classes)})
    ((digest,),) = raw.sql(_DIGEST).fetchall()
    table = raw.sql(f"SELECT {', '.join(_QUOTED)} FROM found ORDER BY place").to_arrow_table()  # noqa: S608
    return Moves(table.cast(MOVES), str(digest))
