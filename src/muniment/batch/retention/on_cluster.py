"""The set engine of retention on a cluster of Spark."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from muniment.batch.cluster import Cluster, begun
from muniment.batch.quiet import without_pandas
from muniment.batch.retention.expressions import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@cache
def _compiler() -> Any:
    """Return what writes expressions for Spark, with what Ibis leaves out.

    A whole number that stands in a statement is of 32 bits to Spark, so that sets of more codes than that lost some.
    """
    import ibis.expr.operations as ops
    from ibis.backends.sql.compilers import PySparkCompiler

    class Compiler(PySparkCompiler):  # type: ignore[misc]
        SIMPLE_OPS = PySparkCompiler.SIMPLE_OPS | {ops.BitOr: "bit_or"}

        def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: N802 - Ibis names it
            if dtype.is_int64():
                return self.cast(self.visit_DefaultLiteral(op, value=value, dtype=dtype), dtype)
            return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    with without_pandas():
        _ = ibis.pyspark  # whose options its compiler reads
    return Compiler()


class OnCluster:
    """Spark, by one session: what is made stays with the workers, in memory and on their encrypted disks."""

    name = "spark"

    def __init__(self, session: "SparkSession") -> None:
        """Take a session."""
        self._session, self._compiler = session, _compiler()
        self._frames: dict[str, DataFrame] = {}

    def words(self, expression: Table) -> str:
        """Return an expression as Spark's SQL."""
        return str(self._compiler.to_sqlglot(expression.unbind()).sql(dialect=self._compiler.dialect))

    def lend(self, name: str, table: pa.Table) -> None:
        """Hand an Arrow table to the workers."""
        self._keep(name, self._session.createDataFrame(table))

    def lend_file(self, name: str, file: Path) -> None:
        """Read a file, which lies where the workers read it too."""
        self._keep(name, self._session.read.parquet(str(file)))

    def view(self, name: str, query: str) -> None:
        """Name what a query finds."""
        self._keep(name, self._session.sql(query))

    def make(self, name: str, query: str) -> None:
        """Compute at the workers; what it was made of is forgotten: else a plan would hold all its forebears."""
        self._keep(name, self._session.sql(query).localCheckpoint())

    def read(self, query: str) -> pa.Table:
        """Return what a query finds."""
        return self._session.sql(query).toArrow()

    def clear(self) -> None:
        """Forget every table."""
        for name, frame in self._frames.items():
            self._session.catalog.dropTempView(name)
            frame.unpersist()
        self._frames = {}

    def _keep(self, name: str, frame: "DataFrame") -> None:
        frame.createOrReplaceTempView(name)
        self._frames[name] = frame


@contextmanager
def on_cluster(cluster: Cluster, rows: int) -> Iterator[OnCluster]:
    """Open a cluster for runs over so many rows; raise NoCluster, saying what to do, when there is none."""
    with begun(cluster) as session:
        parts = max(session.sparkContext.defaultParallelism, rows // 100_000)
        session.conf.set("spark.sql.shuffle.partitions", str(parts))
        yield OnCluster(session)
