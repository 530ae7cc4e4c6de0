"""Where the statements of a run are run: DuckDB in this process, or something else that does the same."""

from pathlib import Path
from typing import Protocol

import duckdb
import ibis
import pyarrow as pa

from muniment.batch.connecting import connect
from muniment.batch.retention.expressions import Table


class SetEngine(Protocol):
    """Runs statements over tables that it is lent and that it makes; their names are of our own."""

    name: str

    def words(self, expression: Table) -> str:
        """Return an expression as the engine's SQL."""
        ...

    def lend(self, name: str, table: pa.Table) -> None:
        """Let statements read an Arrow table."""

    def lend_file(self, name: str, file: Path) -> None:
        """Let statements read a Parquet file."""

    def view(self, name: str, query: str) -> None:
        """Let statements read what a query finds, each time anew."""

    def make(self, name: str, query: str) -> None:
        """Compute a table once."""

    def read(self, query: str) -> pa.Table:
        """Return what a query finds."""
        ...

    def clear(self) -> None:
        """Drop whatever was lent and made."""


class OneMachine:
    """DuckDB, on a connection that is left as it was."""

    name = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection | None = None) -> None:
        """Take a connection of the caller's; without one, have one of its own."""
        self._raw = connection or connect(preserve_insertion_order="false")
        self._lent: list[str] = []
        self._made: list[str] = []

    def words(self, expression: Table) -> str:
        """Return an expression as DuckDB's SQL."""
        return str(ibis.to_sql(expression, dialect="duckdb", pretty=False))

    def lend(self, name: str, table: pa.Table) -> None:
        """Register an Arrow table."""
        self._raw.register(name, table)
        self._lent.append(name)

    def lend_file(self, name: str, file: Path) -> None:
        """Make a view of a file."""
        self.view(name, "SELECT * FROM read_parquet('{}')".format(str(file).replace("'", "''")))  # noqa: S608 - a path

    def view(self, name: str, query: str) -> None:
        """Make a temporary view."""
        self._raw.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")
        self._made.append(f"VIEW {name}")

    def make(self, name: str, query: str) -> None:
        """Make a temporary table."""
        self._raw.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        self._made.append(f"TABLE {name}")

    def read(self, query: str) -> pa.Table:
        """Return what a query finds."""
        return self._raw.sql(query).to_arrow_table()

    def clear(self) -> None:
        """Drop what was made, the last first, and what was lent."""
        for made in reversed(self._made):
            self._raw.execute(f"DROP {made}")
        for name in self._lent:
            self._raw.unregister(name)
        self._made, self._lent = [], []
