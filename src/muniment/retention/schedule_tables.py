"""What the retention run reads: everything known about every prime person, as Arrow tables.

The queries take no parameters: a run is about everyone. `{primes}` narrows them to some prime persons, for one
person's decision made afresh.
"""

from dataclasses import replace

import pyarrow as pa

from muniment.batch.retention import tables
from muniment.records import staging

_MEMBERS = """
SELECT b.prime_id, n.* FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
WHERE b.until IS NULL AND {primes}
"""

_PERSONS = f"""
WITH members AS ({_MEMBERS}), born AS (
    -- Sources that disagree make the date of birth uncertain between them.
    SELECT prime_id, min(born_earliest) AS born_earliest, max(born_latest) AS born_latest FROM members
    WHERE born_earliest IS NOT NULL GROUP BY prime_id
), reviewed AS (
    SELECT prime_id, max(decided_at)::date AS last_review FROM retention_review
    WHERE state = 'decided' GROUP BY prime_id
)
SELECT p.prime_id AS person_id, born.born_earliest, born.born_latest, reviewed.last_review,
    NULL::smallint AS possible_group, NULL::date AS possible_clear_from
FROM (SELECT DISTINCT prime_id FROM members) p
LEFT JOIN born USING (prime_id) LEFT JOIN reviewed USING (prime_id)
"""  # noqa: S608

# Pairs of prime people that the model holds possible and nobody has judged, each both ways round.
_POSSIBLE_PAIRS = """
WITH apart AS (
    SELECT one.prime_id AS one, two.prime_id AS two FROM people_matchedge e
    JOIN people_belonging one ON one.nominal_id = e.left_id AND one.until IS NULL
    JOIN people_belonging two ON two.nominal_id = e.right_id AND two.until IS NULL
    WHERE e.needs_person AND one.prime_id <> two.prime_id AND NOT EXISTS (
        SELECT 1 FROM people_judgement j WHERE j.left_id = e.left_id AND j.right_id = e.right_id
            AND j.superseded_at IS NULL AND j.verdict <> 'unsure')
)
SELECT one AS person_id, two AS other FROM apart UNION SELECT two, one FROM apart
"""

_FLAGS = f"""
WITH members AS ({_MEMBERS})
SELECT m.prime_id AS person_id, f.flag, f.start, f.until
FROM records_nominalflag f JOIN members m ON m.id = f.nominal_id
"""  # noqa: S608

_INVOLVEMENTS = f"""
WITH members AS ({_MEMBERS})
SELECT i.id AS involvement_id, m.prime_id AS person_id, i.record_id, c.code AS controller, i.role,
    nullif(coalesce(nullif(i.cjs, ''), r.cjs), '') AS cjs,
    nullif(coalesce(nullif(i.ho_class, ''), r.ho_class), '') AS ho_class,
    NULL::double precision AS max_penalty_years, i.happened_earliest, i.happened_latest, i.dated,
    nullif(i.result, '') AS result, i.sentence_custodial, i.sentence_months, i.released
FROM records_involvement i JOIN members m ON m.id = i.nominal_id
JOIN records_record r ON r.id = i.record_id
JOIN records_sourcesystem s ON s.id = r.system_id
JOIN core_controller c ON c.id = s.controller_id
"""  # noqa: S608

_RECORD_OF = """
{all_records} OR r.id IN (SELECT i.record_id FROM records_involvement i
    JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL WHERE {primes})
"""

_RECORDS = f"""
SELECT r.id AS record_id, c.code AS controller, r.class_id, nullif(r.outcome, '') AS outcome,
    nullif(r.cjs, '') AS cjs, nullif(r.ho_class, '') AS ho_class, NULL::boolean AS others_retained
FROM records_record r JOIN records_sourcesystem s ON s.id = r.system_id
JOIN core_controller c ON c.id = s.controller_id
WHERE {_RECORD_OF}
"""  # noqa: S608

_RECORD_DATES = f"""
SELECT d.record_id, d.kind, d.earliest, d.latest FROM records_recorddate d
JOIN records_record r ON r.id = d.record_id WHERE {_RECORD_OF}
"""  # noqa: S608

_EVENTS = """
SELECT b.prime_id AS person_id, e.kind, e.dated, e.closed FROM retention_subjectevent e
JOIN (SELECT DISTINCT prime_id FROM people_belonging b WHERE b.until IS NULL AND {primes}) b ON b.prime_id = e.prime_id
"""

_HOLDS = f"""
SELECT h.id::text AS hold_id, held.record_id, NULL::bigint AS person_id, h.start AS "from", h.released_at::date AS until
FROM retention_heldrecord held JOIN retention_hold h ON h.id = held.hold_id
JOIN records_record r ON r.id = held.record_id
WHERE h.released_at IS NULL AND ({_RECORD_OF})
"""  # noqa: S608


def read(*, primes: list[int] | None = None) -> tables.Tables:
    """Return the tables of a run, about everyone or about some prime persons; no match is held possible yet."""
    return tables.Tables(
        persons=_one(_PERSONS, tables.PERSONS, primes),
        flags=_one(_FLAGS, tables.FLAGS, primes),
        involvements=_one(_INVOLVEMENTS, tables.INVOLVEMENTS, primes),
        records=_one(_RECORDS, tables.RECORDS, primes),
        record_dates=_one(_RECORD_DATES, tables.RECORD_DATES, primes),
        events=_one(_EVENTS, tables.EVENTS, primes),
        holds=read_holds(primes=primes),
    )


def read_holds(*, primes: list[int] | None = None) -> pa.Table:
    """Return the records that standing holds cover, of everyone or of some prime persons."""
    return _one(_HOLDS, tables.HOLDS, primes)


def _one(query: str, schema: pa.Schema, primes: list[int] | None) -> pa.Table:
    narrowed = "true" if primes is None else f"b.prime_id IN ({', '.join(str(int(key)) for key in primes)})"
    words = {"primes": narrowed, "all_records": "true" if primes is None else "false"}
    return staging.read(query.format(**words)).select(schema.names).cast(schema)


def with_possible(given: tables.Tables, decided: pa.Table) -> tables.Tables | None:
    """Add to each person what a doubtful match would bring in, from the decisions made without it.

    `decided` is of schema PERSON_DECISIONS. Return None when no match is in doubt.
    """
    pairs = staging.read(_POSSIBLE_PAIRS)
    if not pairs.num_rows:
        return None
    others = decided.select(["person_id", "group", "clear_from"]).rename_columns(["other", "group", "clear_from"])
    brought = (
        pairs.join(others, "other", join_type="inner")
        .group_by("person_id")
        .aggregate([("group", "min"), ("clear_from", "max")])
        .rename_columns(["person_id", "possible_group", "possible_clear_from"])
    )
    assert isinstance(given.persons, pa.Table)
    plain = given.persons.drop_columns(["possible_group", "possible_clear_from"])
    persons = plain.join(brought, "person_id", join_type="left outer").select(tables.PERSONS.names)
    return replace(given, persons=persons.cast(tables.PERSONS))
