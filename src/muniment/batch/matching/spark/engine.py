"""The set engine of linkage on a cluster: tables are data frames that the workers keep."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from muniment.batch.matching import engines
from muniment.batch.matching.spark import joining, likeness
from muniment.batch.matching.spark.words import say
from muniment.engine.matching.grouping import Sayings
from muniment.engine.matching.model import Model, Points

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from splink import Linker


# A table in memory beyond this many bytes is laid down at the workers; a smaller one goes to each with what it is for.
_SMALL = 4_000_000


class OnCluster:
    """Spark, by one session. What it keeps is gone when the session stops.

    Each table is computed when it is made, and forgets what it was made of: a plan that held all its forebears would
    grow without bound. The workers keep it in memory and on their disks; no folder need be shared by all of them.
    """

    name = "spark"
    # Spark would carry the filter down to the comparisons, with all of them written out again at each use of a weight.
    filters_early = False

    def __init__(self, session: "SparkSession") -> None:
        """Take a session that has Splink's jar."""
        self.session = session
        likeness.register(session)
        self._frames: dict[str, DataFrame] = {}
        self._splink = _splink(session)

    def give(self, name: str, table: engines.Rows) -> None:
        """Make a table of one in memory, or of a stream, which this program has to hold to hand it on."""
        table = table if isinstance(table, pa.Table) else table.read_all()
        frame = self.session.createDataFrame(table)
        self._keep(name, frame.localCheckpoint() if table.nbytes > _SMALL else frame)

    def make(self, name: str, query: str) -> None:
        """Make a table, or make it anew, of what a query finds."""
        self.lay_down(name, self.session.sql(say(query)))

    def lay_down(self, name: str, frame: "DataFrame") -> None:
        """Make a table of a data frame."""
        self._keep(name, frame.localCheckpoint())

    def _keep(self, name: str, frame: "DataFrame") -> None:
        before = self._frames.pop(name, None)
        frame.createOrReplaceTempView(name)
        self._frames[name] = frame
        if before is not None:
            _free(before)

    def move(self, name: str, into: str) -> None:
        """Add the rows of a table to another, which is made when there is none; the first is gone."""
        if into in self._frames:
            self.make(into, f"select * from {into} union all select * from {name}")  # noqa: S608
            self.drop(name)
        else:
            self._keep(into, self._frames.pop(name))
            self.session.catalog.dropTempView(name)

    def drop(self, *names: str) -> None:
        """Drop tables; passes over those that are not there."""
        for name in set(names) & self._frames.keys():
            self.session.catalog.dropTempView(name)
            _free(self._frames.pop(name))

    def read(self, query: str) -> pa.Table:
        """Return what a query finds."""
        return self.session.sql(say(query)).toArrow()

    def condition(self, text: str) -> str:
        """Return a condition of a comparison in Spark's words."""
        return say(text)

    def splink(self) -> Any:
        """Return what Splink runs its statements with."""
        return self._splink

    def compared(self, people: str) -> str:
        """Return the name of the table of people without the frequencies: here Splink joins those itself."""
        there = self.session.table(people)
        there.drop(*(name for name in there.columns if name.startswith("tf_"))).createOrReplaceTempView("compared")
        return "compared"

    def tell_frequencies(self, linker: "Linker", people: str, columns: list[str]) -> None:
        """Tell Splink how common the values of some columns are."""
        for column in columns:
            query = f"select distinct {column}, tf_{column} from {people} where {column} is not null"  # noqa: S608
            lookup = self._splink.register(self.session.sql(query))
            linker.table_management.register_term_frequency_lookup(lookup, column)

    def let_go(self, name: str, column: str) -> None:
        """Do nothing: who asks for other columns alone does not read it, and the workers' disks hold it."""

    def portions(self, pairs: str, *people: str) -> Iterator[tuple[str, ...]]:
        """Give the table of pairs in parts, which bounds what the workers keep at a time; the people are all of them.

        The workers have them by number, each its own: a part of the pairs is as near to all of them as another.
        """
        total = self.read(f"select count(*) as pairs from {pairs}")["pairs"][0].as_py()  # noqa: S608
        parts = -(-max(total, 1) // engines.PORTION)
        for number in range(parts):
            query = f"select * from {pairs} where abs(hash(join_key_l, join_key_r) % {parts}) = {number}"  # noqa: S608
            self.make("part", query)
            yield "part", *people
        self.drop("part")

    def group(self, model: Model, said: Sayings, shown: pa.Table | None, points: Points) -> None:
        """Make tables `clustered` and `refused`, each component on one of the workers."""
        joining.group_on_cluster(self, joining.Task(model, said, shown, points))


def _splink(session: "SparkSession") -> Any:
    """Return Splink's backend, which here leaves to the engine what is kept and when."""
    from splink.backends.spark import SparkAPI

    class Lazily(SparkAPI):
        def _break_lineage_and_repartition(self, spark_df: Any, templated_name: str, physical_name: str) -> Any:
            return spark_df

    api: Any = Lazily
    return api(spark_session=session, break_lineage_method="persist")


def _free(frame: "DataFrame") -> None:
    """Let the workers forget a table that was laid down."""
    plan = frame._jdf.queryExecution().analyzed()
    if plan.nodeName() == "LogicalRDD":
        plan.rdd().unpersist(False)
