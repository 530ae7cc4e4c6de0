"""`python -m benchmarks.sizes --data FOLDER --sizes 1000000,2000000`: how the cost of linkage grows.

Each size is trained on and resolved in processes of their own, from a stream of Parquet files. Results are written as
JSON, and `docs/reference/linkage-sizes.svg` is drawn of them. FOLDER holds a file of a million standardised nominals
for each million; what is missing is made.
"""

import argparse
import json
import os
import pickle
import platform
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from subprocess import run
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console

from benchmarks import world
from benchmarks.curves import draw
from muniment import invention
from muniment.batch import connecting
from muniment.batch.matching.engines import one_machine
from muniment.batch.matching.keys import NUMBERED
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.resolve import Given, resolve_on
from muniment.batch.matching.standardise import STANDARDISED, standardise
from muniment.batch.matching.train import train

MILLION = 1_000_000
PLOT = Path("docs/reference/linkage-sizes.svg")
_VERSIONS = ("duckdb", "splink", "pyarrow")
_FREE = 10 * 2**30  # bytes of disk that are left alone: a run that would take them is stopped
console = Console(width=120)


def main() -> None:
    """Make what is missing, measure each size, write and draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizes")
    parser.add_argument("--data", type=Path, required=True, help="the folder of standardised nominals")
    parser.add_argument("--sizes", default="1000000,2000000,4000000,10000000", help="nominals, with commas between")
    parser.add_argument("--worlds", type=int, default=2, help="worlds to invent; the others are these, shifted")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks/sizes.json"))
    parser.add_argument("--plot", type=Path, default=PLOT)
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    files = prepare(asked.data, -(-max(sizes) // MILLION), asked.worlds)
    found: dict[str, Any] = {"machine": _machine(), "sizes": []}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    for size in sizes:
        load = os.getloadavg()[0]
        with TemporaryDirectory(prefix="muniment-sizes-", dir=asked.data) as place:
            told = {name: _child(name, Path(place), size, files) for name in ("train", "resolve")}
        found["sizes"].append({"nominals": size, "load_before": round(load, 1), **told})
        console.print(f"{size:>12,}  " + "  ".join(f"{name}: {each}" for name, each in told.items()))
        asked.out.write_text(json.dumps(found, indent=1) + "\n")
    asked.plot.write_text(draw(found["sizes"]))


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "limit_gb": round(connecting.memory() / 2**30, 1),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in _VERSIONS},
    }


def prepare(folder: Path, millions: int, worlds: int) -> list[Path]:
    """Return a file of standardised nominals for each million; those that are missing are made.

    Worlds are invented, each by a seed of its own, as many as are asked for. Inventing takes ten minutes a world; the
    others are these again with every date, home, number and address moved and the names as they are. Nobody of them is
    anybody of another, and there are as many namesakes as the same names in a larger country would bring.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"std{number}.parquet" for number in range(millions)]
    for number, file in enumerate(files):
        if file.exists():
            continue
        began, aside = time.perf_counter(), file.with_suffix(".part")
        if number < worlds:
            _invent(folder / f"world{number}", number, aside)
        else:
            _shift(files[number % worlds], number, aside)
        aside.rename(file)
        console.print(f"{file.name} made in {time.perf_counter() - began:.0f} s")
    return files


