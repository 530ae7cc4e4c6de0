"""Nominals as linkage reads them: standardised once, kept, and standardised again only where something differs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from muniment.batch.matching.one_by_one import standardise_one
from muniment.batch.matching.standardise import KEPT, STANDARDISED, as_standardised, standard, standardise
from muniment.engine.matching.features import Nominal
from muniment.feeds.canonical import PERSON_TEXT_FIELDS
from muniment.people import handing_over
from muniment.people.linking import search_tokens
from muniment.records import staging

# Nominals up to which it is sooner done one by one; past it the set engine takes over.
FEW = 500

_FIELDS = ", ".join(f"nullif(n.{name}, '') AS {name}" for name in PERSON_TEXT_FIELDS)
_READ = ", ".join(f"coalesce(n.{name}, '')" for name in PERSON_TEXT_FIELDS)

NOMINALS = f"""
SELECT n.id AS person_id, c.code || '|' || s.code || '|' || n.reference AS source_key, scope.partition,
    {_FIELDS}, n.aliases, told.digest
FROM records_nominal n
JOIN records_sourcesystem s ON s.id = n.system_id
JOIN core_controller c ON c.id = s.controller_id
JOIN core_scope scope ON scope.id = n.scope_id
CROSS JOIN LATERAL (SELECT md5(concat_ws(chr(31), n.scope_id, scope.partition, c.code, s.code, n.reference, {_READ},
    n.aliases::text)) AS digest) told
"""  # noqa: S608

_OUTDATED = """
WHERE NOT EXISTS (SELECT 1 FROM people_standardised held
    WHERE held.nominal_id = n.id AND held.standard = '{standard}' AND held.digest = told.digest)
"""

_KEPT = ", ".join(f'held."{name}"' for name in KEPT)

# In parts, which are read side by side.
_HELD = f"""
SELECT held.nominal_id AS person_id, {_KEPT} FROM people_standardised held
WHERE held.standard = '{{standard}}' AND held.nominal_id % {{parts}} = {{part}}
"""  # noqa: S608
_PARTS = 2
_LEFT = """
SELECT held.nominal_id AS person_id FROM people_standardised held
WHERE NOT EXISTS (SELECT 1 FROM records_nominal n WHERE n.id = held.nominal_id)
"""
_SOME = f"""
SELECT held.nominal_id AS person_id, {_KEPT} FROM people_standardised held
WHERE held.standard = '{{standard}}' AND held.nominal_id = ANY(%(keys)s)
"""  # noqa: S608

_HELD_SCHEMA = pa.schema(
    [
        ("person_id", pa.int64()),
        *(field for field in STANDARDISED if field.name in KEPT),
    ]
)

_COLUMNS = ", ".join(f'"{name}"' for name in KEPT)
_TOLD = ", ".join(f't."{name}"' for name in KEPT)
_ANEW = ", ".join(f'"{name}" = excluded."{name}"' for name in KEPT)
_STORE = f"""
INSERT INTO people_standardised AS held (nominal_id, digest, standard, written_in, {_COLUMNS})
SELECT t.person_id, t.digest, %(standard)s, {{written_in}}, {_TOLD}
FROM {{fresh}} t JOIN records_nominal n ON n.id = t.person_id -- what was destroyed meanwhile is left out
ON CONFLICT (nominal_id) DO UPDATE SET digest = excluded.digest, standard = excluded.standard,
    written_in = excluded.written_in, {_ANEW}
