"""JSON: one object a line, or one array of objects, which may lie within an object where rows_at says.

Nested objects become dotted columns, lists of objects repeated parts.
"""

import io
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from muniment.feeds import sources
from muniment.feeds.chunks import Chunk, Unread, is_undecoded, writable
from muniment.feeds.faults import BadFile, Fault
from muniment.feeds.feed import Table
from muniment.feeds.formats.nested import Item, chunk, shapes_of
from muniment.feeds.limits import Limits
from muniment.feeds.presence import Seen, wanted

_SPACES = re.compile(r"\s*")
_KEY = re.compile(r'"([^"]*)"\s*:')
_WRAPPER = re.compile(  # one object that begins with plain values, if any, and then with a list of objects
    r'\{(?P<before>(?:\s*"[^"]*"\s*:\s*(?:"[^"]*"|[\w.+-]+)\s*,)*)\s*"(?P<key>[^"]+)"\s*:\s*\[\s*\{'
)
_BOM = b"\xef\xbb\xbf"
_DECODER = json.JSONDecoder()
_BLOCK = 1 << 16  # characters
_EXACT = 2**53  # up to which a float holds every whole number
_LONGEST = 1 << 26  # characters of one element, before damage is the likelier explanation


def inspect(path: Path, table: Table, limits: Limits) -> Seen:
    """Read a file through and return what was seen of its rows. Raise BadFile when it is damaged or something else."""
    (part,) = sources.parts(path, table.format, table.member, limits)
    first = last = b""
    for block in sources.drained(part, limits):
        first = first or block[:4000].strip()
        last = block.rstrip() or last
    if not first:
        raise BadFile(f"{path.name} holds no rows: ask the source to export it again.")
    if kind := sources.looks_like(first):
        raise BadFile(f"{path.name} is {kind}, not JSON lines: correct the format of the table or the file.")
    start = first.removeprefix(_BOM)
    whole = start.startswith(b"[") or bool(table.rows_at)
    if not whole:
        _refuse_wrapped(start, table, path)
        if not start.startswith(b"{"):
            raise BadFile(f"{path.name} is not JSON lines: its first line is no JSON object.")
        _refuse_cut_off(last.rpartition(b"\n")[2], table, path)
    seen = Seen(wanted(table))
    lacks, empty = True, True
    for read, _ in _rows(path, table, limits):
        empty = False
        if lacks and not isinstance(read, Fault):
            seen.note(read)
            lacks = seen.lacks()
        if not (lacks or whole):  # an array is read to its end, to know that it has one
            break
    if empty and table.kind == "full":
        raise BadFile(f"{path.name} holds no rows: ask the source to export it again.")
    return seen


def _refuse_wrapped(start: bytes, table: Table, path: Path) -> None:
    """Refuse one object around all rows, none of whose own names the feed maps, and say where the rows lie."""
    match = _WRAPPER.match(start.decode(table.dialect.encoding, "replace"))
    names = {name.partition(".")[0] for each in wanted(table)[""] for name in each.columns}
    if match and not {match["key"], *_KEY.findall(match["before"])} & names:
        raise BadFile(f'{path.name}: its rows lie under "{match["key"]}"; say rows_at: {match["key"]} in the table.')


def _refuse_cut_off(line: bytes, table: Table, path: Path) -> None:
    """Refuse a file whose last line is no whole JSON: what came after it would seem withdrawn."""
    try:
        json.loads(line.removeprefix(_BOM).decode(table.dialect.encoding, "replace"))
    except (ValueError, RecursionError) as error:
        raise BadFile(
            f"{path.name} ends in the middle of a row: its last line is no complete JSON. It was cut off; have it sent"
            " again."
        ) from error


