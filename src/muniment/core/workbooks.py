"""Tables as a spreadsheet workbook (.xlsx): a sheet each, numbers and days as such, nothing hidden and no formula.

What a workbook holds beside its visible cells is what leaks: in 2023 a hidden sheet told the names of everybody who
worked for a police force. So each is written anew from the tables that are shown, row after row: it has no sheet, row
or column that is hidden, no comment, no link, no cache, and properties that name the program alone.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter


class Month(date):
    """A month, as its first day; a spreadsheet shows the month alone."""


Value = str | int | float | date | datetime | None
KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPEN: Final = "application/vnd.oasis.opendocument.spreadsheet"
MARKING: Final = "OFFICIAL-SENSITIVE"
ABOUT: Final = "About"
MOST_ROWS: Final = 1_048_576  # of a sheet, its head among them
_TITLE, _TEXT = 31, 32_767  # characters that a spreadsheet takes as a title, and in a cell
_NARROW, _WIDE, _SEEN = 9, 60, 200  # widths in characters, and rows that are looked at for them
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORMATS: Final = (
    (datetime, "yyyy-mm-dd hh:mm"),
    (Month, "mmmm yyyy"),
    (date, "yyyy-mm-dd"),
    (int, "#,##0"),
    (float, "#,##0.00"),
)


@dataclass(frozen=True)
class Sheet:
    """A table: its title, what its columns are called, its rows, and what has to be known to read it."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Value]]
    note: str = ""


def workbook(title: str, about: Iterable[tuple[str, Value]], sheets: Sequence[Sheet], *, made_at: datetime) -> bytes:
    """Return tables as a workbook: what they are on the first sheet, and each on one of its own with its head frozen.

    `about` are pairs of a name and a value: whose figures, of which day, by which policy, and what is not in them. Text
    is typed as text, whatever it begins with. Raises ValueError for a table with more rows than a sheet takes.
    """
    book = Workbook(write_only=True)
    book.properties.creator = book.properties.lastModifiedBy = "Muniment"
    book.properties.title = title
    book.properties.created = book.properties.modified = timezone.localtime(made_at).replace(tzinfo=None)
    for name, sheet in named(title, about, sheets):
        _write(book, name, sheet, head_column=name == ABOUT)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def response(name: str, made: bytes) -> HttpResponse:
    """Return a workbook to download; `name` is without its ending."""
    found = HttpResponse(made, content_type=KIND)
    found["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return found


def named(title: str, about: Iterable[tuple[str, Value]], sheets: Sequence[Sheet]) -> list[tuple[str, Sheet]]:
    """Return sheets with the names that a spreadsheet takes, before them one that says what they are.

    Raises ValueError for a table with more rows than a sheet takes.
    """
    for sheet in sheets:
        if len(sheet.rows) >= MOST_ROWS:
            rows = f"{sheet.title} has {len(sheet.rows):,} rows, and a sheet takes {MOST_ROWS - 1:,}: narrow it."
            raise ValueError(rows)
    names = _names(sheets)
    contents = [(name, sheet.title, sheet.note) for name, sheet in zip(names, sheets, strict=True)]
    first = [("Title", title), ("Marking", MARKING), *about, *_listed(contents)]
    return [(ABOUT, Sheet(title, ("What", "Which"), first)), *zip(names, sheets, strict=True)]


def _listed(contents: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    for name, title, note in contents:
        said = title if title != name else ""
        yield f"Sheet {name}", " ".join(each for each in (f"{said}." if said else "", note) if each)


def _names(sheets: Iterable[Sheet]) -> list[str]:
    """Return titles as a spreadsheet takes them: short, without its marks, and each once in any case of letters."""
    found: list[str] = []
    taken = {ABOUT.casefold(), "history"}  # a title that it keeps for itself
    for sheet in sheets:
        plain = re.sub(r"[\[\]:*?/\\]", " ", sheet.title).strip(" '") or "Table"
        whole = plain if len(plain) <= _TITLE else plain[: _TITLE + 1].rpartition(" ")[0] or plain
        name, number = whole[:_TITLE].rstrip(" ,;"), 1
        while name.casefold() in taken:
            number += 1
            ending = f" {number}"
            name = whole[: _TITLE - len(ending)].rstrip(" ,;") + ending
        taken.add(name.casefold())
        found.append(name)
    return found


def _write(book: Workbook, name: str, sheet: Sheet, *, head_column: bool = False) -> None:
    page = book.create_sheet(name)
    page.freeze_panes = "A2"
    page.print_title_rows = "1:1"
    page.oddHeader.center.text = MARKING
    page.oddFooter.center.text = "Page &P of &N"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    for at, width in enumerate(widths(sheet), 1):
        page.column_dimensions[get_column_letter(at)].width = width
    page.append([_cell(page, head or "Name", bold=True) for head in sheet.heads])
    for row in sheet.rows:
        page.append([_cell(page, value, bold=head_column and not at) for at, value in enumerate(row)])


def widths(sheet: Sheet) -> list[int]:
    """Return how wide the columns of a sheet are, in characters."""
    columns = zip(sheet.heads, *sheet.rows[:_SEEN], strict=True)
    return [max(_NARROW, min(_WIDE, max(len(_shown(value)) for value in column) + 2)) for column in columns]


def _shown(value: Value) -> str:
    if isinstance(value, bool | str) or value is None:
        return str(value or "")
    return f"{value:,.2f}" if isinstance(value, float) else str(value)[:16]


def plain(text: str) -> str:
    """Return a text without what no cell may hold, and no longer than one takes."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)[:_TEXT]


def _cell(page: Any, value: Any, *, bold: bool = False) -> Any:
    if isinstance(value, datetime):
        value = timezone.localtime(value).replace(tzinfo=None)
    text = plain(value) if isinstance(value, str) else None
    cell = WriteOnlyCell(page, value if text is None else text)
    if text is not None:
        cell.data_type = "s"  # and no formula, also where somebody types into it
        cell.quotePrefix = text.startswith(_FORMULA)
        cell.alignment = Alignment(wrap_text=len(text) > _WIDE, vertical="top")
    else:
        kinds = (form for kind, form in _FORMATS if isinstance(value, kind) and not isinstance(value, bool))
        cell.number_format = next(kinds, "General")
        cell.alignment = Alignment(vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell
