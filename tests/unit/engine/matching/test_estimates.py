"""Precision and recall from labelled samples: sums by hand, and intervals that hold what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.matching.bands import band_of, bands, strata, stratum_code
from muniment.engine.matching.estimates import (
    DIFFERENT,
    SAME,
    UNSURE,
    Frame,
    Labelled,
    agreement,
    estimate,
    points,
    spread,
    together,
)
from muniment.engine.matching.model import Points

BANDS = bands(Points(10, 0))
PUBLISHED, AUTOMATIC, MODEL = points(0.0)


def pair(weight, said=SAME, *, automatic=False, one=False, groups=()):
    band = band_of(BANDS, weight, automatic)
    are_one = one or automatic
    return Labelled(stratum_code(band.code, are_one), said, weight, automatic, are_one, frozenset(groups))


def frame(**sizes):
    """Return a frame in which what is joined automatically is one, and all else two."""
    automatic = ("certain", "automatic")
    return Frame(strata(Points(10, 0)), {stratum_code(b, b in automatic): size for b, size in sizes.items()}, 7)


def test_every_pair_that_is_kept_has_one_band():
    for weight in np.arange(-12, 45, 0.25):
        for automatic in (False, True) if weight >= 10 else (False,):
            assert sum(band.holds(weight, automatic) for band in BANDS) == 1
    assert band_of(BANDS, -12.1, False) is None


def test_precision_weighs_each_band_by_its_pairs():
    told = [pair(25, automatic=True)] * 10 + [pair(12, automatic=True)] * 8 + [pair(12, DIFFERENT, automatic=True)] * 2
    found = estimate(told, frame(certain=900, automatic=100), AUTOMATIC, "precision")
    assert found.value == pytest.approx((900 + 80) / 1000)
    assert found.low < found.value < found.high
    assert found.labelled == 20


def test_recall_counts_what_lies_below():
    told = [pair(12, automatic=True)] * 10 + [pair(2)] * 5 + [pair(2, DIFFERENT)] * 5 + [pair(-2, DIFFERENT)] * 10
    sizes = frame(automatic=100, doubtful=40, near=1000)
    found = estimate(told, sizes, AUTOMATIC, "recall")
    assert found.value == pytest.approx(100 / 120)
    assert estimate(told, sizes, MODEL, "recall").value == pytest.approx(1)
    # A thousand pairs of which ten were looked at may hide matches: that has to show.
    assert found.low < 0.6
    assert estimate(told, sizes, MODEL, "precision").value == pytest.approx(120 / 140)


def test_what_came_together_by_other_ways_is_counted_by_itself():
    """Of the doubtful some are one by way of others: how many is known, so that it adds no doubt."""
    sizes = {
        stratum_code("automatic", True): 100,
        stratum_code("doubtful", True): 50,
        stratum_code("far", False): 10**6,
    }
    told = [pair(12, automatic=True)] * 20 + [pair(2, one=True)] * 10 + [pair(2, DIFFERENT, one=True)] * 10
    told += [pair(-9, DIFFERENT)] * 20
    found = estimate(told, Frame(strata(Points(10, 0)), sizes, 7), PUBLISHED, "precision")
    assert found.value == pytest.approx(125 / 150)
    assert found.low > 0.7


def test_no_error_found_is_no_certainty():
    found = estimate([pair(25, automatic=True)] * 50, frame(certain=20_000), AUTOMATIC, "precision")
    assert found.value == 1
    assert 0.92 < found.low < 0.98
    assert found.high == 1


def test_a_band_without_a_label_is_said():
    found = estimate([pair(25, automatic=True)] * 9, frame(certain=90, automatic=50), AUTOMATIC, "precision")
    assert found.value is None
    assert found.low < 0.7


def test_what_nobody_could_tell_has_two_ends():
    told = [pair(12, automatic=True)] * 8 + [pair(12, UNSURE, automatic=True)] * 2
    found = estimate(told, frame(automatic=100), AUTOMATIC, "precision")
    assert (found.value, found.lowest, found.highest) == (1, pytest.approx(0.8), 1)
    told += [pair(-2, DIFFERENT)] * 9 + [pair(-2, UNSURE)]
    recall = estimate(told, frame(automatic=100, near=100), AUTOMATIC, "recall")
    assert recall.value == 1
    assert recall.lowest == pytest.approx(80 / 90)
    assert recall.low < recall.lowest


def test_a_group_is_estimated_from_the_pairs_that_touch_it():
    told = [pair(12, automatic=True, groups=["A"])] * 10 + [pair(12, DIFFERENT, automatic=True, groups=["B"])] * 10
    sizes = frame(automatic=100)
    assert estimate(told, sizes, AUTOMATIC, "precision", "A").value == 1
    assert estimate(told, sizes, AUTOMATIC, "precision", "B").value == 0
    assert estimate(told, sizes, AUTOMATIC, "precision", "A").labelled == 10


@pytest.mark.parametrize("measure", ["precision", "recall"])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(measure):
    """Drawn 200 times from a population that is known, the interval at 95 % misses it at most one time in ten."""
    random = np.random.default_rng(1)
    sizes = {"automatic": 2000, "likely": 500, "near": 3000}
    chances = {"automatic": 0.97, "likely": 0.5, "near": 0.02}
    matches = {band: sizes[band] * chance for band, chance in chances.items()}
    truth = {"precision": 0.97, "recall": matches["automatic"] / sum(matches.values())}[measure]
    held = 0
    for _ in range(200):
        told = [
            pair(weight, SAME if hit else DIFFERENT, automatic=band == "automatic")
            for band, weight in (("automatic", 12), ("likely", 7), ("near", -2))
            for hit in random.random(60) < chances[band]
        ]
        found = estimate(told, frame(**sizes), AUTOMATIC, measure)
        held += found.low <= truth <= found.high
    assert held >= 180


def test_kappa_of_a_published_table():
    """Cohen's own kind of table: 20 both same, 15 both different, 5 and 10 apart: kappa 0.4."""
    said = [(SAME, SAME)] * 20 + [(SAME, DIFFERENT)] * 5 + [(DIFFERENT, SAME)] * 10 + [(DIFFERENT, DIFFERENT)] * 15
    found = agreement(said)
    assert (found.pairs, found.agreed) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)
    assert agreement([]) is None
    assert agreement([(SAME, SAME)] * 3).kappa is None


def test_two_who_disagree_could_not_tell():
    assert together([]) is None
    assert together([SAME, SAME]) == SAME
    assert together([SAME, DIFFERENT]) == UNSURE


@given(st.integers(1, 500), st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 200), max_size=6))
def test_a_sample_is_shared_out_whole(size, available):
    taken = spread(size, available)
    assert sum(taken.values()) == min(size, sum(available.values()))
    assert all(taken[band] <= available[band] for band in available)
    short = [taken[band] for band in available if taken[band] < available[band]]
    assert not short or max(short) - min(short) <= 1
