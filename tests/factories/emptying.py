"""Take out what a test has committed: the rows that are there, of the few tables that have any.

Django writes every table anew, with its indexes, and all content types and permissions after that: with a hundred
tables that takes longer than most tests. Content types and permissions are the migrations', and no test changes them.
"""

import psycopg
from django.db import connections

from muniment.core import database

_STAYS = {"django_content_type", "auth_permission", "django_migrations"}
_LARGE = 256  # pages: a table that has grown so is cleared at once, so that the next test does not read through it
_admins: dict[str, psycopg.Connection] = {}
_asks: dict[str, str] = {}


def empty(alias: str) -> None:
    """Delete every row of a database of the tests."""
    name = connections[alias].settings_dict["NAME"]
    admin = _admin(name)
    filled = [table for (table,) in admin.execute(_ask(name, admin)).fetchall()]
    if filled:
        with admin.transaction():
            for table in filled:
                admin.execute(f'DELETE FROM "{table}"')
        large = "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > %s"
        for (table,) in admin.execute(large, [filled, _LARGE * 8192]).fetchall():
            admin.execute(f'VACUUM "{table}"')


def _admin(name: str) -> psycopg.Connection:
    admin = _admins.get(name)
    if admin is None or admin.closed:
        admin = _admins[name] = database.admin_connection(name)
        admin.execute("SET session_replication_role = replica")  # no trigger and no reference is asked
    return admin


def _ask(name: str, admin: psycopg.Connection) -> str:
    """Return the statement that names the tables with rows, made once for each database."""
    if name not in _asks:
        found = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        each = (
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for (table,) in found if table not in _STAYS
        )
        _asks[name] = " UNION ALL ".join(each)
    return _asks[name]


def close() -> None:
    """End the connections, before the databases are dropped."""
    while _admins:
        _admins.popitem()[1].close()
