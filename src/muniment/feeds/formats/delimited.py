"""Text with delimiters, in the dialect that the feed gives, a zip of such files included.

Rows are parsed by Python's csv module. A quote that opens and never closes would swallow all rows after it; a
row of several lines that does not come out right is therefore taken back, its first line is quarantined, and
reading goes on with the second.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from muniment.feeds import sources
from muniment.feeds.chunks import NUL_SYMBOL, Chunk, Unread, is_undecoded, named, text_array, writable
from muniment.feeds.faults import BadFile, Fault
from muniment.feeds.feed import Dialect, Table
from muniment.feeds.formats import encodings
from muniment.feeds.limits import Limits
from muniment.feeds.presence import missing, refusal

# The limit of the csv module is one for the whole process; ours is applied to the mapped field, with its reason.
csv.field_size_limit(2**31 - 1)

_FEW = 50  # rows

Parsed = tuple[list[str], str, bool]  # fields, the text they stood in, whether the row came to its end


@dataclass(frozen=True)
class _Block:
    """Rows in parallel lists; a tuple a row would keep the garbage collector busier than the parsing takes."""

    fields: list[list[str]]
    originals: list[str]
    open: frozenset[int] = frozenset()  # rows whose quotes do not close

    def __len__(self) -> int:
        return len(self.fields)


class _Lines:
    """Lines of a stream, with those of the current row at hand so that they can be given back."""

    def __init__(self, stream: Iterator[str], limit: int) -> None:
        self.taken: list[str] = []
        self.cut = False
        self._stream = stream
        self._limit = limit
        self._returned: deque[str] = deque()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= self._limit:
            self.cut = True
            raise StopIteration
        line = self._returned.popleft() if self._returned else next(self._stream, None)
        if line is None:
            self.cut = bool(self.taken)
            raise StopIteration
        if "\x00" in line:
            line = line.replace("\x00", NUL_SYMBOL)
        self.taken.append(line)
        return line

    def several(self, count: int) -> list[str]:
        """Take up to so many lines at once, outside any row."""
        lines = [self._returned.popleft() for _ in range(min(count, len(self._returned)))]
        lines += islice(self._stream, count - len(lines))
        return [line.replace("\x00", NUL_SYMBOL) if "\x00" in line else line for line in lines]

    def put_back(self, lines: list[str]) -> None:
        """Give back lines that were taken at once."""
        self._returned.extendleft(reversed(lines))

    def give_back(self) -> str:
        """Give back all lines of the current row but the first, which is returned."""
        first, *rest = self.taken
        self.put_back(rest)
        self.taken, self.cut = [], False
        return first


def inspect(path: Path, table: Table, limits: Limits) -> set[str]:
    """Read a file through and return its header. Raise BadFile on wrong encoding, header, footer, or damage."""
    columns: set[str] = set()
    is_whole = not table.dialect.footer
    for part in sources.parts(path, table.format, table.member, limits):
        last = encodings.last_line(part, table.dialect, limits)
        with part.open() as stream, _text(stream, table.dialect) as text:
            rows = _rows(_Lines(iter(text), limits.lines_per_row), table.dialect, None)
            header = _header(rows, table.dialect, part.name)
            if next(rows, None) is None and table.kind == "full":
                raise BadFile(
                    f"{part.name} has a header and no rows: a full export without rows would withdraw all that"
                    " is held; ask the source to export it again."
                )
        if part.member and (lacking := missing(table, set(header))):
            raise BadFile(refusal(part.name, table, lacking))
        columns = set(header) if not columns else columns & set(header)
        is_whole = is_whole and _is_row(last, table.dialect, len(header))
    if not is_whole:
        for _ in chunks(path, table, limits):  # it may be, by more than its last line
            pass
    return columns


def _is_row(line: bytes, dialect: Dialect, width: int) -> bool:
    """Whether the last line of a file came to its end, or is one row without a line end."""
    if line.rstrip(b"\x00").endswith((b"\n", b"\r")) or not line.strip(
        b"\x00"
    ):  # a line end of two bytes is cut in two
        return True
    text = line.decode(dialect.encoding, "replace")
    if dialect.quote and text.count(dialect.quote) % 2:
        return False
    try:
        return len(next(_reader(iter([text]), dialect), [])) == width
    except csv.Error:
        return False


def chunks(path: Path, table: Table, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of a file, numbered on through the members of a zip."""
    number = 0
    for part in sources.parts(path, table.format, table.member, limits):
        trails = _trails(part, table.dialect, limits)
        for block, header in _read(part, table.dialect, limits):
            chunk = _chunk(block, header, table.dialect, number, trails=trails)
            number += len(block)
            if number > limits.rows:
                raise BadFile(f"{path.name} has more than {limits.rows:,} rows: have it exported in parts.")
            if len(block) and not block.originals[-1].endswith(("\n", "\r")):
                _refuse_cut_off(chunk, number, part.name)
            yield chunk


