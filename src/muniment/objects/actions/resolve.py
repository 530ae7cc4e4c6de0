"""Resolve what sources say of places and vehicles into prime records, and publish what changed."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.matching.policy import today
from muniment.core import audit, content, scratch, statistics, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.matching import words
from muniment.engine.matching.words import ObjectWords
from muniment.objects import deciding, forgetting, reading, told
from muniment.objects.attaching import Published, decide_around, take_turn
from muniment.objects.deciding import Decided, decided_since
from muniment.objects.kinds import PLACE, THINGS, VEHICLE, Thing
from muniment.people.handing_over import Rows
from muniment.people.linking import publishing
from muniment.records import staging

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


def resolve(*, by: Actor) -> Counts:
    """Resolve every place and vehicle, within its partition; each kind is published at once.

    Which addresses follow from the people and records that are held is worked out first. References are anchored as
    those of people are (`people.linking.publishing`). The same input gives the same groups, in whatever order it came.
    What is attached while the run computes is decided anew on top of what it publishes.
    """
    began, known = timezone.now(), words.in_force(today())
    _follow_partitions()
    _read_vehicles(known)
    _read_places(known)
    read = {thing.name: _read(thing, known) for thing in (PLACE, VEHICLE)}
    run = BatchRun.objects.create(kind="objects", started_at=began, versions={"standard": known.standard})
    changed = dict.fromkeys(_CHANGES, 0)
    for thing in (PLACE, VEHICLE):
        for step, number in _publish(thing, read[thing.name], Published(known, run.pk)).items():
            changed[step] += number
    places, vehicles = (read[thing.name].decided for thing in (PLACE, VEHICLE))
    counts = Counts(
        place_members=len(places.clusters),
        places=places.number,
        places_asked=len(places.asked),
        vehicle_members=len(vehicles.clusters),
        vehicles=vehicles.number,
        vehicles_asked=len(vehicles.asked),
        **changed,
    )
    with transaction.atomic():
        BatchRun.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now(), counts=counts.__dict__)
        audit.record(by, "objects.resolve", subject=f"run {run.pk}", detail=counts.__dict__)
    statistics.refresh()
    return counts


def _follow_partitions() -> None:
    """Let what feeds told of go with its record or person where that has been sealed since."""
    with _writing() as cursor:
        for thing in (PLACE, VEHICLE):
            told.follow_partitions(cursor, thing, told.EVERYTHING)


def _read_places(known: ObjectWords) -> None:
    """Read the ways of writing places that are new, link them to what they are of, and forget what nobody writes."""
    unread = staging.read(told.UNREAD.format(standard=known.standard, **told.EVERYTHING)).to_pylist()
    lines = [
        line | {"parts": json.dumps(line["parts"], ensure_ascii=False)} for line in reading.read_places(unread, known)
    ]
    with staging.staged({"places": _table(lines, reading.PLACES)}) as names, _writing() as cursor:
        for statement in told.READ:
            cursor.execute(statement.format(**names), {"standard": known.standard})
        scratch.ready(cursor, told.LINKED_NOW)
        for statement in told.LINKS:
            cursor.execute(statement.format(**told.EVERYTHING))
        owners = forgetting.forget()
        transaction.on_commit(lambda: content.destroy_keys(owners))


def _read_vehicles(known: ObjectWords) -> None:
    unread = staging.read(told.UNREAD_VEHICLES.format(standard=known.standard, **told.EVERYTHING)).to_pylist()
    if not unread:
        return
    lines, tokens = reading.read_vehicles(unread, known)
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
        take_turn(cursor)
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield cursor


@dataclass(frozen=True)
class _Read:
    """What was decided of one kind, and the snapshot of what it was decided from."""

    decided: Decided
    snapshot: str


def _read(thing: Thing, known: ObjectWords) -> _Read:
    with staging.snapshot() as rows_of:
        snapshot = rows_of("SELECT pg_current_snapshot()::text AS snapshot")["snapshot"][0].as_py()
        rows = rows_of(deciding.MEMBERS[thing.name].format(within="true")).to_pylist()
        judged = rows_of(deciding.JUDGED.format(**thing.names(), within="true")).to_pylist()
    return _Read(deciding.decide(thing, rows, judged, known), snapshot)


def _publish(thing: Thing, read: _Read, by: Published) -> dict[str, int]:
    """Publish what was decided; what somebody has attached meanwhile is decided anew with what it bears on."""
    handed = {
        "clusters": Rows(read.decided.clusters, deciding.CLUSTERS).table(),
        "asked": Rows(read.decided.asked, deciding.ASKED).table(),
    }
    with staging.staged(handed) as staged, _writing() as cursor:
        late = decided_since(cursor, thing, read.snapshot)
        publishing.leave_out_gone(cursor, staged["clusters"], thing.tables)
        done = deciding.publish(cursor, thing, staging.Handed(staged, {}), by.run)
        if late:
            cursor.execute("SET LOCAL enable_nestloop = on")
            _, owners = decide_around(cursor, {name: late if name == thing.name else () for name in THINGS}, by)
            transaction.on_commit(lambda: content.destroy_keys(owners))
    return done
