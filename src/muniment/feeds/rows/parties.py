"""The people of a row: nominals, their flags and their part in records."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds import canonical
from muniment.feeds.chunks import Chunk, Positions
from muniment.feeds.faults import Fault
from muniment.feeds.feed import Field, Flagging, Person
from muniment.feeds.rows import identity
from muniment.feeds.rows.columns import Columns, Mask, mask_of
from muniment.feeds.rows.lines import Setting, known, lines_of
from muniment.feeds.rows.refused import SEALED

# What tells who somebody is: what one row says of it twice must be the same.
_WHO = ("forename", "surname", "full_name", "born", "pncid", "cro")
_NAMES = ("forename", "middle_names", "surname", "full_name")


@dataclass
class Parties:
    """What the persons of a chunk gave, and what the keys of its rows need."""

    tables: dict[str, pa.Table]
    entity: str = "link"  # what a row without a record is mainly about: nominal or link
    main: pa.Array = None  # the references of the first person that stands in the row itself
    link_keys: pa.Array = None
    row_references: list[pa.Array] = field(default_factory=list)
    by_label: dict[str, pa.Array] = field(default_factory=dict)  # the references of those that stand in the row itself


@dataclass(frozen=True)
class _Lines:
    """One person specification evaluated: its columns, references and the rows that they stand in."""

    person: Person
    columns: Columns
    rows: Positions
    present: Mask
    references: pa.Array
    records: pa.Array


def map_parties(chunk: Chunk, whole: Columns, records: pa.Array, setting: Setting) -> Parties:
    """Return the lines of all persons of a table; `records` are the references of its rows' own records."""
    collected: dict[str, list[pa.Table]] = {"nominals": [], "involvements": [], "flags": []}
    nothing = pa.nulls(len(chunk), pa.string())
    found = Parties({}, main=nothing, link_keys=nothing)
    for person in setting.table.persons:
        lines = _lines(person, chunk, whole, records, setting)
        if person.fields or person.aliases:
            collected["nominals"].append(_nominals(lines, setting))
        if person.role is not None:
            collected["involvements"].append(_involvements(lines, setting))
        for flagging in person.flags:
            collected["flags"].append(_flags(flagging, lines.columns, lines.references, lines.rows, lines.present))
        if person.each is None:
            _note_keys(found, lines)
    for flagging in setting.table.flags:
        own = whole.text(flagging.nominal, "flags.nominal") if flagging.nominal else found.main
        everyone = np.ones(len(chunk), dtype=np.bool_)
        collected["flags"].append(_flags(flagging, whole, own, np.arange(len(chunk)), everyone))
        if flagging.nominal and not setting.table.persons:
            found.main, found.link_keys = own, own
    schemas = {"nominals": canonical.NOMINALS, "involvements": canonical.INVOLVEMENTS, "flags": canonical.FLAGS}
    found.tables = {
        name: pa.concat_tables(tables).combine_chunks() if tables else schemas[name].empty_table()
        for name, tables in collected.items()
    }
    found.tables["nominals"] = _put_together(found.tables["nominals"], whole)
    return found


def _note_keys(found: Parties, lines: _Lines) -> None:
    own = pc.if_else(pa.array(lines.present), lines.references, None)
    found.row_references.append(own)
    found.by_label[lines.person.label] = own
    if lines.person.fields:
        found.entity = "nominal"
    found.main = pc.coalesce(found.main, own)
    role = lines.columns.raw(lines.person.role) if lines.person.role else None
    parts = [lines.records, own] + ([role] if role is not None else [])
    found.link_keys = pc.coalesce(found.link_keys, pc.binary_join_element_wise(*parts, "/"))


def _lines(person: Person, chunk: Chunk, whole: Columns, records: pa.Array, setting: Setting) -> _Lines:
    rows, own = np.arange(len(chunk), dtype=np.int64), records
    columns = replace(whole)
    if person.each is not None:
        child = chunk.children.get(person.each)
        rows = child.parent if child is not None else rows[:0]
        columns = replace(
            whole,
            source=child.columns if child is not None else {},
            length=len(rows),
            parent=rows,
            outer=chunk.columns,
            wanted=None if whole.wanted is None else whole.wanted[rows],
            _clean={},
        )
        own = records.take(pa.array(rows))
    present = _present(person, columns)
    columns.wanted = present if columns.wanted is None else present & columns.wanted
    if person.record is not None:
        own = columns.text(person.record, f"persons.{person.label}.record")
    return _Lines(person, columns, rows, present, _references(person, columns, own, setting), own)


