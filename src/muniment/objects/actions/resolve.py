"""Resolve what sources say of places and vehicles into prime records, and publish what changed."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.matching.policy import today
from muniment.core import audit, content, statistics, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.matching import words
from muniment.engine.matching.objects import Told
from muniment.engine.matching.words import ObjectWords
from muniment.objects import forgetting, reading, told
from muniment.objects.kinds import PLACE, VEHICLE, Thing
from muniment.people import publishing
from muniment.records import staging

_OBJECTS_LOCK = 7_130_009
_ASKED = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("level", pa.string())])
_CLUSTERS = pa.schema([("person_id", pa.int64()), ("anchor_id", pa.int64())])
_CHANGES = ("made", "retired", "revived", "moved")


@dataclass(frozen=True)
class Counts:
    """What a run saw and changed: members are the ways of writing, by system."""

    place_members: int
    places: int
    places_asked: int
    vehicle_members: int
    vehicles: int
    vehicles_asked: int
    made: int
    retired: int
    revived: int
    moved: int

    def named(self) -> dict[str, int]:
        """Return the counts by names that tell them from those of people."""
        return {name if name not in _CHANGES else f"objects_{name}": number for name, number in vars(self).items()}


@dataclass(frozen=True)
class _Resolved:
    """The groups of one kind, and the pairs that wait for a person."""

    clusters: pa.Table
    asked: pa.Table

    @property
    def number(self) -> int:
        return len(set(self.clusters["anchor_id"].to_pylist()))


def resolve(*, by: Actor) -> Counts:
    """Resolve every place and vehicle, within its partition; each kind is published at once.

    Which addresses follow from the people and records that are held is worked out first. References are anchored as
    those of people are (`people.publishing`). The same input gives the same groups, in whatever order it came.
    """
    began, known = timezone.now(), words.in_force(today())
    _follow_partitions()
    _read_vehicles(known)
    _read_places(known)
    resolved = {
        PLACE.name: _group(PLACE, told.PLACES, lambda rows: reading.places(map(_with_parts, rows))),
        VEHICLE.name: _group(VEHICLE, told.VEHICLES, lambda rows: reading.vehicles(rows, known)),
    }
    run = BatchRun.objects.create(kind="objects", started_at=began, versions={"standard": known.standard})
    changed = dict.fromkeys(_CHANGES, 0)
    for thing in (PLACE, VEHICLE):
        for step, number in _publish(thing, resolved[thing.name], run).items():
            changed[step] += number
    counts = Counts(
        place_members=resolved["place"].clusters.num_rows,
        places=resolved["place"].number,
        places_asked=resolved["place"].asked.num_rows,
        vehicle_members=resolved["vehicle"].clusters.num_rows,
        vehicles=resolved["vehicle"].number,
        vehicles_asked=resolved["vehicle"].asked.num_rows,
        **changed,
    )
    with transaction.atomic():
        BatchRun.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now(), counts=counts.__dict__)
        audit.record(by, "objects.resolve", subject=f"run {run.pk}", detail=counts.__dict__)
    statistics.refresh()
    return counts


def _with_parts(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "parts": json.loads(row["parts"])}


def _follow_partitions() -> None:
    """Let what feeds told of go with its record or person where that has been sealed since."""
    with _writing() as cursor:
        for thing in (PLACE, VEHICLE):
            own = {"id", "system", "partition", "key", "standard"}
            columns = ", ".join(
                str(field.column) for field in thing.member._meta.concrete_fields if field.name not in own
            )
            for statement in told.MOVED:
                cursor.execute(statement.format(**thing.names(), columns=columns))


def _read_places(known: ObjectWords) -> None:
    """Read the ways of writing places that are new, link them to what they are of, and forget what nobody writes."""
    unread = staging.read(told.UNREAD.format(standard=known.standard))
    lines = []
    for row in unread.to_pylist():
        columns = reading.place(row["text"], row["postcode"], row.pop("uprn"), known)
        if row["id"] or reading.tells_a_place(columns):
            lines.append({**row, **columns, "parts": json.dumps(columns["parts"], ensure_ascii=False)})
    with staging.staged({"places": _table(lines, reading.PLACES)}) as names, _writing() as cursor:
        for statement in told.READ:
            cursor.execute(statement.format(**names), {"standard": known.standard})
        for statement in told.LINKS:
            cursor.execute(statement)
        owners = forgetting.forget()
        transaction.on_commit(lambda: content.destroy_keys(owners))


def _read_vehicles(known: ObjectWords) -> None:
    unread = staging.read(told.UNREAD_VEHICLES.format(standard=known.standard)).to_pylist()
    if not unread:
        return
    lines = [{"id": row["id"], **reading.vehicle(row["registration"], row["vin"], known)} for row in unread]
    tokens = [{"id": line["id"], "token": token} for line in lines for token in reading.tokens(line["mark"])]
    tables = {"vehicles": _table(lines, reading.VEHICLES), "tokens": _table(tokens, reading.TOKENS)}
    with staging.staged(tables) as names, _writing() as cursor:
        for statement in told.READ_VEHICLES:
            cursor.execute(statement.format(**names), {"standard": known.standard})


def _table(lines: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    plain = pa.schema([(field.name, pa.string() if field.type == pa.json_() else field.type) for field in schema])
    return pa.Table.from_pylist(list(lines), plain).cast(schema)


@contextmanager
def _writing() -> Iterator[Any]:
    """Give a cursor within a transaction beside other bulk writes, one run at a time."""
    with transaction.atomic(), connection.cursor() as cursor:
        turns.beside_others()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_OBJECTS_LOCK])
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield cursor


def _group(thing: Thing, query: str, read: Callable[[Iterable[dict[str, Any]]], Iterable[Any]]) -> _Resolved:
    """Put the members of each partition together."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in staging.read(query).to_pylist():
        rows.setdefault(row["partition"], []).append(row)
    judged = staging.read(told.JUDGED.format(**thing.names())).to_pylist()
    said = {
        verdict: [(each["left"], each["right"]) for each in judged if each["verdict"] == verdict]
        for verdict in ("same", "different")
    }
    clusters: list[dict[str, int]] = []
    asked: list[dict[str, Any]] = []
    for partition in sorted(rows):
        found = thing.put_together(list(read(rows[partition])), Told(said["same"], said["different"]))
        clusters += [{"person_id": member, "anchor_id": anchor} for member, anchor in found.anchors.items()]
        asked += [
            {"left": min(pair.left, pair.right), "right": max(pair.left, pair.right), "level": pair.level}
            for pair in found.asked
        ]
    return _Resolved(_table(clusters, _CLUSTERS), _table(asked, _ASKED))


def _publish(thing: Thing, resolved: _Resolved, run: BatchRun) -> dict[str, int]:
    with staging.staged({"clusters": resolved.clusters, "asked": resolved.asked}) as staged, _writing() as cursor:
        publishing.leave_out_gone(cursor, staged["clusters"], thing.tables)
        publishing.work_out(cursor, staged["clusters"], thing.tables)
        rows = publishing.publish_memberships(cursor, thing.tables)
        cursor.execute(told.LEFT.format(**thing.names(), **staged))
        for statement in told.EDGES:
            cursor.execute(statement.format(**thing.names(), **staged), {"run": run.pk})
    return rows
