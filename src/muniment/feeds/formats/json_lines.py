"""JSON lines: one object a line. Nested objects become dotted columns, lists of objects repeated parts."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muniment.feeds import sources
from muniment.feeds.chunks import Chunk, Unread, is_undecoded, writable
from muniment.feeds.faults import BadFile, Fault
from muniment.feeds.feed import Table
from muniment.feeds.formats.nested import Item, chunk, each_paths
from muniment.feeds.limits import Limits


def inspect(path: Path, table: Table, limits: Limits) -> None:
    """Read a file through. Raise BadFile when it is damaged, empty or something else."""
    (part,) = sources.parts(path, table.format, table.member, limits)
    first = b""
    for block in sources.drained(part, limits):
        first = first or block[:4000].strip()
    if not first:
        raise BadFile(f"{path.name} holds no rows: ask the source to export it again.")
    if kind := sources.looks_like(first):
        raise BadFile(f"{path.name} is {kind}, not JSON lines: correct the format of the table or the file.")
    start = first.removeprefix(b"\xef\xbb\xbf")
    if start.startswith(b"["):
        raise BadFile(f"{path.name} is one JSON array: have it exported as JSON lines, one object a line.")
    if not start.startswith(b"{"):
        raise BadFile(f"{path.name} is not JSON lines: its first line is no JSON object.")


def chunks(path: Path, table: Table, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of a file; a line that is no JSON object is given as unread."""
    (part,) = sources.parts(path, table.format, table.member, limits)
    each = each_paths(table)
    encoding = "utf-8-sig" if table.dialect.encoding.lower() in ("utf-8", "utf8") else table.dialect.encoding
    items: list[Item] = []
    unread: list[Unread] = []
    number = 0
    with (
        part.open() as stream,
        io.TextIOWrapper(stream, encoding, "surrogateescape", newline="\n") as text,
    ):
        for line in text:
            if not line.strip():
                continue
            number += 1
            read = _object(line)
            if isinstance(read, Fault):
                unread.append(Unread(number, read, writable(line.rstrip("\r\n"))))
            else:
                items.append(Item(number, read, line.rstrip("\r\n")))
            if len(items) + len(unread) >= limits.chunk_rows:
                yield chunk(items, unread, each)
                items, unread = [], []
    if items or unread:
        yield chunk(items, unread, each)


def _object(line: str) -> dict[str, Any] | Fault:
    if is_undecoded(line):
        return Fault("undecodable", "", "The line holds bytes that are not of the declared encoding.")
    try:
        read = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        return Fault("unreadable", "", f"The line is not JSON: {str(error)[:100]}.")
    if not isinstance(read, dict):
        return Fault("unreadable", "", "The line is JSON and no object.")
    return read