def _present(person: Person, columns: Columns) -> Mask:
    names = list(person.when)
    if not names:
        specs = [*person.fields.values(), *([person.reference] if person.reference else [])]
        names = [name for spec in specs for name in spec.columns]
    present = np.zeros(columns.length, dtype=np.bool_)
    for name in dict.fromkeys(names):
        present |= mask_of(pc.is_valid(columns.column(name)))
    return present


def _references(person: Person, columns: Columns, records: pa.Array, setting: Setting) -> pa.Array:
    """Return the nominals' references: given, or made from the record, the label and what tells them apart."""
    name = f"persons.{person.label}.reference"
    if person.reference is not None:
        return identity.references(columns, person.reference, name, setting.counts)
    label = pa.repeat(person.label, columns.length)
    said = _said(person, columns)
    if mask_of(pc.is_null(records)).all():
        made = np.full(columns.length, None, dtype=object)
        made[columns.wanted] = identity.numbered(
            label.filter(pa.array(columns.wanted)), said.filter(pa.array(columns.wanted)), setting.counts
        )
        return pa.array(made.tolist(), pa.string())
    parts = [records, label]
    if person.each is not None or setting.table.duplicates == "same_record":
        apart = _named(person, columns, said)
        parts.append(pa.array([digest[:12] for digest in identity.digests(apart)], pa.string()))
    return pc.binary_join_element_wise(*parts, ":")


def _said(person: Person, columns: Columns, *only: str) -> pa.Array:
    values = [columns.raw(spec) for name, spec in person.fields.items() if not only or name in only]
    return pc.binary_join_element_wise(*values, "\x1f", null_handling="replace", null_replacement="")


def _named(person: Person, columns: Columns, said: pa.Array) -> pa.Array:
    """Return what tells the people of one record apart: name, birth and numbers, or else all that is said of them.

    So a corrected telephone makes nobody somebody else, and two of one name without a birth stay two.
    """
    names = [columns.raw(person.fields[name]) for name in _NAMES if name in person.fields]
    if not names or "born" not in person.fields:
        return said
    known = pc.and_(pc.is_valid(pc.coalesce(*names)), pc.is_valid(columns.raw(person.fields["born"])))
    return pc.if_else(known, _said(person, columns, *_NAMES, *_WHO), said)


def _nominals(lines: _Lines, setting: Setting) -> pa.Table:
    place = f"persons.{lines.person.label}"
    columns: dict[str, Any] = {
        name: lines.columns.text(lines.person.fields.get(name), f"{place}.{name}")
        for name in canonical.PERSON_TEXT_FIELDS
    }
    partition = pc.fill_null(lines.columns.text(lines.person.partition, f"{place}.partition"), setting.table.partition)
    known(lines.columns, partition, setting.words.partitions, Fault("unknown_code", f"{place}.partition", ""))
    columns |= {
        "row": pa.array(lines.rows.astype(np.int32)),
        "reference": lines.references,
        "partition": partition,
        "aliases": lines.columns.texts(lines.person.aliases, f"{place}.aliases"),
    }
    return lines_of(columns, canonical.NOMINALS).filter(pa.array(lines.present))


def _coded(table: pa.Table, by: list[str]) -> pa.DictionaryArray:
    texts = [pc.fill_null(table[name].cast(pa.string()), "") for name in by]
    return pc.binary_join_element_wise(*texts, "\x1f").combine_chunks().dictionary_encode()


def _put_together(nominals: pa.Table, whole: Columns) -> pa.Table:
    """Return one line for each person of a row that names them in several places: what any of these says."""
    key = _coded(nominals, ["row", "reference"])
    if len(key.dictionary) == len(key):
        return nominals
    at = key.indices.to_numpy()
    often = pa.array(np.bincount(at)[at] > 1)
    told: dict[tuple[int, str | None], dict[str, Any]] = {}
    for line in nominals.filter(often).to_pylist():
        first = told.setdefault((line["row"], line["reference"]), line)
        if first is not line:
            _refuse_two_in_one(first, line, whole)
            _add(first, line)
    together = pa.Table.from_pylist(list(told.values()), schema=canonical.NOMINALS)
    return pa.concat_tables([nominals.filter(pc.invert(often)), together]).combine_chunks()


