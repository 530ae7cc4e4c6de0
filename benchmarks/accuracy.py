"""`python -m benchmarks.accuracy`: linkage of public sets, with each thing left out in turn, and beside other programs.

Every figure comes from one run on one machine and goes into `accuracy.json`, from which the page
`docs/reference/linkage-accuracy.md` is written. What is in the file already is not run again; `--afresh` empties it.
The other programs are installed at pinned versions into a folder of their own under `build`; nothing here needs them.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

from benchmarks import linkage_sets
from benchmarks.ablation import FEW, LEFT_OUT
from benchmarks.accuracy_page import write

PEERS = ("splink", "goldenmatch", "recordlinkage", "dedupe")
# BTrees and zope.index as dedupe's canopies need them: what pip would choose has no such method any more.
PINNED = (
    "splink==5.0.0",
    "goldenmatch==3.22.0",
    "recordlinkage==0.16",
    "dedupe==3.0.3",
    "pandas==2.3.3",
    "BTrees==5.2",
    "zope.index==6.1",
)
_QUIET = {"GOLDENMATCH_TELEMETRY": "0", "OMP_NUM_THREADS": "1"}


class Results:
    """What was measured so far, kept in a file as each comes in."""

    def __init__(self, path: Path, facts: dict[str, Any]) -> None:
        """Read what is there."""
        self._path, self._lock = path, Lock()
        self.all: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"facts": facts, "runs": {}}

    def __contains__(self, key: str) -> bool:
        """Whether this was measured."""
        return key in self.all["runs"]

    def keep(self, key: str, found: dict[str, Any]) -> None:
        """Keep one figure."""
        with self._lock:
            self.all["runs"][key] = found
            self._path.write_text(json.dumps(self.all, indent=1, sort_keys=True) + "\n")
        print(key, {name: found[name] for name in found if name in ("f1", "precision", "recall", "seconds", "failed")})


def main() -> None:
    """Measure what is asked for, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy")
    parser.add_argument("--data", type=Path, default=Path("examples/linkage"), help="the folder of the sets")
    parser.add_argument("--sets", nargs="*", choices=linkage_sets.NAMES, default=linkage_sets.NAMES)
    parser.add_argument("--peer-limit", type=float, default=600, help="seconds after which a peer is stopped")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--afresh", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/accuracy.json"))
    asked = parser.parse_args()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    if asked.afresh:
        asked.out.unlink(missing_ok=True)
    results = Results(asked.out, _facts(asked.peer_limit))
    sets = [name for name in asked.sets if linkage_sets.files(name, asked.data)]
    # Ours and the others' side by side, one process each: the machine has two cores.
    with ThreadPoolExecutor(2) as pool:
        others = None if asked.without_peers else pool.submit(_measure_peers, results, sets, asked)
        pool.submit(_measure_ours, results, sets, asked.data).result()
        if others:
            others.result()
    results.all["facts"].setdefault("load", round(os.getloadavg()[2], 1))
    write(results.all, Path("docs/reference/linkage-accuracy.md"))


def _facts(limit: float) -> dict[str, Any]:
    processors = Path("/proc/cpuinfo")
    names = processors.read_text().splitlines() if processors.exists() else []
    return {
        "on": f"{datetime.now(UTC):%-d %B %Y}",
        "processor": next((line.split(":")[1].strip() for line in names if line.startswith("model name")), "unknown"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("splink", "duckdb", "jellyfish")},
        "pinned": list(PINNED),
        "limit": limit,
    }


def _measure_ours(results: Results, sets: list[str], data: Path) -> None:
    mappings = {name: linkage_sets.task(name, data).mapping for name in sets}
    for out in ("nothing", *LEFT_OUT, *FEW):
        for name in sets:
            applies = out not in LEFT_OUT or LEFT_OUT[out].applies(mappings[name])
            if applies and (key := f"{name}|ours|{out}") not in results:
                results.keep(key, _run([sys.executable, "-m", "benchmarks.ablation", name, str(data), out], None))


def _measure_peers(results: Results, sets: list[str], asked: argparse.Namespace) -> None:
    python = _peers_python(Path("build/peers"))
    script = str(Path(__file__).with_name("peers.py"))
    for peer in PEERS:
        for name in sets:
            if (key := f"{name}|{peer}") not in results:
                files = [str(file) for file in linkage_sets.files(name, asked.data)]
                results.keep(key, _run([str(python), script, peer, name, *files], asked.peer_limit))


def _peers_python(folder: Path) -> Path:
    """Return the interpreter that has the other programs, which are installed when they are not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PINNED], check=True)
    return python


def _run(command: list[str], limit: float | None) -> dict[str, Any]:
    """Run one measurement in a process of its own; say why when it has none."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, check=False, env=os.environ | _QUIET
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"stopped after {limit:.0f} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no words"])[-1]
        return {"failed": "out of memory" if done.returncode == -9 else f"failed: {last[:120]}"}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {**found.get("model", {}), **found}


if __name__ == "__main__":
    main()
