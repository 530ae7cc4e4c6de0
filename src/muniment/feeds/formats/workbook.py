"""Excel workbooks, by openpyxl. Nothing is calculated: a formula gives its stored result; without one its row waits."""

import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from muniment.feeds import sources
from muniment.feeds.chunks import NUL_SYMBOL, Chunk, Unread, named, text_array
from muniment.feeds.faults import BadFile, Fault
from muniment.feeds.feed import Table
from muniment.feeds.limits import Limits
from muniment.feeds.presence import wanted

Cells = list[str | None]
_ERRORS = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!",
     "#FIELD!", "#BLOCKED!", "#UNKNOWN!", "#CONNECT!", "#BUSY!"}
)  # fmt: skip
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref=\"([A-Z]+\d+):([A-Z]+\d+)\"")
_END_OF_ROWS = re.compile(rb"</(?:\w+:)?sheetData>")
_NO_RESULT = "a formula without its result: have the workbook opened in Excel, calculated and saved"


class Flaw(str):
    """What stands in a cell that has no value: an error of Excel, or a formula without its result."""


def inspect(path: Path, table: Table, limits: Limits) -> set[str]:
    """Open a workbook and return the header of its sheet. Raise BadFile when there is no such sheet, or a choice."""
    rows = _rows(path, table, limits)
    header = _header(rows, table, path)
    if not table.sheet and len(several := filled_sheets(path)) > 1:
        raise BadFile(
            f"{path.name} has rows on the sheets {', '.join(several)}: say in the table {table.name} of the feed which"
            " one is meant, as sheet, and have the others, if they are wanted, exported as files of their own."
        )
    if next(rows, None) is None and table.kind == "full":
        raise BadFile(f"{path.name} has a header and no rows: ask the source to export it again.")
    return set(header)


def chunks(path: Path, table: Table, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of the sheet; rows without any value are passed over."""
    rows = _rows(path, table, limits)
    header = _header(rows, table, path)
    filled = [row for row in rows if any(cell is not None for cell in row)]
    if table.dialect.footer_rows:
        del filled[-table.dialect.footer_rows :]
    for start in range(0, len(filled), limits.chunk_rows):
        yield _chunk(filled[start : start + limits.chunk_rows], header, start, table)


def sheets(path: Path) -> list[str]:
    """Return the names of the sheets that hold rows. Raise BadFile when the file is no workbook."""
    with _opened(path, results=False) as book:
        return [sheet.title for sheet in book.worksheets if hasattr(sheet, "iter_rows")]


def filled_sheets(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook on which anything stands."""
    found = []
    with _opened(path, results=False) as book:
        for sheet in book.worksheets:
            if hasattr(sheet, "iter_rows"):
                sheet.reset_dimensions()
                if any(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row):
                    found.append(sheet.title)
    return found


def rows(path: Path, table: Table, limits: Limits) -> list[Cells]:
    """Return all rows of a sheet as text, titles, blank rows and header included."""
    return list(_rows(path, table, limits))


def _chunk(block: list[Cells], header: list[str], before: int, table: Table) -> Chunk:
    kept: list[Cells] = []
    places: list[int] = []
    unread: list[Unread] = []
    for place, row in enumerate(block):
        if any(cell is not None for cell in row[len(header) :]):
            fault = Fault("wrong_fields", "", f"The row has values beyond the {len(header)} columns of the header.")
            unread.append(Unread(before + place + 1, fault, _written(row)))
            continue
        kept.append(row[: len(header)] + [None] * (len(header) - len(row)))
        places.append(place)
    faults = _faults(kept, header, table)
    values = zip(*kept, strict=True) if kept else iter([()] * len(header))
    return Chunk(
        rows=np.asarray(places, dtype=np.int32) + np.int32(before + 1),
        columns={name: text_array(column) for name, column in zip(header, values, strict=True) if name},
        original=lambda position: _written(block[places[position]]),
        unread=tuple(unread),
        faults=faults,
    )


def _faults(kept: list[Cells], header: list[str], table: Table) -> dict[int, list[Fault]]:
    """Take cells without a value out of rows, and return what is wrong with those whose column is mapped."""
    mapped = {name for each in wanted(table)[""] for name in each.columns} if table.attributes is not None else header
    faults: dict[int, list[Fault]] = {}
    for position, row in enumerate(kept):
        if not any(type(cell) is Flaw for cell in row):
            continue
        for place, (name, cell) in enumerate(zip(header, row, strict=True)):
            if type(cell) is not Flaw or cell in table.blanks:
                continue
            row[place] = None
            if name in mapped:
                what = f"the error {cell}: have it mended in the workbook" if cell in _ERRORS else _NO_RESULT
                faults.setdefault(position, []).append(Fault("bad_value", name, f"{name} holds {what}."))
    return faults


def _written(row: Cells) -> str:
    return json.dumps(row, ensure_ascii=False)


def _header(rows: Iterator[Cells], table: Table, path: Path) -> list[str]:
    if not table.dialect.header_row:
        return list(table.dialect.columns)
    header: Cells = []
    for _ in range(table.dialect.header_row):
        row = next(rows, None)
        if row is None:
            raise BadFile(f"{path.name} ends before its header row: ask the source to export it again.")
        header = row
    while header and header[-1] is None:
        header.pop()
    return list(table.dialect.columns) or named([(cell or "").strip() for cell in header])


def _rows(path: Path, table: Table, limits: Limits) -> Iterator[Cells]:
    sources.parts(path, table.format, table.member, limits)
    if not zipfile.is_zipfile(path):
        raise BadFile(f"{path.name} is not a complete Excel workbook (.xlsx): have it exported or sent again.")
    with sources.damage(path), zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
        if "xl/workbook.xml" not in archive.namelist():
            raise BadFile(f"{path.name} is a zip and no Excel workbook: correct the format of the table.")
        if broken := archive.testzip():
            raise BadFile(f"{path.name} is damaged at {broken}: have it sent again.")
    if unpacked > min(limits.file_bytes, path.stat().st_size * limits.expansion):
        raise BadFile(f"{path.name} would unpack to {unpacked:,} bytes: it is refused as a possible zip bomb.")
    formulas, merged = _values(path, table, results=False)
    if not any(_is_formula(cell) for row in formulas for cell in row):
        yield from _filled_down([[_text(cell) for cell in row] for row in formulas], merged)
        return
    results, _ = _values(path, table, results=True)
    yield from _filled_down(
        [
            [
                (Flaw(cell) if result is None else _text(result)) if _is_formula(cell) else _text(cell)
                for cell, result in zip_longest(row, stored)
            ]
            for row, stored in zip_longest(formulas, results, fillvalue=())
        ],
        merged,
    )


def _filled_down(rows: list[Cells], merged: list[tuple[int, int, int]]) -> list[Cells]:
    """Give what stands in cells that are merged downwards to each of the rows that they cover."""
    for column, first, last in merged:
        value = rows[first][column] if first < len(rows) and column < len(rows[first]) else None
        for covered in rows[first + 1 : last + 1]:
            if any(cell is not None for cell in covered):
                covered.extend([None] * (column + 1 - len(covered)))
                covered[column] = value
    return rows


@contextmanager
def _opened(path: Path, *, results: bool) -> Iterator[Any]:
    import openpyxl  # which few feeds need, and every command would wait for

    # Opened here, because openpyxl goes by the ending of a name.
    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that hold no values
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=results)
        except (KeyError, ValueError, OSError, zipfile.BadZipFile, SyntaxError) as error:
            raise BadFile(f"{path.name} is not an Excel workbook that can be read ({error}).") from error
        try:
            yield book
        finally:
            book.close()


