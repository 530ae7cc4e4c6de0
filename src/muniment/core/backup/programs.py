"""pg_dump and pg_restore: those that come with the embedded server, or those on the PATH for a server of your own."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import psycopg

from muniment.core import database, postgres
from muniment.core.backup import BadBackup

PIECE = 2**20


class Failed(Exception):
    """A program of PostgreSQL ended with an error; the message says with which."""


class Missing(Exception):
    """A program of PostgreSQL is missing or too old; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """A program and its version, such as `/usr/bin/pg_dump` and `18.6`."""

    path: str
    version: str

    @property
    def major(self) -> int:
        """The version of PostgreSQL that it is of."""
        return int(self.version.split(".")[0])


def find(name: str, *, least: int) -> Program:
    """Return a program that works with a server of major version `least`. Raise Missing when there is none."""
    real = bool(os.environ.get("DATABASE_URL"))
    path = shutil.which(name) if real else str(postgres.program(name))
    if path is None:
        raise Missing(f"{name} is not on the PATH: install the client programs of PostgreSQL {least} or newer.")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = re.search(r"(\d+(?:\.\d+)*)", said)
    program = Program(path, found[1] if found else "0")
    if program.major < least:
        raise Missing(
            f"{path} is of PostgreSQL {program.version}, the server or the copy of {least}: install the client programs"
            f" of PostgreSQL {least} or newer, and have them first on the PATH."
        )
    return program


def _environment() -> dict[str, str]:
    return {**os.environ, "PGPASSWORD": database.role_password("owner"), "PGAPPNAME": "muniment backup"}


def _address(dbname: str) -> list[str]:
    where = database.address()
    owner = database.role_name("owner")
    return [f"--host={where['host']}", f"--port={where['port']}", f"--username={owner}", f"--dbname={dbname}", "-w"]


def _why(name: str, code: int, errors: IO[bytes]) -> Failed:
    """Say what a program said, up to where the values of a row could begin."""
    errors.seek(0)
    said = [line for line in errors.read().decode(errors="replace").splitlines() if " error: " in line][:3]
    plain = [re.split(r'["\'(]|DETAIL', line.split(" error: ", 1)[1])[0].strip() for line in said]
    return Failed(f"{name} ended with {code}: {'; '.join(plain) or 'it was stopped'}.")


def dump(program: Program, dbname: str, snapshot: str | None) -> Iterator[bytes]:
    """Yield a database as pg_dump writes it, in its custom format, without grants, which walls are raised anew for."""
    command = [program.path, *_address(dbname), "--format=custom", "--compress=1", "--no-privileges", "--no-owner"]
    command += [f"--snapshot={snapshot}"] if snapshot else []
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=_environment()) as process,  # noqa: S603
    ):
        assert process.stdout is not None
        try:
            while piece := process.stdout.read(PIECE):
                yield piece
        except BaseException:
            process.kill()
            raise
        if code := process.wait():
            raise _why("pg_dump", code, errors)


def load(program: Program, dbname: str, pieces: Iterable[bytes]) -> None:
    """Load what `dump` yielded into an empty database, all or nothing. Raise Failed when it does not go in."""
    command = [program.path, *_address(dbname), "--no-privileges", "--no-owner", "--no-comments", "--exit-on-error"]
    command += ["--single-transaction"]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors, env=_environment()) as process,  # noqa: S603
    ):
        assert process.stdin is not None
        try:
            for piece in pieces:
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has said why
        except BaseException:
            process.kill()
            raise
        if code := process.wait():
            raise _why("pg_restore", code, errors)


@contextmanager
def moment(dbname: str) -> Iterator[tuple[psycopg.Connection, str]]:
    """Lend a connection as the owner that sees one moment, and the name by which pg_dump sees the same."""
    with psycopg.connect(database.uri("owner", dbname=dbname)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield connection, row[0]


def tables(connection: psycopg.Connection) -> dict[str, int]:
    """Return how many rows each table of the database holds, by its name with its schema."""
    found = connection.execute(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname IN"
        " ('public', 'muniment') ORDER BY 1"
    ).fetchall()
    counts: dict[str, int] = {}
    for (name,) in found:
        row = connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone()  # noqa: S608
        counts[name] = row[0] if row else 0
    return counts


def require_same(wanted: dict[str, int], found: dict[str, int]) -> None:
    """Raise BadBackup when a database does not hold the rows that its manifest gives."""
    other = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if other:
        said = "; ".join(f"{name}: {wanted.get(name)} in the manifest, {found.get(name)} loaded" for name in other[:5])
        raise BadBackup(f"What was loaded is not what was backed up ({said}).")
