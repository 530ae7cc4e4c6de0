"""Figures from a sample: their intervals hold what is so, whatever is drawn, and are no wider than they need be."""

import numpy as np
import pytest

from muniment.retention.foresight.estimating import Both, Estimate, Stratum, score, total, under_the_other

DRAWS = 400

# Of each stratum: how many there are, how many are drawn, which share is in it now, which of these stay, which come.
CASES = {
    "one large": [(200_000, 2_500, 0.4, 0.7, 0.1)],
    "nothing changes": [(200_000, 2_500, 0.4, 1.0, 0.0)],
    "few come": [(200_000, 2_500, 0.0, 1.0, 0.002), (20_000, 600, 0.0, 1.0, 0.004)],
    "few are in it and go": [(200_000, 2_500, 0.004, 0.2, 0.0), (20_000, 600, 0.001, 0.5, 0.0)],
    "strata unlike": [(100_000, 900, 0.5, 0.9, 0.0), (50_000, 700, 0.1, 0.0, 0.4), (2_000, 400, 0.9, 0.5, 0.5)],
    "all of a small one": [(300, 300, 0.5, 0.5, 0.5), (60_000, 1_500, 0.02, 0.5, 0.01)],
    "few drawn": [(20_000, 60, 0.3, 0.5, 0.2), (10_000, 40, 0.1, 1.0, 0.1)],
    "in the heaviest alone": [(100_000, 500, 0.0, 1.0, 0.003), (1_000, 500, 0.0, 1.0, 0.0)],
}


def worlds(case, rng):
    """Make a world that is fixed, and yield what each of many samples of it finds."""
    strata = {at: Stratum(whole, drawn) for at, (whole, drawn, *_) in enumerate(case)}
    cells = {}
    for at, (whole, _, inside, stay, come) in enumerate(case):
        here = round(whole * inside)
        stays, comes = round(here * stay), round((whole - here) * come)
        cells[at] = [stays, here - stays, comes, whole - here - comes]
    truth = sum(stays + comes for stays, _, comes, _ in cells.values())
    for _ in range(DRAWS):
        found = {}
        for at, of in strata.items():
            stays, goes, comes, _ = rng.multivariate_hypergeometric(cells[at], of.drawn)
            found[at] = Both(cells[at][0] + cells[at][1], int(stays + goes), int(stays), int(comes))
        yield truth, under_the_other(strata, found)


@pytest.mark.parametrize("name", CASES)
def test_an_interval_holds_what_is_so_in_ninety_five_samples_of_a_hundred(name):
    rng = np.random.default_rng(7)
    found = list(worlds(CASES[name], rng))
    held = sum(of.low - 1e-6 <= truth <= of.high + 1e-6 for truth, of in found) / DRAWS
    assert held >= 0.94, f"{held:.3f} of the samples"  # of 400 draws at 95 %, 94 % is within chance
    assert all(of.low <= of.value <= of.high for _, of in found)


def test_an_interval_is_no_wider_than_such_a_sample_needs():
    rng = np.random.default_rng(8)
    found = [of for _, of in worlds(CASES["one large"], rng)]
    spread = np.std([of.value for of in found])
    width = np.mean([(of.high - of.low) / 2 for of in found])
    assert width < 1.25 * 1.96 * spread


def test_what_is_drawn_whole_is_known_and_what_is_not_drawn_at_all_may_be_anything():
    assert total([Stratum(40, 40)], [7]) == Estimate(7, 7, 7)
    assert total([Stratum(40, 0)], [0]) == Estimate(0, 0, 40)
    assert total([], []) == Estimate(0, 0, 0)


def test_nobody_leaves_who_is_not_in_it_and_no_more_come_than_there_are():
    nobody = under_the_other({1: Stratum(1_000_000, 1_000)}, {})
    assert (nobody.value, nobody.low) == (0, 0)
    assert 3_000 < nobody.high < 6_000, "not one of a thousand: less than 0.5 % of a million"
    every = under_the_other({1: Stratum(1_000, 500)}, {1: Both(1_000, 500, 500, 0)})
    assert every.high == 1_000


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"), [(15, 148, 0.0598, 0.1644), (0, 20, 0.0, 0.2005), (1, 29, 0.0018, 0.1963)]
)
def test_the_score_with_continuity_is_as_published(hits, trials, low, high):
    """Newcombe 1998, table I, method 4."""
    assert score(hits / trials, trials) == pytest.approx((low, high), abs=2e-4)
