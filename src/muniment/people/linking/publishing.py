"""Who is one person, written down: memberships, references and the pairs that wait for a person.

What is published is about everyone, after a run, or about those whom a changed nominal touches. References are
anchored: a group that holds the anchor of an older prime record keeps that reference; the others retire and redirect;
a split revives them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from muniment.core import scratch
from muniment.people.handing_over import array
from muniment.records.staging import Handed


@dataclass(frozen=True)
class Tables:
    """Where prime records of a kind are: their table, that of who belongs to them, and that of what belongs.

    `column` names the member in the table of belonging, `reference` is what tells a member `n` within its source.
    `told` is what the source tells of the member, column to value: when that changes, a belonging goes on as a new one.
    `kept` is what a belonging keeps besides.
    """

    prime: str
    belonging: str
    member: str
    column: str
    reference: str
    told: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> dict[str, str]:
        """Return what the statements name."""
        more = {**self.told, **self.kept}
        columns = "".join(f", {name}" for name in more)
        values = "".join(f", {value}" for value in more.values())
        anew = " OR ".join(f"b.{name} IS DISTINCT FROM {value}" for name, value in self.told.items())
        named = {name: getattr(self, name) for name in ("prime", "belonging", "member", "column", "reference")}
        return named | {"columns": columns, "values": values, "told_anew": anew or "false"}


PEOPLE = Tables(
    "people_primeperson",
    "people_belonging",
    "records_nominal",
    "nominal_id",
    "n.reference",
    told={"valid_from": "n.seen_first", "valid_until": "n.withdrawn_on"},
    kept={"run_id": "%(run)s", "is_attached": "%(attached)s"},
)

_GONE = """
DELETE FROM {clusters} c WHERE NOT EXISTS (SELECT 1 FROM {member} n WHERE n.id = c.person_id) RETURNING person_id
"""
_TOLD_OF = 'DELETE FROM {told} WHERE "left" = ANY(%(gone)s) OR "right" = ANY(%(gone)s)'

# A pair as it is to be kept, the lower number left. `rule` is a key of `rules.REASONS`, or empty. One that `waits` is
# for a person to judge; two that `were_one` are shown as one, and nothing joins them any more.
TOLD = pa.schema(
    [
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("weight", pa.float64()),
        ("automatic", pa.bool_()),
        ("rule", pa.string()),
        ("waits", pa.bool_()),
        ("were_one", pa.bool_()),
    ]
)

# What stands of staged groups and what is to move, found once: the counts of a run and what is written are of it.
_SCRATCH = {
    "standing": "anchor_id bigint, prime_id bigint, chosen_id bigint, redirects_to_id bigint, retired_at timestamptz",
    "moving": "member_id bigint, anchor_id bigint, belonging_id bigint, was bigint, becomes bigint, stays boolean",
}
_WORK_OUT = {
    "standing": """
    INSERT INTO standing (anchor_id, prime_id, chosen_id, redirects_to_id, retired_at)
    SELECT c.anchor_id, p.id AS prime_id, min(p.id) OVER (PARTITION BY c.anchor_id) AS chosen_id,
        p.redirects_to_id, p.retired_at
    FROM {clusters} c JOIN {prime} p ON p.anchor_id = c.person_id
    """,
    "moving": """
    INSERT INTO moving (member_id, anchor_id, belonging_id, was, becomes, stays)
    SELECT c.person_id AS member_id, c.anchor_id, b.id AS belonging_id, b.prime_id AS was, s.prime_id AS becomes,
        coalesce(b.prime_id = s.prime_id, false) AS stays -- of whom the source alone tells otherwise
    FROM {clusters} c JOIN {member} n ON n.id = c.person_id
    LEFT JOIN standing s ON s.anchor_id = c.anchor_id AND s.prime_id = s.chosen_id
    LEFT JOIN {belonging} b ON b.{column} = c.person_id AND b.until IS NULL
    WHERE b.id IS NULL OR b.prime_id IS DISTINCT FROM s.prime_id OR {told_anew}
    """,
}

_MEMBERSHIPS = {
    "made": """
        WITH fresh AS (
            INSERT INTO {prime} (anchor_id, anchor_key, made_at)
            SELECT c.anchor_id, ctl.code || '|' || s.code || '|' || {reference}, %(at)s
            FROM (SELECT DISTINCT anchor_id FROM moving WHERE becomes IS NULL) c
            JOIN {member} n ON n.id = c.anchor_id
            JOIN records_sourcesystem s ON s.id = n.system_id
            JOIN core_controller ctl ON ctl.id = s.controller_id
            ORDER BY 2
            RETURNING id, anchor_id
        ) INSERT INTO standing (anchor_id, prime_id, chosen_id) SELECT anchor_id, id, id FROM fresh
    """,
    "retired": """
        UPDATE {prime} p SET redirects_to_id = s.chosen_id, retired_at = coalesce(p.retired_at, %(at)s)
        FROM standing s
        WHERE p.id = s.prime_id AND s.prime_id <> s.chosen_id AND s.redirects_to_id IS DISTINCT FROM s.chosen_id
    """,
    "revived": """
        UPDATE {prime} p SET redirects_to_id = NULL, retired_at = NULL
        FROM standing s WHERE p.id = s.prime_id AND s.prime_id = s.chosen_id AND s.retired_at IS NOT NULL
    """,
    "closed": """
        UPDATE {belonging} b SET until = greatest(b.start, %(at)s) FROM moving m WHERE b.id = m.belonging_id
    """,
    "moved": """
        INSERT INTO {belonging} ({column}, prime_id, start{columns})
        SELECT m.member_id, s.chosen_id, %(at)s{values}
        FROM moving m JOIN standing s ON s.anchor_id = m.anchor_id AND s.prime_id = s.chosen_id
        JOIN {member} n ON n.id = m.member_id
        ORDER BY m.member_id -- as the indexes lie
    """,
}
_STAY = "SELECT count(*) FROM moving WHERE stays"

# Pairs are compared with those that are kept once, for what is to be written and what is to go: reading millions twice
# was two seconds of a run. What is held so already is not touched: to lock it would be to write it.
_EDGES = """
WITH compared AS MATERIALIZED (
    SELECT * FROM (
        SELECT t.*, h.id, h.left_id, h.right_id, h.blocked_by = 'parted' AS was_parted, {may_go} AS may_go,
            h.weight <> t.weight OR h.is_automatic <> t.automatic OR h.blocked_by <> t.rule
                OR h.needs_person <> t.waits OR h.were_one <> t.were_one OR h.model <> %(model)s AS differs
        FROM {told} t FULL JOIN {kept} h ON h.left_id = t."left" AND h.right_id = t."right"
    ) every WHERE id IS NULL OR "left" IS NULL OR differs
), asked AS (
    -- Two that came apart by themselves are asked about until somebody has said whether they are one.
    SELECT c.id FROM compared c
    JOIN {placed} one ON one.person_id = c.left_id
    JOIN {placed} two ON two.person_id = c.right_id AND one.anchor_id <> two.anchor_id
    JOIN records_nominal l ON l.id = c.left_id JOIN core_scope ls ON ls.id = l.scope_id
    JOIN records_nominal r ON r.id = c.right_id JOIN core_scope rs ON rs.id = r.scope_id AND ls.partition = rs.partition
    WHERE c.was_parted AND NOT EXISTS (SELECT 1 FROM people_judgement j WHERE j.left_id = c.left_id
        AND j.right_id = c.right_id AND j.superseded_at IS NULL AND j.verdict <> 'unsure')
), goes AS (
    DELETE FROM people_matchedge h USING compared c
    WHERE h.id = c.id AND c.may_go AND c."left" IS NULL AND NOT EXISTS (SELECT 1 FROM asked WHERE asked.id = c.id)
), anew AS (
    UPDATE people_matchedge h SET weight = c.weight, is_automatic = c.automatic, blocked_by = c.rule,
        needs_person = c.waits, were_one = c.were_one, model = %(model)s, run_id = %(run)s
    FROM compared c WHERE h.id = c.id AND c.differs AND (NOT c.was_parted OR c.were_one
        OR (c.may_go AND NOT EXISTS (SELECT 1 FROM asked WHERE asked.id = c.id)))
)
INSERT INTO people_matchedge
    (left_id, right_id, weight, is_automatic, blocked_by, needs_person, were_one, model, run_id)
