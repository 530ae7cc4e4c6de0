"""In which direction a decision was wrong, and how often decisions are, each stratum weighing what it has."""

from datetime import date

import pytest

from muniment.engine.retention.checked import DESTROYS, KEEPS, NEITHER, Decided, Tally, direction, going, rate

EARLY, LATE = date(2026, 1, 1), date(2030, 1, 1)


@pytest.mark.parametrize(
    ("was", "should", "expected"),
    [
        (("dispose", EARLY), ("retain", None), DESTROYS),
        (("dispose", EARLY), ("review", EARLY), DESTROYS),
        (("dispose", EARLY), ("hold", None), DESTROYS),
        (("dispose", EARLY), ("archive", EARLY), DESTROYS),
        (("dispose", EARLY), ("dispose", LATE), DESTROYS),
        (("dispose", LATE), ("dispose", EARLY), KEEPS),
        (("dispose", EARLY), ("dispose", None), NEITHER),
        (("archive", EARLY), ("dispose", EARLY), KEEPS),
        (("retain", EARLY), ("retain", LATE), DESTROYS),
        (("retain", LATE), ("retain", EARLY), KEEPS),
        (("retain", LATE), ("dispose", EARLY), KEEPS),
        (("retain", LATE), ("review", EARLY), KEEPS),
        (("review", EARLY), ("retain", LATE), NEITHER),
        (("review", LATE), ("review", EARLY), KEEPS),
        (("review", EARLY), ("dispose", EARLY), KEEPS),
    ],
)
def test_what_is_let_go_too_early_destroys_and_what_is_kept_too_long_keeps(was, should, expected):
    assert direction(Decided(*was), Decided(*should)) == expected


def test_each_stratum_weighs_what_it_has():
    large, small = Tally("retain", 1, 9000, right=50), Tally("dispose", 3, 1000, right=25, destroys=25)
    found = rate([large, small], (DESTROYS,), seed=1)
    assert found.value == pytest.approx(0.05)  # half of a tenth
    assert found.low < 0.05 < found.high < 0.12
    harmful = rate(going([large, small]), (DESTROYS,), seed=1)
    assert harmful.value == pytest.approx(0.5)


def test_no_error_in_few_leaves_more_open_than_in_many():
    few, many = (rate([Tally("dispose", None, 5000, right=number)], (DESTROYS,), seed=1) for number in (20, 400))
    assert (few.value, many.value) == (0, 0)
    assert 0.08 < few.high < 0.15
    assert 0.003 < many.high < 0.01


def test_what_nobody_could_say_reaches_from_all_right_to_all_wrong():
    found = rate([Tally("dispose", None, 100, right=8, unsure=2)], (DESTROYS,), seed=1)
    assert (found.lowest, found.highest) == (0, pytest.approx(0.2))
    assert found.high > 0.2


def test_a_stratum_that_nobody_checked_leaves_the_rate_unknown():
    assert rate([Tally("dispose", 1, 100, right=8), Tally("dispose", 2, 100)], (DESTROYS,), seed=1).value is None


def test_a_stratum_has_its_exact_interval():
    low, high = Tally("dispose", 1, 100, right=19, destroys=1).interval((DESTROYS,))
    assert low == pytest.approx(0.00126, abs=1e-5)
    assert high == pytest.approx(0.24873, abs=1e-5)
