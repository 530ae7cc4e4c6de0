"""What every format reader gives: columns of text for the rows that could be read, and the rows that could not."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from muniment.feeds.faults import Fault

Positions = npt.NDArray[np.int64]
_SURROGATES = re.compile("[\ud800-\udfff]")
# PostgreSQL text cannot hold NUL; its visible symbol keeps it from being lost.
NUL_SYMBOL = "\u2400"
EXACT = 2**53  # up to which a float holds every whole number


@dataclass(frozen=True)
class Child:
    """A repeated part of rows, such as the persons of a crime: one line for each, with its row's position."""

    parent: Positions
    columns: Mapping[str, pa.Array]


@dataclass(frozen=True)
class Unread:
    """A row that could not be taken apart into fields."""

    row: int
    fault: Fault
    original: str


@dataclass(frozen=True)
class Chunk:
    """Some thousand rows of a file. Columns are Arrow strings, one value a row; `rows` are one-based."""

    rows: npt.NDArray[np.int32]
    columns: Mapping[str, pa.Array]
    original: Callable[[int], str]  # the text of the row at a position
    children: Mapping[str, Child] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()
    faults: Mapping[int, Sequence[Fault]] = field(default_factory=dict)  # of rows whose other values could be read

    def __len__(self) -> int:
        """Return the number of rows that could be read."""
        return len(self.rows)


def named(header: Sequence[str]) -> list[str]:
    """Return names for all columns, each its own, so that none hides another.

    A column without a name is called column_3 by its place; the second of two columns `date` is called date_2.
    """
    taken = set(header)
    names: dict[str, None] = {}
    for place, name in enumerate(header, 1):
        own, number = name or f"column_{place}", 1
        while own in names or (not name and own in taken) or (number > 1 and own in taken):
            number += 1
            own = f"{name or f'column_{place}'}_{number}"
        names[own] = None
    return list(names)


def whole(value: float) -> int | None:
    """Return the whole number that a float is, None where it is none or stands for several."""
    return int(value) if value.is_integer() and abs(value) < EXACT else None


def text_array(values: Iterable[Any]) -> pa.Array:
    """Return an Arrow string array; raise UnicodeEncodeError when a value holds undecoded bytes."""
    return pa.array(values, type=pa.string(), from_pandas=False)


def decodes(line: bytes, encoding: str) -> bool:
    """Whether bytes are text of an encoding."""
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def is_undecoded(text: str) -> bool:
    """Whether bytes that did not decode are left in the text."""
    return _SURROGATES.search(text) is not None


def writable(text: str) -> str:
    """Return the text with undecoded bytes written as escapes and NUL as its symbol, so that it can be kept."""
    if not is_undecoded(text):
        return text.replace("\x00", NUL_SYMBOL)
    return text.encode("utf-8", "surrogateescape_or_replace").decode("utf-8", "backslashreplace")


def _escape(error: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    out = b""
    for character in error.object[error.start : error.end]:
        number = ord(character)
        out += bytes([number - 0xDC00]) if 0xDC80 <= number <= 0xDCFF else b"\\u%04x" % number
    return out, error.end


def _register() -> None:
    import codecs

    codecs.register_error("surrogateescape_or_replace", _escape)


_register()
