"""The forecast as a workbook for the board: every table on a sheet of its own, and before them what they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from muniment.core import opendocument, words, workbooks
from muniment.core.models import BatchRun
from muniment.core.workbooks import Sheet, Value
from muniment.retention.foresight import counted, foresight_tables
from muniment.retention.foresight.foresight_tables import Forecast
from muniment.retention.foresight.shown import Between, Estimated, Month, Table
from muniment.retention.foresight.workload import Pace

_SEEN = (
    "Records in the scopes of whoever it was given to, and people whom they may see and their own force or office"
    " decides about. Whatever they may not see is not counted and cannot be worked out from it: somebody else may be"
    " given other figures."
)
_ALL = "Everything that is held: it was made on the server, for whoever runs it."
NOT_IN_IT = (
    "Whoever is kept at a review is due again; new records come in and people offend again. Nobody knows how many, so"
    " nobody is counted for it: later years are a least."
)


@dataclass(frozen=True)
class About:
    """What a workbook says of itself besides its run: `whose` its figures are, and to whom it is given on which day.

    Given to nobody, it was made on the server, where nothing is hidden.
    """

    pace: Pace
    reviewers: int
    whose: str
    given_to: str
    given_on: date


def made(run: BatchRun, of: Forecast, about: About, *, is_open: bool = False) -> bytes:
    """Return a forecast as a workbook, of the open format or the other."""
    sheets = [as_sheet(table) for table in foresight_tables.every(of)]
    title = f"What falls due until {words.day(counted.last_day(run))}"
    assert run.ended_at
    write = opendocument.workbook if is_open else workbooks.workbook
    return write(title, about_lines(run, of, about), sheets, made_at=run.ended_at)


def how_other(run: BatchRun, of: Forecast) -> str:
    """Say of the other schedule whether its figures are counted or estimated, and from how many."""
    if of.estimated:
        return foresight_tables.estimate_in_words(of.estimated)
    return "Counted" if run.versions["against"] else "None"


def about_lines(run: BatchRun, of: Forecast, about: About) -> list[tuple[str, Value]]:
    """Return what has to be known of the figures of a file, each a name and a value."""
    name, pace = about.given_to, about.pace
    return [
        ("Figures of", about.whose),
        ("What is counted", _SEEN if name else _ALL),
        ("What is not in it", NOT_IN_IT),
        ("As on", counted.first_day(run)),
        ("Until", counted.last_day(run)),
        ("Policy", run.versions["policy"]),
        ("Other schedule", run.versions["against"] or "None"),
        ("Policy of the other schedule", run.versions["against_policy"] or "None"),
        ("Figures of the other schedule", how_other(run, of)),
        ("Forecast", run.pk),
        ("Worked out", run.ended_at),
        ("Decisions about people", of.total.get("person", 0)),
        ("Decisions about records", of.total.get("record", 0)),
        ("Reviewers", about.reviewers),
        ("Worked off at best", foresight_tables.said_of(of.fast.gone)),
        ("Worked off at worst", foresight_tables.said_of(of.slow.gone)),
        ("Reviews a day, least", pace.reviews_a_day.least),
        ("Reviews a day, most", pace.reviews_a_day.most),
        ("By what authority", pace.authority),
        ("Verified", "Yes" if pace.is_verified else "No"),
        ("Given to", name or "Made on the server"),
        ("Given on", about.given_on),
    ]


def as_sheet(table: Table) -> Sheet:
    """Return a table as a sheet: where it says from what to what, there are columns of numbers."""
    found = split_out(table, Between, Estimated)
    return Sheet(found.title, found.heads, [[_cell(value) for value in row] for row in found.rows], found.note)


_PARTS: Final[dict[type, tuple[str, ...]]] = {Between: ("least", "most"), Estimated: ("value", "least", "most")}
_HEADS: Final = {"value": ", estimate", "least": ", least", "most": ", most"}


def split_out(table: Table, *kinds: type) -> Table:
    """Return a table with each column that has values of some kinds, in words, as columns of the numbers in them."""
    parts = [
        next((_PARTS[kind] for kind in kinds if any(isinstance(row[at], kind) for row in table.rows)), ())
        for at in range(len(table.heads))
    ]
    heads: list[str] = []
    for head, names in zip(table.heads, parts, strict=True):
        heads += [f"{head}{_HEADS[name]}" for name in names] or [head]
    rows = tuple(
        tuple(each for value, names in zip(row, parts, strict=True) for each in _numbers(value, names))
        for row in table.rows
    )
    return replace(table, heads=tuple(heads), rows=rows)


def _numbers(value: Value, names: Sequence[str]) -> list[Any]:
    """Return a value as its numbers; one that is known is its own least and most."""
    if not names:
        return [value]
    if hasattr(value, "least"):
        return [getattr(value, name) for name in names]
    return [value] * len(names) if "value" in names else [value, *[None] * (len(names) - 1)]


def _cell(value: Any) -> Value:
    if isinstance(value, Month):
        return workbooks.Month(value.first.year, value.first.month, 1)
    return None if value == "" else value