def _values(path: Path, table: Table, *, results: bool) -> tuple[list[tuple[Any, ...]], list[tuple[int, int, int]]]:
    """Return the rows of a sheet, and of cells that are merged downwards the column, first and last row, from 0."""
    with _opened(path, results=results) as book:
        if table.sheet and table.sheet not in book.sheetnames:
            raise BadFile(f"{path.name} has no sheet '{table.sheet}'; it has {', '.join(book.sheetnames)}.")
        sheet = book[table.sheet] if table.sheet else book.worksheets[0]
        if not hasattr(sheet, "iter_rows"):
            raise BadFile(f"{path.name}: the sheet '{sheet.title}' is a chart and holds no rows.")
        sheet.reset_dimensions()  # some exporters write a wrong extent, which would cut the sheet short
        merged = _merged(path, sheet._worksheet_path)
        return list(sheet.iter_rows(values_only=True)), merged


def _merged(path: Path, member: str) -> list[tuple[int, int, int]]:
    from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

    behind = b""
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            behind += block
            end = _END_OF_ROWS.search(behind)
            # They stand behind the rows, whose end may lie across two blocks.
            behind = behind[end.start() :] if end else behind[-40:]
    found = []
    for one, other in _MERGED.findall(behind):
        column, first = coordinate_from_string(one.decode())
        _, last = coordinate_from_string(other.decode())
        if last > first:
            found.append((column_index_from_string(column) - 1, first - 1, last - 1))
    return found


def _is_formula(cell: Any) -> bool:
    return isinstance(cell, str) and cell.startswith("=") and len(cell) > 1


def _text(cell: Any) -> str | None:
    if isinstance(cell, str):
        if cell in _ERRORS:
            return Flaw(cell)
        return cell.replace("\x00", NUL_SYMBOL).replace("_x0000_", NUL_SYMBOL) or None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return None if cell is None else str(cell)
