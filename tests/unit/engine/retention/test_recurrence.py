"""When reviews fall due again."""

from datetime import date, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.policy.model import Length
from muniment.engine.retention.recurrence import during, next_multiple

DAYS = st.dates(date(1950, 1, 1), date(2050, 12, 31))
EVERY = st.integers(1, 240).map(lambda months: Length(months=months))


@given(DAYS, EVERY, EVERY, st.none() | DAYS)
def test_the_next_multiple_is_the_first_after_the_review(
    clock: date, length: Length, every: Length, last: date | None
) -> None:
    due = next_multiple(clock, length, every, last, None)
    multiples = (Length(months=length.months + every.months * times).after(clock) for times in count())
    assert due == next(day for day in multiples if last is None or day > last)


def test_a_long_period_is_looked_at_inside_and_at_its_end() -> None:
    ten, end = Length(months=120), date(2090, 1, 1)
    assert during(date(2020, 1, 1), ten, end, None, None) == date(2030, 1, 1)
    assert during(date(2020, 1, 1), ten, end, date(2085, 1, 1), None) == end
    assert during(date(2020, 1, 1), ten, end, end + timedelta(days=1), None) == date(2100, 1, 2)


@given(DAYS, EVERY, EVERY, DAYS, st.integers(1, 9000))
def test_a_review_may_choose_an_earlier_day_for_the_next_but_none_before_the_first(
    clock: date, length: Length, every: Length, last: date, later: int
) -> None:
    chosen, counted = last + timedelta(days=later), next_multiple(clock, length, every, last, None)
    due = next_multiple(clock, length, every, last, chosen)
    assert due == (counted if last < length.after(clock) else min(counted, chosen))
    assert during(clock, every, None, last, chosen) == min(every.after(last), chosen)
