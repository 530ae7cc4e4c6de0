"""Rows of a chunk as canonical tables: what the mapping of a table makes of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds import canonical
from muniment.feeds.chunks import Chunk
from muniment.feeds.faults import BadValue, Fault
from muniment.feeds.feed import Field, Table
from muniment.feeds.review import all_fields
from muniment.feeds.rows import identity, parties, things
from muniment.feeds.rows.columns import Columns, Faults, Mask, joined, mask_of
from muniment.feeds.rows.lines import Setting, known, lines_of
from muniment.feeds.vocabulary import Vocabulary

ORDINARY = "data"  # what the kind of an event is mapped to where the row is no event


@dataclass(frozen=True)
class Mapped:
    """The canonical lines of a chunk by table, `row` being the position in the chunk, and what was wrong."""

    tables: Mapping[str, pa.Table]
    keys: pa.Array
    entities: pa.Array
    references: pa.Array  # of the row's main subject, as far as it could be read
    faults: Mapping[int, list[Fault]]
    records: pa.Table  # the lines of all rows that a record's fields were looked for in, events too


def map_chunk(chunk: Chunk, setting: Setting) -> Mapped:
    """Return the canonical lines of a chunk, those of faulty rows included."""
    table, faults = setting.table, Faults()
    for position, told in chunk.faults.items():
        faults.by_position[position] += told
    whole = Columns(
        chunk.columns,
        len(chunk),
        faults,
        setting.limits,
        setting.as_of,
        table.blanks,
        table.codes,
        memory=setting.memory,
    )
    events, is_event = _events(whole, setting)
    whole.wanted = ~is_event
    tables: dict[str, pa.Table] = {}
    references = pa.nulls(len(chunk), pa.string())
    if table.record:
        references = identity.references(whole, table.record["reference"], "record.reference", setting.counts)
        tables["records"] = _records(whole, references, setting)
        tables["record_dates"] = _dates(whole, references, table)
        tables["texts"] = _texts(whole, references, table)
    records = tables.get("records", canonical.RECORDS.empty_table())
    found = parties.map_parties(chunk, whole, references, setting)
    tables["objects"] = things.map_things(whole, references, found, setting)
    tables = {name: _without(lines, is_event) for name, lines in (tables | found.tables).items()}
    tables["events"] = events
    if not table.record:
        references = found.main
    keys, entities = _keys(whole, references, found, setting)
    if table.event:
        event_keys = _event_keys(whole, events, len(chunk))
        keys = pc.if_else(pa.array(is_event), event_keys, keys)
        entities = pc.if_else(pa.array(is_event), "event", entities)
    missing = mask_of(pc.is_null(keys))
    missing[list(faults.by_position)] = False
    whole.fault(missing, Fault("required", "reference", "The row bears no reference."))
    return Mapped(tables, keys, entities, references, faults.by_position, records)


def _without(lines: pa.Table, is_event: Mask) -> pa.Table:
    rows = lines["row"].to_numpy()
    return lines.filter(pa.array(~is_event[rows])) if is_event.any() else lines


def _records(whole: Columns, references: pa.Array, setting: Setting) -> pa.Table:
    table, words = setting.table, setting.words
    record = table.record

    def text(name: str) -> pa.Array:
        return whole.text(record.get(name), f"record.{name}")

    partition = pc.fill_null(text("partition"), table.partition)
    known(whole, partition, words.partitions, Fault("unknown_code", "record.partition", ""))
    area, outcome = pc.fill_null(text("area"), table.area), text("outcome")
    known(whole, area, words.areas, Fault("unknown_code", "record.area", ""))
    _refuse_corporate_as_policing(whole, area, partition, words)
    known(whole, outcome, words.outcomes, Fault("unknown_code", "record.outcome", ""))
    purposes, purpose_from = _purposes(whole, partition, setting)
    columns = {
        "row": pa.array(np.arange(whole.length, dtype=np.int32)),
        "reference": references,
        "class_id": _classes(whole, setting),
        "area": area,
        "partition": partition,
        "outcome": outcome,
        "purposes": purposes,
        "purpose_from": purpose_from,
        "marking": _markings(whole, setting),
        "attributes": _attributes(whole, table),
    }
    for name in ("title", "cjs", "ho_class", "offence_text", "restriction", "location", "postcode"):
        columns[name] = text(name)
    return lines_of(columns, canonical.RECORDS)


def _classes(whole: Columns, setting: Setting) -> pa.Array:
    values = whole.text(setting.table.record.get("class"), "record.class")
    if declared := setting.table.declarations.get("class"):
        values = pc.fill_null(values, declared.values[0])
    known(whole, values, setting.words.classes, Fault("unknown_class", "record.class", ""), required=True)
    return values


def _markings(whole: Columns, setting: Setting) -> pa.Array:
    words = setting.words

    def read(text: str) -> str:
        marking = " ".join(text.upper().replace("-", " ").split()).replace("OFFICIAL SENSITIVE", "OFFICIAL-SENSITIVE")
        rank = words.rank(marking)
        if rank is None:
            raise BadValue("unknown_code", f"'{text[:40]}' is no marking in force; have the record re-marked.")
        if rank > words.highest_rank:
            raise BadValue("above_tier", f"The row is marked {marking}: this system may not hold it.")
        return marking

    raw = whole.text(setting.table.record.get("marking"), "record.marking")
    values = whole.distinct(raw, read, pa.string(), "record.marking")
    if declared := setting.table.declarations.get("marking"):
        return pc.fill_null(values, declared.values[0])
    whole.fault(mask_of(pc.is_null(raw)), Fault("required", "record.marking", "The row bears no marking."))
    return values


def _purposes(whole: Columns, partition: pa.Array, setting: Setting) -> tuple[pa.Array, pa.Array]:
    words = setting.words
    allowed = words.purposes | words.corporate_purposes
    lists = whole.texts(setting.table.record.get("purposes"), "record.purposes")
    coded = pc.binary_join(lists, ";").dictionary_encode()
    for index, text in enumerate(coded.dictionary.to_pylist()):
        if unknown := set(text.split(";")) - allowed:
            message = f"'{', '.join(sorted(unknown))[:60]}' is none of the policing purposes."
            at = mask_of(pc.equal(coded.indices, index))
            whole.fault(at, Fault("unknown_code", "record.purposes", message))
    given = pc.is_valid(lists)
    source = pc.if_else(given, "source", None)
    if declared := setting.table.declarations.get("purposes"):
        every = pa.array([list(declared.values)], lists.type).take(pa.array(np.zeros(whole.length, np.int64)))
        lists = pc.if_else(given, lists, every)
        source = pc.if_else(given, "source", "declaration")
    whole.fault(
        mask_of(pc.is_null(lists)),
        Fault("no_purpose", "record.purposes", "Neither the source nor a declaration gives a policing purpose."),
    )
    _refuse_corporate_purpose(whole, lists, partition, words)
    return lists, source


def _refuse_corporate_purpose(whole: Columns, lists: pa.Array, partition: pa.Array, words: Vocabulary) -> None:
    """A purpose of the organisation's own administration is none for which police information is held."""
    joined = pc.binary_join(lists, ";").dictionary_encode()
    only = [set(text.split(";")) <= words.corporate_purposes for text in joined.dictionary.to_pylist()]
    corporate = pa.array(only, pa.bool_()).take(joined.indices)
    wrong = pc.and_(corporate, pc.not_equal(partition, "corporate"))
    whole.fault(
        mask_of(wrong),
        Fault("no_purpose", "record.purposes", "The purpose given is administration, not a policing purpose."),
    )


