"""Nested rows, from JSON or XML, as flat columns and repeated parts."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from muniment.feeds.chunks import NUL_SYMBOL, Child, Chunk, Unread, is_undecoded, text_array, writable
from muniment.feeds.faults import Fault
from muniment.feeds.feed import Table
from muniment.feeds.presence import TEXT, Wanted, placed, wanted


@dataclass(frozen=True)
class Item:
    """One row: its number, its content as nested mappings and lists, and its text."""

    row: int
    content: dict[str, Any]
    original: str


@dataclass(frozen=True)
class Shape:
    """What a table takes from one part of a row: names of single values, of several, and of those read as lists."""

    singles: frozenset[str] = frozenset()
    several: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    each: frozenset[str] = frozenset()

    @cached_property
    def mapped(self) -> frozenset[str]:
        """All names that the table maps."""
        return self.singles | self.several

    @cached_property
    def texts(self) -> frozenset[str]:
        """The names of elements whose text alone is mapped."""
        return frozenset(name.removesuffix(TEXT) for name in self.mapped if name.endswith(TEXT))

    @cached_property
    def special(self) -> frozenset[str]:
        """The names whose plain value is not taken as it is."""
        return self.listed | self.texts

    @cached_property
    def above(self) -> frozenset[str]:
        """The names that hold what is mapped."""
        steps = [name.split(".") for name in self.mapped | self.each]
        return frozenset(".".join(path[:depth]) for path in steps for depth in range(1, len(path)))


def shapes_of(table: Table) -> dict[str, Shape]:
    """Return the shape of the rows of a table, under an empty name, and of each part that it repeats within a row."""
    parts = wanted(table)
    return {part: _shape(specs, frozenset(parts) - {""} if not part else frozenset()) for part, specs in parts.items()}


def _shape(specs: list[Wanted], each: frozenset[str]) -> Shape:
    several = frozenset(name for spec in specs if spec.several for name in spec.columns)
    return Shape(
        singles=frozenset(name for spec in specs for name in spec.columns) - several,
        several=several,
        listed=frozenset(name for spec in specs if spec.listed for name in spec.columns),
        each=each,
    )


def chunk(items: list[Item], unread: list[Unread], shapes: dict[str, Shape]) -> Chunk:
    """Return rows as columns; a part that is repeated becomes a child with a line for every repetition."""
    flat: list[dict[str, str | None]] = []
    kept: list[Item] = []
    faults: dict[int, list[Fault]] = {}
    unread = list(unread)
    parts: dict[str, list[tuple[int, dict[str, str | None]]]] = {path: [] for path in sorted(shapes) if path}
    for item in items:
        row = _Cells("", shapes[""])
        row.take(item.content, "")
        lines = [_line(path, entry, shapes[path]) for path, entry in row.found]
        if any(is_undecoded(value) for each in (row, *lines) for value in each.cells.values() if value):
            fault = Fault("undecodable", "", "A value holds half of a character pair.")
            unread.append(Unread(item.row, fault, writable(item.original)))
            continue
        for line in lines:
            parts[line.part].append((len(kept), line.cells))
        if found := [fault for each in (row, *lines) for fault in each.faults]:
            faults[len(kept)] = list(dict.fromkeys(found))
        kept.append(item)
        flat.append(row.cells)
    return Chunk(
        rows=np.asarray([item.row for item in kept], dtype=np.int32),
        columns=_columns(flat),
        original=lambda position: writable(kept[position].original),
        children={
            path: Child(np.asarray([at for at, _ in lines], dtype=np.int64), _columns([cells for _, cells in lines]))
            for path, lines in parts.items()
        },
        unread=tuple(unread),
        faults=faults,
    )


def _columns(rows: list[dict[str, str | None]]) -> dict[str, pa.Array]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: text_array([row.get(name) for row in rows]) for name in names}


class _Cells:
    """One row, or one entry of a repeated part, as flat cells, with what is wrong with it."""

    __slots__ = ("cells", "faults", "found", "part", "shape")

    def __init__(self, part: str, shape: Shape) -> None:
        self.part, self.shape = part, shape
        self.cells: dict[str, str | None] = {}
        self.found: list[tuple[str, Any]] = []  # the entries of repeated parts
        self.faults: list[Fault] = []

    def take(self, value: dict[str, Any], prefix: str) -> None:
        """Take what a mapping holds."""
        special, each = self.shape.special, self.shape.each
        for key, inner in value.items():
            path = f"{prefix}{key}"
            if path in each:
                entries = inner if isinstance(inner, list) else [inner]
                self.found += [(path, entry) for entry in entries if entry is not None]
            elif isinstance(inner, dict):
                self._nest(path, inner)
            elif isinstance(inner, list):
                self._list(path, inner)
            elif path in special:
                self._special(path, inner)
            else:
                self.cells[path] = _text(inner)

    def _special(self, path: str, value: Any) -> None:
        text = _text(value)
        self.cells[path] = _as_list(text) if path in self.shape.listed else text
        if path in self.shape.texts:
            self.cells[f"{path}{TEXT}"] = text

    def _nest(self, path: str, inner: dict[str, Any]) -> None:
        if path in self.shape.mapped:
            self.cells[path] = self._own(path, inner)
        self.take(inner, f"{path}.")

    def _own(self, path: str, inner: dict[str, Any]) -> str | None:
        """Return what a mapped name that holds names itself is: its text, or where several values may be, JSON."""
        listed = path in self.shape.listed
        if (text := inner.get("#text")) is not None:
            return _as_list(_text(text)) if listed else _text(text)
        if path in self.shape.several:
            return _text([inner] if listed else inner)
        names = [name for name, held in inner.items() if not name.startswith("@") and held not in (None, "", [], {})]
        if names:
            self._fault(path, f"holds fields of its own: map one of them, such as {path}.{names[0]}")
        return None

    def _list(self, path: str, inner: list[Any]) -> None:
        entries = [entry for entry in inner if entry is not None]
        is_single = path in self.shape.singles
        if len(entries) == 1 and path not in self.shape.several and (is_single or path in self.shape.above):
            self.take({"": entries[0]}, path)
            return
        if is_single:
            self.cells[path] = None
            if entries:
                self._fault(path, "holds several values")
        elif path in self.shape.listed:
            self.cells[path] = _text([_said(entry) for entry in entries])
        else:
            self.cells[path] = _text(inner)
        if path in self.shape.above:
            self._below(path, [entry for entry in entries if isinstance(entry, dict)])

    def _below(self, path: str, entries: list[dict[str, Any]]) -> None:
        """Take what is mapped below a list: of one entry as it is, of more as lists, where several values may be."""
        inner = []
        for entry in entries:
            inner.append(_Cells(self.part, self.shape))
            inner[-1].take(entry, f"{path}.")
            self.found += inner[-1].found
        for name in self.shape.mapped:
            values = [each.cells[name] for each in inner if each.cells.get(name) is not None]
            if not name.startswith(f"{path}.") or not values:
                continue
            if len(values) == 1:
                self.cells[name] = values[0]
            elif name in self.shape.several:
                self.cells[name] = _text(values)
            elif path not in self.shape.mapped:
                self._fault(path, f"holds several values of {name.removeprefix(f'{path}.')}")

    def _fault(self, path: str, what: str) -> None:
        name = placed(self.part, path)
        self.faults.append(Fault("several_values", name, f"{name} {what}."))


def _line(part: str, entry: Any, shape: Shape) -> _Cells:
    line = _Cells(part, shape)
    if isinstance(entry, dict):
        line.take(entry, "")
    else:
        line.cells[""] = _text(entry)
    return line


def _said(entry: Any) -> Any:
    """Return the text of an entry that has attributes, and any other as it is."""
    return entry["#text"] if isinstance(entry, dict) and entry.get("#text") is not None else entry


def _as_list(text: str | None) -> str | None:
    """Return one value as a list of it, and what is a list already as it is."""
    return text if not text or not text.strip() or text.lstrip().startswith("[") else _text([text])


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.replace("\x00", NUL_SYMBOL) if "\x00" in value else value
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", NUL_SYMBOL)
