"""Schedule: retention of every person and record, beside a bare scan, join and group of the same Parquet."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from muniment.batch.retention import Tables, schedule
from muniment.batch.retention import tables as schemas
from muniment.engine import policy

PREPARE = ("benchmarks.schedule:prepare",)
OURS = (
    ("benchmarks.schedule:ours", "batch.retention.schedule, first run in a process"),
    ("benchmarks.schedule:again", "batch.retention.schedule, a later run in the same process"),
)
PEER = ("benchmarks.schedule:scanned", "DuckDB: scan, join, group by person")
_FIRST, _LAST = 7000, 13000  # days after 1990-01-01
_TABLES = ("persons", "involvements", "records", "record_dates")
_SEED = 1


def prepare(folder: Path, size: int) -> Callable[[], int]:
    """Write `size` records, a third as many persons and half as many links again, drawn evenly."""

    def work() -> int:
        rng = np.random.default_rng(_SEED)
        for name, table in _drawn(rng, size).items():
            pq.write_table(table, folder / f"{name}.parquet")
        return size

    return work


def ours(folder: Path, size: int) -> Callable[[], int]:
    """Decide everyone and everything once, from the files."""
    loaded = policy.load()

    def work() -> int:
        tables = Tables(**{name: folder / f"{name}.parquet" for name in _TABLES})
        return int(schedule(tables, loaded, asked_on=date(2026, 11, 22)).records.num_rows)

    return work


def again(folder: Path, size: int) -> Callable[[], int]:
    """Do the same with the statements of an earlier run, as a service does that runs every night."""
    work = ours(folder, size)
    work()
    return work


def scanned(folder: Path, size: int) -> Callable[[], int]:
    """Read the same files and group the links of each person; every column that a schedule needs is read."""
    links, records, dates = (f"'{folder / name}.parquet'" for name in ("involvements", "records", "record_dates"))
    query = f"""
        SELECT person_id, max(dated), min(dated), count(*), min(class_id), min(r.ho_class), max(outcome), max(latest)
        FROM {links} JOIN {records} r USING (record_id) LEFT JOIN {dates} d USING (record_id) GROUP BY person_id"""

    def work() -> int:
        duckdb.connect().sql(query).to_arrow_table()
        return size

    return work


def _drawn(rng: np.random.Generator, size: int) -> dict[str, pa.Table]:
    people, links = max(1, size // 3), size + size // 2
    born, dated, kinds = _days(rng, people, -15000, 9000), _days(rng, links), ["reported_date", "case_closed"]
    reported = _days(rng, 2 * size)
    columns: dict[str, dict[str, object]] = {
        "persons": {"person_id": np.arange(people), "born_earliest": born, "born_latest": born},
        "involvements": {
            "involvement_id": np.arange(links),
            "person_id": rng.integers(0, people, links),
            "record_id": rng.integers(0, size, links),
            "role": rng.choice(["SUSPECT", "VICTIM", "CONVICTED", "ARRESTED", "WITNESS"], links),
            "happened_earliest": dated,
            "happened_latest": dated,
            "dated": dated,
        },
        "records": {
            "record_id": np.arange(size),
            "controller": rng.choice(["northshire", "westvale", "southmere"], size),
            "class_id": rng.choice(["CRIME", "INTEL", "CUSTODY", "CRI-INC", "CRI-SS"], size),
            "outcome": rng.choice(["CHARGED", "NFA", "UNDETECTED"], size),
            "ho_class": rng.choice(["046/00", "008/06", "019/08", "105/01", "149/00"], size),
        },
        "record_dates": {
            "record_id": np.tile(np.arange(size), 2),
            "kind": np.repeat(kinds, size),
            "earliest": reported,
            "latest": reported,
        },
    }
    return {name: _table(getattr(schemas, name.upper()), found) for name, found in columns.items()}


def _table(schema: pa.Schema, found: dict[str, object]) -> pa.Table:
    rows = len(next(iter(found.values())))  # type: ignore[arg-type]
    columns = [pa.array(found[f.name], f.type) if f.name in found else pa.nulls(rows, f.type) for f in schema]
    return pa.table(columns, schema=schema)


def _days(rng: np.random.Generator, count: int, first: int = _FIRST, last: int = _LAST) -> pa.Array:
    return pa.array((np.datetime64("1990-01-01") + rng.integers(first, last, count)).astype("datetime64[D]"))
