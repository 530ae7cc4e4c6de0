"""Partial dates and the arithmetic of retention.

A date of birth or of an event may be known to the day, the month or the year. Everything that follows from it
is then an interval. Disposal clocks use the latest possible day, must-destroy dates the earliest.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}

_ZONE = r"(?:Z|UTC|GMT|BST|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?)"
_HALF = r"(?:\s?(?:[AP]\.?M\.?|HRS?|HOURS|H))?"
_CLOCK = rf"\d{{1,2}}(?:[:.]\d{{2}}){{1,2}}(?:[.,:]\d+)?{_HALF}(?:\s?{_ZONE})?"
_PLAIN_CLOCK = rf"(?:[01]\d|2[0-4])[0-5]\d(?:[0-5]\d(?:[.,]\d+)?)?{_HALF}(?:\s?{_ZONE})?"
_ANY_CLOCK = rf"(?:{_CLOCK}|{_PLAIN_CLOCK})"
# What may stand behind a day as sources write it: a time (09:30:00.000 +01:00, 9:30 PM, 0930 hrs) or a span of times.
TIME = rf"(?:(?:T| +)(?:at )?{_ANY_CLOCK}(?: ?(?:[-–—]|to) ?{_ANY_CLOCK})?)"
# What stands between the two ends of a span of days.
SPAN = re.compile(r"\s+(?:to|[-–—])\s+|(?<=\d{4}-\d\d-\d\d)/(?=\d{4}-\d\d-\d\d)", re.IGNORECASE)


def _with(day: str, behind: str) -> re.Pattern[str]:
    """Return the pattern of a date behind which nothing else may stand."""
    return re.compile(rf"^{day}(?:{behind})?$", re.IGNORECASE)


_FULL = (
    (_with(r"(\d{4})-(\d{1,2})-(\d{1,2})", rf"{TIME}|Z|[+-]\d{{2}}:\d{{2}}"), "ymd"),
    (_with(r"(\d{4})/(\d{1,2})/(\d{1,2})", TIME), "ymd"),
    (_with(r"(\d{4})(\d{2})(\d{2})", TIME), "ymd"),
    (_with(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})", TIME), "dmy"),
    (_with(r"(\d{1,2})[-/. ]([A-Z]{3})[A-Z]*[-/.,]? ?(\d{4})", TIME), "dby"),
)
# A day and a time with its zone, however it is written: Z, UTC, GMT, BST, +01, +0100, +01:00, with or without a space.
ZONED = re.compile(
    r"^(?P<day>\d.*?)[T ]+(?P<hour>\d{1,2})(?P<colon>:?)(?P<minute>\d{2})(?::?\d{2}(?:[.,]\d+)?)? ?(?P<half>[AP]M)?"
    r" ?(?P<zone>Z|UTC|GMT|BST|(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>0\d|1[0-4])(?::?(?P<minutes>\d{2}))?)$",
    re.IGNORECASE,
)
_ZONE_NAMED = re.compile(r"(?<=[\dZ])\[\w+(?:/\w+)*\]$")  # as Java writes it: 2024-06-30T23:30Z[UTC]
_HERE = ZoneInfo("Europe/London")
# Behind a month or a year, 2019 would be no time but another year.
_LATE = rf"(?:T| +){_CLOCK}"
_MONTH_NAMED = _with(r"([A-Z]{3})[A-Z]*[- ](\d{4})", _LATE)
_MONTH_ONLY = (_with(r"(\d{4})-(\d{1,2})", _LATE), _with(r"(?:00[/.])?(\d{1,2})/(\d{4})", _LATE))
_YEAR_ONLY = _with(r"(?:00[/.]00[/.])?(\d{4})", _LATE)


@dataclass(frozen=True, order=True)
class PartialDate:
    """An interval of days that a date lies in; both ends are the same day when it is known exactly."""

    earliest: date
    latest: date

    def __post_init__(self) -> None:
        """Raise ValueError when the interval runs backwards."""
        if self.earliest > self.latest:
            raise ValueError(f"a date cannot run from {self.earliest} back to {self.latest}")

    @property
    def is_exact(self) -> bool:
        """Whether the date is known to the day."""
        return self.earliest == self.latest

    def __str__(self) -> str:
        """Write the date as ISO text, as far as it is known: 1990-05-01, 1990-05, 1990 or 1990-05-01/1990-06-15."""
        if self.is_exact:
            return self.earliest.isoformat()
        if self == whole_month(self.earliest.year, self.earliest.month):
            return f"{self.earliest.year:04d}-{self.earliest.month:02d}"
        if self == whole_year(self.earliest.year):
            return f"{self.earliest.year:04d}"
        return f"{self.earliest.isoformat()}/{self.latest.isoformat()}"


def exactly(day: date) -> PartialDate:
    """Return the partial date that is one known day."""
    return PartialDate(day, day)


def whole_month(year: int, month: int) -> PartialDate:
    """Return the partial date somewhere in a month."""
    return PartialDate(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def whole_year(year: int) -> PartialDate:
    """Return the partial date somewhere in a year."""
    return PartialDate(date(year, 1, 1), date(year, 12, 31))


def parse(text: str, *, month_first: bool = False) -> PartialDate:
    """Read a date as British systems write it: ISO, 20190301, 01/03/2019, 01-Mar-2019, 03/2019,
    March 2019, 2019. A time with its zone is the day that it was in the United Kingdom.

    Unknown days and months written as 00 give a partial date, and so do the two ends of a span, 01/03/2019 to
    05/06/2021. Behind a day nothing but a time may stand. Raise ValueError, saying what was read, when the text
    is no date.
    """
    text = text.strip()
    try:
        return _read(_ZONE_NAMED.sub("", text), month_first=month_first)
    except (ValueError, KeyError, OverflowError, calendar.IllegalMonthError) as error:
        raise ValueError(f"'{text[:40]}' is not a date") from error


def _read(text: str, *, month_first: bool) -> PartialDate:
    ends = SPAN.split(text)
    if len(ends) == 1 and (zoned := ZONED.match(text)) and _is_told(zoned):
        return _day_here(zoned, parse(zoned["day"], month_first=month_first))
    for pattern, order in _FULL:
        if match := pattern.match(text):
            return _from_parts(match.groups(), order, month_first=month_first)
    if len(ends) == 2:
        first, last = (parse(end, month_first=month_first) for end in ends)
        return PartialDate(first.earliest, last.latest)
    return _month_or_year(text)


def _month_or_year(text: str) -> PartialDate:
    if match := _MONTH_ONLY[0].match(text):
        return whole_month(int(match[1]), int(match[2]))
    if match := _MONTH_ONLY[1].match(text):
        return whole_month(int(match[2]), int(match[1]))
    if match := _MONTH_NAMED.match(text):
        return whole_month(int(match[2]), _MONTHS[match[1].lower()])
    if match := _YEAR_ONLY.match(text):
        return whole_year(int(match[1]))
    raise ValueError(text)


def _is_told(zoned: re.Match[str]) -> bool:
    """Say whether a zone is one: behind a day that is not written year first, 10:00-11:00 is a span of time."""
    return zoned["day"][:4].isdigit() or (zoned["sign"] != "-" and bool(zoned["colon"]))


def _day_here(zoned: re.Match[str], day: PartialDate) -> PartialDate:
    """Return the day that a moment was in the United Kingdom; a day that is not known exactly stays as it is."""
    if not day.is_exact:
        return day
    hour = int(zoned["hour"])
    if zoned["half"]:
        hour = hour % 12 + (12 if zoned["half"].upper() == "PM" else 0)
    ahead = timedelta(hours=int(zoned["hours"] or 0), minutes=int(zoned["minutes"] or 0))
    if zoned["zone"].upper() == "BST":
        ahead = timedelta(hours=1)
    zone = timezone(-ahead if zoned["sign"] == "-" else ahead)
    moment = datetime.combine(day.earliest, time(hour, int(zoned["minute"])), zone)
    return exactly(here(moment))


def here(moment: datetime) -> date:
    """Return the day that a moment was in the United Kingdom; one without a zone is taken to be of here."""
    return moment.date() if moment.tzinfo is None else moment.astimezone(_HERE).date()


def _from_parts(parts: tuple[str, ...], order: str, *, month_first: bool) -> PartialDate:
    if order == "ymd":
        year, month, day = (int(part) for part in parts)
    elif order == "dby":
        year, month, day = int(parts[2]), _MONTHS[parts[1].lower()], int(parts[0])
    else:
        day, month, year = (int(part) for part in parts)
        if month_first:
            day, month = month, day
    if month == 0 and day == 0:
        return whole_year(year)
    if day == 0:
        return whole_month(year, month)
    return exactly(date(year, month, day))


def add_years(day: date, years: int) -> date:
    """Return the same day so many years later; 29 February becomes 28 February in a common year."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        if day.month == 2 and day.day == 29:
            return date(day.year + years, 2, 28)
        raise


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
