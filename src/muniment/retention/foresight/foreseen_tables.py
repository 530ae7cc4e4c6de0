"""What a forecast reads of the database: the decisions that are published, and who may see whom."""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from muniment.batch import retention
from muniment.batch.retention import foresight, tables
from muniment.core import places
from muniment.core.models import BatchRun
from muniment.engine.policy import Policy
from muniment.records import staging
from muniment.retention.deciding import schedule_tables
from muniment.retention.disposals.due import LIVE

_PERSONS = """
SELECT d.prime_id AS person_id, c.code AS controller, d."group", d.clear_from, d.due, d.outcome, d.rule,
    NULL::bigint AS driving_involvement, NULL::bigint AS driving_record, d.missing::text[] AS missing,
    d.because::text[] AS because, d.kept_until
FROM retention_persondecision d JOIN core_controller c ON c.id = d.controller_id
"""

_RECORDS = """
SELECT d.record_id, c.code AS controller, d.resolved_class AS class_id, d.due, d.outcome, d.rule,
    d.driving_prime_id AS driving_person, d.missing::text[] AS missing, d.because::text[] AS because
FROM retention_recorddecision d JOIN records_record r ON r.id = d.record_id
JOIN records_sourcesystem s ON s.id = r.system_id JOIN core_controller c ON c.id = s.controller_id
"""

# A decision about a person is seen by whoever sees any source record that is or was theirs, as the wall has it.
_PERSONS_TOLD = """
WITH seen AS (
    SELECT prime_id, string_agg(scope_id::text, ',' ORDER BY scope_id) AS scopes FROM (
        SELECT DISTINCT b.prime_id, n.scope_id FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
    ) each GROUP BY prime_id
)
SELECT d.prime_id AS person_id, c.code AS controller, seen.scopes, EXISTS (
    SELECT 1 FROM retention_disposalorder o WHERE o.prime_id = d.prime_id AND o.controller_id = d.controller_id
        AND o.state = ANY (ARRAY[{live}])) AS under_way
FROM retention_persondecision d JOIN core_controller c ON c.id = d.controller_id LEFT JOIN seen USING (prime_id)
"""

# What is kept encrypted of a record: its narratives and originals. A record without any has no size that is known.
_RECORDS_TOLD = """
SELECT r.id AS record_id, r.scope_id::text AS scopes, size.bytes FROM records_record r
LEFT JOIN (
    SELECT split_part(owner, ':', 2)::bigint AS record_id, sum(octet_length(ciphertext))::bigint AS bytes
    FROM core_content WHERE owner >= 'record:' AND owner < 'record;' GROUP BY 1
) size ON size.record_id = r.id
"""


@dataclass(frozen=True)
class Scheduled:
    """The last run of the schedule: its key, its day and the policy that it followed."""

    run: int
    on: date
    policy_version: str


def last_schedule() -> Scheduled | None:
    """Return the last run of the schedule that was published, None before the first."""
    run = BatchRun.objects.filter(kind="schedule", state="done").order_by("-pk").first()
    if run is None:
        return None
    return Scheduled(run.pk, date.fromisoformat(run.versions["on"]), run.versions["policy"])


def published() -> retention.Schedule:
    """Return the decisions that are published."""
    return retention.Schedule(
        _one(_PERSONS, tables.PERSON_DECISIONS),
        _one(_RECORDS, tables.RECORD_DECISIONS),
    )


def told() -> foresight.Told:
    """Return in which scopes everybody and everything that is decided lies, and what is known of their size."""
    live = ", ".join(f"'{state}'" for state in LIVE)
    return foresight.Told(
        _one(_PERSONS_TOLD.format(live=live), foresight.PERSONS_TOLD), _one(_RECORDS_TOLD, foresight.RECORDS_TOLD)
    )


def side(policy: Policy, on: date, made: retention.Schedule) -> foresight.Side:
    """Ask about everyone and everything as on the day on which each falls due."""
    given = schedule_tables.read_everyone(made.persons, on)
    return foresight.side(given, policy, made, asked_on=on, plans_in=places.home() / "plans")


def _one(query: str, schema: pa.Schema) -> pa.Table:
    return staging.read(query).select(schema.names).cast(schema)
