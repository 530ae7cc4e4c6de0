"""What a forecast reads of the database: the decisions that are published, and who may see whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from django.db.models import Sum

from muniment.batch import retention
from muniment.batch.retention import foresight, sampled, tables
from muniment.batch.retention.sampled import Drawn, Size
from muniment.batch.retention.touching import Touched
from muniment.core import places
from muniment.core.models import BatchRun
from muniment.engine.policy import Policy
from muniment.records import staging
from muniment.retention.deciding import schedule_tables
from muniment.retention.deciding.schedule_tables import among
from muniment.retention.disposals.due import LIVE
from muniment.retention.models import ForeseenCount

_PERSONS = """
SELECT d.prime_id AS person_id, c.code AS controller, d."group", d.clear_from, d.due, d.outcome, d.rule,
    NULL::bigint AS driving_involvement, NULL::bigint AS driving_record, d.missing::text[] AS missing,
    d.because::text[] AS because, d.kept_until
FROM retention_persondecision d JOIN core_controller c ON c.id = d.controller_id WHERE {them}
"""

_RECORDS = """
SELECT d.record_id, c.code AS controller, d.resolved_class AS class_id, d.due, d.outcome, d.rule,
    d.driving_prime_id AS driving_person, d.missing::text[] AS missing, d.because::text[] AS because
FROM retention_recorddecision d JOIN records_record r ON r.id = d.record_id
JOIN records_sourcesystem s ON s.id = r.system_id JOIN core_controller c ON c.id = s.controller_id WHERE {them}
"""

# A decision about a person is seen by whoever sees any source record that is or was theirs, as the wall has it.
_PERSONS_TOLD = """
WITH seen AS (
    SELECT prime_id, string_agg(scope_id::text, ',' ORDER BY scope_id) AS scopes FROM (
        SELECT DISTINCT b.prime_id, n.scope_id FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
        WHERE {theirs}
    ) each GROUP BY prime_id
)
SELECT d.prime_id AS person_id, c.code AS controller, seen.scopes, EXISTS (
    SELECT 1 FROM retention_disposalorder o WHERE o.prime_id = d.prime_id AND o.controller_id = d.controller_id
        AND o.state = ANY (ARRAY[{live}])) AS under_way
FROM retention_persondecision d JOIN core_controller c ON c.id = d.controller_id LEFT JOIN seen USING (prime_id)
WHERE {them}
"""

# What is kept encrypted of a record: its narratives and originals. A record without any has no size that is known.
_RECORDS_TOLD = """
SELECT r.id AS record_id, r.scope_id::text AS scopes, size.bytes FROM records_record r
LEFT JOIN (
    SELECT split_part(owner, ':', 2)::bigint AS record_id, sum(octet_length(ciphertext))::bigint AS bytes
    FROM core_content WHERE owner >= 'record:' AND owner < 'record;' GROUP BY 1
) size ON size.record_id = r.id
"""


_SCOPES = """
SELECT r.id AS record_id, r.scope_id::text AS scopes, NULL::bigint AS bytes FROM records_record r WHERE {them}
"""

_DRAWN_PERSONS = """
SELECT d.prime_id AS person_id, c.code AS controller FROM retention_persondecision d
JOIN core_controller c ON c.id = d.controller_id
JOIN (VALUES {of}) s (controller, of_group, below)
    ON s.controller = d.controller_id AND s.of_group IS NOT DISTINCT FROM d."group"
WHERE hashint8extended(d.prime_id, d.controller_id) < s.below ORDER BY 1, 2
"""

_DRAWN_RECORDS = """
SELECT r.id AS record_id FROM records_record r JOIN records_sourcesystem o ON o.id = r.system_id
JOIN (VALUES {of}) s (controller, below) ON s.controller = o.controller_id
WHERE hashint8extended(r.id, 0) < s.below
    AND EXISTS (SELECT FROM retention_recorddecision d WHERE d.record_id = r.id) ORDER BY 1
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


def published(given: retention.Tables | None = None) -> retention.Schedule:
    """Return the decisions that are published, all or those about whom and what some tables hold."""
    people, records = "true", "true"
    if given is not None:
        people = among("d.prime_id", _keys(given.persons, "person_id"))
        records = among("d.record_id", _keys(given.records, "record_id"))
    return retention.Schedule(
        _one(_PERSONS.format(them=people), tables.PERSON_DECISIONS),
        _one(_RECORDS.format(them=records), tables.RECORD_DECISIONS),
    )


def _keys(rows: tables.Source, column: str) -> list[int]:
    assert isinstance(rows, pa.Table)
    return sorted(set(rows[column].to_pylist()))


def told() -> foresight.Told:
    """Return in which scopes everybody and everything that is decided lies, and what is known of their size."""
    return foresight.Told(_told_of_persons("true", "true"), _one(_RECORDS_TOLD, foresight.RECORDS_TOLD))


def told_of(drawn: Drawn) -> foresight.Told:
    """Return the same of a sample, without the sizes."""
    people = _keys(drawn.persons, "person_id")
    return foresight.Told(
        _told_of_persons(among("d.prime_id", people), among("b.prime_id", people)),
        _one(_SCOPES.format(them=among("r.id", _keys(drawn.records, "record_id"))), foresight.RECORDS_TOLD),
    )


def _told_of_persons(them: str, theirs: str) -> pa.Table:
    live = ", ".join(f"'{state}'" for state in LIVE)
    return _one(_PERSONS_TOLD.format(live=live, them=them, theirs=theirs), foresight.PERSONS_TOLD)


def draw(run: BatchRun, whose: Touched, size: Size) -> Drawn | None:
    """Draw a sample of the decisions that a forecast has counted, the same one each time; None where they are few.

    Each is drawn by its own key, of the controllers named: of people by controller and group, of records by controller.
    """
    counted = ForeseenCount.objects.filter(run=run, side="now")
    if (counted.aggregate(every=Sum("number"))["every"] or 0) < size.least:
        return None
    people = counted.filter(subject="person", controller__code__in=whose.person).values_list("controller_id", "group")
    records = counted.filter(subject="record", controller__code__in=whose.record).values_list("controller_id")
    return Drawn(
        _drawn(_DRAWN_PERSONS, _strata(people.annotate(Sum("number")), size.persons), sampled.DRAWN_PERSONS),
        _drawn(_DRAWN_RECORDS, _strata(records.annotate(Sum("number")), size.records), sampled.DRAWN_RECORDS),
    )


def _drawn(query: str, strata: str, schema: pa.Schema) -> pa.Table:
    return _one(query.format(of=strata), schema) if strata else schema.empty_table()


def _strata(counted: Iterable[tuple[Any, ...]], wanted: int) -> str:
    """Return the shares that are drawn, as rows: a stratum, and below what the hash of a key lies that is drawn."""
    found = sampled.shares(((tuple(stratum), number) for *stratum, number in counted), wanted)
    rows = []
    for stratum, share in found.items():
        parts = ["NULL::int" if part is None else str(int(part)) for part in stratum]
        rows.append(f"({', '.join(parts)}, {share * 2.0**64 - 2.0**63!r}::float8)")
    return ", ".join(rows)


def side(policy: Policy, on: date, made: retention.Schedule) -> foresight.Side:
    """Ask about everyone and everything as on the day on which each falls due."""
    given = schedule_tables.read_everyone(made.persons, on)
    return foresight.side(given, policy, made, asked_on=on, plans_in=places.home() / "plans")


def _one(query: str, schema: pa.Schema) -> pa.Table:
    return staging.read(query).select(schema.names).cast(schema)
