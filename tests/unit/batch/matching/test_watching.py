"""What a run tells of itself: every pair counted once, by what became of it, and a reserve that is drawn from them."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from muniment.batch.matching import watching
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.resolve import resolve
from muniment.engine.matching.bands import band_of, bands
from muniment.engine.matching.drift import psi

POINTS = replace(in_force(date(2026, 6, 1)).points, watched=True)


@pytest.fixture(scope="module")
def run(fake):
    return resolve(*fake, points=POINTS)


def test_watching_changes_nothing(fake, run):
    plain = resolve(*fake, points=replace(POINTS, watched=False))
    assert plain.watched is None
    assert plain.clusters.equals(run.clusters)
    assert plain.edges.equals(run.edges)
    assert plain.doubtful.equals(run.doubtful)


def test_every_edge_is_counted_in_its_band(run):
    every = bands(POINTS)
    anchors = dict(zip(*(column.to_pylist() for column in run.clusters.columns), strict=True))
    counted = {}
    for edge in run.edges.to_pylist():
        band = band_of(every, edge["weight"], edge["automatic"])
        key = band.code, anchors[edge["left"]] == anchors[edge["right"]]
        counted[key] = counted.get(key, 0) + 1
    told = {}
    for row in run.watched.weights.to_pylist():
        forbidden = row["blocked_by"] and row["bit"] < POINTS.automatic and not row["are_one"]  # kept by no run
        if row["band"] not in ("near", "far") and not forbidden:
            key = row["band"], row["are_one"]
            told[key] = told.get(key, 0) + row["pairs"]
    assert told == counted
    assert run.watched.candidates["policing"] >= sum(run.watched.weights["pairs"].to_pylist())


def test_the_reserve_is_of_pairs_that_were_weighed_each_once(run):
    pairs = run.watched.pairs.to_pylist()
    assert len({(each["left"], each["right"]) for each in pairs}) == len(pairs)
    weights = {(each["left"], each["right"]): each["weight"] for each in run.edges.to_pylist()}
    kept = [each for each in pairs if (each["left"], each["right"]) in weights]
    assert all(weights[each["left"], each["right"]] == each["weight"] for each in kept)
    assert all(each in kept for each in pairs if each["are_one"] or each["weight"] >= POINTS.automatic)
    assert {each["band"] for each in pairs} > {"near", "far", "certain"}


def test_a_large_stratum_is_drawn_from_at_random(fake, monkeypatch):
    monkeypatch.setattr(watching, "RESERVE", 50)
    one, two = (resolve(*fake, points=POINTS).watched.pairs for _ in range(2))
    far = [table.filter(pc.equal(table["band"], "far")) for table in (one, two)]
    assert [table.num_rows for table in far] == [50, 50]
    assert sorted(far[0]["place"].to_pylist()) == list(range(1, 51))
    drawn = [set(zip(each["left"].to_pylist(), each["right"].to_pylist(), strict=True)) for each in far]
    assert drawn[0] != drawn[1], "two runs draw by two seeds"


def test_on_the_data_it_was_trained_on_a_model_has_not_moved(fake, run):
    _, model = fake
    levels = {}
    for row in run.watched.levels.to_pylist():
        levels.setdefault(row["feature"], []).append(row["matches"])
    assert levels.keys() == model.weights.keys()
    for feature, matches in levels.items():
        assert psi(model.weights[feature].m, matches) < 0.1, feature


def test_figures_are_told_by_partition():
    people = pa.table(
        {
            "person_id": [1, 2, 3, 4],
            "partition": ["policing", "policing", "policing", "sealed"],
            "surname": ["X", "X", None, "X"],
            **{
                column: pa.array([None] * 4, pa.string())
                for column in (
                    "forename", "others", "born", "postcode", "address", "birth_place", "occupation", "sex",
                    "ethnicity", "phone", "email", "pncid", "cro", "ni_number", "driver_number",
                )
            },
        }
    )  # fmt: skip
    clusters = pa.table({"person_id": [1, 2, 3, 4], "anchor_id": [1, 1, 3, 4]})
    doubtful = pa.table({"left": [1], "right": [3]})
    ethnicity = pa.table({"person_id": [1, 2, 3, 4], "ethnicity": ["W1", None, "IC3", "W1"]})
    found = watching.figures(people, clusters, doubtful, watching.kinds(people, ethnicity))
    policing = found["policing"]
    assert (policing["nominals"], policing["prime_records"], policing["waiting"]) == (3, 2, 1)
    assert policing["sizes"] == {"1": 1, "2": 1}
    assert policing["missing"]["surname"] == 1
    assert policing["groups"]["ethnicity"]["W1"] == {"nominals": 1, "joined": 1, "waiting": 1}
    assert found["sealed"]["nominals"] == 1


@pytest.mark.parametrize(
    ("codes", "origin"),
    [
        (["A1"] * 3 + ["W1"] * 2, "A1"),
        (["A1"] * 4, None),
        (["A1", "A2", "B1", "W1", "W2"], None),
        (["A1"] * 4 + ["IC4"], None),
        (["A1"] * 5 + ["NS"] * 9, "A1"),
    ],
)
def test_a_name_tells_its_origin_only_by_enough_who_bear_it(codes, origin):
    count = len(codes)
    people = pa.table({"person_id": range(count), "partition": ["policing"] * count, "surname": ["X"] * count})
    known = watching.kinds(people, pa.table({"person_id": range(count), "ethnicity": codes}))
    assert set(known["origin"].to_pylist()) == {origin}
