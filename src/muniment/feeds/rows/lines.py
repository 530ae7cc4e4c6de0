"""What mapping records and mapping people share: the setting of a reading, closed lists, canonical lines."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds.faults import Fault
from muniment.feeds.feed import Table
from muniment.feeds.limits import Limits
from muniment.feeds.rows.columns import Columns, Memory, mask_of
from muniment.feeds.vocabulary import Vocabulary


@dataclass(frozen=True)
class Setting:
    """What stays the same through one reading of one file; `counts` numbers the rows that bear no id."""

    table: Table
    words: Vocabulary
    limits: Limits
    as_of: date
    counts: Counter[str] = field(default_factory=Counter)
    memory: Memory = field(default_factory=dict)


def lines_of(columns: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """Return a table of a canonical schema from its columns by name."""
    return pa.table([columns[name] for name in schema.names], schema=schema)


def known(columns: Columns, values: pa.Array, words: frozenset[str], fault: Fault, *, required: bool = False) -> None:
    """Give a fault to the lines whose value is in no list, or, where it is required, wanting."""
    coded = values.dictionary_encode()
    for index, value in enumerate(coded.dictionary.to_pylist()):
        if value not in words:
            at = mask_of(pc.equal(coded.indices, index))
            columns.fault(at, Fault(fault.code, fault.field, f"'{value[:60]}' is in no list of {fault.field}."))
    if required and values.null_count:
        columns.fault(mask_of(pc.is_null(values)), Fault("required", fault.field, f"{fault.field} is empty."))