def _read(part: sources.Part, dialect: Dialect, limits: Limits) -> Iterator[tuple[_Block, list[str]]]:
    """Yield the rows of one stream, without its footer, beside its header."""
    with part.open() as stream, _text(stream, dialect) as text:
        lines = _Lines(iter(text), limits.lines_per_row)
        header = _header(_rows(lines, dialect, None), dialect, part.name)
        blocks = _blocks(lines, dialect, len(header), limits.chunk_rows)
        if dialect.footer_rows:
            blocks = _without_footer(blocks, dialect, part.name)
        for block in blocks:
            yield block, header


def _trails(part: sources.Part, dialect: Dialect, limits: Limits) -> bool:
    """Whether all rows end in a delimiter that the header does not have.

    Where only some do, a delimiter within an earlier field is the likelier explanation: its values would shift.
    """
    for block, header in _read(part, dialect, replace(limits, chunk_rows=_FEW)):  # the first row mostly tells
        for place, fields in enumerate(block.fields):
            if place not in block.open and len(fields) >= len(header) and _surplus(fields, header) != "empty":
                return False
    return True


def _surplus(fields: list[str], header: list[str]) -> str:
    beyond = fields[len(header) :]
    return "filled" if any(beyond) else "empty" if beyond else "none"


def _blocks(lines: _Lines, dialect: Dialect, width: int, size: int) -> Iterator[_Block]:
    """Yield the rows in blocks, at the speed of the csv module as long as every row is one line."""
    while together := lines.several(size):
        block = _one_line_each(together, dialect)
        if block is None:
            lines.put_back(together)
            break
        yield block
    rows = _rows(lines, dialect, width)
    while found := list(islice(rows, size)):
        fields, originals, ended = (list(part) for part in zip(*found, strict=True))
        yield _Block(fields, originals, frozenset(at for at, whole in enumerate(ended) if not whole))


def _one_line_each(lines: list[str], dialect: Dialect) -> _Block | None:
    """Parse lines of which each is a row; None when a row runs over several, or may do so past the last."""
    if dialect.quote and lines[-1].count(dialect.quote) % 2:
        return None
    try:
        fields = list(_reader(iter(lines), dialect))
    except csv.Error:
        return None
    if len(fields) != len(lines):
        return None
    if [] in fields:
        lines = [line for line, row in zip(lines, fields, strict=True) if row]
        fields = [row for row in fields if row]
    return _Block(fields, lines)


def _text(stream: Any, dialect: Dialect) -> io.TextIOWrapper:
    encoding = dialect.encoding.lower().replace("_", "-")
    if encoding in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    wide = encoding.startswith(("utf-16", "utf-32"))
    return io.TextIOWrapper(stream, encoding, "replace" if wide else "surrogateescape", newline="")


def _reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape or None,
        doublequote=not dialect.escape,
        strict=True,  # a quote that stands loose inside a quoted field would end it, and what follows would shift
    )


def _rows(lines: _Lines, dialect: Dialect, width: int | None) -> Iterator[Parsed]:
    reader = _reader(lines, dialect)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield [], lines.give_back(), False
            reader = _reader(lines, dialect)
            continue
        taken = lines.taken
        if len(taken) > 1 or lines.cut:
            wrong = width is not None and len(fields) != width and not dialect.unquoted
            if lines.cut or wrong:
                yield [], lines.give_back(), False
                reader = _reader(lines, dialect)
                continue
        lines.taken = []
        if fields:
            yield fields, taken[0] if len(taken) == 1 else "".join(taken), True


def _header(rows: Iterator[Parsed], dialect: Dialect, name: str) -> list[str]:
    header: list[str] = list(dialect.columns)
    for _ in range(dialect.header_row):
        row = next(rows, None)
        if row is None:
            raise BadFile(f"{name} ends before its header row: ask the source to export it again.")
        header = [field.strip().removeprefix("\ufeff") for field in row[0]]
    return list(dialect.columns) or named(header)


