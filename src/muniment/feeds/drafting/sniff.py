"""How an unseen export is written: format, encoding, delimiter, header and footer, as far as its bytes show."""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from muniment.feeds import sources
from muniment.feeds.chunks import decodes
from muniment.feeds.drafting import profiles
from muniment.feeds.faults import BadFile
from muniment.feeds.feed import Dialect, Table
from muniment.feeds.formats import workbook
from muniment.feeds.limits import Limits

_START = 1 << 18  # bytes
_DOCUMENT = 1 << 27  # bytes of one JSON object around all rows
_TEXTS = (".csv", ".txt", ".tsv", ".dat", ".psv")
_DELIMITERS = ",;|\t"
_TOP, _LOOKED_AT = 30, 400  # rows: within which a header is sought, and by which a delimiter is judged
_FOOTER = re.compile(r"(?i)\b(total|rows?|records?|count|end of|printed|report)\b")

Row = Sequence[str | None]


@dataclass(frozen=True)
class Layout:
    """The table that reads a file, and what has to be said of how it is written."""

    table: Table
    remarks: tuple[str, ...] = ()


def layout(file: Path, limits: Limits) -> Layout:
    """Return how a file is written. Raise BadFile when it is of no kind that can be read."""
    plain = Table("rows", (file.name,), "csv", "full", {"given": "2026-01-01"}, "CRIME")
    raw = sources.head(file, 8)
    if raw.startswith(b"PAR1"):
        return Layout(replace(plain, format="parquet"))
    if raw.startswith(b"PK\x03\x04"):
        return _packed(file, plain, limits)
    (part,) = sources.parts(file, "csv", "*", limits)
    with part.open() as stream:
        start = stream.read(_START)
    kind = sources.looks_like(start)
    if kind is not None and kind != "XML":
        raise BadFile(f"{file.name} is {kind}: have it exported as CSV, JSON lines, XML, Parquet or Excel (.xlsx).")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return Layout(replace(plain, format="xml", rows_at=_rows_at(part)))
    if re.match(rb"\{|\[\s*(\{|\]|$)", text):
        return _json(text, part, plain)
    return _delimited(part, plain, start, limits)


def _packed(file: Path, plain: Table, limits: Limits) -> Layout:
    with sources.damage(file), zipfile.ZipFile(file) as archive:
        names = [entry.filename for entry in sources.members_of(archive)]
    if "xl/workbook.xml" in names:
        return _workbook(file, plain, limits)
    suffix = next((end for end in _TEXTS if any(name.lower().endswith(end) for name in names)), "")
    if not suffix:
        raise BadFile(f"{file.name} is a zip that holds no delimited text but {', '.join(names)[:200]}: unpack it.")
    alike = [name for name in names if name.lower().endswith(suffix)]
    table = replace(plain, format="zip-of-csv", member="*" if len(alike) == len(names) else f"*{suffix}")
    first = sources.parts(file, table.format, table.member, limits)[0]
    with first.open() as stream:
        start = stream.read(_START)
    return _delimited(first, table, start, limits)


def _workbook(file: Path, plain: Table, limits: Limits) -> Layout:
    """Return the sheet with most rows, its header and its footer."""
    sheets = {name: workbook.rows(file, replace(plain, sheet=name), limits) for name in workbook.sheets(file)}
    name = max(sheets, key=lambda title: sum(any(row) for row in sheets[title]))
    rows = sheets[name]
    header = _header_at(rows)
    table = replace(plain, format="xlsx", sheet=name)
    if not header:
        raise BadFile(f"{file.name} holds no rows to draft a feed from.")
    below = [row for row in rows[header:] if any(row)]
    dialect = Dialect(header_row=header, footer_rows=_footer_rows(below))
    found = _with_header(replace(table, dialect=dialect), rows[header - 1], below)
    others = [title for title in sheets if title != name and any(any(row) for row in sheets[title])]
    remark = f"Not read: what stands on the sheets {', '.join(others)}. If it is wanted, have each exported as a file."
    return replace(found, remarks=(*found.remarks, remark)) if others else found


def _json(text: bytes, part: sources.Part, plain: Table) -> Layout:
    table = replace(plain, format="jsonl")
    if not text.startswith(b"{") or not _is_over_several_lines(text):
        return Layout(table)
    path = _longest_list(_document(part))
    if not path:
        raise BadFile(
            f"{part.name} is one JSON object over several lines, and holds no list of objects: have it exported as JSON"
            " lines, one object a line, or as an array of objects."
        )
    remark = f"The rows lie under {path}, and what stands beside that list is not kept."
    return Layout(replace(table, rows_at=path), (remark,))


