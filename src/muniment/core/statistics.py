"""What the planner knows of a table that has just been filled.

The server looks for itself once a minute. Until then it plans as if the table were as small as before: measured, the
page of a person took three times as long in the minute after a first resolve.
"""

from django.apps import apps
from django.db import connection

from muniment.core import database
from muniment.core.fields import Kind

_ONLY_SHOWN = {Kind.LIFE, Kind.CONTENT}  # nothing is found or joined by it; sampling long texts is most of the work
MANY = 1000  # changed rows, beside a tenth of the table, from which a table is looked at again

_STALE = """
SELECT relname FROM pg_stat_user_tables
WHERE schemaname = 'public' AND n_mod_since_analyze > %s + n_live_tup / 10
"""


def may_be_refreshed() -> bool:
    """Whether the server lets others than a table's owner look at it again: from PostgreSQL 17."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) >= database.MAINTAIN


def refresh() -> list[str]:
    """Look again at the tables that bulk writes have changed; return which. An older server does it in its own time.

    Columns that are only shown are left to the server's own round, which this does not put off.
    """
    if connection.in_atomic_block or not may_be_refreshed():
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")  # this session's own changes count
        cursor.execute(_STALE, [MANY])
        stale = [table for (table,) in cursor.fetchall()]
        for table in stale:
            cursor.execute(f'ANALYZE "{table}" {_columns(table)}')
    return stale


def _columns(table: str) -> str:
    """Return the columns to look at, in brackets; nothing where it is all of them."""
    model = next((model for model in apps.get_models() if model._meta.db_table == table), None)
    kinds = getattr(model, "Fields", None)
    if model is None or kinds is None:
        return ""
    fields = model._meta.concrete_fields
    asked = [f'"{field.column}"' for field in fields if getattr(kinds, field.name, None) not in _ONLY_SHOWN]
    return f"({', '.join(asked)})" if len(asked) < len(fields) else ""
