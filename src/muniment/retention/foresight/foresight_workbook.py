"""The forecast as a workbook for the board: every table on a sheet of its own, and before them what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from muniment.core import words, workbooks
from muniment.core.models import BatchRun
from muniment.core.workbooks import Sheet, Value
from muniment.retention.foresight import counted, foresight_tables
from muniment.retention.foresight.foresight_tables import Between, Forecast, Month, Table
from muniment.retention.foresight.workload import Pace

_SEEN = (
    "Records in the scopes of whoever it was given to, and people whom they may see and their own force or office"
    " decides about. Whatever they may not see is not counted and cannot be worked out from it: somebody else may be"
    " given other figures."
)
_ALL = "Everything that is held: it was made on the server, for whoever runs it."
_NOT_IN_IT = (
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


def made(run: BatchRun, of: Forecast, about: About) -> bytes:
    """Return a forecast as a workbook."""
    name, pace = about.given_to, about.pace
    lines: list[tuple[str, Value]] = [
        ("Figures of", about.whose),
        ("What is counted", _SEEN if name else _ALL),
        ("What is not in it", _NOT_IN_IT),
        ("As on", counted.first_day(run)),
        ("Until", counted.last_day(run)),
        ("Policy", run.versions["policy"]),
        ("Other schedule", run.versions["against"] or "None"),
        ("Policy of the other schedule", run.versions["against_policy"] or "None"),
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
    sheets = [as_sheet(table) for table in foresight_tables.every(of)]
    title = f"What falls due until {words.day(counted.last_day(run))}"
    assert run.ended_at
    return workbooks.workbook(title, lines, sheets, made_at=run.ended_at)


def as_sheet(table: Table) -> Sheet:
    """Return a table as a sheet: where it says from what to what, there are two columns of numbers."""
    split = [any(isinstance(row[at], Between) for row in table.rows) for at in range(len(table.heads))]
    heads: list[str] = []
    for head, is_split in zip(table.heads, split, strict=True):
        heads += [f"{head}, least", f"{head}, most"] if is_split else [head]
    return Sheet(table.title, heads, [_row(row, split) for row in table.rows], table.note)


def _row(row: Sequence[Value], split: Sequence[bool]) -> list[Value]:
    found: list[Value] = []
    for value, is_split in zip(row, split, strict=True):
        if isinstance(value, Between):
            found += [value.least, value.most]
        elif isinstance(value, Month):
            found.append(workbooks.Month(value.first.year, value.first.month, 1))
        else:
            found += [value, None] if is_split else [value]
    return [None if value == "" else value for value in found]
