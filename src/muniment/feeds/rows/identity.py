"""References: the source's own, or, where it gives none, made so that the same row is known again."""

import hashlib
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds.faults import Fault
from muniment.feeds.feed import Field
from muniment.feeds.rows.columns import Columns, mask_of

_SEPARATOR = "\x1f"


def digests(texts: pa.Array) -> list[str]:
    """Return the SHA-256 of each text, hexadecimal."""
    return [hashlib.sha256(text.encode()).hexdigest() for text in texts.to_pylist()]


def row_texts(columns: Columns) -> pa.Array:
    """Return all that a row says, as one text a line."""
    names = sorted(columns.source)
    if not names:
        return pa.repeat("", columns.length)
    values = [columns.source[name] for name in names]
    return pc.binary_join_element_wise(*values, _SEPARATOR, null_handling="replace", null_replacement="")


def references(columns: Columns, spec: Field, name: str, counts: Counter[str]) -> pa.Array:
    """Return the references of rows; rows without one are given `made_from`, the row's hash and its occurrence.

    Rows without an id that are equal in everything are still separate happenings, so the third of them is
    numbered 3. `counts` carries the numbers on from chunk to chunk.
    """
    given = columns.text(spec, name) if spec.columns or spec.value else pa.nulls(columns.length, pa.string())
    if spec.made_from is None:
        missing = mask_of(pc.is_null(given))
        if missing.any() and not spec.required:
            missing &= ~columns.faulted(name)
            columns.fault(
                missing, Fault("required", name, f"{' or '.join(spec.columns)} is empty: the row has no reference.")
            )
        return given
    missing = mask_of(pc.is_null(given))
    if not missing.any():
        return given
    lines = pa.array(missing)
    prefixes = columns.raw(Field(columns=spec.made_from, join="/"))
    made = numbered(pc.fill_null(prefixes.filter(lines), ""), row_texts(columns).filter(lines), counts)
    filled = np.asarray(given.to_pylist(), dtype=object)
    filled[missing] = made
    return pa.array(filled.tolist(), pa.string())


def numbered(prefixes: pa.Array, texts: pa.Array, counts: Counter[str]) -> list[str]:
    """Return `prefix/hash/occurrence` for each text."""
    made = []
    for prefix, digest in zip(prefixes.to_pylist(), digests(texts), strict=True):
        stem = f"{prefix}/{digest[:16]}"
        counts[stem] += 1
        made.append(f"{stem}/{counts[stem]}")
    return made
