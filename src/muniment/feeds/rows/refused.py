"""Rows that are refused: what they name, and behind which wall they wait, as far as they could be read."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds.faults import REASONS, Fault
from muniment.feeds.feed import Table
from muniment.feeds.rows.lines import Setting

SEALED = "sealed"
UNREAD = "UNREAD"  # the restriction of a row whose own could not be read: only a role that names it opens it

KINDS = ("record", "nominal")
_NAMING = {
    "records": {"reference": "record"},
    "nominals": {"reference": "nominal"},
    "flags": {"reference": "nominal"},
    "involvements": {"record": "record", "nominal": "nominal"},
    "objects": {"record": "record", "nominal": "nominal"},
}

Name = tuple[str, str]  # whether it is of a record or of a nominal, and the reference


@dataclass(frozen=True)
class Place:
    """What decides who may look at a refused row, besides its controller and marking; no restriction is empty."""

    partition: str
    area: str
    restriction: str


def told_of(
    tables: Mapping[str, pa.Table], faults: Mapping[int, Sequence[Fault]], setting: Setting
) -> dict[int, dict[str, Any]]:
    """Return, by row, what the lines of quarantine say of each row of `faults` besides its reasons and its text.

    `tables` are the canonical lines of these rows, and `main` their main references as far as they could be read. Of a
    row above the tier its own reference alone is kept.
    """
    if not faults:
        return {}
    withheld = {row for row, why in faults.items() if any(fault.code == "above_tier" for fault in why)}
    main = "record" if setting.table.record else "nominal"
    names = named(tables, faults.keys() - withheld, main) | named({"main": tables.get("main")}, withheld, main)
    where = places(tables, faults, setting.table.partition, setting.table.area)
    return {
        row: {"names": as_lines(names.get(row, ()))} | asdict(_strictly(where[row], why, setting))
        for row, why in faults.items()
    }


def unread(table: Table) -> dict[str, Any]:
    """Return the same of a row that could not be taken apart into fields."""
    restriction = table.record.get("restriction")
    partitions = [person.partition for person in table.persons]
    if own := table.record.get("partition"):
        partitions.insert(0, own)
    is_sealed = any(spec.columns or spec.value == SEALED for spec in partitions)
    declared = next((spec.value for spec in partitions if spec.value), table.partition)
    restricted = (restriction.value or UNREAD) if restriction else ""
    return {"names": []} | asdict(Place(SEALED if is_sealed else declared, table.area, restricted))


def unspoken(reasons: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return reasons without their messages, which may repeat what the row says."""
    return [{**reason, "message": f"Not kept: {REASONS[reason['code']]}."} for reason in reasons]


def named(tables: Mapping[str, pa.Table | None], rows: Collection[int], main: str = "record") -> dict[int, set[Name]]:
    """Return the records and people that some rows name, by row; canonical tables have the lines.

    `main` is of which kind a row's main reference is, unless the row is an event, which says so itself. One that does
    not say it readably may be about either.
    """
    found = _named_by_events(tables.get("events"), rows)
    of_events = {row: {name for _, name in names} for row, names in found.items()}
    for table, columns in {**_NAMING, "main": {"reference": main}}.items():
        for line in _of_rows(tables.get(table), tuple(columns), rows):
            row = line["row"]
            told = {(kind, line[column]) for column, kind in columns.items() if line[column]}
            found[row] |= {each for each in told if each[1] not in of_events.get(row, ())}
    return found


def _named_by_events(events: pa.Table | None, rows: Collection[int]) -> dict[int, set[Name]]:
    found: dict[int, set[Name]] = defaultdict(set)
    for line in _of_rows(events, ("entity", "reference", "into"), rows):
        kinds = [line["entity"]] if line["entity"] in KINDS else KINDS
        found[line["row"]] |= {(kind, name) for kind in kinds for name in (line["reference"], line["into"]) if name}
    return found


def as_lines(names: Iterable[Name]) -> list[dict[str, str]]:
    """Return names as `canonical.NAME` has them."""
    return [{"kind": kind, "name": name} for kind, name in sorted(names)]


def places(tables: Mapping[str, pa.Table], rows: Collection[int], partition: str, area: str) -> dict[int, Place]:
    """Return where some rows wait by what their records and people say, by row; else as their table declares.

    A row with someone sealed on it is sealed.
    """
    records = {
        line["row"]: Place(line["partition"], line["area"], line["restriction"] or "")
        for line in _of_rows(tables.get("records"), ("partition", "area", "restriction"), rows)
    }
    found = dict.fromkeys(rows, Place(partition, area, "")) | records
    for line in _of_rows(tables.get("nominals"), ("partition",), rows):
        row, own = line["row"], line["partition"]
        if own == SEALED or (row not in records and found[row].partition != SEALED):
            found[row] = replace(found[row], partition=own)
    return found


def _strictly(place: Place, why: Sequence[Fault], setting: Setting) -> Place:
    """Return the same place, strict where what the row says of it could not be read."""
    words, restriction = setting.words, setting.table.record.get("restriction")
    area = place.area if place.area in words.areas else setting.table.area
    # A fault of the partition of a corporate area says that the two do not go together, and not that it is unread.
    doubted = area not in words.corporate_areas and any(fault.field.endswith(".partition") for fault in why)
    if restriction and any(fault.field in ("record.restriction", *restriction.columns) for fault in why):
        place = replace(place, restriction=UNREAD)
    if doubted or place.partition not in words.partitions:
        place = replace(place, partition=SEALED)
    return replace(place, area=area)


def _of_rows(lines: pa.Table | None, columns: Sequence[str], rows: Collection[int]) -> list[dict[str, Any]]:
    if lines is None or not lines.num_rows or not rows:
        return []
    wanted = lines.filter(pc.is_in(lines["row"], pa.array(sorted(rows), pa.int32())))
    told: list[dict[str, Any]] = wanted.select(["row", *columns]).to_pylist()
    return told
