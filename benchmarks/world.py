"""The invented world that intake and resolve are measured on."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from muniment import feeds, invention

FEEDS = Path(__file__).parents[1] / "examples" / "demonstration" / "feeds"
SEED = 20261122


def prepare(folder: Path, size: int) -> Callable[[], int]:
    """Invent a world of `size` people."""
    return lambda: invention.invent(size, SEED, folder / "world")["nominals"]


def prepare_nominals(folder: Path, size: int) -> Callable[[], int]:
    """Write the first `size` nominals of the world's exports, as their feeds read them, to a Parquet file."""

    def work() -> int:
        read = pa.concat_tables(list(nominals(folder / "world"))).slice(0, size)
        read = read.append_column("person_id", pa.array(range(read.num_rows), pa.int64()))
        pq.write_table(read, folder / "nominals.parquet")
        return int(read.num_rows)

    return work


def nominals(world: Path) -> list[pa.Table]:
    """Return the nominals of a world's exports, as their feeds read them, with their source keys."""
    found = []
    for path in sorted(FEEDS.glob("*.yaml")):
        feed = feeds.load(path)
        for file in sorted((world / feed.controller / feed.system).glob("*")):
            if feed.table_of(file):
                read = feeds.read(feed, file).nominals
                keys = [f"{feed.controller}|{feed.system}|{reference}" for reference in read["reference"].to_pylist()]
                found.append(read.drop(["row", "reference"]).append_column("source_key", pa.array(keys, pa.string())))
    return found
