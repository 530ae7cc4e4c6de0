"""Work out retention for everyone, publish what changed, and open the reviews that fall due."""

from dataclasses import asdict, dataclass
from datetime import date
from functools import partial

import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from muniment.batch import retention
from muniment.core import audit, statistics, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.policy import Policy
from muniment.records import staging
from muniment.retention.actions import held_narratives, held_records
from muniment.retention.deciding import decisions, schedule_tables
from muniment.retention.models import Hold

SCHEDULE_LOCK = 7_130_004


@dataclass(frozen=True)
class Counts:
    """What a run decided."""

    people: int
    records: int
    due_review: int
    due_disposal: int
    changed_people: int
    changed_records: int
    reviews_opened: int
    reviews_closed: int


def schedule(policy: Policy, *, by: Actor, on: date) -> Counts:
    """Decide for every prime person and record as on a day; publish in one transaction.

    A hold may name classes, and what class a record comes to is known only once it is decided. So the holds follow the
    classes before anything is published.
    """
    began = timezone.now()
    held_records.expand_all(by=by)
    held_narratives.read(by=by)
    made = schedule_tables.decide(policy, on, follow=partial(_holds_followed, by=by))
    with (
        staging.staged({"persons": made.persons, "records": made.records}) as names,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        turns.beside_others()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEDULE_LOCK])
        run = BatchRun.objects.create(
            kind="schedule", started_at=began, versions={"policy": policy.version, "on": on.isoformat()}
        )
        parameters = {"policy": policy.version, "run": run.pk, "day": on}
        decided = decisions.publish(decisions.one_by_one(cursor), names, parameters) | decisions.due(cursor, parameters)
        counts = Counts(people=made.persons.num_rows, records=made.records.num_rows, **decided)
        BatchRun.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now(), counts=asdict(counts))
        audit.record(by, "retention.schedule", subject=f"run {run.pk}", detail=asdict(counts))
    statistics.refresh()
    return counts


def _holds_followed(made: retention.Schedule, *, by: Actor) -> pa.Table | None:
    """Bring holds up to the classes of the run; return them when they cover anything else than before."""
    if not Hold.objects.filter(released_at__isnull=True, scope__has_key="classes").exists():
        return None
    classes = made.records.select(["record_id", "class_id"]).rename_columns(["record_id", "resolved_class"])
    with staging.staged({"classes": classes}) as names:
        changed = held_records.follow_classes(names["classes"], by=by)
    return schedule_tables.read_holds() if changed else None
