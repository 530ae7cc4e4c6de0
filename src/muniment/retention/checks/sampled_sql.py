"""The statements that count and take decisions for a sample.

They are decisions of a controller in one partition that no review of a person stands behind. What is restricted is left
out but in the sealed enclave, whose samples are seen there alone.
"""

_OPEN_SCOPE = "s.partition = %(partition)s AND (s.restriction = '' OR s.partition = 'sealed')"
_NO_REVIEW = """
    AND NOT EXISTS (SELECT 1 FROM retention_review r WHERE r.prime_id = d.{prime} AND r.state = 'decided'
        AND r.controller_id = %(controller)s AND r.next_review > %(day)s)
"""
_PEOPLE = """
SELECT d.prime_id AS subject, d.outcome, coalesce(d."group", 0) AS "group", d.due, d.rule
FROM retention_persondecision d
WHERE d.controller_id = %(controller)s AND d.outcome = ANY(%(outcomes)s) AND EXISTS (
    SELECT 1 FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
    JOIN core_scope s ON s.id = n.scope_id
    WHERE b.prime_id = d.prime_id AND b.until IS NULL AND {scope})
"""
_RECORDS = """
SELECT d.record_id AS subject, d.outcome, coalesce(p."group", 0) AS "group", d.due, d.rule
FROM retention_recorddecision d JOIN records_record x ON x.id = d.record_id
JOIN core_scope s ON s.id = x.scope_id AND {scope}
JOIN records_sourcesystem y ON y.id = x.system_id AND y.controller_id = %(controller)s
LEFT JOIN retention_persondecision p ON p.prime_id = d.driving_prime_id AND p.controller_id = %(controller)s
WHERE d.outcome = ANY(%(outcomes)s)
"""
_FRAMES = {
    "person": _PEOPLE.format(scope=_OPEN_SCOPE) + _NO_REVIEW.format(prime="prime_id"),
    "record": _RECORDS.format(scope=_OPEN_SCOPE) + _NO_REVIEW.format(prime="driving_prime_id"),
}
_STRATA = """
SELECT outcome, CASE WHEN %(by_group)s THEN "group" END AS stratum, subject, "group", due, rule FROM ({frame}) f
"""
_COUNT = "SELECT outcome, stratum, count(*) FROM ({strata}) s GROUP BY 1, 2 ORDER BY 1, 2"
_TAKE = """
SELECT subject, outcome, "group", due, rule, stratum, place FROM (
    SELECT s.*, row_number() OVER (PARTITION BY outcome, stratum ORDER BY
        sha256(convert_to(%(seed)s::text || '|' || subject::text, 'UTF8'))) AS place FROM ({strata}) s
) ranked WHERE place <= %(most)s ORDER BY outcome, stratum, place
"""


def count(about: str) -> str:
    """Return the statement that counts the decisions about people, or records, by stratum."""
    return _COUNT.format(strata=_STRATA.format(frame=_FRAMES[about]))


def take(about: str) -> str:
    """Return the statement that gives the first of each stratum in the order of a seed."""
    return _TAKE.format(strata=_STRATA.format(frame=_FRAMES[about]))
