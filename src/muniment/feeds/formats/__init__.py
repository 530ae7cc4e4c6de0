"""Readers of the formats: each gives chunks of text columns, and says what is wrong with a file as a whole."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from muniment.feeds.chunks import Chunk
from muniment.feeds.faults import BadFile
from muniment.feeds.feed import Table
from muniment.feeds.formats import delimited, json_lines, markup, parquet, workbook
from muniment.feeds.limits import Limits
from muniment.feeds.presence import Seen

_READERS: dict[str, ModuleType] = {
    "csv": delimited,
    "zip-of-csv": delimited,
    "jsonl": json_lines,
    "xml": markup,
    "parquet": parquet,
    "xlsx": workbook,
}


def chunks(path: Path, table: Table, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of a file. Raise BadFile when it is damaged."""
    yield from _READERS[table.format].chunks(path, table, limits)


def inspect(path: Path, table: Table, limits: Limits) -> set[str] | Seen:
    """Go through a file as a whole and return its columns, or, where rows may differ, what was seen; raise BadFile."""
    if not path.is_file():
        raise BadFile(f"There is no file {path}.")
    columns: set[str] | Seen = _READERS[table.format].inspect(path, table, limits)
    return columns


def plain(original: str, table: Table) -> str:
    """Return the text of a row so that it is the same however it was written: in what order, with what spaces."""
    if table.format == "jsonl":
        return json_lines.plain(original)
    return markup.plain(original) if table.format == "xml" else original
