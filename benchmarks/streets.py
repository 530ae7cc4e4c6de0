"""Intake as the command does it: every published month of four forces, beside a bare COPY of the same rows.

Lean rows, without people and narratives; `muniment intake` reads and stages the next file meanwhile.
"""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import intake
from benchmarks.world import FEEDS
from muniment import feeds

PREPARE = ("benchmarks.intake:prepare",)
OURS = (("benchmarks.streets:ours", "cli.intake.take_in_files, all files of a run"),)
PEER = ("benchmarks.streets:copied", "psycopg COPY of the same files into a table of text")
MONTHS = sorted((FEEDS.parents[1] / "police-uk").glob("*.zip"))
finish = intake.finish


def ours(folder: Path, size: int) -> Callable[[], int]:
    """Check, read and take in; the size of the world plays no part."""
    from muniment.cli.preparing import prepare as make_ready

    os.environ["MUNIMENT_HOME"] = str(folder / "home")
    make_ready("batch")
    from muniment.cli.intake import take_in_files
    from muniment.core.actors import Actor

    def work() -> int:
        exports = [(feeds.load(path), MONTHS) for path in sorted(FEEDS.glob("street-level-*.yaml"))]
        return take_in_files(exports, by=Actor("benchmark"), absence_limit=1.0).read

    return work


def copied(folder: Path, size: int) -> Callable[[], int]:
    """COPY the same rows, every field as text."""
    intake.make_database(folder)
    import psycopg

    from muniment.core import database

    texts = [archive.read(name) for archive in map(zipfile.ZipFile, MONTHS) for name in archive.namelist()]
    columns = texts[0].splitlines()[0].decode().split(",")
    named = ", ".join(f'"{column}" text' for column in columns)

    def work() -> int:
        rows = 0
        with psycopg.connect(database.uri("owner")) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE copied ({named})")
            for text in texts:
                with cursor.copy("COPY copied FROM STDIN (FORMAT csv, HEADER)") as target:
                    target.write(text)
                rows += cursor.rowcount
        return rows

    return work
