"""The invented world: the same bytes for the same seed, nobody real in it, and its exports can be read."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from muniment import feeds
from muniment.engine.values import identifiers
from muniment.invention import invent

FEEDS = Path(__file__).parents[3] / "examples" / "demonstration" / "feeds"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return the folder of a small world."""
    out = tmp_path_factory.mktemp("world")
    invent(1500, 3, out)
    return out


def batches(world):
    """Yield every export of the world as its feed reads it, feeds in order of name."""
    for path in sorted(FEEDS.glob("*.yaml")):
        feed = feeds.load(path)
        for file in sorted((world / feed.controller / feed.system).glob("*")):
            yield feeds.read(feed, file)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(world, tmp_path):
    invent(1500, 3, tmp_path / "again")
    invent(1500, 4, tmp_path / "other")
    files = sorted(path.relative_to(world) for path in world.rglob("*") if path.is_file())
    assert len(files) > 20
    assert all((world / file).read_bytes() == (tmp_path / "again" / file).read_bytes() for file in files)
    crime = "northshire/crime/crime_20261108.csv"
    assert (world / crime).read_bytes() != (tmp_path / "other" / crime).read_bytes()


def test_every_file_is_read_and_most_rows_are_accepted(world):
    areas, read, quarantined = set(), 0, 0
    for batch in batches(world):
        read += batch.rows_read
        quarantined += batch.quarantine.num_rows
        areas |= set(batch.records["area"].to_pylist())
    assert 0 < quarantined < read * 0.02
    assert areas >= {
        "CRIME",
        "INTEL",
        "DOMESTIC_ABUSE",
        "CHILD_PROTECTION",
        "CUSTODY",
        "FIREARMS",
        "HR",
        "FINANCE",
        "FLEET",
    }


def test_truth_names_every_nominal_and_no_other(world):
    truth = pq.read_table(world / "truth" / "nominals.parquet").to_pylist()
    known = {(line["controller"], line["system"], line["reference"]) for line in truth}
    seen = {
        (batch.controller, batch.system, reference)
        for batch in batches(world)
        for reference in batch.nominals["reference"].to_pylist()
    }
    assert seen
    assert seen <= known
    assert len(seen) > 0.9 * len(known)


def test_nobody_real_can_be_met(world):
    for batch in batches(world):
        people = batch.nominals
        for number in people["pncid"].drop_null().to_pylist():
            assert re.fullmatch(r"\d{4}/9\d{6}\w", number)
        for number in people["cro"].drop_null().to_pylist():
            assert re.fullmatch(r"9\d{5}/\d\d\w", number)
        for phone in people["phone"].drop_null().to_pylist():
            digits = re.sub(r"\D", "", phone).removeprefix("44").removeprefix("0")
            assert digits.startswith(("1632", "7700900"))
        assert all(number.startswith("QQ") for number in people["ni_number"].drop_null().to_pylist())
        assert all(re.search(r"@example\.(org|com)$", mail) for mail in people["email"].drop_null().to_pylist())


def test_most_identifiers_have_their_check_letter(world):
    numbers = [number for batch in batches(world) for number in batch.nominals["pncid"].drop_null().to_pylist()]
    valid = [number for number in numbers if identifiers.pncid(number, this_year=2026)]
    assert 0.9 * len(numbers) < len(valid) < len(numbers)


def test_sources_merge_unmerge_delete_and_seal(world):
    kinds = {kind for batch in batches(world) for kind in batch.events["kind"].to_pylist()}
    assert kinds == {"delete", "merge", "unmerge", "seal"}


def test_a_world_needs_people(tmp_path):
    with pytest.raises(ValueError, match="at least 50"):
        invent(10, 1, tmp_path)


def test_paper_files_of_old_crimes_stand_on_a_shelf(world):
    (feed,) = [feeds.load(path) for path in FEEDS.glob("northshire-crime.yaml")]
    batch = feeds.read(feed, world / "northshire/crime/crime_20261108.csv")
    told = [
        json.loads(each) if isinstance(each, str) else dict(each or ())
        for each in batch.records["attributes"].to_pylist()
    ]
    shelved = [each for each in told if each.get("shelf")]
    assert 0 < len(shelved) < len(told) / 3
    assert all(re.fullmatch(r"Bay \d+, box \d+", each["shelf"]) and each["medium"] == "Paper file" for each in shelved)
