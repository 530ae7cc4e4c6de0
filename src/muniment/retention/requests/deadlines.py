"""When a request is to be answered, by what policy says of its regime."""

from collections.abc import Collection
from datetime import date, timedelta

from muniment.engine.values.dates import add_months
from muniment.retention.policies.request_policy import Regime

_SATURDAY = 5
_DAY = timedelta(days=1)


def due(received: date, regime: Regime, holidays: Collection[date]) -> date:
    """Return the last day on which a request received on a day is answered in time; the day of receipt is day 0.

    Days and calendar months count every day, a month that lacks the day ends on its last (Data Protection Act 2018
    s.54); working days leave out weekends and bank holidays.
    """
    day = add_months(received, regime.months) + timedelta(days=regime.days)
    left = regime.working_days
    while left:
        day += _DAY
        left -= _works(day, holidays)
    while regime.rolls and not _works(day, holidays):
        day += _DAY
    return day


def _works(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < _SATURDAY and day not in holidays
