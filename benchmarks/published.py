"""Resolve from database to database under a trained model: everybody read, linked, published; beside a bare COPY."""

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks import intake

PREPARE = ("benchmarks.world:prepare", "benchmarks.intake:prepare", "benchmarks.published:prepare")
OURS = (
    ("benchmarks.published:resolved", "muniment resolve: everybody read, linked and published"),
    ("benchmarks.published:resolved", "the same once more, when nothing has changed"),
)
PEER = ("benchmarks.published:copied", "psycopg COPY of the nominals out, and of one row for each in")
finish = intake.finish


def _ready(folder: Path) -> None:
    from muniment.cli.preparing import prepare as make_ready

    os.environ["MUNIMENT_HOME"] = str(folder / "home")
    make_ready("batch")


def prepare(folder: Path, size: int) -> Callable[[], int]:
    """Take in every export of the world, and train and activate a model, which keeps what it standardised."""
    _ready(folder)

    def work() -> int:
        from muniment.cli import demo
        from muniment.cli.intake import take_in_files
        from muniment.core.actors import Actor
        from muniment.people.actions import train

        take_in_files(demo.exports_of(folder / "world"), by=Actor("benchmark"))
        train.activate(train.train(by=Actor("benchmark")), by=Actor("another"))
        return size

    return work


def resolved(folder: Path, size: int) -> Callable[[], int]:
    """Resolve as the command does; places and vehicles apart."""
    _ready(folder)
    from muniment.core.actors import Actor
    from muniment.people.actions.resolve import resolve

    return lambda: resolve(by=Actor("benchmark")).nominals


def copied(folder: Path, size: int) -> Callable[[], int]:
    """COPY the table of nominals out, and a row of two numbers for each in."""
    _ready(folder)
    import psycopg

    from muniment.core import database

    def work() -> int:
        with psycopg.connect(database.uri("owner")) as connection, connection.cursor() as cursor:
            with cursor.copy("COPY (SELECT * FROM records_nominal) TO STDOUT") as source:
                read = sum(bytes(block).count(b"\n") for block in source)
            cursor.execute("CREATE TEMP TABLE copied (nominal bigint, person bigint)")
            with cursor.copy("COPY copied FROM STDIN") as target:
                target.write("".join(f"{number}\t{number}\n" for number in range(read)))
            return read

    return work