def chunks(path: Path, table: Table, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of a file; a line that is no JSON object is given as unread."""
    shapes = shapes_of(table)
    items: list[Item] = []
    unread: list[Unread] = []
    for number, (read, original) in enumerate(_rows(path, table, limits), 1):
        if isinstance(read, Fault):
            unread.append(Unread(number, read, writable(original)))
        else:
            items.append(Item(number, read, original))
        if len(items) + len(unread) >= limits.chunk_rows:
            yield chunk(items, unread, shapes)
            items, unread = [], []
    if items or unread:
        yield chunk(items, unread, shapes)


def _rows(path: Path, table: Table, limits: Limits) -> Iterator[tuple[dict[str, Any] | Fault, str]]:
    """Yield each row with its text."""
    (part,) = sources.parts(path, table.format, table.member, limits)
    encoding = "utf-8-sig" if table.dialect.encoding.lower() in ("utf-8", "utf8") else table.dialect.encoding
    with (
        part.open() as stream,
        io.TextIOWrapper(stream, encoding, "surrogateescape", newline="\n") as text,
    ):
        if table.rows_at:
            yield from _elements(_found(text, table, path), text, path)
            return
        start = next((line for line in text if line.strip()), "")
        if start.lstrip().startswith("["):
            yield from _elements(start, text, path)
            return
        for line in itertools.chain([start] if start else [], text):
            if line.strip():
                yield _object(line), line.rstrip("\r\n")


def _found(text: io.TextIOWrapper, table: Table, path: Path) -> str:
    """Return what was read from the list of rows on. Raise BadFile when there is none where rows_at says."""
    buffer = ""
    with suppress(LookupError):
        while len(buffer) < _LONGEST and (block := text.read(_BLOCK)):
            buffer += block
            try:
                at = _place(buffer, table.rows_at.strip("/").replace("/", ".").split("."))
            except ValueError:
                continue  # what was read so far ends too early
            if buffer.startswith("[", at):
                return buffer[at:]
            break
    raise BadFile(f"{path.name} holds no list under {table.rows_at}: correct rows_at, or ask for the export again.")


def _place(buffer: str, steps: list[str]) -> int:
    """Return where the value at a path begins. Raise KeyError when an object has no such name."""
    at = 0
    for step in steps:
        at = _past(buffer, at, "{")
        while (name := _DECODER.raw_decode(buffer, at))[0] != step:
            _, at = _DECODER.raw_decode(buffer, _past(buffer, name[1], ":"))
            at = _past(buffer, at, ",")
        at = _past(buffer, name[1], ":")
    return at


def _past(buffer: str, at: int, mark: str) -> int:
    """Return where something begins behind a mark and spaces. Raise KeyError where another mark stands."""
    at = _SPACES.match(buffer, at).end()  # type: ignore[union-attr]
    if at == len(buffer):
        raise ValueError
    if buffer[at] != mark:
        raise KeyError(mark)
    at = _SPACES.match(buffer, at + 1).end()  # type: ignore[union-attr]
    if at == len(buffer):
        raise ValueError
    return at


def _elements(start: str, text: io.TextIOWrapper, path: Path) -> Iterator[tuple[dict[str, Any] | Fault, str]]:
    """Yield the elements of an array, reading on only when one is not whole. Raise BadFile when it does not close."""
    buffer = start.lstrip()[1:]
    while True:
        buffer = buffer.lstrip(" \t\r\n,")
        if buffer.startswith("]"):
            return
        try:
            _, end = _DECODER.raw_decode(buffer)
        except ValueError:
            end = len(buffer)
        # What ends where the buffer does, such as 12 of 123, may go on beyond it.
        if end < len(buffer):
            yield _object(buffer[:end]), buffer[:end]
            buffer = buffer[end:]
            continue
        more = text.read(max(_BLOCK, len(buffer))) if len(buffer) < _LONGEST else ""
        if not more:
            raise BadFile(f"{path.name} is a JSON array that is damaged or cut off: have it sent again.")
        buffer += more


def _object(line: str) -> dict[str, Any] | Fault:
    if is_undecoded(line):
        return Fault("undecodable", "", "The line holds bytes that are not of the declared encoding.")
    try:
        read = json.loads(line, parse_int=str, parse_float=_number, parse_constant=str)
    except (ValueError, RecursionError) as error:
        return Fault("unreadable", "", f"The line is not JSON: {str(error)[:100]}.")
    if not isinstance(read, dict):
        return Fault("unreadable", "", "The line is JSON and no object.")
    return read


def _number(text: str) -> str:
    """Return a number with a point as it is written, and a whole one, such as 800000.0, without it."""
    value = float(text)
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else text


def plain(original: str) -> str:
    """Return the text of a row with its names in order and no spaces between; as it stands where it is no JSON."""
    try:
        read = json.loads(original, parse_int=str, parse_float=_number, parse_constant=str)
    except (ValueError, RecursionError):
        return original
    return json.dumps(read, sort_keys=True, separators=(",", ":"))