def _invent(folder: Path, number: int, file: Path) -> None:
    folder.mkdir(exist_ok=True)
    invention.invent(MILLION + MILLION // 50, 7000 + number, folder / "world")
    world.prepare_nominals(folder, MILLION)()
    nominals = pq.read_table(folder / "nominals.parquet")
    rmtree(folder)
    keys = pc.replace_substring(nominals["source_key"], "|", f"{number}|", max_replacements=1)
    named = nominals.set_column(nominals.column_names.index("source_key"), "source_key", keys)
    pq.write_table(standardise(named), file)


_LETTERS, _DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"


def _shift(source: Path, by: int, file: Path) -> None:
    """Write the nominals of a file as if they were others: of the same names, and of nothing else that is the same."""
    letters, digits = _LETTERS[by % 26 :] + _LETTERS[: by % 26], _DIGITS[by % 10 :] + _DIGITS[: by % 10]

    def turned(text: str) -> str:
        return f"translate({text}, '{_LETTERS}{_DIGITS}', '{letters}{digits}')"

    month = f"lpad(((born[5:6]::int + {by} - 1) % 12 + 1)::varchar, 2, '0')"
    day = f"strftime(try_strptime(born, '%Y%m%d') + interval ({by * 53}) day, '%Y%m%d')"
    moved = {
        "source_key": f"replace(source_key, '|', '-{by}|')",
        "born": f"case when born[5:6] = '00' then born when born[7:8] = '00' then born[1:4] || {month} || '00' "
        f"when born_default then born else coalesce({day}, born) end",
        "postcode": f"left(postcode, length(postcode) - 3) || {turned('right(postcode, 3)')}",
        "sector": f"left(sector, length(sector) - 1) || {turned('right(sector, 1)')}",
        "address": "list_sort(list_transform(address, "
        f"lambda w: case when regexp_matches(w, '^[0-9]+$') then (w::bigint + {by * 7})::varchar else w end))",
        "phone": f"left(phone, 3) || {turned('right(phone, length(phone) - 3)')}",
        "email": f"'{by}' || email",
        "mailbox": f"'{by}' || mailbox",
        **{name: turned(name) for name in ("pncid", "cro", "ni_number", "driver_number")},
    }
    kept = [name for name in STANDARDISED.names if name not in {"keys", "version"}]
    columns = ", ".join(f"{moved[name]} as {name}" if name in moved else name for name in kept)
    with connecting.connect() as connection:
        connection.execute(
            f"copy (select *, {NUMBERED} as keys, version from (select {columns}, version from '{source}')) to '{file}'"
        )


def _child(name: str, folder: Path, size: int, files: list[Path]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.sizes", name, str(folder), str(size), *map(str, files)]
    done = run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} of {size:,} failed:\n{done.stderr.strip()[-3000:]}")
    told: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def stream(files: list[Path], size: int) -> pa.RecordBatchReader:
    """Return the first nominals of some files as a stream, numbered as they come."""

    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for file in files:
            for batch in pq.ParquetFile(file).iter_batches(100_000):
                some = batch.slice(0, size - start)
                numbers = pa.array(range(start, start + some.num_rows), pa.int64())
                columns = [some[field.name].cast(field.type) for field in STANDARDISED]
                columns[STANDARDISED.names.index("person_id")] = numbers
                start += some.num_rows
                yield pa.RecordBatch.from_arrays(columns, schema=STANDARDISED)
                if start == size:
                    return

    return pa.RecordBatchReader.from_batches(STANDARDISED, batches())


def step(name: str, folder: Path, size: int, files: list[Path]) -> dict[str, float]:
    """Train or resolve in this process; return what it took: seconds, of processors too, peak MB here and on disk."""
    spill = folder / "spill"
    connecting.spill_to(spill)
    peak, kept = _Peak(spill), folder / "model.pickle"
    work: dict[str, Callable[[], dict[str, int]]] = {
        "train": lambda: _train(stream(files, size), kept),
        "resolve": lambda: _resolve(stream(files, size), kept),
    }
    began, ran = time.perf_counter(), time.process_time()
    told = work[name]()
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(time.process_time() - ran, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "spilled_mb": peak.bytes // 2**20,
        **told,
    }


def _train(nominals: pa.RecordBatchReader, kept: Path) -> dict[str, int]:
    model = train(nominals)
    kept.write_bytes(pickle.dumps(model))
    return {"stop_keys": len(model.stop_keys)}


def _resolve(nominals: pa.RecordBatchReader, kept: Path) -> dict[str, int]:
    model = pickle.loads(kept.read_bytes())
    points = replace(in_force().points, watched=True)  # as `muniment resolve` does
    found = resolve_on(one_machine(), Given(nominals), model, points)
    groups = pc.count_distinct(found.clusters["anchor_id"]).as_py()
    watched = sum(found.watched.candidates.values()) if found.watched else 0
    return {
        "nominals": found.clusters.num_rows,
        "groups": groups,
        "candidates": watched,
        "edges": found.edges.num_rows,
        "asked": found.doubtful.num_rows,
    }


class _Peak:
    """Looks twice a second how much is spilled, and ends a process that would fill the disk."""

    def __init__(self, folder: Path) -> None:
        self.bytes = 0
        self._folder = folder
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            try:
                held = sum(file.stat().st_blocks * 512 for file in os.scandir(self._folder))
            except OSError:  # not made yet, or a file went while it was looked at
                held = 0
            self.bytes = max(self.bytes, held)
            free = os.statvfs(self._folder.parent)
            if free.f_bavail * free.f_frsize < _FREE:
                sys.stderr.write("The disk would be full: give a --data folder on a larger one.\n")
                sys.stderr.flush()
                os._exit(3)
            time.sleep(0.5)


if __name__ == "__main__":
    if sys.argv[1] in {"train", "resolve"}:  # in a child
        print(json.dumps(step(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), list(map(Path, sys.argv[4:])))))
    else:
        main()