def _is_over_several_lines(text: bytes) -> bool:
    line = text.splitlines()[0]
    try:
        json.loads(line.decode("utf-8", "replace"))
    except ValueError:
        return len(line) < _START // 2
    return False


def _document(part: sources.Part) -> Any:
    with part.open() as stream:
        content = stream.read(_DOCUMENT + 1)
    if len(content) > _DOCUMENT:
        raise BadFile(f"{part.name} is one JSON object of more than {_DOCUMENT:,} bytes: say yourself where rows lie.")
    text = content.decode("utf-8-sig", "replace").strip()
    try:
        document, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{part.name} is no whole JSON or was cut off ({error}): have it sent again.") from error
    if end < len(text):
        raise BadFile(
            f"{part.name} goes on behind its first JSON object, which is over several lines: have it exported as JSON"
            " lines, one object a line, as an array of objects, or write the feed yourself and say rows_at."
        )
    return document


def _longest_list(value: Any, depth: int = 3) -> str:
    """Return the path of the list that holds most objects, by names that no dot parts; empty when there is none."""
    lists = dict(_lists_of_objects(value, "", depth))
    return max(lists, key=lambda path: lists[path], default="")


def _lists_of_objects(value: Any, path: str, depth: int) -> Iterator[tuple[str, int]]:
    if isinstance(value, list) and path and all(isinstance(each, dict) for each in value):
        yield from [(path, len(value))] if value else []
    if isinstance(value, dict) and depth:
        for name, inner in value.items():
            if not re.search(r"[./]", name):
                yield from _lists_of_objects(inner, f"{path}.{name}" if path else name, depth - 1)


def _rows_at(part: sources.Part) -> str:
    """Return the path of the element that is repeated most just below the root, or below one wrapper of it."""
    counts: Counter[str] = Counter()
    trail: list[str] = []
    try:
        with part.open() as stream:
            for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    trail.append(element.tag.rpartition("}")[2])
                    if 2 <= len(trail) <= 3:
                        counts["/".join(trail)] += 1
                    continue
                trail.pop()
                element.clear()
                if sum(counts.values()) > 20_000:
                    break
    except DefusedXmlException as error:
        raise BadFile(f"{part.name} is refused: it declares a document type, which can hide entities.") from error
    except ParseError as error:
        raise BadFile(f"{part.name} is not well-formed XML or was cut off ({error}): have it sent again.") from error
    shallow = {path: count for path, count in counts.items() if path.count("/") == 1}
    if any(count > 1 for count in shallow.values()):
        return max(shallow, key=lambda path: shallow[path])
    return max(counts, key=lambda path: counts[path]) if counts else ""


def _delimited(part: sources.Part, table: Table, start: bytes, limits: Limits) -> Layout:
    if not start.strip():
        raise BadFile(f"{part.name} holds no rows to draft a feed from.")
    encoding, last = _encoding(part, start, limits)
    whole = start if len(start) < _START else start[: start.rfind(b"\n") + 1 or None]
    text = whole.decode(encoding, "replace").removeprefix("\ufeff").replace("\x00", "")
    if sum(mark < " " and mark not in "\t\r\n\f" for mark in text[:4000]) * 20 > len(text[:4000]):
        raise BadFile(f"{part.name} is binary and no text: have it exported as CSV, JSON lines, XML, Parquet or Excel.")
    delimiter, escape = _marks(text)
    dialect = Dialect(encoding=encoding, delimiter=delimiter, escape=escape)
    rows = [row for row in _parsed(text, delimiter, escape) if row]
    header = _header_at(rows)
    if not header:
        raise BadFile(f"{part.name} holds no rows to draft a feed from.")
    tail = _parsed(last.decode(encoding, "replace"), delimiter, escape) if last else rows
    tail = [row for row in tail if row]
    below = rows[header:]
    whole_file = bool(last) or len(start) < _START  # else the sample ends anywhere, and tells nothing of a footer
    footers = _footer_rows([*below[:_LOOKED_AT], *tail[-5:]] if last else below) if whole_file else 0
    word = _FOOTER.search(delimiter.join(tail[-1])) if footers and tail else None
    pattern = rf"(?i)\b{word[0].lower()}\b" if word else ""
    dialect = replace(dialect, header_row=header, footer_rows=footers, footer=pattern)
    return _with_header(replace(table, dialect=dialect), rows[header - 1], below)


