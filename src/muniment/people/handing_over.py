"""Rows handed to PostgreSQL and read from it within a transaction: in the statement while few, else by COPY.

What is staged otherwise (`records.staging`) is staged by a connection of its own, which does not see what this one has
not committed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import ClientCursor
from pyarrow import csv

from muniment.core import scratch
from muniment.records import staging

# Rows up to which they stand in the statement, each time that it names them.
FEW = 2000

# Lists go as text, joined by the separator of units, which no word holds.
_UNIT = "\x1f"
_TEXTS = pa.list_(pa.string())


def array(numbers: Iterable[int]) -> str:
    """Return numbers as the text of an array: the driver takes ten times as long over a list of them."""
    return f"{{{','.join(map(str, numbers))}}}"


@dataclass(frozen=True)
class Rows:
    """Rows, and the columns that they have."""

    rows: Sequence[tuple[Any, ...]]
    schema: pa.Schema

    def table(self) -> pa.Table:
        """Return the rows as a table."""
        values = list(zip(*self.rows, strict=True)) or [()] * len(self.schema)
        return pa.table(dict(zip(self.schema.names, values, strict=True)), self.schema)


def tables(cursor: Any, given: Mapping[str, Rows]) -> staging.Handed:
    """Hand rows over until the end of the transaction: with the statements while they are few."""
    given_tables = {name: each.table() for name, each in given.items()}
    if sum(len(each.rows) for each in given.values()) <= FEW:
        return staging.handed(given_tables)
    return staging.Handed({name: temporary(cursor, name, table) for name, table in given_tables.items()}, {})


def temporary(cursor: Any, name: str, given: pa.Table) -> str:
    """Return a table as what a statement may name as one until the end of the transaction, or of the next of its name.

    Its columns are of the types that `records.staging` knows, lists among them.
    """
    columns = ", ".join(
        f'"{field.name}" {"text" if _is_list(field) else staging.TYPES[field.type]}' for field in given.schema
    )
    scratch.ready(cursor, {f"handed_{name}": columns})
    sent = [
        pc.binary_join(given[field.name].cast(_TEXTS), _UNIT) if _is_list(field) else given[field.name]
        for field in given.schema
    ]
    text = pa.BufferOutputStream()
    csv.write_csv(pa.table(sent, given.schema.names), text, csv.WriteOptions(include_header=False))
    with cursor.copy(f"COPY handed_{name} FROM STDIN (FORMAT csv)") as copy:
        copy.write(text.getvalue().to_pybytes())
    cursor.execute(f"ANALYZE handed_{name}")  # which tells how many there are
    as_given = ", ".join(
        f'string_to_array("{field.name}", \'{_UNIT}\')::{staging.TYPES[field.type]} AS "{field.name}"'
        if _is_list(field)
        else f'"{field.name}"'
        for field in given.schema
    )
    return f"(SELECT {as_given} FROM handed_{name})"  # noqa: S608


def copied(cursor: Any, query: str, given: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """Return the rows of a query as a table of a schema, its columns in the order of the query.

    It is read by COPY: making objects of as many rows takes four times as long.
    """
    types = {field.name: pa.string() if _is_list(field) else field.type for field in schema}
    asked = f"SELECT {_as_text(schema)} FROM ({query}) AS t ({_names(schema)})"  # noqa: S608
    text = ClientCursor(cursor.connection).mogrify(asked, given)
    with cursor.copy(f"COPY ({text}) TO STDOUT (FORMAT csv)") as copy:
        told = b"".join(copy)
    if not told:
        return schema.empty_table()
    read = csv.read_csv(
        pa.BufferReader(told),
        csv.ReadOptions(column_names=schema.names),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=types,
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    columns = [_listed(read[field.name], field) if _is_list(field) else read[field.name] for field in schema]
    return pa.table(columns, schema=schema)


def _names(schema: pa.Schema) -> str:
    return ", ".join(f'"{name}"' for name in schema.names)


def _as_text(schema: pa.Schema) -> str:
    return ", ".join(
        f"array_to_string(\"{field.name}\", '{_UNIT}')" if _is_list(field) else f'"{field.name}"' for field in schema
    )


def _is_list(field: pa.Field) -> bool:
    return bool(pa.types.is_list(field.type))


def _listed(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    """Return as lists what was joined into one text; no text is no list, and an empty one is an empty list."""
    parts = pc.split_pattern(column, _UNIT)
    return pc.if_else(pc.equal(column, ""), pa.scalar([], parts.type), parts).cast(field.type)
