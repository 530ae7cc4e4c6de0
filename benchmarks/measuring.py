"""One piece of work in a process of its own, so that its peak memory is its own."""

import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

Work = Callable[[], int]  # does what is timed, and returns how many rows it dealt with


@dataclass(frozen=True)
class Measured:
    """What one piece of work took: rows dealt with, wall seconds, peak resident memory of its process in MB."""

    rows: int
    seconds: float
    peak_mb: int


def measure(step: str, folder: Path, size: int) -> Measured:
    """Run `module:function` in a child process; the function prepares, and returns the work to time.

    Raise RuntimeError with the child's own words when it fails.
    """
    command = [sys.executable, "-m", "benchmarks.measuring", step, str(folder), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{step} failed:\n{done.stderr.strip()[-3000:]}")
    return Measured(**json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    """Do one step and print what it took."""
    step, folder, size = sys.argv[1:]
    module, function = step.split(":")
    work: Work = getattr(importlib.import_module(module), function)(Path(folder), int(size))
    began = time.perf_counter()
    rows = work()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(asdict(Measured(rows, round(seconds, 2), peak))))


if __name__ == "__main__":
    main()
