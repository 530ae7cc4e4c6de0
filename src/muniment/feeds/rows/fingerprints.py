"""The hash of what a row says in canonical form: equal when nothing that is mapped has changed."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds.rows.identity import digests

_FIELD, _LINE, _NULL = "\x1f", "\x1e", "\x00"


def of_rows(tables: Mapping[str, pa.Table], length: int) -> list[str]:
    """Return the SHA-256 of all canonical lines of each row, whose positions are 0 to length - 1."""
    rows = []
    lines = []
    for name in sorted(tables):
        table = tables[name]
        if table.num_rows:
            rows.append(table["row"].to_numpy())
            lines.append(_lines(name, table))
    if not lines:
        return digests(pa.repeat("", length))
    positions = np.concatenate(rows)
    order = np.argsort(positions, kind="stable")
    texts = pa.concat_arrays(lines).take(pa.array(order))
    offsets = np.searchsorted(positions[order], np.arange(length + 1)).astype(np.int32)
    return digests(pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), texts), _LINE))


def _lines(name: str, table: pa.Table) -> pa.Array:
    parts = [pa.repeat(name, table.num_rows)]
    for field in table.schema:
        if field.name == "row":
            continue
        column = table[field.name].combine_chunks()
        if pa.types.is_list(field.type):
            column = pc.binary_join(column, "\x1d")
        parts.append(column.cast(pa.string()))
    return pc.binary_join_element_wise(*parts, _FIELD, null_handling="replace", null_replacement=_NULL)
