"""Parquet, by Arrow; every column is read as text, whole numbers as such whatever type they have."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from muniment.feeds import sources
from muniment.feeds.chunks import EXACT, NUL_SYMBOL, Child, Chunk, text_array, whole
from muniment.feeds.faults import BadFile
from muniment.feeds.feed import Table
from muniment.feeds.limits import Limits
from muniment.feeds.presence import wanted


def inspect(path: Path, table: Table, limits: Limits) -> set[str]:
    """Open a file and return its columns. Raise BadFile when it is damaged, empty or something else."""
    source = _open(path, table, limits)
    if source.metadata.num_rows == 0 and table.kind == "full":
        raise BadFile(f"{path.name} holds no rows: a full export without rows would withdraw all that is held.")
    if source.metadata.num_rows > limits.rows:
        raise BadFile(f"{path.name} has more than {limits.rows:,} rows: have it exported in parts.")
    with _damage(path):
        for group in range(source.num_row_groups):
            source.read_row_group(group)
    each = frozenset(wanted(table)) - {""}
    parts = [field for field in source.schema_arrow if field.name in each and pa.types.is_list(field.type)]
    inner = {f"{part.name}.{field.name}" for part in parts for field in part.type.value_type}
    return set(source.schema_arrow.names) | inner


def chunks(path: Path, table: Table, limits: Limits) -> Iterator[Chunk]:
    """Yield the rows of a file."""
    each = frozenset(wanted(table)) - {""}
    source = _open(path, table, limits)
    before = 0
    with _damage(path):
        for batch in source.iter_batches(batch_size=limits.chunk_rows):
            yield _chunk(batch, each, before)
            before += batch.num_rows


class _damage:  # noqa: N801 - used as a with statement
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (pa.ArrowException, OSError)):
            raise BadFile(
                f"{self._path.name} is damaged or cut off ({str(error)[:80]}): have it sent again."
            ) from error


def _open(path: Path, table: Table, limits: Limits) -> pq.ParquetFile:
    sources.parts(path, table.format, table.member, limits)
    if sources.head(path, 4) != b"PAR1":
        raise BadFile(f"{path.name} is not Parquet: correct the format of the table or the file.")
    with _damage(path):
        return pq.ParquetFile(path)


def _chunk(batch: pa.RecordBatch, each: frozenset[str], before: int) -> Chunk:
    children = {}
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name in each:
            children[name] = _child(column)
        else:
            columns[name] = _text(column)
    rows = np.arange(before + 1, before + 1 + batch.num_rows, dtype=np.int32)
    return Chunk(rows, columns, lambda at: _written(batch, at), children)


def _child(column: pa.Array) -> Child:
    entries = pc.list_flatten(column)
    parent = pc.list_parent_indices(column).to_numpy(zero_copy_only=False).astype(np.int64)
    fields = {field.name: _text(pc.struct_field(entries, field.name)) for field in entries.type}
    return Child(parent, fields)


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return text_array([None if value is None else _plain(value) for value in column.to_pylist()])
    if pa.types.is_floating(column.type):
        return _floats(column)
    if pa.types.is_decimal(column.type):
        return text_array([None if value is None else _decimal(value) for value in column.to_pylist()])
    return pc.replace_substring(column.cast(pa.string()), "\x00", NUL_SYMBOL)


def _floats(column: pa.Array) -> pa.Array:
    """Return whole numbers without a point, others at their shortest; what is no number is null."""
    values = column.to_numpy(zero_copy_only=False)  # in which null is no number either
    wide = values.astype(np.float64)
    whole = (np.abs(wide) < EXACT) & (wide == np.trunc(wide))
    told = pa.array(np.where(whole, wide, 0).astype(np.int64)).cast(pa.string())
    broken = ~whole & ~np.isnan(wide)
    others = np.full(len(values), None, dtype=object)
    others[broken] = [str(value) for value in values[broken]]
    return pc.if_else(pa.array(whole), told, pa.array(others, pa.string()))


def _decimal(value: Decimal) -> str:
    return str(int(value)) if value == value.to_integral_value() else f"{value:f}"


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace").replace("\x00", NUL_SYMBOL)
    return json.dumps(_said(value), ensure_ascii=False, default=str).replace("\\u0000", NUL_SYMBOL)


def _said(value: Any) -> Any:
    """Return a value, or what a list or an object holds, with its numbers as a column of them has them."""
    if isinstance(value, dict):
        return {name: _said(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_said(inner) for inner in value]
    if isinstance(value, float):
        number = whole(value)
        return None if np.isnan(value) else value if number is None else number
    if isinstance(value, Decimal):
        return _decimal(value)
    return _plain(value) if isinstance(value, bytes) else value


def _written(batch: pa.RecordBatch, at: int) -> str:
    return _plain(batch.slice(at, 1).to_pylist()[0])