def _refuse_two_in_one(first: Mapping[str, Any], line: Mapping[str, Any], whole: Columns) -> None:
    """Give a fault to a row that says two things of who one person is."""
    apart = [name for name in _WHO if first[name] and line[name] and _plain(first[name]) != _plain(line[name])]
    if apart and line["reference"]:
        message = (
            f"The row tells of the person {line['reference'][:100]} in two places and otherwise: {', '.join(apart)}."
            " If the reference stands for nobody, list it under blanks."
        )
        at = np.arange(whole.length) == line["row"]
        whole.fault(at, Fault("conflict", "persons.reference", message))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _add(first: dict[str, Any], line: Mapping[str, Any]) -> None:
    """Add to what one place of a row says of a person what another does; whoever is sealed in one is sealed."""
    aliases = dict.fromkeys([*(first["aliases"] or ()), *(line["aliases"] or ())])
    for name, value in line.items():
        first[name] = value if first[name] is None else first[name]
    first["aliases"] = list(aliases) or None
    first["partition"] = line["partition"] if line["partition"] == SEALED else first["partition"]


def _once(table: pa.Table) -> pa.Table:
    """Keep the first of lines that say the same in everything."""
    key = _coded(table, table.column_names)
    if len(key.dictionary) == len(key):
        return table
    _, first = np.unique(key.indices.to_numpy(), return_index=True)
    return table.take(pa.array(np.sort(first)))


def _involvements(lines: _Lines, setting: Setting) -> pa.Table:
    place = f"persons.{lines.person.label}"
    specs, columns = lines.person.involvement, lines.columns
    role = columns.text(lines.person.role, f"{place}.role")
    known(columns, role, setting.words.roles, Fault("unknown_code", f"{place}.role", ""), required=True)
    if lines.person.record is not None:
        columns.fault(mask_of(pc.is_null(lines.records)), Fault("required", f"{place}.record", "No record is named."))

    def plain(name: str) -> Field | None:
        spec = specs.get(name)
        return spec if isinstance(spec, Field) else None

    def text(name: str) -> pa.Array:
        return columns.text(plain(name), f"{place}.involvement.{name}")

    result = text("result")
    known(columns, result, setting.words.results, Fault("unknown_code", f"{place}.involvement.result", ""))
    _, dated = columns.dates(specs.get("dated"), f"{place}.involvement.dated")
    _, released = columns.dates(specs.get("released"), f"{place}.involvement.released")
    earliest, latest = columns.dates(specs.get("happened"), f"{place}.involvement.happened")
    values: Mapping[str, Any] = {
        "row": pa.array(lines.rows.astype(np.int32)),
        "record": lines.records,
        "nominal": lines.references,
        "role": role,
        "dated": dated,
        "cjs": text("cjs"),
        "ho_class": text("ho_class"),
        "happened_earliest": earliest,
        "happened_latest": latest,
        "result": result,
        "sentence_custodial": columns.typed(plain("sentence_custodial"), f"{place}.sentence", pa.bool_()),
        "sentence_months": columns.typed(plain("sentence_months"), f"{place}.sentence", pa.int32()),
        "released": released,
    }
    table = lines_of(values, canonical.INVOLVEMENTS).filter(pa.array(lines.present))
    return _once(table)


def _flags(flagging: Flagging, columns: Columns, nominals: pa.Array, rows: Positions, present: Mask) -> pa.Table:
    lists = columns.texts(flagging.flag, "flags.flag")
    if flagging.when is not None:
        holds = columns.typed(flagging.when, "flags.when", pa.bool_())
        present = present & mask_of(holds)
    start, _ = columns.dates(flagging.start, "flags.start")
    _, until = columns.dates(flagging.until, "flags.until")
    lists = pc.if_else(pa.array(present), lists, None)
    at = pc.list_parent_indices(lists)
    values = {
        "row": pa.array(rows.astype(np.int32)).take(at),
        "reference": nominals.take(at),
        "flag": pc.list_flatten(lists),
        "start": start.take(at),
        "until": until.take(at),
    }
    return lines_of(values, canonical.FLAGS)
