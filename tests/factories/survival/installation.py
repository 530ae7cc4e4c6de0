"""An installation of its own, driven by the command line alone and looked at through its keeper."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

TESTS = Path(__file__).parents[2]
ROOT = TESTS.parent
ORGANISATION = ROOT / "examples" / "demonstration" / "organisation.yaml"
PATIENCE_S = 600


class Installation:
    """A home with secrets, server and databases of its own."""

    def __init__(self, home: Path) -> None:
        """Make the home; its server starts with the first command or question."""
        home.mkdir(parents=True)
        self.home = home
        self.environment = {**os.environ, "MUNIMENT_HOME": str(home), "MUNIMENT_COOLING_OFF_MINUTES": "0"}
        for name in (
            "MUNIMENT_ROLE",
            "DJANGO_SETTINGS_MODULE",
            "MUNIMENT_SEALS_FILE",
            "MUNIMENT_LEDGER_FILE",
            "MUNIMENT_ADOPTIONS",
            "DATABASE_URL",
        ):
            self.environment.pop(name, None)
        self._keeper: subprocess.Popen | None = None

    @property
    def keeper(self) -> subprocess.Popen:
        """The process that holds the server."""
        if self._keeper is None:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", "factories.survival.keeper"],
                env={**self.environment, "PYTHONPATH": str(TESTS)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._keeper

    def close(self) -> None:
        """Stop the server."""
        if self._keeper is not None:
            self._keeper.communicate(timeout=PATIENCE_S)

    def ask(self, call: str, **given: Any) -> Any:
        """Have the keeper call one of its functions, or `module:function` of another module, and return the answer."""
        self.keeper.stdin.write(json.dumps({"call": call, "given": given}) + "\n")
        self.keeper.stdin.flush()
        said = json.loads(self.keeper.stdout.readline())
        assert "failed" not in said, said["failed"]
        return said["done"]

    def sql(self, query: str) -> list:
        """Return the rows of a query."""
        return self.ask("sql", query=query)

    def start(self, *words: str, output: Any = subprocess.PIPE) -> subprocess.Popen:
        """Start a command in a process group of its own; one that goes on for long needs a file for its output."""
        return subprocess.Popen(
            [sys.executable, "-m", "muniment.cli.main", *words],
            env=self.environment,
            cwd=self.home,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run_killed(self, when: str, step: str, *words: str) -> None:
        """Run a command that is killed `before` or `after` a step, and make sure that it came to that."""
        process = subprocess.run(
            [sys.executable, "-m", "factories.survival.killed_at", when, step, *words],
            env={**self.environment, "PYTHONPATH": str(TESTS)},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert process.returncode == -signal.SIGKILL, (
            f"it was not killed {when} {step}:\n{process.stdout}{process.stderr}"
        )

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command to its end, which has to be this code; return what it said."""
        process = self.start(*words)
        said, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == code, f"muniment {' '.join(words)} ended with {process.returncode}:\n{said}"
        return said

    @contextmanager
    def watching(self, dbname: str = "") -> Iterator[psycopg.Connection]:
        """Connect as the administrator."""
        with psycopg.connect(self.ask("address", dbname=dbname), autocommit=True) as connection:
            yield connection

    def settle(self) -> None:
        """Wait until the server has let go of every client that was killed."""
        with self.watching() as watch:
            _until(lambda: not _clients(watch), "the server still works for a client that was killed")

    def written(self) -> dict[str, dict[str, int]]:
        """Return how many rows were ever written to each table of both databases."""
        query = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'public'"
        return {name: dict(self.ask("sql", query=query, dbname=name)) for name in ("muniment", "muniment_keys")}


@contextmanager
def lent(name: str) -> Iterator[Installation]:
    """Lend a new installation; its home lies where an unprivileged server may read."""
    home = Path(os.environ["MUNIMENT_HOME"]) / "installations" / f"{name}-{os.getpid()}"
    home.parent.mkdir(exist_ok=True)
    home.parent.chmod(0o711)
    installation = Installation(home)
    try:
        yield installation
    finally:
        installation.close()
        shutil.rmtree(home, ignore_errors=True)


def _clients(watch: psycopg.Connection) -> list[int]:
    found = watch.execute(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename <> 'postgres'"
    )
    return [pid for (pid,) in found.fetchall()]


def _until(met: Any, otherwise: str, seconds: float = PATIENCE_S, every: float = 0.005) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, otherwise
        time.sleep(every)


def kill(process: subprocess.Popen) -> None:
    """Kill a command and what it started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)


def time_at_work(installation: Installation, *words: str, code: int = 0) -> float:
    """Run a command; return the seconds from its first connection to its end: the part in which it can do harm."""
    with installation.watching() as watch:
        process = installation.start(*words)
        _until(lambda: _clients(watch) or process.poll() is not None, "the command never connected")
        began = time.monotonic()
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, said
    return time.monotonic() - began


def kill_after(installation: Installation, seconds: float, *words: str) -> bool:
    """Kill a command so many seconds after it first connected; say whether it was still at work."""
    with installation.watching() as watch:
        process = installation.start(*words)
        _until(lambda: _clients(watch) or process.poll() is not None, "the command never connected")
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    working = process.poll() is None
    kill(process)
    installation.settle()
    return working


def kill_at_table(installation: Installation, dbname: str, table: str, *words: str) -> bool:
    """Kill a command at the moment at which it first writes to a table; say whether it came to that.

    A lock lets it read the table and makes its first write wait, which is when it dies.
    """
    with installation.watching(dbname) as lock, installation.watching(dbname) as watch, lock.transaction():
        lock.execute(f'LOCK TABLE "{table}" IN SHARE MODE')
        process = installation.start(*words)
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        _until(
            lambda: process.poll() is not None or watch.execute(waiting, [table]).fetchone(),
            f"the command neither wrote to {table} nor ended",
        )
        working = process.poll() is None
        kill(process)
    installation.settle()
    return working


def kill_server_after(installation: Installation, seconds: float, *words: str) -> int:
    """Kill the database server so many seconds after a command first connected; return the command's exit code."""
    with installation.watching() as watch:
        postmaster = installation.ask("postmaster")
        process = installation.start(*words)
        _until(lambda: _clients(watch) or process.poll() is not None, "the command never connected")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        os.kill(postmaster, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    installation.settle()
    return process.returncode
