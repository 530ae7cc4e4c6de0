"""What a run would change of prime records that exist, worked out before anything is published.

A nominal that is new changes nobody's prime record: it makes one, or comes to one. What moves a nominal from one to
another does, and so does what joins two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_STANDING = """
CREATE TEMPORARY TABLE run_standing ON COMMIT DROP AS
SELECT c.anchor_id, min(p.id) AS prime_id FROM {clusters} c
JOIN people_primeperson p ON p.anchor_id = c.person_id GROUP BY c.anchor_id
"""
_CHANGES = """
CREATE TEMPORARY TABLE run_changes ON COMMIT DROP AS
SELECT b.nominal_id, b.prime_id AS was, s.prime_id AS becomes, c.anchor_id, scope.partition
FROM people_belonging b JOIN {clusters} c ON c.person_id = b.nominal_id
JOIN records_nominal n ON n.id = b.nominal_id JOIN core_scope scope ON scope.id = n.scope_id
LEFT JOIN run_standing s ON s.anchor_id = c.anchor_id
WHERE b.until IS NULL AND b.prime_id IS DISTINCT FROM s.prime_id
"""
# The prime records that people know now, whose members would be others: those that lose and those that gain.
TOUCHED = """
SELECT DISTINCT partition, prime FROM (
    SELECT partition, was AS prime FROM {changes}
    UNION ALL SELECT partition, becomes FROM {changes} WHERE becomes IN (
        SELECT prime_id FROM people_belonging WHERE until IS NULL)
) each
"""
_HELD = """
SELECT scope.partition, count(DISTINCT b.prime_id) FROM people_belonging b
JOIN records_nominal n ON n.id = b.nominal_id JOIN core_scope scope ON scope.id = n.scope_id
WHERE b.until IS NULL GROUP BY scope.partition
"""
_DIGEST = """
SELECT encode(sha256(convert_to(coalesce(string_agg(
    nominal_id || '|' || was || '|' || coalesce(becomes::text, 'new') || '|' || anchor_id, ',' ORDER BY nominal_id),
    ''), 'UTF8')), 'hex') FROM run_changes
"""
# As publishing counts them, by partition.
_COUNTED = {
    "made": """
        SELECT scope.partition, count(*) FROM (SELECT DISTINCT anchor_id FROM {clusters}) c
        JOIN records_nominal n ON n.id = c.anchor_id JOIN core_scope scope ON scope.id = n.scope_id
        WHERE NOT EXISTS (SELECT 1 FROM run_standing s WHERE s.anchor_id = c.anchor_id) GROUP BY scope.partition
    """,
    "retired": """
        SELECT scope.partition, count(*) FROM people_primeperson p JOIN {clusters} c ON c.person_id = p.anchor_id
        JOIN run_standing s ON s.anchor_id = c.anchor_id
        JOIN records_nominal n ON n.id = p.anchor_id JOIN core_scope scope ON scope.id = n.scope_id
        WHERE p.id <> s.prime_id AND p.redirects_to_id IS DISTINCT FROM s.prime_id GROUP BY scope.partition
    """,
    "revived": """
        SELECT scope.partition, count(*) FROM run_standing s JOIN people_primeperson p ON p.id = s.prime_id
        JOIN records_nominal n ON n.id = p.anchor_id JOIN core_scope scope ON scope.id = n.scope_id
        WHERE p.retired_at IS NOT NULL GROUP BY scope.partition
    """,
    "moved": """
        SELECT scope.partition, count(*) FROM {clusters} c JOIN records_nominal n ON n.id = c.person_id
        JOIN core_scope scope ON scope.id = n.scope_id
        LEFT JOIN run_standing s ON s.anchor_id = c.anchor_id
        LEFT JOIN people_belonging b ON b.nominal_id = c.person_id AND b.until IS NULL
        WHERE b.id IS NULL OR b.prime_id IS DISTINCT FROM s.prime_id GROUP BY scope.partition
    """,
}


@dataclass(frozen=True)
class Change:
    """What a run would change: the digest of it all, and by partition how many of how many prime records.

    `counted` gives by partition what publishing makes, retires, revives and moves.
    """

    digest: str
    changed: Mapping[str, int]
    held: Mapping[str, int]
    counted: Mapping[str, Mapping[str, int]]


def find(cursor: Any, clusters: str) -> Change:
    """Work out what staged groups would change; leave it in table `run_changes` until the end of the transaction."""
    cursor.execute(_STANDING.format(clusters=clusters))
    cursor.execute("ANALYZE run_standing")
    cursor.execute(_CHANGES.format(clusters=clusters))
    counted: dict[str, dict[str, int]] = {}
    for name, query in _COUNTED.items():
        for partition, number in _by_partition(cursor, query.format(clusters=clusters)).items():
            counted.setdefault(partition, {})[name] = number
    changed = f"SELECT partition, count(*) FROM ({TOUCHED.format(changes='run_changes')}) t GROUP BY partition"  # noqa: S608
    cursor.execute(_DIGEST)
    digest = str(cursor.fetchone()[0])
    return Change(digest, _by_partition(cursor, changed), _by_partition(cursor, _HELD), counted)


def _by_partition(cursor: Any, query: str) -> dict[str, int]:
    cursor.execute(query)
    return dict(cursor.fetchall())
