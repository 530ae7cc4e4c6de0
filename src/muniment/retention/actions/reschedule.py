"""Work out retention anew for some people and records at once, as the next run over everybody would."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.utils import timezone

from muniment.core import audit, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.policy import Policy
from muniment.people import pairs
from muniment.people.models import Belonging
from muniment.records import staging
from muniment.records.models import Involvement
from muniment.retention import decisions, schedule_tables
from muniment.retention.actions import held_records
from muniment.retention.actions.schedule import SCHEDULE_LOCK


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
    """Decide anew about prime people whose make-up or facts have changed, and about records that have come or changed.

    With them everyone is decided who is on a record of theirs or may be one of them, because that may change too; what
    those are on is only read. Keys of people who retired may be among `people`: nothing stays decided about them.
    """
    began, scope = timezone.now(), _scope(people, records)
    held_records.expand_for(scope.records, by=by)
    done = _decide(policy, scope, began, by=by, on=on)
    if held_records.expand_for(
        scope.records, by=by, by_class=True
    ):  # a hold may name the class that a record has only now come to
        done = _decide(policy, scope, began, by=by, on=on)
    return done


@dataclass(frozen=True)
class _Scope:
    """Whom and what is decided, and everyone whose facts that takes."""

    people: frozenset[int]
    records: frozenset[int]
    read: frozenset[int]


def _scope(people: Collection[int], records: Collection[int]) -> _Scope:
    own = frozenset(people) | pairs.people_on(records)
    touched = own | _near(own)
    decided = touched | pairs.people_on(_records_of(touched))
    read = decided | _near(decided) | pairs.people_on(_records_of(decided))
    return _Scope(decided, frozenset(records) | _records_of(touched), read)


def _near(people: Collection[int]) -> frozenset[int]:
    """Return who may be the same as one of some people."""
    near = Belonging.objects.filter(until__isnull=True, nominal_id__in=pairs.near(people))
    return frozenset(near.values_list("prime_id", flat=True))


def _records_of(people: Iterable[int]) -> frozenset[int]:
    members = Belonging.objects.filter(until__isnull=True, prime_id__in=list(people)).values_list("nominal_id")
    return frozenset(Involvement.objects.filter(nominal_id__in=members).values_list("record_id", flat=True))


def _decide(policy: Policy, scope: _Scope, began: datetime, *, by: Actor, on: date) -> Rescheduled:
    part = schedule_tables.Part(tuple(sorted(scope.read)), tuple(sorted(scope.records)))
    made = schedule_tables.decide(policy, on, part=part)
    given = {
        "persons": _of(made.persons, "person_id", scope.people),
        "records": _of(made.records, "record_id", scope.records),
    }
    with staging.staged(given) as names, transaction.atomic(), connection.cursor() as cursor:
        turns.beside_others()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEDULE_LOCK])
        run = BatchRun.objects.create(
            kind="reschedule", started_at=began, versions={"policy": policy.version, "on": on.isoformat()}
        )
        parameters = {"policy": policy.version, "run": run.pk, "day": on}
        changed = decisions.publish(cursor, names, parameters, scope.people)
        done = Rescheduled(given["persons"].num_rows, given["records"].num_rows, **changed)
        BatchRun.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now(), counts=vars(done))
        audit.record(by, "retention.reschedule", subject=f"run {run.pk}", detail=vars(done))
    return done


def _of(decided: pa.Table, column: str, keys: Collection[int]) -> pa.Table:
    return decided.filter(pc.is_in(decided[column], pa.array(sorted(keys), pa.int64())))
