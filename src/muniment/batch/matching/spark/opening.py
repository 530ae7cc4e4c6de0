"""A run of linkage on a cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from muniment.batch.cluster import Cluster, begun
from muniment.batch.matching.spark.engine import OnCluster
from muniment.batch.quiet import without_pandas


@contextmanager
def opened(cluster: Cluster, nominals: int) -> Iterator[OnCluster]:
    """Open a cluster for a run over so many nominals; raise NoCluster, saying what to do, when there is none."""
    from splink.backends.spark import similarity_jar_location

    with begun(cluster, similarity_jar_location()) as session:
        with without_pandas():
            engine = OnCluster(session)
        parts = max(2 * session.sparkContext.defaultParallelism, nominals // 20_000)
        session.conf.set("spark.sql.shuffle.partitions", str(parts))
        yield engine
