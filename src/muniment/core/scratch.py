"""Temporary tables that a session makes once, for what one transaction works out: found empty, and left so.

For a few rows making and dropping a table takes longer than all that is done with it; and the driver forgets every plan
of a session whenever anything is dropped. Text that is short, such as a reference, is kept in the row (STORAGE PLAIN):
emptying a table for long values takes ten times as long. A row of such text is of 8,000 bytes at most.
"""

from collections.abc import Mapping
from typing import Any

_MADE = "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relname = ANY(%(names)s)"


def ready(cursor: Any, tables: Mapping[str, str]) -> None:
    """Have tables (name to columns) ready and empty: until the end of the transaction, or the next call for them."""
    cursor.execute(_MADE, {"names": list(tables)})
    made = {name for (name,) in cursor.fetchall()}
    for name in tables.keys() - made:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({tables[name]}) ON COMMIT DELETE ROWS")
        cursor.execute(f"ANALYZE {name}")  # else it is taken for thousands
    if made:
        emptied = ", ".join(f"emptied_{name} AS (DELETE FROM {name})" for name in sorted(made))  # noqa: S608
        cursor.execute(f"WITH {emptied} SELECT 1")