WHERE %(snapshot)s::text IS NULL OR {{seen}} -- what was standardised since is newer
"""  # noqa: S608
_THIS = "pg_current_xact_id()::text::bigint"
_LONG_AGO = "0"
_SEEN = "pg_visible_in_snapshot(held.written_in::text::xid8, %(snapshot)s::text::pg_snapshot)"

_GIVEN = pa.schema(
    [
        ("person_id", pa.int64()),
        *((name, pa.string()) for name in ("source_key", "partition", *PERSON_TEXT_FIELDS)),
        ("aliases", pa.list_(pa.string())),
        ("digest", pa.string()),
    ]
)
# What somebody else standardised meanwhile has its words already.
_STORED = """
CREATE TEMPORARY TABLE stored_now ON COMMIT DROP AS
SELECT held.nominal_id FROM {fresh} t JOIN people_standardised held ON held.nominal_id = t.person_id
WHERE held.digest = t.digest;
ANALYZE stored_now
"""

_FEW = staging.inline(pa.schema([("digest", pa.string()), *STANDARDISED]), "rows")


@dataclass(frozen=True)
class Read:
    """How many nominals there are, all of them standardised, and which only now, each with the digest that it had.

    `everyone` (`STANDARDISED`) is read once, in no order. `snapshot` tells the transactions that were seen, in
    PostgreSQL's words.
    """

    count: int
    everyone: pa.RecordBatchReader
    fresh: pa.Table
    snapshot: str


def read(rows_of: staging.Snapshot, *, on: date) -> Read:
    """Return every nominal; what has not changed is as it is kept."""
    by = standard(on)
    seen = rows_of("SELECT pg_current_snapshot()::text AS seen, (SELECT count(*) FROM records_nominal) AS held")
    given, left = rows_of(NOMINALS + _OUTDATED.format(standard=by)), rows_of(_LEFT)
    made = standardise(given, on=on)
    old = pa.chunked_array([*given["person_id"].chunks, *left["person_id"].chunks], pa.int64())
    kept = rows_of.stream(*(_HELD.format(standard=by, parts=_PARTS, part=part) for part in range(_PARTS)))
    everyone = pa.RecordBatchReader.from_batches(STANDARDISED, _everyone(made, kept, old))
    fresh = made.append_column("digest", _digests(made, given))
    return Read(seen["held"][0].as_py(), everyone, fresh, seen["seen"][0].as_py())


def _everyone(made: pa.Table, kept: Iterator[pa.RecordBatch], old: pa.ChunkedArray) -> Iterator[pa.RecordBatch]:
    yield from made.cast(STANDARDISED).to_batches()
    for batch in kept:
        held = pa.Table.from_batches([batch])
        if len(old):
            held = held.filter(pc.invert(pc.is_in(held["person_id"], old)))
        yield from as_standardised(held).to_batches()


def to_store(read: Read) -> dict[str, pa.Table]:
    """Return what `store` takes, to be staged: what was standardised afresh, and the words by which it is found."""
    return {"fresh": read.fresh, "tokens": search_tokens.tokens(read.fresh)}


def store(cursor: Any, staged: Mapping[str, str], snapshot: str, *, on: date, by_run: bool = True) -> None:
    """Keep what was standardised afresh, staged, and read as of a snapshot, and the words by which it is found.

    When it is not `by_run`, a run that computes meanwhile does not take it for news: it reads the same.
    """
    written_in = _THIS if by_run else _LONG_AGO
    statement = _STORE.format(fresh=staged["fresh"], seen=_SEEN, written_in=written_in)
    cursor.execute(statement, {"standard": standard(on), "snapshot": snapshot})
    cursor.execute(_STORED.format(fresh=staged["fresh"]))
    tokens = f"(SELECT * FROM {staged['tokens']} JOIN stored_now USING (nominal_id))"  # noqa: S608
    search_tokens.publish(cursor, tokens, "SELECT nominal_id FROM stored_now")


def changed_since(snapshot: str) -> list[int]:
    """Return the nominals that somebody has standardised since a snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT held.nominal_id FROM people_standardised held WHERE NOT {_SEEN} ORDER BY 1",  # noqa: S608
            {"snapshot": snapshot},
        )
        return [key for (key,) in cursor.fetchall()]


def outdated(keys: Collection[int], *, on: date) -> set[int]:
    """Return which of some nominals have changed since they were standardised, or never were."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT person_id FROM ({NOMINALS + _OUTDATED.format(standard=standard(on))}) n"  # noqa: S608
            " WHERE person_id = ANY(%s)",
            [handing_over.array(keys)],
        )
        return {key for (key,) in cursor.fetchall()}


def standardise_few(keys: Collection[int], *, on: date) -> None:
    """Standardise some nominals as they are now, by the lists of a day, and keep that."""
    with connection.cursor() as cursor:
        cursor.execute(NOMINALS + "WHERE n.id = ANY(%s)", [handing_over.array(keys)])
        names = [column.name for column in cursor.description]
        given = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if not given:
            return
        told: dict[str, str | None] = {"standard": standard(on), "snapshot": None}
        if len(given) > FEW:
            fresh = handing_over.temporary(cursor, "fresh", _standardised(given, on))
            cursor.execute(_STORE.format(fresh=fresh, seen="true", written_in=_THIS), told)
            return
        rows = [standardise_one(row, on=on) | {"digest": row["digest"]} for row in given]
        cursor.execute(_STORE.format(fresh=_FEW, seen="true", written_in=_THIS), told | {"rows": staging.as_json(rows)})


def _standardised(given: list[dict[str, Any]], on: date) -> pa.Table:
    table = pa.Table.from_pylist(given, _GIVEN)
    made = standardise(table, on=on)
    return made.append_column("digest", _digests(made, table))


def _digests(made: pa.Table, given: pa.Table) -> pa.ChunkedArray:
    """Return the digests of what was given for each row that was made of it."""
    return given["digest"].take(pc.index_in(made["person_id"], given["person_id"].combine_chunks()))


def held(keys: Collection[int], *, on: date) -> list[Nominal]:
    """Return some nominals, kept by the lists of a day."""
    if len(keys) > FEW:
        rows: list[Nominal] = table_of(keys, on=on).to_pylist()
        return rows
    with connection.cursor() as cursor:
        cursor.execute(_SOME.format(standard=standard(on)), {"keys": handing_over.array(keys)})
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def table_of(keys: Collection[int], *, on: date) -> pa.Table:
    """Return some nominals as `held` does, as a table."""
    with connection.cursor() as cursor:
        return handing_over.copied(
            cursor, _SOME.format(standard=standard(on)), {"keys": handing_over.array(keys)}, _HELD_SCHEMA
        )
