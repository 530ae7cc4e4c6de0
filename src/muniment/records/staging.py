"""Bulk loads: Arrow tables go to a schema that the web cannot see, and are inserted from there.

COPY into a table under row-level security is refused, so every bulk write passes through here. Staged tables are
unlogged, belong to one run, and what a killed run left behind is dropped by the next.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
from django.db import connection

from muniment.core import database

SCHEMA = "staging"


def _uri() -> str:
    role = connection.settings_dict["USER"].removeprefix("muniment_")
    return database.uri(role, dbname=connection.settings_dict["NAME"])


@contextmanager
def staged(run: str, tables: dict[str, pa.Table]) -> Iterator[dict[str, str]]:
    """Load tables for one run; yield the name of each staged table; drop them at the end.

    `run` is a word that is unique to the run, made of letters, digits and underscores.
    """
    names = {name: f"{SCHEMA}.{run}_{name}" for name in tables}
    with adbc.connect(_uri()) as bulk:
        try:
            with bulk.cursor() as cursor:
                # Nothing is lost with what is staged: it need neither be logged nor waited for.
                cursor.execute("SET synchronous_commit TO off")
                for name, table in tables.items():
                    cursor.execute(f"CREATE UNLOGGED TABLE {names[name]} ({_columns(table.schema)})")
                    if table.num_rows:
                        cursor.adbc_ingest(f"{run}_{name}", table, mode="append", db_schema_name=SCHEMA)
                        cursor.execute(f"ANALYZE {names[name]}")
            bulk.commit()
            yield names
        finally:
            bulk.rollback()
            with bulk.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS {', '.join(names.values())}")
            bulk.commit()


_TYPES = {
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
}


def _columns(schema: pa.Schema) -> str:
    """Return the columns of a table in PostgreSQL's words. Raise KeyError for a type that nothing here stages."""
    return ", ".join(f'"{field.name}" {_TYPES[field.type]}' for field in schema)


def drop_leftovers() -> None:
    """Drop what killed runs staged; call it while holding the lock that runs hold."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SCHEMA])
        for (table,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE IF EXISTS {SCHEMA}."{table}"')


def read(query: str) -> pa.Table:
    """Return the rows of a query as an Arrow table."""
    with adbc.connect(_uri()) as bulk, bulk.cursor() as cursor:
        cursor.execute(query)
        table: pa.Table = cursor.fetch_arrow_table()
        return table
