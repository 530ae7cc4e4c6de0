"""One run's place in a set engine: what it registers, what it computes, and the plan of it.

Turning a hundred expressions into SQL takes seconds, whatever the size of the set. The statements depend on the policy,
not on the rows or the day, so they are kept as a plan: the next run of the same policy replays it.
"""

import re
from collections.abc import Callable
from pathlib import Path

import ibis
import pyarrow as pa

from muniment.batch.retention.engines import SetEngine
from muniment.batch.retention.expressions import Table
from muniment.batch.retention.plans import Step

_VIEW = re.compile(r"\brt_step_\d+\b")
Reader = Callable[[pa.Table], pa.Table]  # makes a small table of distinct values, once each, in Python


class Session:
    """Runs steps in an engine, remembers them, and drops at the end what it made."""

    def __init__(self, engine: SetEngine, readers: dict[str, Reader]) -> None:
        self.engine, self.readers = engine, readers
        self.steps: list[Step] = []
        self.views: dict[str, str] = {}
        self.results: dict[str, pa.Table] = {}

    def register(self, name: str, table: pa.Table) -> Table:
        """Lend an Arrow table to the engine."""
        self.engine.lend(name, table)
        return self.table(name)

    def scan(self, name: str, source: pa.Table | Path, more: str = "") -> Table:
        """Lend an Arrow table or a Parquet file to the engine, with further columns of one value each."""
        given = f"{name}_given"
        if isinstance(source, Path):
            self.engine.lend_file(given, source)
        else:
            self.engine.lend(given, source)
        self.engine.view(name, f"SELECT *{more} FROM {given}")  # noqa: S608 - names of our own
        return self.table(name)

    def keep(self, name: str, expression: Table) -> Table:
        """Compute a step once: later steps read it more than once."""
        return self._take(Step("table", name, self._whole(expression)), expression)

    def name(self, expression: Table) -> Table:
        """Give a step a name of its own: Ibis merges chained steps and repeats their text, growing it without bound."""
        name = f"rt_step_{len(self.views)}"
        self.views[name] = self.engine.words(expression)
        return ibis.table(expression.schema(), name=name)

    def read(self, name: str, expression: Table, reader: str) -> Table:
        """Hand the distinct rows of an expression to a reader, and lend what it makes to the connection."""
        step = Step("read", name, self._whole(expression), reader)
        self.steps.append(step)
        self.run(step)
        return self.table(name)

    def result(self, name: str, expression: Table) -> None:
        """Compute what is handed back."""
        self.steps.append(Step("result", name, self._whole(expression)))
        self.run(self.steps[-1])

    def _take(self, step: Step, expression: Table) -> Table:
        self.steps.append(step)
        self.run(step)
        return ibis.table(expression.schema(), name=step.name)

    def _whole(self, expression: Table) -> str:
        """Return an expression as SQL with the named steps that it reads written into it."""
        return _inlined(self.engine.words(expression), self.views)

    def run(self, step: Step) -> None:
        """Run one step."""
        if step.kind == "table":
            self.engine.make(step.name, step.sql)
        elif step.kind == "read":
            self.engine.lend(step.name, self.readers[step.reader](self.engine.read(step.sql)))
        else:
            self.results[step.name] = self.engine.read(step.sql)

    def table(self, name: str) -> Table:
        """Return a table of the engine as an expression, by its schema alone."""
        empty = self.engine.read(f"SELECT * FROM {name} LIMIT 0")  # noqa: S608 - names of our own
        return ibis.table(ibis.Schema.from_pyarrow(empty.schema), name=name)


def _inlined(sql: str, views: dict[str, str]) -> str:
    """Return a statement with the views it reads, and those they read, as common table expressions before it."""
    needed: dict[str, None] = {}

    def gather(text: str) -> None:
        for name in dict.fromkeys(_VIEW.findall(text)):
            if name not in needed:
                gather(views[name])
                needed[name] = None

    gather(sql)
    if not needed:
        return sql
    before = ", ".join(f"{name} AS ({views[name]})" for name in needed)
    return f"WITH {before} SELECT * FROM ({sql})"  # noqa: S608 - statements of our own
