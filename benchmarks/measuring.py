"""One piece of work in a process of its own, so that its peak memory is its own."""

import importlib
import json
import os
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
    """What one piece of work took: rows dealt with, wall seconds, peak resident memory of its process in MB.

    Work that was stopped at its limit has dealt with no row that is known, and took longer than its seconds.
    """

    rows: int
    seconds: float
    peak_mb: int
    ended: bool = True


def measure(step: str, folder: Path, size: int, limit: float | None = None) -> Measured:
    """Run `module:function` in a child process; the function prepares, and returns the work to time.

    After `limit` seconds, preparing included, the child is stopped. Raise RuntimeError with its words when it fails.
    """
    command = [sys.executable, "-m", "benchmarks.measuring", step, str(folder), str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            said, wrong = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            peak = _peak_mb(child.pid)
            child.kill()
            return Measured(0, float(limit or 0), peak, ended=False)
    if child.returncode:
        raise RuntimeError(f"{step} failed:\n{wrong.strip()[-3000:]}")
    return Measured(**json.loads(said.strip().splitlines()[-1]))


def _peak_mb(process: int) -> int:
    """Return the peak resident memory of a process that still runs; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")), 0)


def main() -> None:
    """Do one step and print what it took."""
    step, folder, size = sys.argv[1:]
    module, function = step.split(":")
    step_of = getattr(importlib.import_module(module), function)
    os.chdir(folder)  # what a peer spills where it stands goes with the folder, also when it is stopped
    work: Work = step_of(Path.cwd(), int(size))
    began = time.perf_counter()
    rows = work()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(asdict(Measured(rows, round(seconds, 2), peak))))


if __name__ == "__main__":
    main()
