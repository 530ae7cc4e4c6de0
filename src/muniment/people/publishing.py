"""Prime records published from the groups that a run made: of people, and of whatever else is put together alike.

References are anchored: a group that holds the anchor of an older prime record keeps that reference; the others retire
and redirect; a split revives them.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tables:
    """Where prime records of a kind are: their table, that of who belongs to them, and that of what belongs.

    `column` names the member in the table of belonging, `reference` is what tells a member `n` within its source.
    """

    prime: str
    belonging: str
    member: str
    column: str
    reference: str


PEOPLE = Tables("people_primeperson", "people_belonging", "records_nominal", "nominal_id", "n.reference")

_PUBLISH = {
    # What was destroyed while this run computed is left out.
    "gone": """
        DELETE FROM {clusters} c WHERE NOT EXISTS (SELECT 1 FROM {member} n WHERE n.id = c.person_id)
    """,
    "chosen": """
        CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
        SELECT c.anchor_id, min(p.id) AS prime_id FROM {clusters} c
        JOIN {prime} p ON p.anchor_id = c.person_id GROUP BY c.anchor_id
    """,
    "made": """
        WITH fresh AS (
            INSERT INTO {prime} (anchor_id, anchor_key)
            SELECT c.anchor_id, ctl.code || '|' || s.code || '|' || {reference}
            FROM (SELECT DISTINCT anchor_id FROM {clusters}) c
            JOIN {member} n ON n.id = c.anchor_id
            JOIN records_sourcesystem s ON s.id = n.system_id
            JOIN core_controller ctl ON ctl.id = s.controller_id
            WHERE NOT EXISTS (SELECT 1 FROM chosen WHERE chosen.anchor_id = c.anchor_id)
            ORDER BY 2
            RETURNING id, anchor_id
        ) INSERT INTO chosen SELECT anchor_id, id FROM fresh
    """,
    "retired": """
        UPDATE {prime} p SET redirects_to_id = chosen.prime_id, retired_at = coalesce(retired_at, now())
        FROM {clusters} c JOIN chosen ON chosen.anchor_id = c.anchor_id
        WHERE p.anchor_id = c.person_id AND p.id <> chosen.prime_id
            AND p.redirects_to_id IS DISTINCT FROM chosen.prime_id
    """,
    "revived": """
        UPDATE {prime} p SET redirects_to_id = NULL, retired_at = NULL
        FROM chosen WHERE chosen.prime_id = p.id AND p.retired_at IS NOT NULL
    """,
    "closed": """
        UPDATE {belonging} b SET until = now()
        FROM {clusters} c JOIN chosen ON chosen.anchor_id = c.anchor_id
        WHERE b.{column} = c.person_id AND b.until IS NULL AND b.prime_id <> chosen.prime_id
    """,
    "moved": """
        INSERT INTO {belonging} ({column}, prime_id)
        SELECT c.person_id, chosen.prime_id FROM {clusters} c JOIN chosen ON chosen.anchor_id = c.anchor_id
        WHERE NOT EXISTS (SELECT 1 FROM {belonging} b WHERE b.{column} = c.person_id AND b.until IS NULL)
    """,
}


def publish(cursor: Any, clusters: str, tables: Tables) -> dict[str, int]:
    """Publish groups that are staged with `person_id`, the member, and `anchor_id`, the first of its group.

    Return how many rows each step touched.
    """
    rows = {}
    for step, statement in _PUBLISH.items():
        cursor.execute(statement.format(clusters=clusters, **vars(tables)))
        rows[step] = cursor.rowcount
    return rows
