"""Connections of the set engine: they spill beyond their memory, privately, and nothing of it stays."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from muniment.batch import connecting, machine

SPILL = """
import os, signal
from muniment.batch.connecting import connect
connection = connect(memory_limit="40MB")
connection.execute("create table people as select range as number, md5(range::varchar) as name from range(1500000)")
assert connection.sql("select sum(size) from duckdb_temporary_files()").fetchall()[0][0]
"""
KILLED = SPILL + "os.kill(os.getpid(), signal.SIGKILL)"


def ran(program, folder):
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env={"TMPDIR": str(folder), "PATH": ""}, check=False).returncode


def test_what_is_spilled_is_private_and_goes_with_the_process(tmp_path):
    look = "import pathlib, stat; [left] = pathlib.Path(os.environ['TMPDIR']).iterdir()\n"
    look += "assert stat.S_IMODE(left.stat().st_mode) == 0o700 and any(left.iterdir())"
    assert ran(SPILL + look, tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_spilled_goes_with_the_next(tmp_path):
    (tmp_path / f"muniment-spill-{os.getpid()}-alive").mkdir()  # of a process that is there
    assert ran(KILLED, tmp_path) < 0
    [left] = {each for each in tmp_path.iterdir() if not each.name.endswith("-alive")}
    assert any(left.iterdir())
    assert ran("from muniment.batch.connecting import connect; connect()", tmp_path) == 0
    assert [each.name for each in tmp_path.iterdir()] == [f"muniment-spill-{os.getpid()}-alive"]


@pytest.mark.parametrize(
    ("said", "bytes_"), [("8GB", 8 * 2**30), ("512 MiB", 512 * 2**20), ("1.5g", 1536 * 2**20), ("4096", 4096)]
)
def test_memory_is_what_the_environment_says(monkeypatch, said, bytes_):
    monkeypatch.setenv("MUNIMENT_MEMORY", said)
    assert connecting.memory() == bytes_


@pytest.mark.parametrize("said", ["much", "8 apples", "-1GB"])
def test_no_amount_of_memory_is_named(monkeypatch, said):
    monkeypatch.setenv("MUNIMENT_MEMORY", said)
    with pytest.raises(ValueError, match="such as 8GB"):
        connecting.memory()


@pytest.mark.parametrize(
    ("lines", "file"),
    [
        ("0::/job/step\n", "job/memory.max"),
        ("5:cpu:/\n4:memory:/job\n0::/\n", "memory/job/memory.limit_in_bytes"),
        ("4:memory:/elsewhere/job\n0::/\n", "memory/memory.limit_in_bytes"),  # a container sees its own group as root
    ],
)
def test_memory_is_half_of_what_a_group_may_have(monkeypatch, tmp_path, lines, file):
    monkeypatch.delenv("MUNIMENT_MEMORY", raising=False)
    groups, told = tmp_path / "groups", tmp_path / "told"
    told.write_text(lines)
    for name, text in {file: str(64 * 2**20), "job/step/memory.max": "max"}.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(text + "\n")
    monkeypatch.setattr(machine, "GROUPS", groups)
    monkeypatch.setattr(machine, "TOLD", told)
    assert connecting.memory() == 32 * 2**20
    monkeypatch.setattr(machine, "TOLD", Path("/nowhere"))
    assert connecting.memory() > 32 * 2**20


def test_who_asks_keeps_nothing_and_sees_nothing_of_others():
    def held(connection):
        return connection.sql("select sum(memory_usage_bytes) from duckdb_memory()").fetchall()[0][0]

    with connecting.asking() as one, connecting.asking() as other:
        before = held(other)
        one.register("people", other.sql("select range as number from range(10)").to_arrow_table())
        one.execute("create temp table names as select md5(range::varchar) as name from range(300000)")
        assert one.sql("select count(*) from people").fetchall() == [(10,)]
        for unseen in ("people", "names"):
            with pytest.raises(duckdb.CatalogException):
                other.sql(f"from {unseen}")
        assert held(other) > before + 5_000_000
        one.close()
        assert held(other) < before + 1_000_000
