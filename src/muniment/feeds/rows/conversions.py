"""Conversions of one value. Each is made once for a feed and called once for every distinct value."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from muniment.engine.values import dates
from muniment.engine.values.dates import PartialDate
from muniment.feeds.faults import BadFeed, BadValue
from muniment.feeds.feed import Field, Step

Value = str | bool | int | PartialDate | list[str] | None
Conversion = Callable[[Any], Value]

_MONTHS = re.compile(r"(\d+(?:\.\d+)?)\s*(years?|yrs?|y|months?|mths?|mos?|m|weeks?|wks?|w|days?|d)\b", re.IGNORECASE)
_SHORT_YEAR = re.compile(
    r"^(?P<before>\d{1,2}(?P<mark>[/.\- ])(?:\d{1,2}|[A-Za-z]{3,9})(?P=mark))(?P<year>\d{2})"
    rf"(?P<behind>{dates.TIME}?)$",
    re.IGNORECASE,
)
_PER_MONTH = {"y": 12.0, "m": 1.0, "w": 12 / 52, "d": 12 / 365}
_LONGEST = 12_000  # months
_TRUE = frozenset({"y", "yes", "true", "t", "1"})
_FALSE = frozenset({"n", "no", "false", "f", "0"})
_EXCEL_EPOCH = date(1899, 12, 30)
_DIRECTIVE = re.compile(r"%(.)")  # of the forms of strptime
_TELL_A_DAY, _TELL_A_MONTH = frozenset("djcx"), frozenset("mbB")
_TELL_A_WEEK, _TELL_A_WEEKDAY = frozenset("UWV"), frozenset("aAwu")


def conversion(
    field: Field, codes: Mapping[str, Mapping[str, str]], *, latest_year: int | None = None
) -> Conversion | None:
    """Return what turns one stripped, non-empty text into the value of a field; None when it stays as it is.

    A year of two digits is taken to lie in the hundred years up to `latest_year`; without it, it is no date.
    """
    steps = [_step(step, codes, field, latest_year) for step in field.convert]
    if field.map is not None:
        steps.append(_mapped(field.map, field.unknown))
    if not steps:
        return None
    if len(steps) == 1:
        return _lenient(steps[0], field.invalid)

    def convert(text: Any) -> Value:
        value: Value = text
        for step in steps:
            if value is None or value == "":
                return None
            value = step(value)
        return value

    return _lenient(convert, field.invalid)


def _lenient(convert: Conversion, invalid: str) -> Conversion:
    if invalid == "quarantine":
        return convert

    def lenient(text: Any) -> Value:
        try:
            return convert(text)
        except BadValue:
            return text if invalid == "keep" else None

    return lenient


def _step(step: Step, codes: Mapping[str, Mapping[str, str]], field: Field, latest_year: int | None) -> Conversion:
    name: str = step if isinstance(step, str) else next(iter(step))
    argument: Any = None if isinstance(step, str) else step[name]
    plain: dict[str, Conversion] = {
        "strip": _each(str.strip),
        "upper": _each(str.upper),
        "lower": _each(str.lower),
        "squeeze": _each(lambda text: " ".join(text.split())),
        "digits": _each(lambda text: re.sub(r"\D", "", text)),
        "months": months,
        "json_list": json_list,
        "excel_date": excel_date,
    }
    if name in plain:
        return plain[name]
    if name == "date":
        return _date(argument or {}, latest_year)
    if name == "boolean":
        return _boolean(argument or {})
    if name == "map":
        return _mapped(argument, field.unknown)
    if name == "codes":
        if argument not in codes:
            raise BadFeed(f"A conversion names the code list '{argument}', which the feed does not give in codes.")
        return _mapped(codes[argument], field.unknown)
    return _text_step(name, argument, field.invalid)


def _text_step(name: str, argument: Any, invalid: str) -> Conversion:
    if name == "split":
        at, take = (argument, None) if isinstance(argument, str) else (argument["at"], argument.get("take"))
        return _split(at, None if take is None else int(take))
    if name == "pattern":
        return _each(_found(re.compile(argument), invalid))
    if name == "replace":
        changes = [(re.compile(pattern), into) for pattern, into in argument.items()]
        return _each(lambda text: _replaced(text, changes))
    if name == "join":
        return lambda value: argument.join(value) if isinstance(value, list) else value
    if name == "prefix":
        return _each(lambda text: f"{argument}{text}")
    raise BadFeed(f"There is no conversion '{name}'.")


def _each(change: Callable[[str], str | None]) -> Conversion:
    """Apply a change of text to a text, or to each of a list of texts."""

    def convert(value: Any) -> Value:
        if isinstance(value, list):
            return [text for text in map(change, value) if text]
        return change(value)

    return convert


def _found(pattern: re.Pattern[str], invalid: str) -> Callable[[str], str | None]:
    def find(text: str) -> str | None:
        match = pattern.search(text)
        if match is not None:
            return match[1 if match.lastindex else 0]
        if invalid == "blank":  # of a list, what does not match is left out and the rest stays
            return None
        raise BadValue("bad_value", f"'{text[:40]}' does not match the pattern '{pattern.pattern[:60]}'.")

    return find


def _replaced(text: str, changes: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, into in changes:
        text = pattern.sub(into, text)
    return text


def _split(at: str, take: int | None) -> Conversion:
    def split(text: Any) -> Value:
        pieces = [piece.strip() for piece in text.split(at)]
        if take is None:
            return [piece for piece in pieces if piece]
        index = take - 1 if take > 0 else take
        return pieces[index] if -len(pieces) <= index < len(pieces) else None

    return split


def _mapped(table: Mapping[str, str], unknown: str) -> Conversion:
    folded = {key.strip().casefold(): value for key, value in table.items()}

    def one(text: str) -> str | None:
        if text in table:
            return table[text]
        key = " ".join(text.split()).casefold()
        if key in folded:
            return folded[key]
        if unknown == "keep":
            return text
        if unknown == "blank":
            return None
        raise BadValue("unknown_code", f"'{text[:60]}' is not among the codes that the feed maps.")

    return _each(one)


def _boolean(argument: Mapping[str, list[str]]) -> Conversion:
    true = frozenset(word.casefold() for word in argument.get("true", ())) or _TRUE
    false = frozenset(word.casefold() for word in argument.get("false", ()))
    anything_else_is_false = bool(argument) and not false

    def convert(text: Any) -> Value:
        word = str(text).strip().casefold()
        if word in true:
            return True
        if anything_else_is_false or word in (false or _FALSE):
            return False
        raise BadValue("bad_value", f"'{word[:40]}' is neither a yes nor a no.")

    return convert


def _date(argument: Mapping[str, Any], latest_year: int | None) -> Conversion:
    formats = argument.get("formats", ())
    month_first = argument.get("month_first") == "true"

    def convert(text: Any) -> Value:
        for form in formats:
            try:
                day = dates.here(datetime.strptime(text, form))  # noqa: DTZ007 - of here, unless it says its zone
                if "%y" in form and latest_year is not None:
                    day = day.replace(year=_in_century(day.year, latest_year))
                return _as_far_as_told(day, form)
            except ValueError:
                continue
        if formats:
            raise BadValue("bad_date", f"'{text[:40]}' is not a date in the form {' or '.join(formats)}.")
        return date_of(text, month_first=month_first, latest_year=latest_year)

    return convert


def _as_far_as_told(day: date, form: str) -> PartialDate:
    """Return a day that was read in a form, as a month or a year where the form tells no more."""
    told = frozenset(_DIRECTIVE.findall(form))
    if told & _TELL_A_DAY or (told & _TELL_A_WEEK and told & _TELL_A_WEEKDAY):
        return dates.exactly(day)
    return dates.whole_month(day.year, day.month) if told & _TELL_A_MONTH else dates.whole_year(day.year)


def date_of(text: str, *, month_first: bool, latest_year: int | None) -> PartialDate:
    """Read a date, whose year may have two digits where `latest_year` is known. Raise BadValue when it is none."""
    return partial_date(text if latest_year is None else with_century(text, latest_year), month_first=month_first)


def with_century(text: str, latest_year: int) -> str:
    """Write out years of two digits as the last ones up to `latest_year`; any other text stays as it is."""
    ends = dates.SPAN.split(text)
    written = [_with_century(end, latest_year) for end in ends]
    return text if written == ends else " to ".join(written)


def _with_century(text: str, latest_year: int) -> str:
    match = _SHORT_YEAR.match(text)
    return f"{match['before']}{_in_century(int(match['year']), latest_year)}{match['behind']}" if match else text


def _in_century(year: int, latest: int) -> int:
    """Return the last year up to `latest` that ends in the same two digits."""
    return latest - (latest - year) % 100


@lru_cache(maxsize=1 << 17)  # the same days stand in many columns and chunks
def partial_date(text: str, *, month_first: bool = False) -> PartialDate:
    """Read a date as British systems write it. Raise BadValue when it is none."""
    try:
        return dates.parse(text, month_first=month_first)
    except ValueError as error:
        raise BadValue("bad_date", f"{error}.") from error


def boolean(text: str) -> bool:
    """Read a yes or a no. Raise BadValue when it is neither."""
    value = _boolean({})(text)
    assert isinstance(value, bool)
    return value


def months(text: Any) -> int:
    """Read a length of time such as `2y 6m`, `18 months` or `30` (months) as whole months, rounded up."""
    if isinstance(text, int):
        return text
    plain = str(text).strip()
    if plain.isdecimal():
        return _within_reason(float(plain), plain)
    found = list(_MONTHS.finditer(plain))
    rest = re.sub(r"[\s,&]|and", "", _MONTHS.sub("", plain), flags=re.IGNORECASE)
    if not found or rest:
        raise BadValue("bad_value", f"'{plain[:40]}' is no length of time such as 2y 6m.")
    total = sum(float(match[1]) * _PER_MONTH[match[2][0].lower()] for match in found)
    return _within_reason(total, plain)


def _within_reason(months: float, text: str) -> int:
    """Return months, rounded up, that a calendar can add to a day; raise BadValue where they are more."""
    if months > _LONGEST:
        raise BadValue("bad_value", f"'{text[:40]}' is longer than {_LONGEST // 12:,} years.")
    return int(-(-round(months, 6) // 1))


def json_list(text: Any) -> list[str]:
    """Read a JSON array of texts. Raise BadValue when it is none."""
    if isinstance(text, list):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadValue("bad_value", f"'{text[:40]}' is no JSON list.") from error
    values = value if isinstance(value, list) else [value]
    return [text for text in map(_said, values) if text]


def _said(value: Any) -> str:
    """Return a part of JSON as text: of an object or a list, such as an alias in two names, what it holds."""
    if isinstance(value, (dict, list)):
        parts = value.values() if isinstance(value, dict) else value
        return " ".join(text for text in map(_said, parts) if text)
    return "" if value is None else str(value).strip()


def excel_date(text: Any) -> PartialDate:
    """Read a day as Excel counts them, from 30 December 1899. Raise BadValue when it is no number."""
    try:
        return dates.exactly(_EXCEL_EPOCH + timedelta(days=int(float(text))))  # the part after the point is the time
    except (ValueError, OverflowError) as error:
        raise BadValue("bad_date", f"'{str(text)[:40]}' is no day as Excel counts them.") from error
