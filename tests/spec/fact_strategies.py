"""Hypothesis strategies for retention facts: every role, class, event and flag, with dates missing or partial."""

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from muniment.engine.policy.model import Policy
from muniment.engine.retention.facts import Facts
from muniment.engine.values.dates import PartialDate, whole_month, whole_year
from muniment.invention.lives import Lives

DAYS = st.dates(date(1988, 1, 1), date(2030, 12, 31)) | st.sampled_from(
    [date(2012, 2, 29), date(2016, 2, 29), date(2019, 3, 1), date(2026, 11, 22), date(2017, 4, 3)]
)


def drawn(strategy: st.SearchStrategy, number: int, count: int) -> list[Any]:
    """Examples drawn and kept: a set engine is asked once about all, not once about each."""
    found: list[Any] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(one: Any) -> None:
        found.append(one)

    keep()
    return found


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """A value four times in five: with every fact missing half the time nearly all would be review."""
    return st.integers(0, 4).flatmap(lambda number: strategy if number else st.none())


def rarely(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """A value one time in five."""
    return st.integers(0, 4).flatmap(lambda number: st.none() if number else strategy)


PARTIAL = st.builds(lambda day: PartialDate(day, day), DAYS) | st.builds(
    lambda day, whole: whole_year(day.year) if whole else whole_month(day.year, day.month), DAYS, st.booleans()
)
BORN = st.builds(
    lambda day, back: PartialDate(day - timedelta(days=back), day - timedelta(days=back)),
    st.dates(date(1975, 1, 1), date(2015, 12, 31)) | st.just(date(2000, 2, 29)),
    st.sampled_from([0, 0, 0, 20000, 40000]),
) | st.builds(lambda day: whole_year(day.year), st.dates(date(1975, 1, 1), date(2015, 1, 1)))


def facts(policy: Policy) -> st.SearchStrategy[Facts]:
    """One person with up to three records, asked about as a person or about the last record."""
    return st.randoms(use_true_random=False).map(lambda draw: Lives(draw, policy).life())
