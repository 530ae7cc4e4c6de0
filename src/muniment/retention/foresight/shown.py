"""What the tables of the forecast are made of: their shapes, the heads that several have, and values in words."""

from dataclasses import dataclass
from datetime import date

from muniment.core import words

Value = str | int | float | None


@dataclass(frozen=True)
class Table:
    """A table: a code for its address, its title, what its columns are called, and rows, each named by its first."""

    code: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""


class Between(str):
    """A least and a most in words, which a spreadsheet has as two numbers."""

    least: float
    most: float


class Estimated(str):
    """A figure from a sample in words, with its interval; a spreadsheet has it as three numbers."""

    value: int
    least: int
    most: int


class Month(str):
    """A month in words, which a spreadsheet has as its first day."""

    first: date


DUE = ("People to review", "People by the clock", "Records for a person", "Records by the clock")
BOTH = ("When", *(f"{name}{which}" for name in DUE for which in (", in force", ", other")))
_CHANGES = ("", "Due, in force", "Due, other", "Earlier", "Later", "Comes to something else")
CHANGED = {  # code, title and heads, by subject
    "person": ("changed-people", "What changes for people, by group", _CHANGES),
    "record": ("changed-records", "What changes for records, by class", _CHANGES),
}
TURNED = ("turned", "What comes to something else", ("", "In force", "Other", "How many"))


def month_of(first: date) -> Month:
    """Return a month in words."""
    found = Month(f"{first:%B %Y}")
    found.first = first
    return found


def kind(code: str) -> str:
    """Say what a decision comes to when it falls due."""
    return words.say("decision", code)
