"""What the statements of linkage run on: DuckDB on one machine, or a cluster of Spark.

Each statement is written once, in DuckDB's words; `muniment.batch.matching.spark` says it in Spark's. So it keeps to
what both have: no `replace` of columns, no letters of a text by number, lengths of lists by `array_length`, and no
subquery in a list of columns.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import combinations_with_replacement
from typing import Any, Protocol, TypeAlias

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker

from muniment.batch.connecting import connect
from muniment.batch.matching import joining
from muniment.batch.matching.grouping import group_all
from muniment.engine.matching.grouping import Sayings
from muniment.engine.matching.model import Model, Points

# Pairs weighed at a time, about: what bounds memory when there are tens of millions.
PORTION = 4_000_000


Rows: TypeAlias = pa.Table | pa.RecordBatchReader


class Engine(Protocol):
    """Tables with names, made of what is in memory or of what a query over the others finds."""

    name: str
    filters_early: bool  # whether Splink is to leave out weak pairs itself

    def give(self, name: str, table: Rows) -> None:
        """Make a table of one in memory, or of a stream, which is read once."""

    def make(self, name: str, query: str) -> None:
        """Make a table, or make it anew, of what a query finds."""

    def move(self, name: str, into: str) -> None:
        """Add the rows of a table to another, which is made when there is none; the first is gone."""

    def drop(self, *names: str) -> None:
        """Drop tables; passes over those that are not there."""

    def read(self, query: str) -> pa.Table:
        """Return what a query finds."""

    def condition(self, text: str) -> str:
        """Return a condition of a comparison in the words in which Splink is to run it."""

    def splink(self) -> Any:
        """Return what Splink runs its statements with."""

    def compared(self, people: str) -> str:
        """Return the name of the table of people as Splink is to have it."""

    def tell_frequencies(self, linker: Linker, people: str, columns: list[str]) -> None:
        """Tell Splink how common the values of some columns are, as columns `tf_` of the table of people say."""

    def let_go(self, name: str, column: str) -> None:
        """Free a column of a table that nothing asks for any more; one that cannot be freed may stay."""

    def portions(self, pairs: str, *people: str) -> Iterator[tuple[str, ...]]:
        """Give the table of pairs in parts, with tables of people that hold those of the part.

        Each under a name of its own. Tables of people may have gone when all are given.
        """

    def group(self, model: Model, said: Sayings, shown: pa.Table | None, points: Points) -> None:
        """Make tables `clustered` (schema `CLUSTERS`) and `refused` (schema `joining.REFUSED`).

        Needs tables `persons`, `edges` and `twins`; `shown` are the pairs that users have been shown as one.
        """


Opening = AbstractContextManager[Engine]


class OneMachine:
    """DuckDB in this process."""

    name = "duckdb"
    filters_early = True

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Take a connection; its tables are temporary."""
        self.connection = connection

    def give(self, name: str, table: Rows) -> None:
        """Make a table of one in memory, or of a stream, which is read once."""
        self.connection.register("given_table", table)
        self.connection.execute(f"create or replace temp table {name} as from given_table")
        self.connection.unregister("given_table")

    def make(self, name: str, query: str) -> None:
        """Make a table, or make it anew, of what a query finds."""
        self.connection.execute(f"create or replace temp table {name} as {query}")

    def move(self, name: str, into: str) -> None:
        """Add the rows of a table to another, which is made when there is none; the first is gone."""
        if self.connection.sql(f"select 1 from duckdb_tables() where table_name = '{into}'").fetchall():  # noqa: S608
            self.connection.execute(f"insert into {into} from {name}; drop table {name}")
        else:
            self.connection.execute(f"alter table {name} rename to {into}")

    def drop(self, *names: str) -> None:
        """Drop tables; passes over those that are not there."""
        self.connection.execute("; ".join(f"drop table if exists {name}" for name in names))

    def read(self, query: str) -> pa.Table:
        """Return what a query finds."""
        return self.connection.sql(query).to_arrow_table()

    def condition(self, text: str) -> str:
        """Return a condition of a comparison: it is in these words already."""
        return text

    def splink(self) -> DuckDBAPI:
        """Return what Splink runs its statements with."""
        self._splink = DuckDBAPI(self.connection)
        return self._splink

    def compared(self, people: str) -> str:
        """Return the name of the table of people: Splink has it as it is."""
        return people

    def tell_frequencies(self, linker: Linker, people: str, columns: list[str]) -> None:
        """Give a table of none: on DuckDB Splink takes them from the table of people.

        Without a table of them it counts the values of everybody first, only to have no use for the counts.
        """
        self.connection.execute("create or replace temp table no_frequencies (value varchar)")
        for column in columns:
            linker.table_management.register_term_frequency_lookup(self._splink.register("no_frequencies"), column)

    def let_go(self, name: str, column: str) -> None:
        """Free a column of a table."""
        self.connection.execute(f"alter table {name} drop column {column}")

    def portions(self, pairs: str, *people: str) -> Iterator[tuple[str, ...]]:
        """Give the table of pairs in parts, with tables of people that hold those of the part.

        People are dealt into lots, and each part is of the pairs between two lots or within one: joining it looks at
        two lots of people and not at all of them.
        """
        total = self.connection.sql(f"select count(*) from {pairs}").fetchall()[0][0]  # noqa: S608
        lots = _lots(total)
        if lots == 1:
            yield pairs, *people
            return
        for each in people:
            for lot in range(lots):
                self.make(f"{each}_{lot}", f"select * from {each} where person_id % {lots} = {lot}")  # noqa: S608
            self.drop(each)
        left, right = (f"join_key_{side} % {lots}" for side in "lr")
        for one, two in combinations_with_replacement(range(lots), 2):
            between = f"least({left}, {right}) = {one} and greatest({left}, {right}) = {two}"
            self.connection.execute(f"create or replace temp view part as select * from {pairs} where {between}")  # noqa: S608
            for each in people:
                held = " union all ".join(f"select * from {each}_{lot}" for lot in sorted({one, two}))  # noqa: S608
                self.connection.execute(f"create or replace temp view {each}_of_part as {held}")
            yield "part", *(f"{each}_of_part" for each in people)
        for each in people:
            self.connection.execute(f"drop view {each}_of_part")
            self.drop(*(f"{each}_{lot}" for lot in range(lots)))
        self.connection.execute("drop view part")

    def group(self, model: Model, said: Sayings, shown: pa.Table | None, points: Points) -> None:
        """Make tables `clustered` and `refused`: everybody at once, in this process."""
        self.give("shown", joining.PAIRS.empty_table() if shown is None else shown)
        self.give("refused", joining.refusals(group_all(self.connection, model, said, points)))


def _lots(pairs: int) -> int:
    """Return into how many lots to deal people, so that each two of them have about `PORTION` pairs between them."""
    lots = 1
    while lots * (lots + 1) // 2 * PORTION < pairs:
        lots += 1
    return lots


@contextmanager
def one_machine() -> Iterator[OneMachine]:
    """Open DuckDB in this process."""
    connection = connect(preserve_insertion_order=False)  # every query that needs an order asks for it
    try:
        yield OneMachine(connection)
    finally:
        connection.close()
