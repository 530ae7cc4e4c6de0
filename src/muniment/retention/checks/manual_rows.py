"""The file in which a force gives the decisions that it made by hand: what it has to hold, read row by row.

Nothing here knows what is held: a row that can be read is not yet one whose record is here.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

REQUIRED = ("system", "reference", "decision", "decided_on", "decided_by")
OPTIONAL = ("next_review", "reason")
DECISIONS = ("keep", "dispose")
_DAYS = ("%Y-%m-%d", "%d/%m/%Y")
_LONGEST = 150  # characters of a job title
_REASON = 4000


class BadFile(Exception):
    """The file cannot be used at all; the message says what to do."""


class BadRow(Exception):
    """A row cannot be used; the message says why, and repeats nothing of it."""


@dataclass(frozen=True)
class ManualRow:
    """One decision as the file gives it; without a system the reference is that of a prime record."""

    line: int
    system: str
    reference: str
    decision: str
    decided_on: date
    next_review: date | None
    decided_by: str
    reason: str


def rows(data: bytes, today: date) -> Iterator[tuple[int, ManualRow | str]]:
    """Yield each row with its line in the file: as read, or why it cannot be used. Raise BadFile for the file."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile("The file is not text in UTF-8: save it as 'CSV UTF-8' and give it again.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check(reader.fieldnames)
        for each in reader:
            try:
                yield reader.line_num, _row(each, reader.line_num, today)
            except BadRow as fault:
                yield reader.line_num, str(fault)
    except csv.Error as error:
        raise BadFile(f"The file is no CSV from line {reader.line_num} on ({error}): save it once more.") from error


def _check(names: object) -> None:
    given = [str(name).strip().lower() for name in names] if isinstance(names, list | tuple) else []
    lacking = [name for name in REQUIRED if name not in given]
    unknown = [name for name in given if name not in REQUIRED + OPTIONAL]
    if lacking or unknown or len(set(given)) < len(given) or given != list(names or ()):  # type: ignore[call-overload]
        said = [f"it lacks {', '.join(lacking)}"] if lacking else []
        said += ["it has columns that are not known"] if unknown else []
        said += ["its columns have to be written in small letters, once each"] if not said else []
        raise BadFile(
            f"The first line has to name the columns {', '.join(REQUIRED)}, and may name {' and '.join(OPTIONAL)}:"
            f" {' and '.join(said)}. Nothing of the file was taken."
        )


def _row(each: Mapping[str | None, str | None], line: int, today: date) -> ManualRow:
    if None in each or None in each.values():
        raise BadRow("It has more or fewer cells than the first line has columns.")
    cells = {str(name): str(value).strip() for name, value in each.items()}
    decision = cells["decision"].lower()
    decided_on, next_review = _day(cells["decided_on"], "decided_on"), None
    if cells.get("next_review"):
        next_review = _day(cells["next_review"], "next_review")
    faults = {
        "decision has to be keep or dispose.": decision not in DECISIONS,
        "reference is empty.": not cells["reference"],
        "decided_by is empty: give the job title of who decided.": not cells["decided_by"],
        f"decided_by is longer than {_LONGEST} characters.": len(cells["decided_by"]) > _LONGEST,
        f"reason is longer than {_REASON:,} characters.": len(cells.get("reason", "")) > _REASON,
        "decided_on is after today.": decided_on > today,
        "next_review is not after decided_on.": next_review is not None and next_review <= decided_on,
        "next_review is given, and it was decided to dispose.": next_review is not None and decision == "dispose",
    }
    for said, is_so in faults.items():
        if is_so:
            raise BadRow(said)
    return ManualRow(
        line,
        cells["system"],
        cells["reference"],
        decision,
        decided_on,
        next_review,
        cells["decided_by"],
        cells.get("reason", ""),
    )


def _day(text: str, column: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise BadRow(f"{column} is no day: write it as 2026-03-27 or 27/03/2026.")
