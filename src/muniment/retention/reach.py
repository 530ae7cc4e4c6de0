"""Which records a hold covers: its scope as one query, in which what sources write differently means the same."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from muniment.engine.policy.offences import may_mean
from muniment.people import carried
from muniment.retention import policy_now

KEYS = ("classes", "ho_classes", "cjs", "keywords", "areas", "systems", "people", "records")

# A record is in scope when any list that is given matches it, and any day of it, its own or one of what someone did in
# it, lies between those given. A scope without any list covers everything of the controllers named, and one between
# days what bears no day of its own: better too much than too little. Days are looked at only of what the lists match.
WANTED = """
WITH listed AS MATERIALIZED (
    SELECT r.id FROM records_record r
    JOIN records_sourcesystem s ON s.id = r.system_id
    JOIN core_scope scope ON scope.id = r.scope_id
    LEFT JOIN {decided} d ON d.record_id = r.id
    WHERE s.controller_id = ANY(%(controllers)s) AND (%(some)s::bigint[] IS NULL OR r.id = ANY(%(some)s))
    AND (NOT %(narrowed)s
        OR r.class_id = ANY(%(classes)s) OR d.resolved_class = ANY(%(classes)s)
        OR r.ho_class = ANY(%(ho_classes)s) OR upper(trim(r.cjs)) = ANY(%(cjs)s)
        OR EXISTS (SELECT 1 FROM records_involvement i WHERE i.record_id = r.id
            AND (i.ho_class = ANY(%(ho_classes)s) OR upper(trim(i.cjs)) = ANY(%(cjs)s)))
        OR scope.area = ANY(%(areas)s) OR s.code = ANY(%(systems)s)
        OR r.id = ANY(%(records)s)
        OR EXISTS (SELECT 1 FROM records_involvement i JOIN people_belonging b ON b.nominal_id = i.nominal_id
            AND b.until IS NULL WHERE i.record_id = r.id AND b.prime_id = ANY(%(people)s))
        OR lower(r.title || ' ' || r.offence_text || ' ' || r.location || ' ' || r.attributes::text)
            LIKE ANY (ARRAY(SELECT lower(word) FROM unnest(%(keywords)s::text[]) word)))
), wanted AS (
    SELECT listed.id FROM listed
    LEFT JOIN LATERAL (
        SELECT bool_or(day.own) AS dated, bool_or((%(from)s::date IS NULL OR day.last >= %(from)s::date)
            AND (%(until)s::date IS NULL OR day.first <= %(until)s::date)) AS within
        FROM (
            SELECT lower(of) AS first, upper(of) - 1 AS last, true AS own
            FROM records_recorddates k CROSS JOIN LATERAL unnest(k.days) AS of WHERE k.record_id = listed.id
            UNION ALL
            SELECT coalesce(happened_earliest, happened_latest), coalesce(happened_latest, happened_earliest), false
            FROM records_involvement i WHERE i.record_id = listed.id
            UNION ALL
            SELECT i.dated, i.dated, false FROM records_involvement i WHERE i.record_id = listed.id
        ) day
    ) told ON true
    WHERE %(from)s::date IS NULL AND %(until)s::date IS NULL OR told.dated IS NOT TRUE OR told.within
)"""
_COUNT = " SELECT count(*) FROM wanted"
_CLASSES = """
SELECT ho_class FROM records_record WHERE %(some)s::bigint[] IS NULL OR id = ANY(%(some)s)
UNION SELECT ho_class FROM records_involvement WHERE %(some)s::bigint[] IS NULL OR record_id = ANY(%(some)s)
"""
DECIDED = "retention_recorddecision"  # what is published: a record and the class that it came to


def would_cover(scope: dict[str, Any], controllers: list[int]) -> int:
    """Return how many records a scope covers now, of those that whoever asks may see."""
    with connection.cursor() as cursor:
        cursor.execute(WANTED.format(decided=DECIDED) + _COUNT, parameters(scope, controllers))
        return int(cursor.fetchone()[0])


def parameters(
    scope: dict[str, Any],
    controllers: list[int],
    *,
    placed_at: datetime | None = None,
    some: Collection[int] | None = None,
) -> dict[str, Any]:
    """Return what the query for the records of a scope takes; its people as they are made up now.

    With `some` it is asked about these records alone.
    """
    within = None if some is None else sorted(some)
    given: dict[str, Any] = {key: list(scope.get(key) or []) for key in KEYS}
    if placed_at is not None and given["people"]:
        given["people"] = list(carried.now(given["people"], placed_at))
    narrowed = any(given.values())
    given["cjs"] = [code.strip().upper() for code in given["cjs"]]
    if wanted := tuple(given["ho_classes"]):  # a record may say either
        given["cjs"] += policy_now.policy().offences.codes_of(wanted)
        given["ho_classes"] = _written(wanted, within)
    given["keywords"] = [f"%{word}%" for word in given["keywords"]]
    days = {"from": scope.get("from"), "until": scope.get("until")}
    return given | days | {"narrowed": narrowed, "controllers": controllers, "some": within}


def _written(wanted: tuple[str, ...], some: list[int] | None) -> list[str]:
    """Return the texts by which records here give one of these offence classes: sources write one in several ways."""
    with connection.cursor() as cursor:
        cursor.execute(_CLASSES, {"some": some})
        texts = [text for (text,) in cursor.fetchall() if text]
    return [text for text in texts if any(may_mean(text, each) for each in wanted)]
