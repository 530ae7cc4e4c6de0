"""The exact interval, beside values of published tables and the definition itself."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.matching.interval import exact


@pytest.mark.parametrize(
    ("hits", "trials", "lower", "upper"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (1, 20, 0.0013, 0.2487), (0, 0, 0.0, 1.0)],
)
def test_known_intervals(hits, trials, lower, upper):
    assert exact(hits, trials) == pytest.approx((lower, upper), abs=5e-5)


def test_no_error_in_many_still_has_an_upper_bound():
    lower, upper = exact(25_892, 25_892)
    assert upper == 1.0
    assert lower == pytest.approx(0.025 ** (1 / 25_892), abs=1e-9)


@given(st.integers(1, 60).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_each_bound_leaves_out_its_tail(counts):
    hits, trials = counts
    lower, upper = exact(hits, trials)
    chance = lambda share, some: sum(comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in some)  # noqa: E731
    if hits < trials:
        assert chance(upper, range(hits + 1)) == pytest.approx(0.025, abs=1e-6)
    if hits > 0:
        assert chance(lower, range(hits, trials + 1)) == pytest.approx(0.025, abs=1e-6)


def test_large_counts_are_quick_and_narrow():
    lower, upper = exact(400_000, 1_000_000)
    assert lower == pytest.approx(0.39904, abs=1e-4)
    assert upper == pytest.approx(0.40096, abs=1e-4)


def test_a_count_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="no share"):
        exact(3, 2)
