"""Work out retention for everyone, publish what changed, and open the reviews that fall due."""

from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from typing import Any

import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone

from muniment.batch import retention
from muniment.core import audit, statistics, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.policy import Policy
from muniment.records import staging
from muniment.retention import schedule_tables
from muniment.retention.actions import held_records
from muniment.retention.models import Hold

_SCHEDULE_LOCK = 7_130_004


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


_PERSONS = """
INSERT INTO retention_persondecision AS held (prime_id, controller_id, "group", clear_from, due, outcome, rule,
    driving_involvement_id, missing, because, policy_version, membership_digest, run_id)
SELECT d.person_id, c.id, d."group", d.clear_from, d.due, d.outcome, coalesce(d.rule, ''), d.driving_involvement,
    d.missing, d.because, %(policy)s, m.digest, %(run)s
FROM {persons} d JOIN core_controller c ON c.code = d.controller
JOIN (SELECT b.prime_id, encode(sha256(convert_to(string_agg(b.nominal_id::text, ',' ORDER BY b.nominal_id), 'UTF8')),
        'hex') AS digest FROM people_belonging b WHERE b.until IS NULL GROUP BY b.prime_id) m
    ON m.prime_id = d.person_id
ON CONFLICT (prime_id, controller_id) DO UPDATE SET "group" = excluded."group", clear_from = excluded.clear_from,
    due = excluded.due, outcome = excluded.outcome, rule = excluded.rule,
    driving_involvement_id = excluded.driving_involvement_id, missing = excluded.missing, because = excluded.because,
    policy_version = excluded.policy_version, membership_digest = excluded.membership_digest, run_id = excluded.run_id
WHERE (held."group", held.clear_from, held.due, held.outcome, held.rule, held.missing, held.because,
       held.policy_version, held.membership_digest)
    IS DISTINCT FROM (excluded."group", excluded.clear_from, excluded.due, excluded.outcome, excluded.rule,
       excluded.missing, excluded.because, excluded.policy_version, excluded.membership_digest)
"""

_PERSONS_GONE = """
DELETE FROM retention_persondecision held WHERE NOT EXISTS (
    SELECT 1 FROM {persons} d JOIN core_controller c ON c.code = d.controller
    WHERE d.person_id = held.prime_id AND c.id = held.controller_id)
"""

_RECORDS = """
INSERT INTO retention_recorddecision AS held (record_id, resolved_class, due, outcome, rule, driving_prime_id,
    missing, because, policy_version, run_id)
SELECT d.record_id, coalesce(d.class_id, ''), d.due, d.outcome, coalesce(d.rule, ''), d.driving_person, d.missing,
    d.because, %(policy)s, %(run)s
FROM {records} d JOIN records_record live ON live.id = d.record_id -- what was destroyed meanwhile is left out
ON CONFLICT (record_id) DO UPDATE SET resolved_class = excluded.resolved_class, due = excluded.due,
    outcome = excluded.outcome, rule = excluded.rule, driving_prime_id = excluded.driving_prime_id,
    missing = excluded.missing, because = excluded.because, policy_version = excluded.policy_version,
    run_id = excluded.run_id
WHERE (held.resolved_class, held.due, held.outcome, held.rule, held.driving_prime_id, held.missing, held.because,
       held.policy_version)
    IS DISTINCT FROM (excluded.resolved_class, excluded.due, excluded.outcome, excluded.rule,
       excluded.driving_prime_id, excluded.missing, excluded.because, excluded.policy_version)
"""

# Risk: what goes wrong if nobody looks. The group leads; a person never reviewed and long overdue follows.
_OPEN_REVIEWS = """
INSERT INTO retention_review (prime_id, controller_id, kind, trigger, due, risk, state, allocated_to, waiting_for,
    outcome, kept_records, decided_by, membership_digest, version)
SELECT d.prime_id, d.controller_id, CASE WHEN reviewed.prime_id IS NULL THEN 'initial' ELSE 'scheduled' END, d.rule,
    coalesce(d.due, %(day)s),
    CASE d."group" WHEN 1 THEN 300 WHEN 2 THEN 200 WHEN 3 THEN 100 ELSE 50 END
        + least(99, greatest(0, (%(day)s::date - coalesce(d.due, %(day)s::date)) / 365 * 5)),
    'open', '', '', '', '{{}}', '', d.membership_digest, 1
FROM retention_persondecision d
LEFT JOIN (SELECT DISTINCT prime_id, controller_id FROM retention_review WHERE state = 'decided') reviewed
    ON reviewed.prime_id = d.prime_id AND reviewed.controller_id = d.controller_id
WHERE d.outcome IN ('review', 'escalate') AND (d.due IS NULL OR d.due <= %(day)s)
    AND NOT EXISTS (SELECT 1 FROM retention_review r WHERE r.prime_id = d.prime_id
        AND r.controller_id = d.controller_id AND r.state NOT IN ('decided', 'closed'))
    AND NOT EXISTS (SELECT 1 FROM retention_review r WHERE r.prime_id = d.prime_id
        AND r.controller_id = d.controller_id AND r.state = 'decided' AND r.next_review > %(day)s)
    AND NOT EXISTS (SELECT 1 FROM retention_disposalorder o WHERE o.prime_id = d.prime_id
        AND o.controller_id = d.controller_id AND o.state IN ('proposed', 'approved', 'instructed', 'destroyed'))
"""

