"""Statements that the server plans once a session: for calls that send the same dozens over and over, about few rows.

Planning a look-up by joins takes longer than carrying it out, and waiting for each answer longer than either. Within a
call each text has to be the same each time: what differs is given, keys as an array. Nothing may be dropped or altered
in between: the driver then forgets every plan of the session (`core.scratch`).
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg import Cursor
from psycopg.rows import dict_row

Given = Mapping[str, Any]
Rows = list[dict[str, Any]]

_MOST = 1000  # plans that a session keeps

# PostgreSQL takes it that a row looked up comes from a turning disk: against a million rows that has it read a table
# for what a thousand look-ups answer. And it would plan each statement five times before it keeps a plan.
_LOOK_UP = "SELECT set_config('random_page_cost', '1.1', true), set_config('plan_cache_mode', %s, true)"


@contextmanager
def for_few() -> Iterator[None]:
    """Open a transaction whose statements, from here on, are planned for a few rows and once a session.

    Rows are looked up, whatever they are, and no table is read through. A cursor has to be opened within.
    """
    with transaction.atomic(), _kept_plans(), connection.cursor() as cursor:
        cursor.execute(_LOOK_UP, ["force_generic_plan"])
        yield


@contextmanager
def for_many() -> Iterator[None]:
    """Open a transaction whose statements look rows up too, each planned for how many there are."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOOK_UP, ["auto"])
        yield


@contextmanager
def _kept_plans() -> Iterator[None]:
    connection.ensure_connection()
    beneath = connection.connection
    before, beneath.cursor_factory, beneath.prepared_max = beneath.cursor_factory, ServerBindingCursor, _MOST
    try:
        yield
    finally:
        beneath.cursor_factory = before


def send(statements: Iterable[str], given: Given) -> list[int]:
    """Carry out statements in their order; return how many rows each has changed or found.

    All are sent together. Raises what the first that fails raises; none after it is carried out.
    """
    return [each.rowcount for each in _sent(statements, given)]


def rows(query: str, given: Given) -> Rows:
    """Return the rows of a query."""
    return every({"": query}, given)[""]


def every(queries: Mapping[str, str], given: Given) -> dict[str, Rows]:
    """Return the rows of each query, by its name; all are asked at once."""
    found = _sent(queries.values(), given)
    return {name: each.fetchall() for name, each in zip(queries, found, strict=True)}


def _sent(statements: Iterable[str], given: Given) -> list[Cursor[dict[str, Any]]]:
    connection.ensure_connection()
    beneath, sent = connection.connection, []
    with connection.wrap_database_errors, beneath.pipeline():
        for each in statements:
            cursor = Cursor(beneath, row_factory=dict_row)
            cursor.execute(each, given, prepare=True)
            sent.append(cursor)
    return sent
