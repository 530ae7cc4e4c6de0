"""A state of the database that many tests begin with: made once a process, and put back as it was.

Making it takes seconds, most of which every test would spend alike. What is put back is every row, by the
administrator; files are the caller's own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections

from muniment.core import database

_OURS = r"""
SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'staging') AND schemaname NOT LIKE 'pg\_temp%'
    AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
ORDER BY 1
"""


_NUMBERED = """
SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value FROM pg_sequences
WHERE last_value IS NOT NULL
"""


@dataclass(frozen=True)
class _State:
    rows: dict[str, dict[str, bytes]]  # by alias of the database and by table
    numbers: dict[str, dict[str, int]]  # the last number of each sequence, in the same way


_states: dict[str, _State] = {}


def once(name: str, make: Callable[[], object]) -> None:
    """Have the database in a state, which `make` makes in an empty one the first time.

    Within a transaction of the test's own, in which no other connection sees anything, it is made each time.
    """
    if any(each.in_atomic_block for each in connections.all()):
        make()
    elif name in _states:
        _put_back(_states[name])
    else:
        make()
        _states[name] = _State(*({alias: read(alias) for alias in ("default", "keys")} for read in (_rows, _numbers)))


def _rows(alias: str) -> dict[str, bytes]:
    found = {}
    with database.admin_connection(connections[alias].settings_dict["NAME"]) as admin, admin.cursor() as cursor:
        for (table,) in cursor.execute(_OURS).fetchall():
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
                rows = b"".join(bytes(part) for part in copy)
            if len(rows) > _EMPTY:
                found[table] = rows
    return found


def _numbers(alias: str) -> dict[str, int]:
    with database.admin_connection(connections[alias].settings_dict["NAME"]) as admin:
        return dict(admin.execute(_NUMBERED).fetchall())


_EMPTY = 21  # bytes of a binary copy without a row: its header and its trailer


def _put_back(state: _State) -> None:
    for alias, rows in state.rows.items():
        with database.admin_connection(connections[alias].settings_dict["NAME"]) as admin, admin.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # rows were checked when they were made
            with admin.transaction():
                for table, kept in rows.items():
                    # What is written apart, on a connection of its own, is not undone with the test that wrote it.
                    cursor.execute(f"DELETE FROM {table}")
                    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                        copy.write(kept)
                for sequence, last in state.numbers[alias].items():
                    cursor.execute("SELECT setval(%s::regclass, %s)", [sequence, last])
