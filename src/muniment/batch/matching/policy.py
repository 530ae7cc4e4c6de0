"""The matching policy in force on a day; today's unless another is asked for."""

from datetime import UTC, date, datetime
from functools import cache

from muniment.engine.matching import tables
from muniment.engine.matching.tables import Tables


def in_force(on: date | None = None) -> Tables:
    """Return the tables of matching in force on a day."""
    return _loaded(on or today())


def today() -> date:
    """Return the day in Greenwich; policy changes at midnight there."""
    return datetime.now(UTC).date()


@cache
def _loaded(on: date) -> Tables:
    return tables.load(on)
