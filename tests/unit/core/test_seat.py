"""Where the data of an installation lie does not change with who may pass through a folder."""

import pytest

from muniment.core import places, postgres


@pytest.fixture
def shut(monkeypatch, tmp_path):
    """Run as root with a home of its own; what is added to the set that is returned is closed to others."""
    closed = set()
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "home"))
    places.home().mkdir(exist_ok=True)
    monkeypatch.setattr(postgres, "OUTSIDE", tmp_path / "outside")
    monkeypatch.setattr(postgres, "_unprivileged", object)
    monkeypatch.setattr(postgres, "_reachable", lambda folder: folder not in closed)
    return closed


def make_whole(cluster):
    cluster.mkdir(parents=True)
    (cluster / postgres.READY).touch()


def test_data_that_were_put_outside_stay_there_when_the_folders_are_opened(shut, tmp_path):
    shut.add(tmp_path)
    cluster, _ = postgres._seat()
    assert cluster.is_relative_to(tmp_path / "outside")
    make_whole(cluster)
    shut.clear()
    assert postgres._seat()[0] == cluster


def test_data_that_can_no_longer_be_reached_are_not_begun_anew(shut, tmp_path):
    cluster, _ = postgres._seat()
    assert cluster == places.home() / "postgres"
    make_whole(cluster)
    shut.add(tmp_path)
    with pytest.raises(postgres.ServerError, match="can no longer go"):
        postgres._seat()
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(("megabytes", "buffers"), [(4096, 1024), (256, 128), (2**17, 8192)])
def test_the_server_takes_a_quarter_of_the_memory_that_it_may_use(monkeypatch, megabytes, buffers):
    monkeypatch.setattr(postgres.machine, "memory", lambda: megabytes * 2**20)
    assert postgres._of_memory()["shared_buffers"] == f"{buffers}MB"
