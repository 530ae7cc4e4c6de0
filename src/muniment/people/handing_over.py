"""Rows handed to statements of PostgreSQL as tables: within the statement while few, else as temporary ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.sql import Literal

# Rows up to which they stand in the statement, each time that it names them.
FEW = 2000


class Rows:
    """Rows, and the names and types of their columns."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], **columns: str) -> None:
        """Keep rows with columns of these names and types."""
        self.rows = rows
        self.columns = columns

    def inline(self) -> str:
        """Return a table expression."""
        values = list(zip(*self.rows, strict=True)) or [()] * len(self.columns)
        arrays = ", ".join(
            f"{Literal(list(column)).as_string()}::{kind}[]"
            for column, kind in zip(values, self.columns.values(), strict=True)
        )
        names = ", ".join(f'"{name}"' for name in self.columns)
        return f"(SELECT * FROM unnest({arrays}) AS given ({names}))"  # noqa: S608


def tables(cursor: Any, given: Mapping[str, Rows]) -> dict[str, str]:
    """Return by name what a statement may name as a table until the end of the transaction."""
    if sum(len(each.rows) for each in given.values()) <= FEW:
        return {name: each.inline() for name, each in given.items()}
    return {name: _temporary(cursor, f"handed_{name}", each) for name, each in given.items()}


def _temporary(cursor: Any, name: str, given: Rows) -> str:
    columns = ", ".join(f'"{column}" {kind}' for column, kind in given.columns.items())
    cursor.execute(f"DROP TABLE IF EXISTS {name}; CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP")
    with cursor.copy(f"COPY {name} FROM STDIN") as copy:
        for row in given.rows:
            copy.write_row(row)
    cursor.execute(f"ANALYZE {name}")  # which tells how many there are
    return name
