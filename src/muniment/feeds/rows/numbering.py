"""Records that share a reference: each is kept under the reference and a number, `R`, `R#2`, and keeps its number.

Where a file has them in another order than the last, or lacks one, what hangs on a record would change hands.
"""

import itertools
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.engine.values.sharing import NUMBERED, numbered, parted, plain
from muniment.feeds.canonical import Batch

_REFERRING = {
    "records": ("reference",),
    "record_dates": ("reference",),
    "nominals": ("reference",),
    "flags": ("reference",),
    "involvements": ("record", "nominal"),
    "objects": ("record", "nominal"),
    "texts": ("record",),
}

Move = tuple[int, int]  # the number that a row has, and the one that it gets


def moved(
    tables: Mapping[str, pa.Table], moves: Mapping[int, Move], labels: Collection[str], keys: Mapping[int, str]
) -> dict[str, pa.Table]:
    """Return canonical tables in which some rows bear another number; `keys` are what people are named by besides.

    Who has no number of their own is named by the record and the label of their place, and so goes with it.
    """
    lines = tables["records"].filter(pc.is_in(tables["records"]["row"], pa.array(sorted(moves), pa.int32())))
    told = zip(lines["row"].to_pylist(), lines["reference"].to_pylist(), strict=True)
    own = dict(keys) | {row: plain(reference, moves[row][0]) for row, reference in told}
    out = dict(tables)
    for name, columns in _REFERRING.items():
        for column in columns:
            out[name] = renamed(out[name], column, own, moves, labels)
    out["records"] = _flagged(out["records"], own, moves)
    return out


def renamed(
    table: pa.Table, column: str, own: Mapping[int, str], moves: Mapping[int, Move], labels: Collection[str] = ()
) -> pa.Table:
    """Return a table in which a column names some rows, known by what they share (`own`), with another number."""
    numbers = table["row"].to_numpy()
    at = np.flatnonzero(np.isin(numbers, list(moves)))
    if not len(at):
        return table
    values = table[column].to_pylist()
    for position in at.tolist():
        row, value = int(numbers[position]), values[position]
        was, becomes = (numbered(own[row], number) for number in moves[row])
        if value == was or any(f"{value}:".startswith(f"{was}:{label}:") for label in labels):
            values[position] = becomes + value.removeprefix(was)
    return table.set_column(
        table.schema.get_field_index(column), table.schema.field(column), [pa.array(values, pa.string())]
    )


def shared(batch: Batch) -> set[str]:
    """Return the keys of a batch that bear a number."""
    return set(batch.rows["key"].filter(pc.match_substring_regex(batch.rows["key"], NUMBERED)).to_pylist())


def as_held(batch: Batch, held: Mapping[str, str]) -> Batch:
    """Return the batch with each row under the number by which what it says is held; new ones get what is left.

    `held` gives the hashes of the rows that are held, by their keys: of all that bear a number, and of their firsts.
    """
    if not held:
        return batch
    known: dict[str, dict[int, str]] = {}
    for key, says in held.items():
        base, number = parted(key)
        known.setdefault(base, {})[number] = says
    moves: dict[int, Move] = {}
    for base, lines in _sharing(batch.rows, known).items():
        settled = _settled(lines, known[base])
        moves |= {line["row"]: (line["number"], settled[line["row"]]) for line in lines if line["row"] in settled}
    moves = {row: move for row, move in moves.items() if move[0] != move[1]}
    if not moves:
        return batch
    named = batch.rows.filter(pc.is_in(batch.rows["row"], pa.array(sorted(moves), pa.int32())))
    keys = zip(named["row"].to_pylist(), named["key"].to_pylist(), strict=True)
    bases = {row: plain(key, moves[row][0]) for row, key in keys}
    tables = moved({name: getattr(batch, name) for name in _REFERRING}, moves, batch.labels, bases)
    return replace(batch, rows=renamed(batch.rows, "key", bases, moves), **tables)


def _sharing(rows: pa.Table, bases: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows, each with its number, by the key that they share with one that is held."""
    own = pc.is_in(pc.replace_substring_regex(rows["key"], NUMBERED, ""), pa.array(sorted(bases), pa.string()))
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in rows.filter(own).to_pylist():
        base, number = parted(line["key"])
        groups.setdefault(base, []).append(line | {"number": number})
    return groups


def _settled(lines: Sequence[Mapping[str, Any]], held: Mapping[int, str]) -> dict[int, int]:
    """Return the number of each row: what is held as it is keeps its own; the rest keep theirs, or take a free one.

    Events have nothing of their own that could change hands: they keep their numbers.
    """
    told = [line for line in lines if line["entity"] != "event"]
    taken = {line["number"] for line in lines if line["entity"] == "event"}
    free: dict[str, list[int]] = {}
    for number, says in sorted(held.items(), reverse=True):
        if number not in taken:
            free.setdefault(says, []).append(number)
    settled = {line["row"]: free[line["hash"]].pop() for line in told if free.get(line["hash"])}
    taken |= set(settled.values())
    for line in told:
        if line["row"] not in settled:
            wanted = itertools.chain([line["number"]], itertools.count(1))
            settled[line["row"]] = next(number for number in wanted if number not in taken)
            taken.add(settled[line["row"]])
    return settled


def _flagged(records: pa.Table, own: Mapping[int, str], moves: Mapping[int, Move]) -> pa.Table:
    """Say of each record under a number which reference it shares."""
    attributes = records["attributes"].to_pylist()
    for position, row in enumerate(records["row"].to_pylist()):
        if row in moves:
            known: dict[str, Any] = json.loads(attributes[position] or "{}")
            known.pop("shares_reference_with", None)
            known |= {"shares_reference_with": own[row]} if moves[row][1] != 1 else {}
            attributes[position] = json.dumps(known, ensure_ascii=False) if known else None
    index = records.schema.get_field_index("attributes")
    return records.set_column(index, records.schema.field("attributes"), [pa.array(attributes, pa.string())])
