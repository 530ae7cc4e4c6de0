"""Reviewers and hours as ranges, and the month in which a backlog is worked off."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.retention.foresight import workload
from muniment.retention.foresight.workload import Month, Pace, Range

PACE = Pace(Range(15, 20), 7.5, Range(200, 240), 10, "Design", is_verified=False)


def months(*reviews, share=1.0):
    return [
        Month(date(2026 + at // 12, at % 12 + 1, 1), share if not at else 1.0, due) for at, due in enumerate(reviews)
    ]


def test_hours_and_reviewers_are_ranges():
    assert workload.hours(600, PACE) == Range(225, 300)  # 600 / 20 and 600 / 15 days of seven and a half hours
    assert workload.a_month(2, PACE) == Range(500, 800)  # 2 x 15 x 200 / 12, 2 x 20 x 240 / 12
    assert workload.reviewers(6000, 12, PACE) == Range(1.25, 2)  # 6000 / (20 x 240), 6000 / (15 x 200)
    assert workload.reviewers(6000, 6, PACE) == Range(2.5, 4)
    assert workload.reviewers(6000, 0, PACE) == Range(0, 0)


def test_a_backlog_is_worked_off_in_the_month_at_whose_end_nothing_waits():
    burnt = workload.burn_down(100, months(10, 10, 10), 50)
    assert (burnt.left, burnt.gone) == ((60, 20, 0), date(2026, 3, 1))


def test_the_first_month_is_worked_for_what_is_left_of_it():
    assert workload.burn_down(100, months(0, 0, share=0.25), 40).left == (90, 50)


def test_what_comes_faster_than_it_is_done_is_never_worked_off():
    burnt = workload.burn_down(100, months(*[60] * 12), 50)
    assert (burnt.gone, burnt.left[-1]) == (None, 220)


def test_nobody_works_nothing_off():
    assert workload.burn_down(1, months(0, 0), 0).gone is None


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 500), min_size=1, max_size=24),
    st.integers(0, 900),
    st.integers(0, 900),
)
def test_who_does_more_is_never_later(backlog, due, slow, more):
    here, there = (workload.burn_down(backlog, months(*due), done) for done in (slow, slow + more))
    assert all(0 <= fast <= late for fast, late in zip(there.left, here.left, strict=True))
    assert here.gone is None or (there.gone is not None and there.gone <= here.gone)
    assert here.left[-1] >= backlog + sum(due) - slow * len(due), "nobody does more than they can"


def test_policy_gives_ranges_with_their_authority():
    pace = workload.pace(date(2026, 11, 22))
    assert (pace.reviews_a_day, pace.is_verified) == (Range(15, 20), False)
    assert workload.pace(date(2001, 1, 1)) == pace, "a day before the first value is answered by the first"


@pytest.mark.parametrize(("people", "least", "most"), [(0, 0, 0), (10, 2500, 4000)])
def test_what_some_do_in_a_month(people, least, most):
    assert workload.a_month(people, PACE) == Range(least, most)
