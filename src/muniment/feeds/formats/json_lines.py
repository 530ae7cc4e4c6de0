"""JSON: one object a line, or one array of objects, which may lie within an object where rows_at says.

A source that sends its rows page by page writes several such arrays, or objects around them, one behind the other.
Nested objects become dotted columns, lists of objects repeated parts.
"""

import io
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muniment.feeds import sources
from muniment.feeds.chunks import Chunk, Unread, is_undecoded, whole, writable
from muniment.feeds.faults import BadFile, Fault
from muniment.feeds.feed import Table
from muniment.feeds.formats import encodings
from muniment.feeds.formats.nested import Item, chunk, shapes_of
from muniment.feeds.limits import Limits
from muniment.feeds.presence import Seen, wanted

_SPACE = " \t\r\n"
_SPACES = re.compile(r"\s*")
_KEY = re.compile(r'"([^"]*)"\s*:')
_WRAPPER = re.compile(  # one object that begins with plain values, if any, and then with a list of objects
    r'\{(?P<before>(?:\s*"[^"]*"\s*:\s*(?:"[^"]*"|[\w.+-]+)\s*,)*)\s*"(?P<key>[^"]+)"\s*:\s*\[\s*\{'
)
_DECODER = json.JSONDecoder()
_BLOCK = 1 << 16  # characters
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
    encoding = encodings.named_by(first, table.dialect, path.name)
    start = first.decode(encoding, "replace").removeprefix("\ufeff").lstrip()
    wide = encodings.is_wide(encoding)
    whole = start.startswith("[") or bool(table.rows_at)
    if not whole:
        _refuse_wrapped(start, table, path)
        if not start.startswith("{"):
            raise BadFile(f"{path.name} is not JSON lines: its first line is no JSON object.")
        if not wide:
            _refuse_cut_off(last.rpartition(b"\n")[2].decode(encoding, "replace"), table, path)
    seen = Seen(wanted(table))
    lacks, empty, row = True, True, ""
    for read, original in _rows(path, table, limits):
        empty, row = False, original
        if lacks and not isinstance(read, Fault):
            seen.note(read)
            lacks = seen.lacks()
        if not (lacks or whole or wide):  # an array is read to its end, to know that it has one
            break
    if wide and not (whole or empty):
        _refuse_cut_off(row, table, path)
    if empty and table.kind == "full":
        raise BadFile(f"{path.name} holds no rows: ask the source to export it again.")
    return seen


def _refuse_wrapped(start: str, table: Table, path: Path) -> None:
    """Refuse one object around all rows, none of whose own names the feed maps, and say where the rows lie."""
    match = _WRAPPER.match(start)
    names = {name.partition(".")[0] for each in wanted(table)[""] for name in each.columns}
    if match and not {match["key"], *_KEY.findall(match["before"])} & names:
        raise BadFile(f'{path.name}: its rows lie under "{match["key"]}"; say rows_at: {match["key"]} in the table.')


def _refuse_cut_off(line: str, table: Table, path: Path) -> None:
    """Refuse a file whose last line is no whole JSON: what came after it would seem withdrawn."""
    try:
        json.loads(line.removeprefix("\ufeff"))
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
            yield from _within(_Reading(text, path), table)
            return
        start = next((line for line in text if line.strip()), "")
        if start.lstrip().startswith("["):
            yield from _pages(_Reading(text, path, start))
            return
        for line in itertools.chain([start] if start else [], text):
            if line.strip():
                yield _object(line), line.rstrip("\r\n")


