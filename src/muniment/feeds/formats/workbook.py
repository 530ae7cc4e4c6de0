"""Excel workbooks, by openpyxl. Nothing is calculated: a formula gives its stored result, or its own text."""

import json
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

from muniment.feeds import sources
from muniment.feeds.chunks import NUL_SYMBOL, Chunk, Unread, named, text_array
from muniment.feeds.faults import BadFile, Fault
from muniment.feeds.feed import Table
from muniment.feeds.limits import Limits

Cells = list[str | None]


def inspect(path: Path, table: Table, limits: Limits) -> set[str]:
    """Open a workbook and return the header of its sheet. Raise BadFile when there is no such sheet."""
    rows = _rows(path, table, limits)
    header = _header(rows, table, path)
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
        yield _chunk(filled[start : start + limits.chunk_rows], header, start)


def sheets(path: Path) -> list[str]:
    """Return the names of the sheets that hold rows. Raise BadFile when the file is no workbook."""
    with _opened(path, results=False) as book:
        return [sheet.title for sheet in book.worksheets if hasattr(sheet, "iter_rows")]


def rows(path: Path, table: Table, limits: Limits) -> list[Cells]:
    """Return all rows of a sheet as text, titles, blank rows and header included."""
    return list(_rows(path, table, limits))


def _chunk(block: list[Cells], header: list[str], before: int) -> Chunk:
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
    values = zip(*kept, strict=True) if kept else iter([()] * len(header))
    return Chunk(
        rows=np.asarray(places, dtype=np.int32) + np.int32(before + 1),
        columns={name: text_array(column) for name, column in zip(header, values, strict=True) if name},
        original=lambda position: _written(block[places[position]]),
        unread=tuple(unread),
    )


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
    formulas = _values(path, table, results=False)
    if not any(_is_formula(cell) for row in formulas for cell in row):
        yield from ([_text(cell) for cell in row] for row in formulas)
        return
    results = _values(path, table, results=True)
    for row, stored in zip_longest(formulas, results, fillvalue=()):
        yield [
            _text(result if _is_formula(cell) and result is not None else cell)
            for cell, result in zip_longest(row, stored)
        ]


@contextmanager
def _opened(path: Path, *, results: bool) -> Iterator[Any]:
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


def _values(path: Path, table: Table, *, results: bool) -> list[tuple[Any, ...]]:
    with _opened(path, results=results) as book:
        if table.sheet and table.sheet not in book.sheetnames:
            raise BadFile(f"{path.name} has no sheet '{table.sheet}'; it has {', '.join(book.sheetnames)}.")
        sheet = book[table.sheet] if table.sheet else book.worksheets[0]
        if not hasattr(sheet, "iter_rows"):
            raise BadFile(f"{path.name}: the sheet '{sheet.title}' is a chart and holds no rows.")
        sheet.reset_dimensions()  # some exporters write a wrong extent, which would cut the sheet short
        return list(sheet.iter_rows(values_only=True))


def _is_formula(cell: Any) -> bool:
    return isinstance(cell, str) and cell.startswith("=") and len(cell) > 1


def _text(cell: Any) -> str | None:
    if isinstance(cell, str):
        return cell.replace("\x00", NUL_SYMBOL).replace("_x0000_", NUL_SYMBOL) or None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return None if cell is None else str(cell)
