"""Dates of birth as they stand in records: exact, partial, impossible, or a default.

A date that cannot be (month 86) is not a date of birth, and still resembles the right one in seven of its eight
digits; so its digits are kept for comparison and its interval is not.
"""

import re
from dataclasses import dataclass

from muniment.engine.values.dates import TIME, PartialDate, parse

_YEAR_FIRST = re.compile(rf"^(\d{{4}})[-/. ]?(\d{{1,2}})[-/. ]?(\d{{1,2}}){TIME}?$", re.IGNORECASE)
_YEAR_LAST = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$")


@dataclass(frozen=True)
class Birth:
    """A date of birth as eight digits, YYYYMMDD with 00 for what is not known, and as an interval if it is one."""

    digits: str
    interval: PartialDate | None

    @property
    def is_vague(self) -> bool:
        """Whether the day is not known, or is 1 January, which many systems enter when only a year is known."""
        return self.digits[4:] == "0101" or "00" in (self.digits[4:6], self.digits[6:])

    @property
    def iso(self) -> str:
        """The date as YYYY-MM-DD."""
        return f"{self.digits[:4]}-{self.digits[4:6]}-{self.digits[6:]}"


def read(text: str) -> Birth | None:
    """Read a date of birth; None when the text does not even look like a date, or may lie in either of two years."""
    text = text.strip()
    try:
        interval = parse(text)
    except ValueError:
        return _digits_only(text)
    first, last = interval.earliest, interval.latest
    if first.year != last.year:
        return None
    month = f"{first.month:02d}" if first.month == last.month else "00"
    day = f"{first.day:02d}" if interval.is_exact else "00"
    return Birth(f"{first.year:04d}{month}{day}", interval)


def _digits_only(text: str) -> Birth | None:
    if match := _YEAR_FIRST.match(text):
        year, month, day = match.groups()
    elif match := _YEAR_LAST.match(text):
        day, month, year = match.groups()
    else:
        return None
    return Birth(f"{year}{month.zfill(2)}{day.zfill(2)}", None)
