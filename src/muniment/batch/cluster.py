"""A standalone cluster of Spark, opened for one run.

What leaves this process goes to the workers of the cluster alone: nothing is fetched, no address but the master's is
called. What the workers write to disk is encrypted by a key of the session that no disk has.
"""

import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from muniment.batch.quiet import without_pandas

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MASTER = re.compile(r"spark://(?P<host>[^:/,]+):(?P<port>\d+)\Z")
_HERE = ("localhost", "127.0.0.1", "[::1]")
_SECONDS = 60  # until a worker must have come
_LOG = """rootLogger.level = error
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {folder}/spark.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c: %m%n
"""


class NoCluster(Exception):
    """There is no cluster to run on; says what to do."""


class ClusterFailed(Exception):
    """A run on a cluster broke off; nothing came of it."""


@dataclass(frozen=True)
class Cluster:
    """Where a cluster is, and what this process brings to it.

    `master` is `spark://host:port`; `work` a folder that is made for the run, readable by its owner alone, and removed
    after it; `memory` what each worker's program and this process's own may use, such as `4g`; `secret` what master,
    workers and this process know. Without a secret only a cluster on this machine is used, by its own addresses.
    """

    master: str
    work: Path
    memory: str = "1g"
    secret: str | None = field(default=None, repr=False)

    @property
    def is_here(self) -> bool:
        """Whether the master is on this machine, by an address that no other can reach."""
        return self._address()[0] in _HERE

    def check(self) -> None:
        """Raise NoCluster, saying what to do, where a run could not begin."""
        host, port = self._address()
        if self.secret is None and not self.is_here:
            raise NoCluster(
                f"The cluster of {self.master} is on other machines: set MUNIMENT_SPARK_SECRET to the secret"
                " of the cluster (spark.authenticate.secret), so that nothing goes there unencrypted."
            )
        _check_installed()
        try:
            socket.create_connection((host.strip("[]"), port), timeout=10).close()
        except OSError as error:
            raise NoCluster(f"Nothing answers at {self.master}: start the master, or set another.") from error

    def _address(self) -> tuple[str, int]:
        if not (found := _MASTER.match(self.master)):
            raise NoCluster(f"'{self.master}' is no master of a cluster: write it as spark://host:7077.")
        return found["host"], int(found["port"])


def _check_installed() -> None:
    home = os.environ.get("JAVA_HOME")
    if not (home and (Path(home) / "bin" / "java").exists()) and not shutil.which("java"):
        raise NoCluster(
            "Java is missing: install Java 17 or newer, such as the Debian package openjdk-17-jre-headless."
        )
    if find_spec("pyspark") is None:
        raise NoCluster("PySpark is missing: run `make spark`, or install muniment[spark].")


@contextmanager
def begun(cluster: Cluster, *jars: str) -> Iterator["SparkSession"]:
    """Begin a session on a cluster, with some jars; raise NoCluster, saying what to do, when there is none."""
    cluster.check()
    cluster.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with without_pandas():
            session = _begin(cluster, jars)
        _await_worker(session)
        yield session
    except Exception as error:
        if type(error).__module__.startswith(("py4j.", "pyspark.")):
            # What it says is asked of the Java process, which is about to end.
            raise ClusterFailed(f"The run on the cluster failed: {error}") from None
        raise
    finally:
        _end()
        shutil.rmtree(cluster.work, ignore_errors=True)


def _begin(cluster: Cluster, jars: Sequence[str]) -> "SparkSession":
    from pyspark.sql import SparkSession

    if cluster.secret is not None:
        os.environ["_SPARK_AUTH_SECRET"] = cluster.secret  # where Spark looks; a setting would show in the process list
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(cluster.master).appName("muniment")
    for name, value in _settings(cluster).items():
        builder = builder.config(name, value)
    if jars:
        builder = builder.config("spark.jars", ",".join(jars))
    session: SparkSession = builder.getOrCreate()
    return session


def _settings(cluster: Cluster) -> dict[str, str]:
    log = cluster.work / "log4j2.properties"
    log.write_text(_LOG.format(folder=cluster.work))
    found = {
        "spark.executor.memory": cluster.memory,
        "spark.driver.memory": cluster.memory,
        "spark.driver.maxResultSize": "0",  # edges and groups come back as a whole
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{log}",
        "spark.io.encryption.enabled": "true",  # shuffles, spills and kept tables on the workers' disks
        "spark.local.dir": str(cluster.work),
        "spark.sql.warehouse.dir": str(cluster.work / "warehouse"),
        "spark.ui.enabled": "false",  # it shows statements
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
    }
    if cluster.secret is not None:
        found |= {"spark.authenticate": "true", "spark.network.crypto.enabled": "true"}
    if cluster.is_here:
        found |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return found


def _await_worker(session: "SparkSession") -> None:
    context = session.sparkContext._jsc.sc()
    until = time.monotonic() + _SECONDS
    while context.getExecutorMemoryStatus().size() < 2:  # this process counts as one
        if time.monotonic() > until:
            raise NoCluster(
                f"No worker of the cluster took the run within {_SECONDS} seconds: start one, or ask for less memory"
                " (MUNIMENT_SPARK_MEMORY)."
            )
        time.sleep(0.2)


def _end() -> None:
    """Stop the session, if there is one, and the Java process that belongs to it."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if (session := SparkSession.getActiveSession()) is not None:
        session.stop()
    if (gateway := SparkContext._gateway) is not None:
        gateway.shutdown()
        SparkContext._gateway = SparkContext._jvm = None
        gateway.proc.stdin.close()
        gateway.proc.wait(timeout=60)
