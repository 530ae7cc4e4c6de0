"""Which members of a kind are one, decided over everything or over a part that nothing outside it bears on.

A run and what is attached read each in its own way; what they have read is decided here, and published here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from muniment.engine.matching.objects import Told
from muniment.engine.matching.words import ObjectWords
from muniment.objects import reading
from muniment.objects.kinds import Thing
from muniment.people.linking import publishing
from muniment.records.staging import Handed

CLUSTERS = pa.schema([("person_id", pa.int64()), ("anchor_id", pa.int64())])
ASKED = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("level", pa.string())])
_BY_SOURCE = """
JOIN records_sourcesystem s ON s.id = m.system_id JOIN core_controller c ON c.id = s.controller_id
WHERE {within} ORDER BY c.code, s.code, m.partition, m.key
"""
# The members of a kind in the order of their sources; `{within}` says which.
MEMBERS = {
    "place": f"""
    SELECT m.id, m.partition, m.parts::text AS parts, m.property_key FROM records_place m {_BY_SOURCE}
    """,  # noqa: S608
    "vehicle": f"""
    SELECT m.id, m.partition, m.mark, m.form, m.chassis, m.make, m.model, m.colour FROM records_vehicle m {_BY_SOURCE}
    """,  # noqa: S608
}
JUDGED = """
SELECT j.left_id AS "left", j.right_id AS "right", j.verdict FROM {judgement} j
JOIN {member} one ON one.id = j.left_id JOIN {member} two ON two.id = j.right_id
WHERE j.superseded_at IS NULL AND j.verdict IN ('same', 'different') AND one.partition = two.partition AND {within}
"""

# What tells no place any more, or is told otherwise, belongs to none.
_LEFT = """
UPDATE {belonging} b SET until = greatest(b.start, clock_timestamp())
WHERE b.until IS NULL AND {of_member} AND NOT EXISTS (SELECT 1 FROM {clusters} c WHERE c.person_id = b.member_id)
"""
_EDGES = (
    """
    DELETE FROM {edge} held WHERE {of_edge} AND NOT EXISTS (
        SELECT 1 FROM {asked} a WHERE a."left" = held.left_id AND a."right" = held.right_id)
    """,
    """
    INSERT INTO {edge} (left_id, right_id, level, run_id)
    SELECT a."left", a."right", a.level, %(run)s FROM {asked} a
    WHERE EXISTS (SELECT 1 FROM {member} m WHERE m.id = a."left")
        AND EXISTS (SELECT 1 FROM {member} m WHERE m.id = a."right")
    ON CONFLICT (left_id, right_id) DO UPDATE SET level = excluded.level, run_id = excluded.run_id
    WHERE {edge}.level <> excluded.level
    """,
)
_EVERYTHING = {"of_member": "true", "of_edge": "true"}
_PART = {
    "of_member": "b.member_id = ANY(%(inside)s)",
    "of_edge": "held.left_id = ANY(%(inside)s)",  # both of a pair are inside, or neither
}
# A run that computes meanwhile finds by it what has been decided since it read.
_DECIDED = """
UPDATE {belonging} SET decided_in = pg_current_xact_id()::text::bigint
WHERE until IS NULL AND member_id = ANY(%(inside)s)
"""
_SINCE = """
SELECT member_id FROM {belonging} b
WHERE until IS NULL AND NOT pg_visible_in_snapshot(b.decided_in::text::xid8, %(snapshot)s::text::pg_snapshot)
"""


@dataclass(frozen=True)
class Decided:
    """Each member with the first of its group, and the pairs that wait for a person: left, right, level."""

    clusters: list[tuple[int, int]]
    asked: list[tuple[int, int, str]]

    @property
    def number(self) -> int:
        """How many groups there are."""
        return len({anchor for _, anchor in self.clusters})


def decide(
    thing: Thing, rows: Iterable[Mapping[str, Any]], judged: Iterable[Mapping[str, Any]], known: ObjectWords
) -> Decided:
    """Put the members of each partition together, which come as `MEMBERS` has them, by what `JUDGED` says.

    Whoever shares a key with one of them, or is said to be the same, has to be among them.
    """
    said: dict[str, list[tuple[int, int]]] = {"same": [], "different": []}
    for each in judged:
        said[each["verdict"]].append((each["left"], each["right"]))
    told, parts = Told(said["same"], said["different"]), dict[str, list[Mapping[str, Any]]]()
    for row in rows:
        parts.setdefault(row["partition"], []).append(row)
    clusters: list[tuple[int, int]] = []
    asked: list[tuple[int, int, str]] = []
    for partition in sorted(parts):
        found = thing.put_together(list(reading.compared(thing.name, parts[partition], known)), told)
        clusters += found.anchors.items()
        asked += [(min(each.left, each.right), max(each.left, each.right), each.level) for each in found.asked]
    return Decided(clusters, asked)


def publish(cursor: Any, thing: Thing, handed: Handed, run: int, inside: str | None = None) -> dict[str, int]:
    """Publish what is handed over as `clusters` and `asked`; return what was done how often.

    It is about everything, or about those `inside`, an array of keys.
    """
    words = {**thing.names(), **handed.names, **(_EVERYTHING if inside is None else _PART)}
    given = {"run": run, "inside": inside, **handed.rows}
    publishing.work_out(cursor, handed, thing.tables)
    rows = publishing.publish_memberships(cursor, thing.tables)
    for statement in (_LEFT, *_EDGES, *(() if inside is None else (_DECIDED,))):
        cursor.execute(statement.format(**words), given)
    return rows


def decided_since(cursor: Any, thing: Thing, snapshot: str) -> set[int]:
    """Return the members that somebody has decided about since a snapshot."""
    cursor.execute(_SINCE.format(**thing.names()), {"snapshot": snapshot})
    return {member for (member,) in cursor.fetchall()}