SELECT c."left", c."right", c.weight, c.automatic, c.rule, c.waits, c.were_one, %(model)s, %(run)s
FROM compared c WHERE c.id IS NULL
ORDER BY c."left", c."right" -- as the index lies: a million in any order took almost twice as long
"""
# Of those that are kept, the few that may go and those that are told.
_KEPT = """(
    SELECT * FROM people_matchedge WHERE id = ANY(%(held)s)
    UNION SELECT h.* FROM {told} t JOIN people_matchedge h ON h.left_id = t."left" AND h.right_id = t."right"
)"""


def leave_out_gone(cursor: Any, clusters: str, tables: Tables = PEOPLE, told: str | None = None) -> None:
    """Leave out of staged clusters, and of pairs that are `told`, what was destroyed while the run computed."""
    cursor.execute(_GONE.format(clusters=clusters, **tables.names()))
    gone = [key for (key,) in cursor.fetchall()]
    if gone and told is not None:
        cursor.execute(_TOLD_OF.format(told=told), {"gone": gone})


def work_out(cursor: Any, handed: Handed, tables: Tables = PEOPLE) -> None:
    """Find what the groups of `clusters` (person_id, the member; anchor_id, the first) would change.

    It is left in tables `standing` (anchor_id, prime_id, chosen_id, redirects_to_id, retired_at), the prime records
    anchored in each group with the one whose reference it keeps, and `moving` (member_id, anchor_id, belonging_id, was,
    becomes, stays), whoever does not belong as it should, until the end of the transaction.
    """
    scratch.ready(cursor, _SCRATCH)
    for name, statement in _WORK_OUT.items():
        cursor.execute(statement.format(**handed.names, **tables.names()), handed.rows)
        if not handed.rows:  # those that go with the statement are few, and planned for as such
            cursor.execute(f"ANALYZE {name}")


def publish_memberships(cursor: Any, tables: Tables = PEOPLE, given: Mapping[str, Any] | None = None) -> dict[str, int]:
    """Publish what has been worked out; return how often what was done.

    `given` are the parameters of what the tables keep besides.
    """
    parameters = {"at": _now(cursor), **(given or {})}
    rows = {}
    for step, statement in _MEMBERSHIPS.items():
        cursor.execute(statement.format(**tables.names()), parameters)
        rows[step] = cursor.rowcount
    cursor.execute(_STAY)
    rows["moved"] -= cursor.fetchone()[0]
    return {step: rows[step] for step in ("made", "retired", "revived", "moved")}


def _now(cursor: Any) -> Any:
    """Return the moment: not that of the transaction's start, since when others may have published."""
    cursor.execute("SELECT clock_timestamp()")
    return cursor.fetchone()[0]


def publish(
    cursor: Any, names: dict[str, str], parameters: dict[str, Any], held: Collection[int] | None = None
) -> dict[str, int]:
    """Publish what has been worked out of clusters, and staged pairs `told` (`TOLD`); return what how often.

    `placed` are clusters (person_id, anchor_id), with everyone of a pair that came apart. Without `held` it is about
    everyone. With it, only those pairs need be told that are not kept so already, and of those that are kept only
    these, by key, may go.
    """
    rows = publish_memberships(cursor, given=parameters | {"attached": held is not None})
    kept, may_go, more = "people_matchedge", "true", {}
    if held is not None:
        kept, may_go, more = _KEPT.format(**names), "h.id = ANY(%(held)s)", {"held": array(held)}
    cursor.execute(_EDGES.format(**names, kept=kept, may_go=may_go), parameters | more)
    return rows
