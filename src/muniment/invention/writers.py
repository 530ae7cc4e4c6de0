"""Writing exports so that the same seed gives the same bytes."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from muniment.invention.material import Mask, Texts

_STILL = datetime(2026, 1, 1)  # noqa: DTZ001 - a fixed stamp inside workbooks, no moment
_UNDECODABLE = "\udc81"  # written by surrogateescape as byte 0x81, which neither cp1252 nor UTF-8 knows


def spoil(values: Texts, where: Mask) -> None:
    """Put a byte that no encoding here knows into texts."""
    values[where] = values[where] + _UNDECODABLE


def write_csv(
    path: Path,
    columns: Mapping[str, Texts],
    *,
    encoding: str = "utf-8",
    surplus: Mask | None = None,
    last: str = "",
    **dialect: Any,
) -> None:
    """Write columns as delimited text; rows in `surplus` get a field too many, `last` follows as a footer."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", **dialect)
    writer.writerow(columns)
    rows: Iterable[Sequence[str]] = zip(*columns.values(), strict=True)
    if surplus is not None and surplus.any():
        rows = ((*row, "stray") if more else row for row, more in zip(rows, surplus.tolist(), strict=True))
    writer.writerows(rows)
    text.write(last)
    path.write_bytes(text.getvalue().encode(encoding, "surrogateescape"))


def write_lines(path: Path, objects: Iterable[Mapping[str, Any]]) -> None:
    """Write objects as JSON lines; what is empty is left out."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        for entry in objects:
            stream.write(json.dumps(_filled(entry), ensure_ascii=False) + "\n")


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(inner) for key, inner in value.items() if inner not in ("", None)}
    if isinstance(value, list):
        return [_filled(inner) for inner in value]
    return value


def write_xml(path: Path, root: str, entries: Iterable[str]) -> None:
    """Write elements, already written out, under one root."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>\n')
        for entry in entries:
            stream.write(entry + "\n")
        stream.write(f"</{root}>\n")


def element(name: str, text: str, **attributes: str) -> str:
    """Return an element with text, nothing where there is none."""
    if not text and not attributes:
        return ""
    marks = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items() if value)
    return f"<{name}{marks}>{escape(text)}</{name}>"


def write_parquet(path: Path, columns: Mapping[str, Any]) -> None:
    """Write columns as Parquet; empty texts become null."""
    table = pa.table(
        {
            name: values if isinstance(values, pa.Array) else pa.array([text or None for text in values], pa.string())
            for name, values in columns.items()
        }
    )
    pq.write_table(table, path, compression="zstd")


def write_workbook(path: Path, sheet: str, columns: Mapping[str, Texts | list[Any]], *, title: str = "") -> None:
    """Write columns as a sheet of a workbook, below a line with its title; a note goes on a sheet before it."""
    book = openpyxl.Workbook(write_only=True)
    book.create_sheet("About").append(["Export of an invented system; see the sheet", sheet])
    page = book.create_sheet(sheet)
    if title:
        page.append([title])
    page.append(list(columns))
    for row in zip(*columns.values(), strict=True):
        page.append([None if cell == "" else cell for cell in row])
    book.properties.created = book.properties.modified = _STILL
    buffer = io.BytesIO()
    book.save(buffer)
    _still(buffer, path)


def _still(buffer: io.BytesIO, path: Path) -> None:
    """Write a workbook again without the moments that openpyxl and zip put into it."""
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _without_moments(content)
            still = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            still.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(still, content)


def _without_moments(content: bytes) -> bytes:
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?", b"2026-01-01T00:00:00Z", content)