def _refuse_corporate_as_policing(whole: Columns, area: pa.Array, partition: pa.Array, words: Vocabulary) -> None:
    """What is of the organisation itself is never searched or joined with what is policing."""
    corporate = pc.is_in(area, pa.array(sorted(words.corporate_areas), pa.string()))
    wrong = mask_of(pc.and_(corporate, pc.equal(partition, "policing")))
    message = "The area is of the organisation itself: its records are of the partition corporate, not policing."
    whole.fault(wrong, Fault("bad_value", "record.partition", message))


def _attributes(whole: Columns, table: Table) -> pa.Array:
    wanted = table.attributes
    if wanted is None:
        used = {column for _, spec in all_fields(table) for column in spec.columns}
        wanted = {column: column for column in whole.source if column and column not in used}
    if not wanted:
        return pa.nulls(whole.length, pa.string())
    members = [
        pc.binary_join_element_wise(f"{_json_text(name)}: ", _json_texts(whole.column(column)), "")
        for name, column in wanted.items()
    ]
    return pc.binary_join_element_wise("{", joined(members, ", "), "}", "")


def _json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json_texts(texts: pa.Array) -> pa.Array:
    """Return texts as JSON writes them; only those that hold what JSON escapes go through Python."""
    quoted = pc.binary_join_element_wise('"', texts, '"', "")
    special = pc.fill_null(pc.match_substring_regex(texts, r'["\\\x00-\x1f]'), False)
    if not pc.any(special).as_py():
        return quoted
    escaped = pa.array([_json_text(text) for text in texts.filter(special).to_pylist()], pa.string())
    return pc.replace_with_mask(quoted, special, escaped)


