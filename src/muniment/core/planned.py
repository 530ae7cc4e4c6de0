"""Statements that the server plans once a session, sent together: for calls that send the same dozens over and over.

Planning a look-up by joins takes longer than carrying it out, and waiting for each answer longer than either. Within a
call each text has to be the same each time: what differs is given, keys as an array.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from psycopg import Cursor
from psycopg.rows import dict_row

Given = Mapping[str, Any]
Rows = list[dict[str, Any]]


def send(statements: Iterable[str], given: Given) -> list[int]:
    """Carry out statements in their order; return how many rows each has changed or found.

    Raises what the first that fails raises; none after it is carried out.
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