# A review goes where its person went. One that somebody has begun goes with what they answered, and one that nobody has
# touched gives way to it; of several, the oldest goes on and the others are closed.
_BEGUN = "(state IN ('started', 'parked', 'referred') OR state = 'open' AND kind = 'explicit')"
_FOLLOW_MERGES = (
    f"""
    UPDATE retention_review waiting SET state = 'closed'
    WHERE state = 'open' AND kind <> 'explicit' AND EXISTS (
        SELECT 1 FROM (SELECT * FROM retention_review WHERE {_BEGUN}) begun
        JOIN people_primeperson p ON p.id = begun.prime_id
        WHERE p.redirects_to_id = waiting.prime_id AND begun.controller_id = waiting.controller_id)
    """,  # noqa: S608
    f"""
    WITH following AS (
        SELECT DISTINCT ON (p.redirects_to_id, begun.controller_id) begun.id, p.redirects_to_id, begun.controller_id
        FROM (SELECT * FROM retention_review WHERE {_BEGUN}) begun JOIN people_primeperson p ON p.id = begun.prime_id
        WHERE p.redirects_to_id IS NOT NULL ORDER BY p.redirects_to_id, begun.controller_id, begun.id
    )
    UPDATE retention_review held SET prime_id = f.redirects_to_id FROM following f
    WHERE held.id = f.id AND NOT EXISTS (
        SELECT 1 FROM retention_review other WHERE other.prime_id = f.redirects_to_id
            AND other.controller_id = f.controller_id AND other.state NOT IN ('decided', 'closed'))
    """,  # noqa: S608
    """
    UPDATE retention_review held SET state = 'closed' FROM people_primeperson p
    WHERE p.id = held.prime_id AND p.redirects_to_id IS NOT NULL AND held.state NOT IN ('decided', 'closed')
    """,
)

# A review nobody has touched, of a person for whom none is due any more.
_CLOSE_REVIEWS = """
UPDATE retention_review r SET state = 'closed' WHERE r.state = 'open' AND r.kind <> 'explicit' AND NOT EXISTS (
    SELECT 1 FROM retention_persondecision d WHERE d.prime_id = r.prime_id AND d.controller_id = r.controller_id
        AND d.outcome IN ('review', 'escalate') AND (d.due IS NULL OR d.due <= %(day)s))
"""


def schedule(policy: Policy, *, by: Actor, on: date) -> Counts:
    """Decide for every prime person and record as on a day; publish in one transaction.

    A hold may name classes, and what class a record comes to is known only once it is decided. So the holds follow the
    classes before anything is published.
    """
    began = timezone.now()
    held_records.expand_all(by=by)
    made = schedule_tables.decide(policy, on, follow=partial(_holds_followed, by=by))
    with (
        staging.staged({"persons": made.persons, "records": made.records}) as names,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        turns.beside_others()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SCHEDULE_LOCK])
        run = BatchRun.objects.create(
            kind="schedule", started_at=began, versions={"policy": policy.version, "on": on.isoformat()}
        )
        decided = _publish(cursor, names, {"policy": policy.version, "run": run.pk, "day": on})
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


def _publish(cursor: Any, names: dict[str, str], parameters: dict[str, Any]) -> dict[str, int]:
    changed = {}
    cursor.execute("SET LOCAL enable_nestloop = off")
    cursor.execute(_PERSONS.format(**names), parameters)
    changed["changed_people"] = cursor.rowcount
    cursor.execute(_PERSONS_GONE.format(**names))
    cursor.execute(_RECORDS.format(**names), parameters)
    changed["changed_records"] = cursor.rowcount
    cursor.execute(
        "SELECT count(*) FILTER (WHERE outcome IN ('review', 'escalate') AND (due IS NULL OR due <= %(day)s)),"
        " count(*) FILTER (WHERE outcome = 'dispose' AND due <= %(day)s) FROM retention_persondecision",
        parameters,
    )
    changed["due_review"], changed["due_disposal"] = cursor.fetchone()
    cursor.execute("SET LOCAL enable_nestloop = on")
    closed = 0
    for statement in (*_FOLLOW_MERGES, _CLOSE_REVIEWS):
        cursor.execute(statement, parameters)
        closed += cursor.rowcount if "SET state = 'closed'" in statement else 0
    changed["reviews_closed"] = closed
    cursor.execute(_OPEN_REVIEWS.format(), parameters)
    changed["reviews_opened"] = cursor.rowcount
    return changed