def _without_footer(blocks: Iterator[_Block], dialect: Dialect, name: str) -> Iterator[_Block]:
    held = _Block([], [])
    count = 0
    for block in blocks:
        shift = len(held)
        fields, originals = held.fields + block.fields, held.originals + block.originals
        open_ = held.open | {at + shift for at in block.open}
        cut = max(0, len(fields) - dialect.footer_rows)
        held = _Block(fields[cut:], originals[cut:], frozenset(at - cut for at in open_ if at >= cut))
        if cut:
            count += cut
            yield _Block(fields[:cut], originals[:cut], frozenset(at for at in open_ if at < cut))
    if dialect.footer:
        _check_footer(held.originals[-1] if held.originals else "", dialect, name, count)


def _refuse_cut_off(chunk: Chunk, last: int, name: str) -> None:
    """Refuse a file whose last line has no end and is no row: what came after it would seem withdrawn."""
    if chunk.unread and max(each.row for each in chunk.unread) == last:
        raise BadFile(
            f"{name} ends in the middle of a row: it was cut off; have it sent again. If its last line is no row but a"
            " footer, say so in dialect.footer_rows."
        )


def _check_footer(last: str, dialect: Dialect, name: str, count: int) -> None:
    match = re.search(dialect.footer, last.rstrip("\r\n"))
    if match is None:
        raise BadFile(f"{name} does not end with its footer: it was cut off; have it sent again.")
    if match.groups() and match[1] is not None and int(match[1].replace(",", "")) != count:
        raise BadFile(f"{name} holds {count:,} rows and its footer says {match[1]}: have it sent again.")


def _chunk(block: _Block, header: list[str], dialect: Dialect, before: int, *, trails: bool) -> Chunk:
    kept = block.fields
    places: list[int] = list(range(len(block)))
    unread: list[Unread] = []
    if block.open or set(map(len, kept)) != {len(header)}:
        kept, places, unread = _fitting(block, header, dialect, before, trails=trails)
    try:
        columns = _columns(kept, header)
    except UnicodeEncodeError:
        decoded = [not is_undecoded("".join(fields)) for fields in kept]
        fault = Fault("undecodable", "", f"The row holds bytes that are not {dialect.encoding}.")
        for place, good in zip(places, decoded, strict=True):
            if not good:
                unread.append(Unread(before + place + 1, fault, _kept(block.originals[place])))
        kept = [fields for fields, good in zip(kept, decoded, strict=True) if good]
        places = [place for place, good in zip(places, decoded, strict=True) if good]
        columns = _columns(kept, header)
    return Chunk(
        rows=np.asarray(places, dtype=np.int32) + np.int32(before + 1),
        columns=columns,
        original=lambda position: _kept(block.originals[places[position]]),
        unread=tuple(unread),
    )


def _fitting(
    block: _Block, header: list[str], dialect: Dialect, before: int, *, trails: bool
) -> tuple[list[list[str]], list[int], list[Unread]]:
    """Return the rows that have as many fields as the header, or can be given them, and what is wrong with others."""
    kept: list[list[str]] = []
    places: list[int] = []
    unread: list[Unread] = []
    for place, (fields, original) in enumerate(zip(block.fields, block.originals, strict=True)):
        ended = place not in block.open
        fitting: list[str] | None = fields
        if len(fields) != len(header) or not ended:
            cut = fields[: len(header)] if trails and _surplus(fields, header) == "empty" else fields
            fitting = _mended(cut, header, dialect) if ended else None
        if fitting is None:
            unread.append(Unread(before + place + 1, _why(fields, len(header), ended=ended), _kept(original)))
        else:
            kept.append(fitting)
            places.append(place)
    return kept, places, unread


def _columns(kept: list[list[str]], header: list[str]) -> dict[str, Any]:
    values = zip(*kept, strict=True) if kept else iter([()] * len(header))
    return {name: text_array(column) for name, column in zip(header, values, strict=True)}


def _kept(original: str) -> str:
    return writable(original.rstrip("\r\n"))


def _why(fields: list[str], width: int, *, ended: bool) -> Fault:
    if not ended:
        return Fault("wrong_fields", "", "A quote opens in this line and does not close where the row should end.")
    return Fault("wrong_fields", "", f"The row has {len(fields)} fields and the header {width}.")


def _mended(fields: list[str], header: list[str], dialect: Dialect) -> list[str] | None:
    surplus = len(fields) - len(header)
    if surplus == 0:
        return fields
    if surplus > 0 and dialect.unquoted in header:
        start = header.index(dialect.unquoted)
        joined = dialect.delimiter.join(fields[start : start + surplus + 1])
        return [*fields[:start], joined, *fields[start + surplus + 1 :]]
    return None
