"""What a command says where the engine that is asked for cannot be had, before anything is read."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from muniment.batch import cluster as clusters
from muniment.batch.cluster import Cluster, NoCluster
from muniment.cli import cluster, exits


@pytest.fixture
def listening():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"spark://127.0.0.1:{server.getsockname()[1]}"


def test_another_engine_is_none(capsys):
    with pytest.raises(typer.Exit) as ended:
        cluster.chosen("hadoop")
    assert (ended.value.exit_code, "duckdb or spark" in capsys.readouterr().err) == (exits.WRONG_USE, True)


def test_without_a_master_the_setting_is_named(monkeypatch, capsys):
    monkeypatch.delenv("MUNIMENT_SPARK_MASTER", raising=False)
    with pytest.raises(typer.Exit) as ended:
        cluster.chosen("spark")
    assert (ended.value.exit_code, "MUNIMENT_SPARK_MASTER" in capsys.readouterr().err) == (exits.WRONG_USE, True)


def test_the_cluster_is_that_of_the_environment(monkeypatch, listening):
    monkeypatch.setenv("MUNIMENT_SPARK_MASTER", listening)
    monkeypatch.setenv("MUNIMENT_SPARK_MEMORY", "3g")
    found = cluster.chosen("spark")
    assert found is not None and (found.master, found.memory, found.is_here) == (listening, "3g", True)
    assert cluster.chosen("duckdb") is None


@pytest.mark.parametrize(
    ("master", "said"),
    [
        ("yarn", "spark://host:7077"),
        ("spark://10.1.2.3:7077", "MUNIMENT_SPARK_SECRET"),
        ("spark://127.0.0.1:9", "Nothing answers"),
    ],
)
def test_what_cannot_be_reached_safely_is_refused(tmp_path, master, said):
    with pytest.raises(NoCluster, match=said):
        Cluster(master, tmp_path).check()


def test_without_java_it_is_named(tmp_path, monkeypatch, listening):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(NoCluster, match="Java is missing"):
        Cluster(listening, tmp_path).check()


def test_without_pyspark_it_is_named(tmp_path, monkeypatch, listening):
    monkeypatch.setattr(clusters, "find_spec", lambda name: None)
    with pytest.raises(NoCluster, match="make spark"):
        Cluster(listening, tmp_path).check()


def test_what_needs_no_cluster_loads_none():
    code = "import sys, muniment.people.actions.resolve, muniment.cli.linkage; sys.exit('pyspark' in sys.modules)"
    loads = "import django; django.setup(); " + code
    own = os.environ | {"DJANGO_SETTINGS_MODULE": "muniment.site.settings"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", loads], env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_goes_out_is_encrypted_and_nothing_is_shown(tmp_path):
    found = clusters._settings(Cluster("spark://10.1.2.3:7077", tmp_path, secret="known"))
    assert found["spark.io.encryption.enabled"] == found["spark.network.crypto.enabled"] == "true"
    assert found["spark.authenticate"] == "true" and found["spark.ui.enabled"] == "false"
    assert "known" not in str(found)  # settings show in the list of processes
    assert Path(found["spark.local.dir"]) == tmp_path
