"""The invented world that intake and resolve are measured on."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from muniment import feeds, invention

FEEDS = Path(__file__).parents[1] / "examples" / "demonstration" / "feeds"
SEED = 20261122


def prepare(folder: Path, size: int) -> Callable[[], int]:
    """Invent a world that brings at least `size` nominals: it has about as many as people."""
    return lambda: invention.invent(size + size // 50, SEED, folder / "world")["nominals"]


def prepare_nominals(folder: Path, size: int) -> Callable[[], int]:
    """Write `size` nominals of the world's exports, as their feeds read them, to a Parquet file.

    Each once, as it is told last: that is how the database holds them. Raise ValueError when there are fewer.
    """

    def work() -> int:
        told = pa.concat_tables(list(_nominals(folder / "world")))
        last = told.append_column("row", pa.array(range(told.num_rows), pa.int64())).group_by("source_key")
        rows = last.aggregate([("row", "max")])["row_max"].sort().slice(0, size)
        if len(rows) < size:
            raise ValueError(f"The world brings {len(rows):,} nominals, not {size:,}: invent more people.")
        nominals = told.take(rows).append_column("person_id", pa.array(range(size), pa.int64()))
        pq.write_table(nominals, folder / "nominals.parquet")
        return size

    return work


def _nominals(world: Path) -> list[pa.Table]:
    found = []
    for path in sorted(FEEDS.glob("*.yaml")):
        feed = feeds.load(path)
        for file in sorted((world / feed.controller / feed.system).glob("*")):
            if feed.table_of(file):
                read = feeds.read(feed, file).nominals
                keys = [f"{feed.controller}|{feed.system}|{reference}" for reference in read["reference"].to_pylist()]
                found.append(read.drop(["row", "reference"]).append_column("source_key", pa.array(keys, pa.string())))
    return found