def _dates(whole: Columns, references: pa.Array, table: Table) -> pa.Table:
    found = []
    for kind, spec in table.dates.items():
        earliest, latest = whole.dates(spec, f"dates.{kind}")
        found.append(_present(whole, earliest, references, {"kind": kind, "earliest": earliest, "latest": latest}))
    return _stacked(found, canonical.RECORD_DATES, "reference")


def _texts(whole: Columns, references: pa.Array, table: Table) -> pa.Table:
    found = []
    for kind, spec in table.texts:
        text = whole.text(spec, f"texts.{kind}.text")
        found.append(_present(whole, text, references, {"kind": kind, "text": text}))
    return _stacked(found, canonical.TEXTS, "record")


def _present(whole: Columns, by: pa.Array, references: pa.Array, columns: dict[str, Any]) -> dict[str, Any]:
    keep = pc.is_valid(by)
    positions = np.flatnonzero(mask_of(keep)).astype(np.int32)
    own = {
        name: pa.repeat(value, len(positions)) if isinstance(value, str) else value.filter(keep)
        for name, value in columns.items()
    }
    return own | {"row": pa.array(positions), "reference": references.filter(keep)}


def _stacked(found: list[dict[str, Any]], schema: pa.Schema, reference: str) -> pa.Table:
    tables = [lines_of(columns | {reference: columns["reference"]}, schema) for columns in found]
    return pa.concat_tables(tables).combine_chunks() if tables else schema.empty_table()


def _events(whole: Columns, setting: Setting) -> tuple[pa.Table, Mask]:
    event = setting.table.event
    if not event:
        return canonical.EVENTS.empty_table(), np.zeros(whole.length, dtype=np.bool_)
    kind = whole.text(event["kind"], "event.kind")
    is_event = mask_of(pc.and_(pc.is_valid(kind), pc.not_equal(kind, ORDINARY)))
    whole.wanted = is_event
    known(whole, kind, setting.words.events | {ORDINARY}, Fault("unknown_code", "event.kind", ""))
    columns = {name: whole.text(event.get(name), f"event.{name}") for name in ("entity", "reference", "into")}
    known(whole, columns["entity"], frozenset({"record", "nominal"}), Fault("unknown_code", "event.entity", ""))
    whole.fault(mask_of(pc.is_null(columns["reference"])), Fault("required", "event.reference", "It is empty."))
    alone = pc.and_(pc.is_in(kind, pa.array(["merge", "unmerge"])), pc.is_null(columns["into"]))
    whole.fault(mask_of(alone), Fault("required", "event.into", "A merge or unmerge names no other reference."))
    _refuse_senseless(whole, kind, columns)
    _, columns["dated"] = whole.dates(event.get("dated"), "event.dated")
    columns |= {"kind": kind, "row": pa.array(np.arange(whole.length, dtype=np.int32))}
    lines = lines_of(columns, canonical.EVENTS)
    return lines.filter(pa.array(is_event)), is_event


def _refuse_senseless(whole: Columns, kind: pa.Array, columns: Mapping[str, pa.Array]) -> None:
    itself = pc.and_(pc.equal(kind, "merge"), pc.equal(columns["reference"], columns["into"]))
    whole.fault(mask_of(itself), Fault("bad_value", "event.into", "It would be merged into itself."))
    merges = pc.is_in(kind, pa.array(["merge", "unmerge"]))
    records = pc.and_(merges, pc.equal(columns["entity"], "record"))
    message = "Only people are merged here: have the source delete the one record and send the other with all it says."
    whole.fault(mask_of(records), Fault("bad_value", "event.entity", message))


def _event_keys(whole: Columns, events: pa.Table, length: int) -> pa.Array:
    parts = [events[name].cast(pa.string()) for name in ("kind", "entity", "reference", "into", "dated")]
    joined = pc.binary_join_element_wise(*parts, "/", null_handling="replace", null_replacement="")
    keys: list[str | None] = [None] * length
    for row, key in zip(events["row"].to_pylist(), joined.to_pylist(), strict=True):
        keys[row] = f"event/{key}"
    return pa.array(keys, pa.string())


def _keys(whole: Columns, references: pa.Array, found: parties.Parties, setting: Setting) -> tuple[pa.Array, pa.Array]:
    table = setting.table
    entity = "record" if table.record else found.entity
    if table.key:
        keys = whole.raw(Field(columns=table.key, join="/"))
    elif table.record and table.duplicates == "same_record":
        keys = joined([references, *found.row_references], "/")
        keys = pc.if_else(pc.is_valid(references), keys, None)
    elif table.record or found.entity == "nominal":
        keys = references
    else:
        keys = found.link_keys
    return keys, pa.repeat(entity, whole.length)
