"""What a run would change of prime records that exist, worked out before anything is published.

A nominal that is new changes nobody's prime record: it makes one, or comes to one. What moves a nominal from one to
another does, and so does what joins two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Of what is to move, as `publishing.work_out` leaves it: who belonged to a prime record already.
_CHANGES = """
CREATE TEMPORARY TABLE run_changes ON COMMIT DROP AS
SELECT m.member_id AS nominal_id, m.was, m.becomes, m.anchor_id, scope.partition
FROM moving m JOIN records_nominal n ON n.id = m.member_id JOIN core_scope scope ON scope.id = n.scope_id
WHERE m.was IS NOT NULL AND NOT m.stays
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
SELECT scope.partition, count(*)
FROM (SELECT prime_id, min(nominal_id) AS member_id FROM people_belonging WHERE until IS NULL GROUP BY prime_id) b
JOIN records_nominal n ON n.id = b.member_id JOIN core_scope scope ON scope.id = n.scope_id GROUP BY scope.partition
"""
_DIGEST = """
SELECT encode(sha256(convert_to(coalesce(string_agg(
    nominal_id || '|' || was || '|' || coalesce(becomes::text, 'new') || '|' || anchor_id, ',' ORDER BY nominal_id),
    ''), 'UTF8')), 'hex') FROM run_changes
"""
# As publishing counts them, by partition.
_COUNTED = {
    "made": """
        SELECT scope.partition, count(*) FROM (SELECT DISTINCT anchor_id FROM moving WHERE becomes IS NULL) m
        JOIN records_nominal n ON n.id = m.anchor_id JOIN core_scope scope ON scope.id = n.scope_id
        GROUP BY scope.partition
    """,
    "retired": """
        SELECT scope.partition, count(*) FROM standing s JOIN records_nominal n ON n.id = s.anchor_id
        JOIN core_scope scope ON scope.id = n.scope_id
        WHERE s.prime_id <> s.chosen_id AND s.redirects_to_id IS DISTINCT FROM s.chosen_id GROUP BY scope.partition
    """,
    "revived": """
        SELECT scope.partition, count(*) FROM standing s JOIN records_nominal n ON n.id = s.anchor_id
        JOIN core_scope scope ON scope.id = n.scope_id
        WHERE s.prime_id = s.chosen_id AND s.retired_at IS NOT NULL GROUP BY scope.partition
    """,
    "moved": """
        SELECT scope.partition, count(*) FROM moving m JOIN records_nominal n ON n.id = m.member_id
        JOIN core_scope scope ON scope.id = n.scope_id WHERE NOT m.stays GROUP BY scope.partition
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


def find(cursor: Any) -> Change:
    """Return what has been worked out, as counts; leave what changes in `run_changes` until the transaction ends."""
    cursor.execute(_CHANGES)
    counted: dict[str, dict[str, int]] = {}
    for name, query in _COUNTED.items():
        for partition, number in _by_partition(cursor, query).items():
            counted.setdefault(partition, {})[name] = number
    changed = f"SELECT partition, count(*) FROM ({TOUCHED.format(changes='run_changes')}) t GROUP BY partition"  # noqa: S608
    cursor.execute(_DIGEST)
    digest = str(cursor.fetchone()[0])
    return Change(digest, _by_partition(cursor, changed), _by_partition(cursor, _HELD), counted)


def _by_partition(cursor: Any, query: str) -> dict[str, int]:
    cursor.execute(query)
    return dict(cursor.fetchall())
