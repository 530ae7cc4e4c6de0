"""Bulk loads: Arrow tables go to a schema that the web cannot see, and are inserted from there.

COPY into a table under row-level security is refused, so every bulk write passes through here. Staged tables are
unlogged, belong to one run, and what a killed run left behind is dropped by the next.
"""

import atexit
import hashlib
import json
import os
import socket
import threading
import weakref
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Full, Queue
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from psycopg.sql import Literal

from muniment.batch import machine
from muniment.core import database

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection

SCHEMA = "staging"


def _uri() -> str:
    role = connection.settings_dict["USER"].removeprefix("muniment_")
    return database.uri(role, dbname=connection.settings_dict["NAME"])


def _adbc() -> Any:
    """Return the driver; it brings pandas along, which commands that load nothing need not wait for."""
    from adbc_driver_postgresql import dbapi

    return dbapi


class _Kept(threading.local):
    """This thread's connection for bulk loads, and where it leads: opening one reads the catalogue of types."""

    uri = ""
    connection: "Connection | None" = None


_kept = _Kept()


@contextmanager
def _bulk() -> Iterator["Connection"]:
    """Give this thread's connection for bulk loads; one that failed, or leads elsewhere, is replaced."""
    uri = _uri()
    if _kept.connection is None or _kept.uri != uri or not _is_open(_kept.connection):
        close()
        _kept.uri, _kept.connection = uri, _adbc().connect(uri)
    try:
        yield _kept.connection
    except BaseException:
        close()
        raise


def _is_open(bulk: "Connection") -> bool:
    try:
        with bulk.cursor() as cursor:
            cursor.execute("SELECT 1")
        bulk.rollback()
    except _adbc().Error:
        return False
    return True


def close() -> None:
    """Close this thread's connection for bulk loads."""
    kept, _kept.connection = _kept.connection, None
    if kept is not None:
        with suppress(_adbc().Error):  # the server may be gone
            kept.close()


atexit.register(close)  # while the driver, which came later than this module, is still whole

_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


@contextmanager
def staged(tables: dict[str, pa.Table]) -> Iterator[dict[str, str]]:
    """Load tables for one run; yield the name of each staged table; drop them at the end."""
    names = load(tables)
    try:
        yield names
    finally:
        drop(names)


@dataclass(frozen=True)
class Handed:
    """By name what statements may name as tables, and what they have to be given with it."""

    names: dict[str, str]
    rows: dict[str, str]

    def drop(self) -> None:
        """Take away what was staged."""
        if not self.rows:
            drop(self.names)


def handed(tables: Mapping[str, pa.Table]) -> Handed:
    """Return few rows to go with each statement that names them: its text is the same each time."""
    return Handed(
        {name: inline(table.schema, f"{name}_rows") for name, table in tables.items()},
        {f"{name}_rows": as_json(_lines(table)) for name, table in tables.items()},
    )


def _lines(table: pa.Table) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = table.to_pylist()
    for name in (field.name for field in table.schema if field.type == pa.json_()):
        for line in lines:
            line[name] = None if line[name] is None else json.loads(line[name])
    return lines


def inline(schema: pa.Schema, parameter: str) -> str:
    """Return a table expression of PostgreSQL for rows given as JSON in a named parameter: a few need no staging."""
    columns = ", ".join(f'"{field.name}" {TYPES[field.type]}' for field in schema)
    return f"(SELECT * FROM jsonb_to_recordset(%({parameter})s::jsonb) AS given ({columns}))"  # noqa: S608


def as_json(rows: list[dict[str, Any]]) -> str:
    """Return rows as `inline` takes them."""
    return json.dumps(rows, default=str)


def load(tables: dict[str, pa.Table]) -> dict[str, str]:
    """Load tables and return the name of each staged table, which any thread may use; `drop` them at the end.

    What a run that was killed on this machine left behind is dropped first.
    """
    run = f"r_{_HOST}_{os.getpid()}_{os.urandom(4).hex()}"
    names = {name: f"{SCHEMA}.{run}_{name}" for name in tables}
    with _bulk() as bulk:
        with bulk.cursor() as cursor:
            _drop_leftovers(cursor)
            # Nothing is lost with what is staged: it need neither be logged nor waited for.
            cursor.execute("SET synchronous_commit TO off")
            for name, table in tables.items():
                same = _same_throughout(table)
                cursor.execute(f"CREATE UNLOGGED TABLE {names[name]} ({_columns(table.schema, same)})")
                if table.num_rows:
                    sent = _as_sent(table.drop_columns(list(same)))
                    cursor.adbc_ingest(f"{run}_{name}", sent, mode="append", db_schema_name=SCHEMA)
        bulk.commit()
    return names


def drop(names: dict[str, str]) -> None:
    """Drop staged tables."""
    with _bulk() as bulk:
        with bulk.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {', '.join(names.values())}")
        bulk.commit()


def _drop_leftovers(cursor: Any) -> None:
    cursor.execute(f"SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}'")  # noqa: S608
    for (table,) in cursor.fetchall():
        _, host, process, *_ = table.split("_")
        if host == _HOST and not machine.is_alive(int(process)):
            cursor.execute(f'DROP TABLE IF EXISTS {SCHEMA}."{table}"')


