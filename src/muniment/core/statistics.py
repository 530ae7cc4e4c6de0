"""What the planner knows of a table that has just been filled.

The server looks for itself once a minute. Until then it plans as if the table were as small as before: measured, the
page of a person took three times as long in the minute after a first resolve.
"""

from django.db import connection

MANY = 1000  # changed rows, beside a tenth of the table, from which a table is looked at again

_STALE = """
SELECT relname FROM pg_stat_user_tables
WHERE schemaname = 'public' AND n_mod_since_analyze > %s + n_live_tup / 10
"""


def may_be_refreshed() -> bool:
    """Whether the server lets others than a table's owner look at it again: from PostgreSQL 17."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) >= 170000


def refresh() -> list[str]:
    """Look again at the tables that bulk writes have changed; return which. An older server does it in its own time."""
    if connection.in_atomic_block or not may_be_refreshed():
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")  # this session's own changes count
        cursor.execute(_STALE, [MANY])
        stale = [table for (table,) in cursor.fetchall()]
        for table in stale:
            cursor.execute(f'ANALYZE "{table}"')
    return stale
