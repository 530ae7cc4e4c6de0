"""Who is one person, written down: memberships, references and the pairs that wait for a person.

What is published is about everyone, after a run, or about those whom a changed nominal touches. References are
anchored: a group that holds the anchor of an older prime record keeps that reference; the others retire and redirect;
a split revives them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from muniment.people.handing_over import array


@dataclass(frozen=True)
class Tables:
    """Where prime records of a kind are: their table, that of who belongs to them, and that of what belongs.

    `column` names the member in the table of belonging, `reference` is what tells a member `n` within its source.
    `kept` is what a belonging keeps besides, column to value: when that changes, it goes on as a new one.
    """

    prime: str
    belonging: str
    member: str
    column: str
    reference: str
    kept: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> dict[str, str]:
        """Return what the statements name."""
        columns = "".join(f", {name}" for name in self.kept)
        values = "".join(f", {value}" for value in self.kept.values())
        told = {name: getattr(self, name) for name in ("prime", "belonging", "member", "column", "reference")}
        return told | {"columns": columns, "values": values}


PEOPLE = Tables(
    "people_primeperson",
    "people_belonging",
    "records_nominal",
    "nominal_id",
    "n.reference",
    kept={
        "valid_from": "n.seen_first",
        "valid_until": "n.withdrawn_on",
        "run_id": "%(run)s",
        "is_attached": "%(attached)s",
    },
)

_GONE = "DELETE FROM {clusters} c WHERE NOT EXISTS (SELECT 1 FROM {member} n WHERE n.id = c.person_id)"

_MEMBERSHIPS = {
    "chosen": """
        DROP TABLE IF EXISTS chosen;
        CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
        SELECT c.anchor_id, min(p.id) AS prime_id FROM {clusters} c
        JOIN {prime} p ON p.anchor_id = c.person_id GROUP BY c.anchor_id
    """,
    "made": """
        WITH fresh AS (
            INSERT INTO {prime} (anchor_id, anchor_key, made_at)
            SELECT c.anchor_id, ctl.code || '|' || s.code || '|' || {reference}, %(at)s
            FROM (SELECT DISTINCT anchor_id FROM {clusters}) c
            JOIN {member} n ON n.id = c.anchor_id
            JOIN records_sourcesystem s ON s.id = n.system_id
            JOIN core_controller ctl ON ctl.id = s.controller_id
            WHERE NOT EXISTS (SELECT 1 FROM chosen WHERE chosen.anchor_id = c.anchor_id)
            ORDER BY 2
            RETURNING id, anchor_id
        ) INSERT INTO chosen SELECT anchor_id, id FROM fresh
    """,
    "counted": "ANALYZE chosen",  # else it is taken for thousands, and every prime record is read
    "retired": """
        UPDATE {prime} p SET redirects_to_id = chosen.prime_id, retired_at = coalesce(retired_at, %(at)s)
        FROM {clusters} c JOIN chosen ON chosen.anchor_id = c.anchor_id
        WHERE p.anchor_id = c.person_id AND p.id <> chosen.prime_id
            AND p.redirects_to_id IS DISTINCT FROM chosen.prime_id
    """,
    "revived": """
        UPDATE {prime} p SET redirects_to_id = NULL, retired_at = NULL
        FROM chosen WHERE chosen.prime_id = p.id AND p.retired_at IS NOT NULL
    """,
    "closed": """
        UPDATE {belonging} b SET until = greatest(b.start, %(at)s)
        FROM {clusters} c JOIN chosen ON chosen.anchor_id = c.anchor_id
        WHERE b.{column} = c.person_id AND b.until IS NULL AND b.prime_id <> chosen.prime_id
    """,
    "moved": """
        INSERT INTO {belonging} ({column}, prime_id, start{columns})
        SELECT chosen.person_id, chosen.prime_id, %(at)s{values}
        FROM (
            SELECT c.person_id, chosen.prime_id FROM {clusters} c JOIN chosen ON chosen.anchor_id = c.anchor_id
            OFFSET 0 -- joined first: taken to be of nobody, it was gone through for each who belongs nowhere
        ) chosen
        JOIN {member} n ON n.id = chosen.person_id
        WHERE NOT EXISTS (SELECT 1 FROM {belonging} b WHERE b.{column} = chosen.person_id AND b.until IS NULL)
    """,
}

# Who stays and of whom the source tells otherwise: since when it has had them, until when.
_TOLD_ANEW = """
WITH stale AS (
    UPDATE people_belonging b SET until = greatest(b.start, %(at)s)
    FROM {clusters} c JOIN records_nominal n ON n.id = c.person_id
    WHERE b.nominal_id = n.id AND b.until IS NULL
        AND (b.valid_from, b.valid_until) IS DISTINCT FROM (n.seen_first, n.withdrawn_on)
    RETURNING b.nominal_id, b.prime_id, n.seen_first, n.withdrawn_on
) INSERT INTO people_belonging (nominal_id, prime_id, start, valid_from, valid_until, run_id, is_attached)
SELECT nominal_id, prime_id, %(at)s, seen_first, withdrawn_on, %(run)s, %(attached)s FROM stale
"""

_EDGES = (
    # Two that came apart by themselves are asked about until somebody has said whether they are one.
    """
    DELETE FROM people_matchedge WHERE id IN (
        SELECT held.id FROM (
            SELECT held.* FROM people_matchedge held WHERE {within} OFFSET 0 -- found first, and then looked at
        ) held
        LEFT JOIN {edges} e ON least(e."left", e."right") = held.left_id
            AND greatest(e."left", e."right") = held.right_id
        LEFT JOIN {asked} a ON a."left" = held.left_id AND a."right" = held.right_id
        WHERE a."left" IS NULL AND (held.blocked_by = 'parted' OR e."left" IS NULL)
            AND NOT (held.blocked_by = 'parted' AND EXISTS (
                SELECT 1 FROM {placed} one JOIN {placed} two ON two.person_id = held.right_id
                JOIN records_nominal l ON l.id = held.left_id JOIN core_scope ls ON ls.id = l.scope_id
                JOIN records_nominal r ON r.id = held.right_id JOIN core_scope rs ON rs.id = r.scope_id
                WHERE one.person_id = held.left_id AND one.anchor_id <> two.anchor_id AND ls.partition = rs.partition)
                AND NOT EXISTS (SELECT 1 FROM people_judgement j WHERE j.left_id = held.left_id
                    AND j.right_id = held.right_id AND j.superseded_at IS NULL AND j.verdict <> 'unsure'))
    )
    """,
    """
    WITH told AS (
        SELECT least(e."left", e."right") AS "left", greatest(e."left", e."right") AS "right", e.weight, e.automatic,
            e.blocked_by, false AS were_one
        FROM {edges} e WHERE NOT EXISTS (
            SELECT 1 FROM {asked} a WHERE a."left" = least(e."left", e."right")
                AND a."right" = greatest(e."left", e."right"))
        UNION ALL SELECT "left", "right", weight, false, reason, true FROM {asked}
    ), placed AS (
        SELECT e.*, coalesce(e.blocked_by, '') AS rule,
            -- What is joined by other ways needs nobody; what a hard rule forbids is worth a person's time only where
            -- the weight alone would have joined it.
            e.were_one OR (one.anchor_id <> two.anchor_id AND (e.blocked_by IS NULL OR e.weight >= %(automatic)s))
                AS waits
        FROM told e JOIN {placed} one ON one.person_id = e."left" JOIN {placed} two ON two.person_id = e."right"
    )
    INSERT INTO people_matchedge
        (left_id, right_id, weight, is_automatic, blocked_by, needs_person, were_one, model, run_id)
    SELECT e."left", e."right", e.weight, e.automatic, e.rule, e.waits, e.were_one, %(model)s, %(run)s
    FROM placed e
    -- What is held so already is not touched: to lock it would be to write it.
    WHERE NOT EXISTS (SELECT 1 FROM people_matchedge h WHERE h.left_id = e."left" AND h.right_id = e."right"
        AND h.weight = e.weight AND h.is_automatic = e.automatic AND h.blocked_by = e.rule
        AND h.needs_person = e.waits AND h.were_one = e.were_one AND h.model = %(model)s)
    ORDER BY e."left", e."right" -- as the index lies: a million in any order took almost twice as long
    ON CONFLICT (left_id, right_id) DO UPDATE SET weight = excluded.weight,
        is_automatic = excluded.is_automatic, blocked_by = excluded.blocked_by,
        needs_person = excluded.needs_person, were_one = excluded.were_one,
        model = excluded.model, run_id = excluded.run_id
    WHERE (people_matchedge.blocked_by <> 'parted' OR excluded.were_one) AND (
        people_matchedge.weight <> excluded.weight OR people_matchedge.model <> excluded.model
        OR people_matchedge.blocked_by <> excluded.blocked_by
        OR people_matchedge.needs_person <> excluded.needs_person
        OR people_matchedge.were_one <> excluded.were_one)
    """,
)


def leave_out_gone(cursor: Any, clusters: str, tables: Tables = PEOPLE) -> None:
    """Leave out of staged clusters what was destroyed while the run computed."""
    cursor.execute(_GONE.format(clusters=clusters, **tables.names()))


def publish_memberships(
    cursor: Any, clusters: str, tables: Tables = PEOPLE, given: Mapping[str, Any] | None = None
) -> dict[str, int]:
    """Publish the groups of staged clusters (person_id, the member; anchor_id, the first); return how often what.

    `given` are the parameters of what the tables keep besides, and `at`, the moment; left out, it is now.
    """
    parameters = {"at": _now(cursor), **(given or {})}
    rows = {}
    for step, statement in _MEMBERSHIPS.items():
        cursor.execute(statement.format(clusters=clusters, **tables.names()), parameters)
        rows[step] = cursor.rowcount
    return {step: rows[step] for step in ("made", "retired", "revived", "moved")}


def _now(cursor: Any) -> Any:
    """Return the moment: not that of the transaction's start, since when others may have published."""
    cursor.execute("SELECT clock_timestamp()")
    return cursor.fetchone()[0]


def publish(
    cursor: Any, names: dict[str, str], parameters: dict[str, Any], held: Collection[int] | None = None
) -> dict[str, int]:
    """Publish staged `clusters` (person_id, anchor_id), `edges`, `asked` and `placed`; return what was done how often.

    `placed` are clusters too, with everyone whom an edge names. Without `held` it is about everyone. With it, `edges`
    need only be those that are not kept so already, and of the pairs that are kept, only those with these keys may go.
    """
    given = parameters | {"at": _now(cursor), "attached": held is not None}
    rows = publish_memberships(cursor, names["clusters"], given=given)
    cursor.execute(_TOLD_ANEW.format(**names), given)
    within, more = ("true", {}) if held is None else ("held.id = ANY(%(held)s)", {"held": array(held)})
    for statement in _EDGES:
        cursor.execute(statement.format(**names, within=within), parameters | more)
    return rows
