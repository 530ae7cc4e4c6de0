"""The places and vehicles of a row: what they are to its record, or to one of its people."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds import canonical
from muniment.feeds.faults import Fault
from muniment.feeds.feed import Thing
from muniment.feeds.rows.columns import Columns, mask_of
from muniment.feeds.rows.lines import Setting, known, lines_of
from muniment.feeds.rows.parties import Parties


def map_things(whole: Columns, records: pa.Array, parties: Parties, setting: Setting) -> pa.Table:
    """Return the lines of all places and vehicles of a table; `records` are the references of its rows' records.

    A row in which nothing is told of a place or vehicle has no line of it.
    """
    found = [_lines(thing, whole, records, parties, setting) for thing in setting.table.things]
    return pa.concat_tables(found).combine_chunks() if found else canonical.OBJECTS.empty_table()


def _lines(thing: Thing, whole: Columns, records: pa.Array, parties: Parties, setting: Setting) -> pa.Table:
    place = f"{thing.kind}s"
    values = {name: whole.text(thing.fields.get(name), f"{place}.{name}") for name in canonical.OBJECT_TEXT_FIELDS}
    told = pc.is_valid(pc.coalesce(*(values[name] for name in thing.telling)))
    if thing.when:
        told = pc.and_(told, pc.is_valid(pc.coalesce(*(whole.column(name) for name in thing.when))))
    own = whole.text(thing.record, f"{place}.record") if thing.record else records
    nominal = _nominals(thing, whole, parties, place)
    told = pc.and_(told, pc.is_valid(pc.coalesce(own, nominal)))
    role = whole.text(thing.role, f"{place}.role")
    words = setting.words.place_roles if thing.kind == "place" else setting.words.vehicle_roles
    known(whole, pc.if_else(told, role, None), words, Fault("unknown_code", f"{place}.role", ""))
    whole.fault(mask_of(pc.and_(told, pc.is_null(role))), Fault("required", f"{place}.role", "It is empty."))
    start, _ = whole.dates(thing.start, f"{place}.start")
    _, until = whole.dates(thing.until, f"{place}.until")
    columns: dict[str, Any] = values | {
        "row": pa.array(np.arange(whole.length, dtype=np.int32)),
        "kind": pa.repeat(thing.kind, whole.length),
        "record": own,
        "nominal": nominal,
        "role": role,
        "start": start,
        "until": until,
    }
    return lines_of(columns, canonical.OBJECTS).filter(told)


def _nominals(thing: Thing, whole: Columns, parties: Parties, place: str) -> pa.Array:
    """Return the references of the people whose it is: those given, or those of the person with the label."""
    if thing.nominal is not None:
        return whole.text(thing.nominal, f"{place}.nominal")
    return parties.by_label.get(thing.person, pa.nulls(whole.length, pa.string()))
