"""Nested rows, from JSON or XML, as flat columns and repeated parts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from muniment.feeds.chunks import NUL_SYMBOL, Child, Chunk, Unread, is_undecoded, text_array, writable
from muniment.feeds.faults import Fault
from muniment.feeds.feed import Table


@dataclass(frozen=True)
class Item:
    """One row: its number, its content as nested mappings and lists, and its text."""

    row: int
    content: dict[str, Any]
    original: str


def each_paths(table: Table) -> frozenset[str]:
    """Return the dotted paths of the parts that a table repeats within a row."""
    return frozenset(person.each for person in table.persons if person.each)


def chunk(items: list[Item], unread: list[Unread], each: frozenset[str]) -> Chunk:
    """Return rows as columns; a path in `each` becomes a child with a line for every repetition."""
    flat: list[dict[str, str | None]] = []
    kept: list[Item] = []
    unread = list(unread)
    parts: dict[str, list[tuple[int, dict[str, str | None]]]] = {path: [] for path in sorted(each)}
    for item in items:
        row: dict[str, str | None] = {}
        found: list[tuple[str, Any]] = []
        _flatten(item.content, "", row, found, each)
        lines = [(path, dict(_pairs(entry))) for path, entry in found]
        if any(
            is_undecoded(value) for cells in (row, *(cells for _, cells in lines)) for value in cells.values() if value
        ):
            fault = Fault("undecodable", "", "A value holds half of a character pair.")
            unread.append(Unread(item.row, fault, writable(item.original)))
            continue
        for path, cells in lines:
            parts[path].append((len(kept), cells))
        kept.append(item)
        flat.append(row)
    return Chunk(
        rows=np.asarray([item.row for item in kept], dtype=np.int32),
        columns=_columns(flat),
        original=lambda position: writable(kept[position].original),
        children={
            path: Child(np.asarray([at for at, _ in lines], dtype=np.int64), _columns([cells for _, cells in lines]))
            for path, lines in parts.items()
        },
        unread=tuple(unread),
    )


def _columns(rows: list[dict[str, str | None]]) -> dict[str, pa.Array]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: text_array([row.get(name) for row in rows]) for name in names}


def _flatten(
    value: dict[str, Any], prefix: str, row: dict[str, str | None], found: list[tuple[str, Any]], each: frozenset[str]
) -> None:
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if path in each:
            found += [(path, entry) for entry in (inner if isinstance(inner, list) else [inner]) if entry is not None]
        elif isinstance(inner, dict):
            _flatten(inner, f"{path}.", row, found, each)
        else:
            row[path] = _text(inner)


def _pairs(entry: Any) -> Iterator[tuple[str, str | None]]:
    if not isinstance(entry, dict):
        yield "", _text(entry)
        return
    row: dict[str, str | None] = {}
    _flatten(entry, "", row, [], frozenset())
    yield from row.items()


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.replace("\x00", NUL_SYMBOL) if "\x00" in value else value
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", NUL_SYMBOL)