def _encoding(part: sources.Part, start: bytes, limits: Limits) -> tuple[str, bytes]:
    """Return the encoding, and the last block of a file that is longer than its start."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", b""
    for wide, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if len(zeros) > 1 and zeros.count(0) * 3 > len(zeros):
            return wide, b""
    last, several, good, bad = b"", False, 0, 0
    for block in sources.drained(part, limits):
        several = several or bool(last)
        last = block
        for line in () if block.isascii() else block.split(b"\n"):
            if not line.isascii():
                fits = decodes(line, "utf-8")
                good, bad = good + fits, bad + (not fits)
    encoding = "cp1252" if bad > good else "utf-8"  # a few bytes that are wrong are rows in quarantine
    return encoding, last[-_START:] if several or len(last) > _START else b""


def _parsed(text: str, delimiter: str, escape: str) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, escapechar=escape or None, doublequote=not escape
    )
    rows = []
    try:
        for row in reader:
            rows.append(row)
    except csv.Error:
        pass  # what was read so far tells enough
    return rows


def _marks(text: str) -> tuple[str, str]:
    """Return the delimiter and the escape under which most rows have one width."""
    inside = len(re.findall(rf'\\"(?![{_DELIMITERS}\r\n])', text))
    escapes = ["\\", ""] if inside else [""]
    scores = {
        (delimiter, escape): _evenness(_parsed(text, delimiter, escape)[:_LOOKED_AT])
        for delimiter in _DELIMITERS
        for escape in escapes
    }
    # A row that is torn apart is torn everywhere: where both read evenly, a quote escaped inside a field decides.
    return max(scores, key=lambda marks: (scores[marks][0], bool(marks[1]), scores[marks][1]))


def _evenness(rows: list[list[str]]) -> tuple[float, int]:
    widths = Counter(len(row) for row in rows if row)
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return 0.0, 0
    width = max(wide, key=lambda size: wide[size])
    return round(wide[width] / sum(widths.values()), 2), width


def _filled(row: Row) -> int:
    return sum(bool(cell and cell.strip()) for cell in row)


def _header_at(rows: Sequence[Row]) -> int:
    """Return the number of the header row, 0 when there is none: the first that is filled as the rows below it are."""
    most = max((_filled(row) for row in rows[:_TOP]), default=0)
    return next((at for at, row in enumerate(rows[:_TOP], 1) if _filled(row) * 2 > most), 0)


def _footer_rows(rows: Sequence[Row]) -> int:
    """Return how many of the last rows are no data: much emptier than the rows before them."""
    usual = sorted(_filled(row) for row in rows[:_LOOKED_AT])
    if len(usual) < 3 or usual[len(usual) // 2] < 3:
        return 0
    footers = 0
    for row in reversed(rows[-5:]):
        if _filled(row) > 2 or _filled(row) * 2 > usual[len(usual) // 2]:
            break
        footers += 1
    return footers if footers < 5 else 0


def _with_header(table: Table, header: Row, below: Sequence[Row]) -> Layout:
    """Say what is odd about a header; where it is a row of data already, name the columns by their places."""
    names = [(cell or "").strip() for cell in header]
    if _is_data(names, below):
        places = tuple(f"column_{place}" for place in range(1, len(names) + 1))
        dialect = replace(table.dialect, header_row=table.dialect.header_row - 1, columns=places)
        remark = "No header was seen: the columns are named by their places. Name them by what they hold."
        return Layout(replace(table, dialect=dialect), (remark,))
    remarks = []
    if len(set(names)) < len(names) or "" in names:
        remarks.append("Columns without a name are called column_1, ... by their places; the second 'date' is date_2.")
    return Layout(table, tuple(remarks))


def _is_data(names: list[str], below: Sequence[Row]) -> bool:
    if any(profiles.is_named(name) for name in names):
        return False
    if any(profiles.is_value(name) for name in names):
        return True
    return any(
        name and sum(place < len(row) and (row[place] or "").strip() == name for row in below) > 1
        for place, name in enumerate(names)
    ) and not any([(cell or "").strip() for cell in row] == names for row in below)
