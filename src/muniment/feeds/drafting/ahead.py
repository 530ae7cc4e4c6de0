"""Dates of an unseen export that lie after it: ends of what still runs, and what is still to be done."""

import re
from collections.abc import Mapping
from datetime import date

import pyarrow as pa
import yaml

from muniment.engine.values import dates
from muniment.engine.values.dates import PartialDate
from muniment.feeds.drafting.guess import Found
from muniment.feeds.drafting.profiles import AHEAD_WORDS, Column
from muniment.feeds.feed import Field
from muniment.feeds.rows import conversions

DAY = re.compile(r"(?<!\d)(?:19|20)\d{2}([-_]?)(?:0[1-9]|1[0-2])(\1(?:0[1-9]|[12]\d|3[01]))?(?!\d)")
_KINDS = frozenset({"certificate_ended"})
_SLIPS = 0.1  # the share of dates to come that may be mistyped


def dated(found: Found, columns: Mapping[str, pa.Array], file: str) -> Column | None:
    """Return the column that tells when people did what their role names: none that is guessed or yet to come."""
    day = _day_of(file)
    for kind, column in found.dates.items():
        told = kind not in found.guessed and not runs_ahead(kind, column)
        if told and not _lies_ahead(column, columns[column.name].to_pylist(), day):
            return column
    return None


def runs_ahead(kind: str, column: Column) -> bool:
    """Whether a date may lie after the day of the export, by its kind and its header."""
    return kind in _KINDS or not AHEAD_WORDS.isdisjoint(column.words.split())


def _lies_ahead(column: Column, values: list[str | None], day: date | None) -> bool:
    """Say whether more than a slip or two of the dates of a column lie after the day of the export."""
    if day is None:
        return False
    step = yaml.load(column.convert or "date", Loader=yaml.BaseLoader)  # noqa: S506 - reads texts alone
    convert = conversions.conversion(Field(convert=(step,), invalid="blank"), {}, latest_year=day.year + 50)
    assert convert is not None
    read = [convert(value.strip()) for value in values if value and value.strip()]
    told = [each.earliest > day for each in read if isinstance(each, PartialDate)]
    return sum(told) > _SLIPS * len(told)


def _day_of(name: str) -> date | None:
    """Return the day, or the last of the month, that the name of a file bears."""
    match = DAY.search(name)
    if match is None:
        return None
    digits = re.sub(r"\D", "", match[0])
    return dates.parse("-".join(part for part in (digits[:4], digits[4:6], digits[6:]) if part)).latest