class _Reading:
    """The text of a file from where it is read, which is read on as it is needed."""

    def __init__(self, text: io.TextIOWrapper, path: Path, start: str = "") -> None:
        self._text, self.path, self.buffer = text, path, start

    def goes_on(self) -> bool:
        """Read more; say whether there was any, and whether what is not yet read as JSON stays within bounds."""
        more = self._text.read(max(_BLOCK, len(self.buffer))) if len(self.buffer) < _LONGEST else ""
        self.buffer += more
        return bool(more)

    def mark(self, passed: str = _SPACE) -> str:
        """Return the next character behind spaces, an empty one at the end of the file."""
        while True:
            self.buffer = self.buffer.lstrip(passed)
            if self.buffer or not self.goes_on():
                return self.buffer[:1]

    def skip(self, mark: str) -> None:
        """Go on behind a mark, which has to come next. Raise BadFile when something else does."""
        if self.mark() != mark:
            raise self.damaged()
        self.buffer = self.buffer[1:]

    def value(self) -> str:
        """Return the text of the value that comes next. Raise BadFile when it is none, or not whole."""
        while True:
            try:
                _, end = _DECODER.raw_decode(self.buffer)
            except (ValueError, RecursionError):
                end = len(self.buffer)
            # What ends where the buffer does, such as 12 of 123, may go on beyond it.
            if end < len(self.buffer):
                read, self.buffer = self.buffer[:end], self.buffer[end:]
                return read
            if not self.goes_on():
                raise self.damaged()

    def damaged(self) -> BadFile:
        """Return the refusal of a file whose JSON is not whole."""
        return BadFile(f"{self.path.name} is JSON that is damaged or cut off: have it sent again.")


def _within(reading: _Reading, table: Table) -> Iterator[tuple[dict[str, Any] | Fault, str]]:
    """Yield the rows of every object around a list of them. Raise BadFile when something else follows."""
    steps = table.rows_at.strip("/").replace("/", ".").split(".")
    following = "{"
    while following:
        if following != "{":
            raise BadFile(
                f"{reading.path.name} goes on behind its first object with what is no object: have it exported as one"
                f" object with the rows under {table.rows_at}, or as several such objects and nothing between them."
            )
        _find(reading, steps, table)
        yield from _elements(reading)
        _leave(reading, steps, table)
        following = reading.mark()


def _pages(reading: _Reading) -> Iterator[tuple[dict[str, Any] | Fault, str]]:
    """Yield the elements of every array. Raise BadFile when something else follows."""
    yield from _elements(reading)
    while following := reading.mark():
        if following != "[":
            raise BadFile(
                f"{reading.path.name} goes on behind its first array with what is no array: have it exported as one"
                " array, or as several arrays and nothing between them."
            )
        yield from _elements(reading)


def _find(reading: _Reading, steps: list[str], table: Table) -> None:
    """Go on to the list of rows. Raise BadFile when there is none where rows_at says."""
    while True:
        try:
            at = _place(reading.buffer, steps)
        except LookupError:
            break
        except ValueError:  # what was read so far ends too early
            if reading.goes_on():
                continue
            break
        if not reading.buffer.startswith("[", at):
            break
        reading.buffer = reading.buffer[at:]
        return
    raise BadFile(
        f"{reading.path.name} holds no list under {table.rows_at}: correct rows_at, or ask for the export again."
    )


def _leave(reading: _Reading, steps: list[str], table: Table) -> None:
    """Go on behind the object around a list of rows. Raise BadFile when it holds such a list again, or is not whole."""
    for step in reversed(steps):
        while reading.mark() == ",":
            reading.skip(",")
            reading.mark()
            name = reading.value()
            reading.skip(":")
            _pass(reading)
            if json.loads(name) == step:
                raise BadFile(
                    f"{reading.path.name} holds two values under {step} in one object: have it exported with one list"
                    f" under {table.rows_at}."
                )
        reading.skip("}")


def _pass(reading: _Reading) -> None:
    """Go on behind a value; of a list, which may be long, element by element."""
    if reading.mark() != "[":
        reading.value()
        return
    for _ in _elements(reading):
        pass


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


def _elements(reading: _Reading) -> Iterator[tuple[dict[str, Any] | Fault, str]]:
    """Yield the elements of the array that comes next. Raise BadFile when it does not close."""
    reading.skip("[")
    while reading.mark(f"{_SPACE},") != "]":
        read = reading.value()
        yield _object(read), read
    reading.skip("]")


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
    number = whole(float(text))
    return text if number is None else str(number)


def plain(original: str) -> str:
    """Return the text of a row with its names in order and no spaces between; as it stands where it is no JSON."""
    try:
        read = json.loads(original, parse_int=str, parse_float=_number, parse_constant=str)
    except (ValueError, RecursionError):
        return original
    return json.dumps(read, sort_keys=True, separators=(",", ":"))