TYPES = {
    pa.int8(): "smallint",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.string(): "text",
    pa.large_string(): "text",
    pa.list_(pa.string()): "text[]",
    pa.list_(pa.int64()): "bigint[]",
    pa.list_(pa.date32()): "date[]",
    pa.json_(): "jsonb",
}


def _columns(schema: pa.Schema, same: dict[str, Any]) -> str:
    """Return the columns of a table in PostgreSQL's words. Raise KeyError for a type that nothing here stages."""
    return ", ".join(
        f'"{field.name}" {TYPES[field.type]} DEFAULT {Literal(same.get(field.name)).as_string()}' for field in schema
    )


def _as_sent(table: pa.Table) -> pa.Table:
    """Return a table with its JSON as COPY takes jsonb: the number of the format, which is 1, and then the text."""
    for position, field in enumerate(table.schema):
        if field.type == pa.json_():
            text = pc.binary_join_element_wise("\x01", table[position].cast(pa.string()), "")
            table = table.set_column(position, field.name, text)
    return table


def _same_throughout(table: pa.Table) -> dict[str, Any]:
    """Return the columns that say the same in every row, and what: a default says it once. One column is always sent.

    Measured: of the twenty columns of a record most are such, and leaving them out halves the time of staging.
    """
    first = table.slice(0, 1).to_pylist()
    return {name: first[0][name] for name in table.column_names[1:] if first and _is_same_throughout(table[name])}


def _is_same_throughout(column: pa.ChunkedArray) -> bool:
    if column.null_count:
        return bool(column.null_count == len(column))
    if column.type == pa.json_():
        return _is_one(column.cast(pa.string()))
    if not pa.types.is_list(column.type):
        return _is_one(column)
    if not pa.types.is_string(column.type.value_type) or pc.list_flatten(column).null_count:
        return False
    return _is_one(pc.list_value_length(column)) and _is_one(pc.binary_join(column, "\x00"))


def _is_one(column: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.equal(column, column[0])).as_py())


def read(query: str) -> pa.Table:
    """Return the rows of a query as an Arrow table."""
    with snapshot() as rows_of:
        return rows_of(query)


class Snapshot:
    """The database as it is at one moment: called with a query, the rows are returned as an Arrow table."""

    def __init__(self, cursor: Any) -> None:
        """Take the cursor of a transaction that sees one moment."""
        self._cursor = cursor

    def __call__(self, query: str) -> pa.Table:
        """Return the rows of a query."""
        self._cursor.execute(query)
        table: pa.Table = self._cursor.fetch_arrow_table()
        return table

    def stream(self, *queries: str) -> Iterator[pa.RecordBatch]:
        """Give the rows of several queries in batches as they come, asked side by side over connections of their own.

        They see the same moment, which need not last once this has returned.
        """
        seen: str = self("SELECT pg_export_snapshot() AS seen")["seen"][0].as_py()
        streams = _Streams(_uri(), seen, queries)
        return streams.batches()


class _Streams:
    """Queries that run beside each other, each in a thread, until everything is taken or nobody waits any more."""

    def __init__(self, uri: str, seen: str, queries: tuple[str, ...]) -> None:
        """Begin, and return when every query sees the moment."""
        self._found = _Handed(2 * len(queries))
        self._pool = ThreadPoolExecutor(len(queries))
        begun = [threading.Event() for _ in queries]
        self._asked = [
            self._pool.submit(_ask, uri, seen, query, self._found, each)
            for query, each in zip(queries, begun, strict=True)
        ]
        weakref.finalize(self, self._found.stopped.set)  # whoever never asks for any
        for each in begun:
            each.wait()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give what is found; raise what went wrong."""
        try:
            left = len(self._asked)
            while left:
                found = self._found.waiting.get()
                if found is None:
                    left -= 1
                else:
                    yield found
            for each in self._asked:
                each.result()
        finally:
            self._found.stopped.set()
            self._pool.shutdown()


class _Handed:
    """What threads have found and nobody has taken yet; None when one of them has ended."""

    def __init__(self, most: int) -> None:
        """Begin with nothing; past `most` whoever finds more waits."""
        self.waiting: Queue[pa.RecordBatch | None] = Queue(maxsize=most)
        self.stopped = threading.Event()

    def put(self, found: pa.RecordBatch | None) -> bool:
        """Hand something over; return whether anybody waits for it still."""
        while not self.stopped.is_set():
            with suppress(Full):
                self.waiting.put(found, timeout=0.1)
                return True
        return False


def _ask(uri: str, seen: str, query: str, found: _Handed, begun: threading.Event) -> None:
    try:
        with _adbc().connect(uri) as connected, connected.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(f"SET TRANSACTION SNAPSHOT {Literal(seen).as_string()}")
            begun.set()
            cursor.execute(query)
            for batch in cursor.fetch_record_batch():
                if not found.put(batch):
                    return
    finally:
        begun.set()
        found.put(None)


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Give the database as it is at this moment."""
    with _bulk() as bulk:
        with bulk.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield Snapshot(cursor)
        bulk.rollback()  # so that the next read sees what was committed since
