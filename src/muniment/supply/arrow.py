"""The Arrow schema of each entity: what a Parquet file of it holds, field for field as in JSON Lines.

One file for an entity, with its lists nested: a row is the whole of an entity, so a loader replaces what it holds
under an id by one row, and needs no second file to know that a value is gone. Flat files would have to be joined by
the loader, and a loader that stops between two of them holds half a person.
"""

from functools import lru_cache

import pyarrow as pa

from muniment.supply import form
from muniment.supply.form import Field

_TYPES = {form.TEXT: pa.string(), form.DAY: pa.date32(), form.WHOLE: pa.int64(), form.YES: pa.bool_()}


@lru_cache
def schema(entity: str) -> pa.Schema:
    """Return the schema of an entity; its metadata bear the version of the form."""
    return pa.schema([_field(each) for each in form.FORMS[entity]], metadata={"common_form": form.VERSION})


def _field(field: Field) -> pa.Field:
    kind = pa.struct([_field(each) for each in field.of]) if field.of else _TYPES[field.kind]
    if field.several:
        kind = pa.list_(pa.field("element", kind, nullable=False))
    return pa.field(field.name, kind, nullable=not field.needed, metadata={"description": field.words})
