"""References that occur more than once in one file: repeats, conflicts, and records told over several rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds.faults import Fault
from muniment.feeds.feed import Table
from muniment.feeds.rows import numbering

_TELL_APART = (
    " Where one person may stand in several rows of a record, as in two roles, name the columns that tell rows apart"
    " under key, in the table of the feed."
)


@dataclass
class Verdict:
    """What becomes of the rows whose key an earlier row of the file has."""

    silent: set[int] = field(default_factory=set)  # repeats: they add nothing to what the first row said
    refused: dict[int, Fault] = field(default_factory=dict)
    renamed: dict[int, int] = field(default_factory=dict)  # row to the number of its occurrence


def judge(tables: Mapping[str, pa.Table], table: Table) -> Verdict:
    """Compare rows that share a key, and the records that several rows tell; `tables` are the canonical ones."""
    verdict, rows, records = Verdict(), tables["rows"], tables["records"]
    counts = rows.group_by("key", use_threads=False).aggregate([("key", "count")])
    shared = counts.filter(pc.greater(counts["key_count"], 1))["key"]
    if len(shared):
        alike = rows.filter(pc.is_in(rows["key"], shared.combine_chunks()))
        _judge_keys(alike, _repeated(tables, alike), verdict, table)
    if table.duplicates == "same_record" and records.num_rows:
        _judge_records(records, verdict)
    return verdict


def _repeated(tables: Mapping[str, pa.Table], shared: pa.Table) -> set[int]:
    """Return the rows whose event is what was told last of its record or person, with nothing since."""
    if not pc.any(pc.equal(shared["entity"], "event")).as_py():
        return set()
    events = tables["events"]
    told = [(line.pop("row"), line) for line in events.to_pylist()]
    for name, entity in (("records", "record"), ("nominals", "nominal")):
        lines = tables[name].filter(pc.is_in(tables[name]["reference"], events["reference"].combine_chunks()))
        told += [
            (line.pop("row"), line | {"entity": entity}) for line in lines.select(["row", "reference"]).to_pylist()
        ]
    last: dict[tuple[str, str], dict[str, Any]] = {}
    repeated = set()
    for row, said in sorted(told, key=lambda each: each[0]):
        of = said["entity"], said["reference"]
        if last.get(of) == said and "kind" in said:
            repeated.add(row)
        last[of] = said
    return repeated


def _judge_keys(shared: pa.Table, repeated: set[int], verdict: Verdict, table: Table) -> None:
    seen: dict[str, list[str]] = {}
    hint = _TELL_APART if table.duplicates == "same_record" else ""
    for row in shared.select(["row", "key", "hash", "entity"]).to_pylist():
        hashes = seen.setdefault(row["key"], [])
        if row["entity"] == "event":
            if row["row"] in repeated:
                verdict.silent.add(row["row"])
            if hashes:
                verdict.renamed[row["row"]] = len(hashes) + 1
        elif row["hash"] in hashes:
            verdict.silent.add(row["row"])
            verdict.renamed[row["row"]] = len(hashes) + 1
        elif not hashes:
            pass
        elif table.duplicates == "keep_both":
            verdict.renamed[row["row"]] = len(hashes) + 1
        else:
            message = f"An earlier row of the file has the reference {row['key'][:100]} and says something else.{hint}"
            verdict.refused[row["row"]] = Fault("conflict", "reference", message)
        hashes.append(row["hash"])


def of_several(nominals: pa.Table) -> tuple[str, ...]:
    """Return the references of people of whom rows say two names and two dates of birth, the most told of first.

    Of the sealed nothing is said.
    """
    nominals = nominals.filter(pc.not_equal(nominals["partition"], "sealed"))
    name = pc.utf8_lower(pc.coalesce(nominals["surname"], nominals["full_name"], nominals["forename"]))
    said = pa.table({"reference": nominals["reference"], "name": name, "born": nominals["born"]}).drop_null()
    spread = said.group_by("reference", use_threads=False).aggregate(
        [("name", "min"), ("name", "max"), ("born", "min"), ("born", "max"), ("reference", "count")]
    )
    apart = pc.and_(
        pc.not_equal(spread["name_min"], spread["name_max"]), pc.not_equal(spread["born_min"], spread["born_max"])
    )
    found = spread.filter(apart).sort_by([("reference_count", "descending"), ("reference", "ascending")])
    return tuple(found["reference"].to_pylist())


def _judge_records(records: pa.Table, verdict: Verdict) -> None:
    names = [name for name in records.schema.names if name not in ("row", "purposes")]
    texts = [pc.fill_null(records[name], "") for name in names]
    lines = pa.table({"reference": records["reference"], "row": records["row"]}).append_column(
        "said", pc.binary_join_element_wise(*texts, "\x1f")
    )
    spread = lines.group_by("reference", use_threads=False).aggregate([("said", "min"), ("said", "max")])
    torn = spread.filter(pc.not_equal(spread["said_min"], spread["said_max"]))["reference"]
    if not len(torn):
        return
    first: dict[str, str] = {}
    for line in lines.filter(pc.is_in(lines["reference"], torn.combine_chunks())).to_pylist():
        said = first.setdefault(line["reference"], line["said"])
        if said != line["said"]:
            apart = [
                name
                for name, one, two in zip(names, said.split("\x1f"), line["said"].split("\x1f"), strict=False)
                if one != two
            ]
            message = f"An earlier row tells the record {line['reference'][:100]} otherwise: {', '.join(apart)}."
            verdict.refused[line["row"]] = Fault("conflict", "record", message)


def renamed(
    tables: dict[str, pa.Table], rows: pa.Table, verdict: Verdict, table: Table
) -> tuple[dict[str, pa.Table], pa.Table]:
    """Return the tables with repeats silenced and kept conflicts under references of their own."""
    quiet = verdict.silent.union(tables["events"]["row"].to_pylist() if verdict.renamed else ())
    moves = {row: (1, number) for row, number in verdict.renamed.items()}
    if verdict.silent:
        silent = pa.array(sorted(verdict.silent), pa.int32())
        tables = {name: lines.filter(pc.invert(pc.is_in(lines["row"], silent))) for name, lines in tables.items()}
    if not moves:
        return tables, rows
    keys = dict(zip(rows["row"].to_pylist(), rows["key"].to_pylist(), strict=True))
    if loud := {row: move for row, move in moves.items() if row not in quiet}:
        tables |= numbering.moved(tables, loud, labels(table), {row: keys[row] for row in loud})
    return tables, numbering.renamed(rows, "key", keys, moves)


def labels(table: Table) -> tuple[str, ...]:
    """Return the labels of the people of a table who have no number of their own."""
    return tuple(person.label for person in table.persons if person.reference is None)
