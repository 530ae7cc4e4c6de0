"""Linkage and retention on a standalone cluster that is really started: a master and two workers on loopback.

The cluster is started by the benchmark of both engines, in a process of its own: over an invented world with judgements
and standing pairs, and with names and days made to be measured otherwise.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A short run is over before Java has compiled what it runs; and two cores have other tests to run.
QUICKLY = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}


@pytest.mark.slow
def test_a_cluster_makes_the_same_persons_as_one_machine(tmp_path):
    out = tmp_path / "engines.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.engines",
         "--size", "2000", "--lives", "100", "--on", "2026-06-01", "--memory", "1g", "--out", out],
        cwd=ROOT, env=os.environ | QUICKLY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())
    assert found["nominals"] > 2000 and found["pairs"] > 5000
    assert len(found["differences"]) * 100_000 < found["pairs"], done.stdout
    assert (found["apart"], found["asked"]) == ([], [])
    assert found["lives"]["otherwise"] == []
    assert sum(found["lives"]["decided"].values()) == 100
