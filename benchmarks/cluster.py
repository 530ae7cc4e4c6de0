"""A standalone cluster of Spark on this machine: a master and workers, each a process of its own, on loopback."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_PACKAGE = "org.apache.spark.deploy"
_SECONDS = 180  # a machine with much other work is slow to start Java


@contextmanager
def started(folder: Path, *, workers: int = 2, memory: str = "1g") -> Iterator[str]:
    """Start a cluster that writes below a folder; give the address of its master, and end it."""
    with ExitStack() as stack:
        address = _until(
            stack.enter_context(_process("master", folder, f"{_PACKAGE}.master.Master", "--port", "0")),
            r"Starting Spark master at (spark://\S+)",
        )
        for number in range(workers):
            options = ("--cores", "1", "--memory", memory, address)
            log = stack.enter_context(_process(f"worker{number}", folder, f"{_PACKAGE}.worker.Worker", *options))
            _until(log, "Successfully registered with master")
        yield address


@contextmanager
def _process(name: str, folder: Path, program: str, *options: str) -> Iterator[Path]:
    import pyspark

    home, log = Path(pyspark.__file__).parent, folder / f"{name}.log"
    own = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
    }
    command = [str(home / "bin" / "spark-class"), program, "--host", "127.0.0.1", "--webui-port", "0", *options]
    with log.open("w") as out, subprocess.Popen(command, env=os.environ | own, stdout=out, stderr=out) as child:
        try:
            yield log
        finally:
            child.terminate()
            child.wait(timeout=30)


def _until(log: Path, said: str) -> str:
    """Wait until a process has said something; return what the pattern caught, or everything."""
    until = time.monotonic() + _SECONDS
    while not (found := re.search(said, log.read_text())):
        if time.monotonic() > until:
            raise RuntimeError(f"{log.name} did not say '{said}':\n{log.read_text()[-3000:]}")
        time.sleep(0.1)
    return found.group(found.lastindex or 0)
