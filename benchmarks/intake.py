"""Intake: an export read, checked and written to PostgreSQL, beside a bare COPY of the same file."""

import csv
import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.world import FEEDS
from muniment import feeds

PREPARE = ("benchmarks.world:prepare", "benchmarks.intake:prepare")
OURS = (("benchmarks.intake:ours", "feeds.read and records.actions.take_in"),)
PEER = ("benchmarks.intake:copied", "psycopg COPY of the same file into a table of text")
_FEED = "northshire-crime"


def _file(folder: Path) -> Path:
    return next((folder / "world" / "northshire" / "crime").glob("crime_*.csv"))


def make_database(folder: Path) -> None:
    """Make a database in a folder and point settings at it."""
    from muniment.cli.preparing import prepare as make_ready

    os.environ["MUNIMENT_HOME"] = str(folder / "home")
    make_ready("owner")


def prepare(folder: Path, size: int) -> Callable[[], int]:
    """Make a database with the demonstration's organisation."""
    make_database(folder)

    def work() -> int:
        from muniment.cli.database import initialise
        from muniment.core.actors import Actor
        from muniment.records.actions.organise import load_organisation

        initialise()
        load_organisation(FEEDS.parent / "organisation.yaml", by=Actor("benchmark"))
        return 0

    return work


def ours(folder: Path, size: int) -> Callable[[], int]:
    """Read through the feed and take in."""
    from muniment.cli.preparing import prepare as make_ready

    os.environ["MUNIMENT_HOME"] = str(folder / "home")
    make_ready("batch")
    from muniment.core.actors import Actor
    from muniment.records.actions import take_in

    def work() -> int:
        batch = feeds.read(feeds.load(FEEDS / f"{_FEED}.yaml"), _file(folder))
        counts = take_in.take_in(batch, by=Actor("benchmark"), absence_limit=1.0)
        return int(counts.read)

    return work


def copied(folder: Path, size: int) -> Callable[[], int]:
    """COPY the same rows, every field as text; faulty rows, which COPY refuses, are left out beforehand."""
    make_database(folder)
    import psycopg

    from muniment.core import database

    clean = folder / "clean.csv"
    with _file(folder).open(encoding="cp1252", errors="replace", newline="") as source, clean.open("w") as target:
        rows = csv.reader(source, escapechar="\\")
        columns = next(rows)
        writer = csv.writer(target)
        writer.writerows([cell.replace("\0", "") for cell in row] for row in rows if len(row) == len(columns))
    named = ", ".join(f'"{column}" text' for column in columns)

    def work() -> int:
        with psycopg.connect(database.uri("owner")) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE copied ({named})")
            with cursor.copy("COPY copied FROM STDIN (FORMAT csv)") as target, clean.open("rb") as source:
                while block := source.read(1 << 20):
                    target.write(block)
            return int(cursor.rowcount)

    return work


def finish(folder: Path) -> None:
    """Stop the server of this benchmark."""
    os.environ["MUNIMENT_HOME"] = str(folder / "home")
    from muniment.core import postgres

    postgres.stop(force=True)
