"""Killed at random moments and run again, every table is as if nothing had happened."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factories.exports import Source, row

ROOT = Path(__file__).parents[2]
TABLES = {
    "records_record": "reference, class_id, title, outcome, withdrawn_on, seen_first, seen_last",
    "records_nominal": "reference, forename, surname, born, merged_into",
    "records_involvement": "role, dated, result",
    "records_recorddate": "kind, earliest, latest",
    "records_sourcerow": "key, hash, withdrawn_on",
    "records_quarantine": "reference, row, reasons",
    "core_content": "kind",
}
KILLS = int(os.environ.get("MUNIMENT_TEST_KILLS", "5"))


class Installation:
    """An installation of its own, driven by the command line alone."""

    def __init__(self, home: Path) -> None:
        self.environment = {**os.environ, "MUNIMENT_HOME": str(home)}
        for name in ("MUNIMENT_ROLE", "DJANGO_SETTINGS_MODULE"):
            self.environment.pop(name, None)
        organisation = ROOT / "examples" / "demonstration" / "organisation.yaml"
        assert self.run("database", "init", "--organisation", str(organisation)).returncode == 0

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "muniment.cli.main", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess:
        process = self.start(*words)
        said, _ = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, said)

    def sql(self, query: str) -> list[tuple]:
        code = (
            "import sys, json, psycopg; from muniment.core import postgres, database; postgres.start();"
            "c = psycopg.connect(database.uri('batch')); print(json.dumps(c.execute(sys.argv[1]).fetchall(),"
            " default=str)); c.close(); postgres.stop()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, query], env=self.environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def dump(self) -> dict[str, list]:
        return {
            table: sorted(map(str, self.sql(f"SELECT {columns} FROM {table}"))) for table, columns in TABLES.items()
        }


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    source = Source(tmp_path_factory.mktemp("export"))
    people = [row(f"C{n}", f"P{n}", FORENAME=f"Name{n}") for n in range(4000)]
    return source, source.write([*people, row("", "P0")])


def intake(installation, export):
    source, path = export
    return installation.run("intake", str(source.folder / "feed.yaml"), str(path), "--json")


def test_intake_killed_at_random_moments(tmp_path, export):
    clean = Installation(tmp_path / "clean")
    began = time.monotonic()
    assert intake(clean, export).returncode == 4  # done, with the one row in quarantine
    length = time.monotonic() - began
    wanted = clean.dump()

    tried = Installation(tmp_path / "tried")
    source, path = export
    chance = random.Random(20261122)
    for _ in range(KILLS):
        process = tried.start("intake", str(source.folder / "feed.yaml"), str(path))
        time.sleep(chance.uniform(0.2, 1.0) * length)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        records = tried.sql("SELECT count(*) FROM records_record")[0][0]
        assert records in (0, 4000), "an intake is there as a whole or not at all"
    assert intake(tried, export).returncode == 4
    assert tried.dump() == wanted
    assert tried.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'")[0][0] == 0


def test_the_server_killed_under_a_command(tmp_path, export):
    installation = Installation(tmp_path / "home")
    source, path = export
    process = installation.start("intake", str(source.folder / "feed.yaml"), str(path))
    postmaster = None
    end = time.monotonic() + 60
    while postmaster is None and time.monotonic() < end:
        postmaster = _postmaster(installation)
        time.sleep(0.05)
    assert postmaster, "the server never started"
    time.sleep(1.0)
    os.kill(postmaster, signal.SIGKILL)
    process.communicate(timeout=120)
    assert intake(installation, export).returncode == 4
    assert installation.sql("SELECT count(*) FROM records_record")[0][0] == 4000


def _postmaster(installation: Installation) -> int | None:
    code = "from muniment.core import postgres; print(postgres._seat()[0])"
    cluster = subprocess.run(
        [sys.executable, "-c", code], env=installation.environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    try:
        return int((Path(cluster) / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
