"""Foresight: ten years of what falls due, and another schedule beside it, beside a bare scan, join and group."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from muniment.batch.retention import Schedule, Tables, foresight, sampled, schedule
from muniment.engine import policy
from muniment.engine.policy import Policy
from muniment.engine.policy.model import Length

PREPARE = ("benchmarks.schedule:prepare", "benchmarks.foresight:decided")
OURS = (
    ("benchmarks.foresight:forecast", "batch.retention.foresight, of decisions that are made"),
    ("benchmarks.foresight:beside", "the same with another schedule decided and put beside it"),
    ("benchmarks.foresight:estimated", "another schedule estimated from a sample, first run in a process"),
    ("benchmarks.foresight:estimated_again", "the same, with statements that an earlier run has made"),
    ("benchmarks.foresight:counting", "the counts alone"),
)
PEER = ("benchmarks.schedule:scanned", "DuckDB: scan, join, group by person")
ON = date(2026, 11, 22)
_TOLD = foresight.Told(foresight.PERSONS_TOLD.empty_table(), foresight.RECORDS_TOLD.empty_table())


def _tables(folder: Path) -> Tables:
    return Tables(
        **{name: folder / f"{name}.parquet" for name in ("persons", "involvements", "records", "record_dates")}
    )


def decided(folder: Path, size: int) -> Callable[[], int]:
    """Write the decisions that a schedule has made of what is drawn."""

    def work() -> int:
        made = schedule(_tables(folder), policy.load(), asked_on=ON)
        pq.write_table(made.persons, folder / "decided_persons.parquet")
        pq.write_table(made.records, folder / "decided_records.parquet")
        return size

    return work


def forecast(folder: Path, size: int) -> Callable[[], int]:
    """Ask of each decision what it comes to on its day, and count."""
    loaded, made = policy.load(), _made(folder)

    def work() -> int:
        now = foresight.side(_tables(folder), loaded, made, asked_on=ON)
        foresight.count(_TOLD, ON, now)
        return size

    return work


def beside(folder: Path, size: int) -> Callable[[], int]:
    """Do the same, decide everything under a schedule of another period for group 3, and compare."""
    loaded, made = policy.load(), _made(folder)
    other = _longer(loaded)

    def work() -> int:
        now = foresight.side(_tables(folder), loaded, made, asked_on=ON)
        then = schedule(_tables(folder), other, asked_on=ON)
        foresight.count(_TOLD, ON, now, foresight.side(_tables(folder), other, then, asked_on=ON))
        return size

    return work


def estimated(folder: Path, size: int) -> Callable[[], int]:
    """Draw a sample of the decisions that are made, decide it under the other schedule and compare."""
    loaded = policy.load()
    other = _longer(loaded)
    made = (folder / "decided_persons.parquet", folder / "decided_records.parquet")

    def work() -> int:
        drawn = sampled.draw(made, sampled.Size())
        given = sampled.around(_tables(folder), drawn)
        now = foresight.side(given, loaded, sampled.made_of(made, given), asked_on=ON)
        then = foresight.side(given, other, schedule(given, other, asked_on=ON), asked_on=ON)
        sampled.pairs(drawn, _TOLD, ON, now, then)
        return size

    return work


def estimated_again(folder: Path, size: int) -> Callable[[], int]:
    """Do the same as a worker does that has scheduled before: periods are no part of the statements."""
    work = estimated(folder, size)
    work()
    return work


def counting(folder: Path, size: int) -> Callable[[], int]:
    """Count alone, both sides at hand."""
    loaded, made = policy.load(), _made(folder)
    now = foresight.side(_tables(folder), loaded, made, asked_on=ON)

    def work() -> int:
        foresight.count(_TOLD, ON, now, now)
        return size

    return work


def _made(folder: Path) -> Schedule:
    return Schedule(*(pq.read_table(folder / f"decided_{name}.parquet") for name in ("persons", "records")))


def _longer(loaded: Policy) -> Policy:
    entry = loaded.classes["PER-G3A"]
    terms = tuple(replace(each, length=Length(months=96)) for each in entry.values)
    return replace(loaded, classes={**loaded.classes, entry.id: replace(entry, values=terms)}, _cache={})
