"""Work out retention anew for some people and records at once, as the next run over everybody would."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.utils import timezone

from muniment.batch.retention import Schedule
from muniment.core import audit, planned, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.policy import Policy
from muniment.people.handing_over import array
from muniment.people.linking import pairs
from muniment.records import staging
from muniment.retention.actions import held_records
from muniment.retention.actions.schedule import SCHEDULE_LOCK
from muniment.retention.deciding import decide_few, decisions, schedule_tables

_INLINE = 2000  # rows up to which a statement carries them itself


@dataclass(frozen=True)
class Rescheduled:
    """What was decided anew, and what came of it."""

    people: int
    records: int
    changed_people: int
    changed_records: int
    reviews_opened: int
    reviews_closed: int


def reschedule(
    policy: Policy, *, people: Collection[int], records: Collection[int], by: Actor, on: date
) -> Rescheduled:
    """Decide anew about prime people whose make-up, facts or possible matches have changed, and about such records.

    With them everyone is decided who is on a record of theirs, because that may change too; what those are on is only
    read. Whoever may be one of them follows where it says something else of them than before. Keys of people who
    retired may be among `people`: nothing stays decided about them.
    """
    began, own = timezone.now(), frozenset(people) | pairs.people_on(records)
    # What a hold covers follows from a record and from who is on it: of others' records nothing of it has changed.
    held_records.expand_for(frozenset(records) | _records_of(people), by=by)
    made = _decide_with_near(policy, own, records, on)
    done = _publish(policy, made, began, by=by, on=on)
    # A hold may name the class that a record has only now come to.
    if done.changed_records and held_records.expand_for(made.scope.records, by=by, by_class=True):
        done = _publish(policy, _decide(policy, made.scope, on), began, by=by, on=on)
    return done


@dataclass(frozen=True)
class _Scope:
    """Whom and what is decided."""

    people: frozenset[int]
    records: frozenset[int]

    def around(self) -> frozenset[int]:
        """Return everyone whose facts a wider look takes."""
        return self.people | pairs.near(self.people) | pairs.people_on(_records_of(self.people))


# Of some people, and some records besides: all records of theirs, and everyone on them.
_SCOPE = """
WITH theirs AS MATERIALIZED (
    SELECT DISTINCT i.record_id FROM people_belonging b JOIN records_involvement i ON i.nominal_id = b.nominal_id
    WHERE b.until IS NULL AND b.prime_id = ANY(%(people)s)
)
SELECT record_id AS record, NULL::bigint AS person FROM theirs
UNION ALL SELECT DISTINCT NULL::bigint, b.prime_id FROM theirs JOIN records_involvement i USING (record_id)
JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL
"""


def _scope(people: frozenset[int], records: Collection[int]) -> _Scope:
    """Return some people and records with all records of those and everyone on them."""
    found = planned.rows(_SCOPE, {"people": array(sorted(people))})
    return _Scope(
        people | {row["person"] for row in found if row["person"]},
        frozenset(records) | {row["record"] for row in found if row["record"]},
    )


def _records_of(people: Iterable[int]) -> frozenset[int]:
    rows = planned.rows(schedule_tables.RECORDS_OF_GIVEN, {"people": array(sorted(people))})
    return frozenset(row["id"] for row in rows)


@dataclass(frozen=True)
class _Made:
    """What is decided, and of whom and what."""

    scope: _Scope
    schedule: Schedule


def _decide_with_near(policy: Policy, own: frozenset[int], records: Collection[int], on: date) -> _Made:
    """Decide some people and records with those on them, and who may be one of whoever brings something else now."""
    scope = _scope(own, records)
    made = _decide(policy, scope, on)
    near = pairs.near(_bringing_something_else(made.schedule.persons, scope.people))
    return _decide(policy, _scope(own | near, records), on) if near - scope.people else made


def _bringing_something_else(decided: pa.Table, people: Collection[int]) -> set[int]:
    """Return whose group or clear period, all that a possible match brings to others, is not as it was decided last."""
    before = {row["prime_id"]: [row["group"], row["clear_from"]] for row in decide_few.stored(people)}
    rows = _of(decided, "person_id", people).select(["person_id", "group", "clear_from"]).to_pylist()
    return {row["person_id"] for row in rows if before.get(row["person_id"]) != [row["group"], row["clear_from"]]}


def _decide(policy: Policy, scope: _Scope, on: date) -> _Made:
    made = decide_few.decide(policy, on, people=scope.people, records=scope.records)
    if made is None:
        part = schedule_tables.Part(tuple(sorted(scope.around())), tuple(sorted(scope.records)))
        made = schedule_tables.decide(policy, on, part=part)
    return _Made(scope, made)


def _publish(policy: Policy, made: _Made, began: datetime, *, by: Actor, on: date) -> Rescheduled:
    scope, schedule = made.scope, made.schedule
    given = {
        "persons": _of(schedule.persons, "person_id", scope.people),
        "records": _of(schedule.records, "record_id", scope.records),
    }
    few = sum(table.num_rows for table in given.values()) <= _INLINE
    with planned.for_few() if few else planned.for_many(), _handed(given, few=few) as handed:
        turns.beside_others()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEDULE_LOCK])
        run = BatchRun.objects.create(
            kind="reschedule", started_at=began, versions={"policy": policy.version, "on": on.isoformat()}
        )
        parameters = handed.rows | {"policy": policy.version, "run": run.pk, "day": on}
        changed = decisions.publish(handed.send, handed.names, parameters, scope.people)
        done = Rescheduled(given["persons"].num_rows, given["records"].num_rows, **changed)
        BatchRun.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now(), counts=vars(done))
        audit.record(by, "retention.reschedule", subject=f"run {run.pk}", detail=vars(done))
    return done


@dataclass(frozen=True)
class _Handed:
    """The names under which statements find what is decided, what they take with them, and what carries them out."""

    names: dict[str, str]
    rows: dict[str, Any]
    send: decisions.Send


@contextmanager
def _handed(tables: dict[str, pa.Table], *, few: bool) -> Iterator[_Handed]:
    """Give what is decided to statements: with them while it is little, which leaves their text the same each time."""
    if not few:
        with staging.staged(tables) as names, connection.cursor() as cursor:
            yield _Handed(names, {}, decisions.one_by_one(cursor))
    else:
        told = staging.handed(tables)
        yield _Handed(told.names, told.rows, planned.send)


def _of(decided: pa.Table, column: str, keys: Collection[int]) -> pa.Table:
    return decided.filter(pc.is_in(decided[column], pa.array(sorted(keys), pa.int64())))
