"""Resolve nominals into prime records with the active model, and publish what changed."""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.matching import resolve as linkage
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.standardise import VERSION
from muniment.core import audit, statistics, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.matching.model import Model
from muniment.people import advice, nominal_tables, publishing, reopening, search_tokens
from muniment.people.actions import train
from muniment.records import staging

_RESOLVE_LOCK = 7_130_003


class NoModel(Exception):
    """No linkage model is active that reads nominals as they are read now."""


@dataclass(frozen=True)
class Counts:
    """What a run saw and changed."""

    nominals: int
    prime_records: int
    joined: int
    doubtful: int
    made: int
    retired: int
    revived: int
    moved: int
    reopened: int  # judgements that identifiers speak against now


# What people and sources have said about pairs of one partition: a person's judgement, a merge at source, and a merge
# that its source has taken back. What was said of two before one of them was sealed joins them no more.
JUDGEMENTS = """
SELECT said."left", said."right", said.verdict FROM (
    SELECT left_id AS "left", right_id AS "right", verdict FROM people_judgement
    WHERE superseded_at IS NULL AND verdict IN ('same', 'different')
    UNION ALL
    SELECT gone.id, kept.id, 'same' FROM records_nominal gone
    JOIN records_nominal kept ON kept.system_id = gone.system_id AND kept.reference = gone.merged_into
    WHERE gone.merged_into <> '' AND NOT EXISTS (
        SELECT 1 FROM people_judgement j WHERE j.superseded_at IS NULL AND j.verdict = 'different'
            AND j.left_id = least(gone.id, kept.id) AND j.right_id = greatest(gone.id, kept.id))
    UNION
    SELECT gone.id, kept.id, 'taken-back' FROM records_sourceevent e
    JOIN records_nominal gone ON gone.system_id = e.system_id AND gone.reference = e.reference
    JOIN records_nominal kept ON kept.system_id = e.system_id AND kept.reference = e."into"
    WHERE e.entity = 'nominal' AND e.kind = 'merge'
        AND gone.merged_into <> kept.reference AND kept.merged_into <> gone.reference
) said
JOIN records_nominal one ON one.id = said."left" JOIN records_nominal two ON two.id = said."right"
JOIN core_scope ones ON ones.id = one.scope_id JOIN core_scope twos ON twos.id = two.scope_id
WHERE ones.partition = twos.partition
"""

# Users have been shown these as one; where nothing else joins them the system proposes a cut. One stands for all of a
# partition, whichever: the founder may have been sealed or destroyed.
STANDING = """
SELECT "left", "right" FROM (
    SELECT min(b.nominal_id) OVER (PARTITION BY b.prime_id, scope.partition) AS "left", b.nominal_id AS "right"
    FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id JOIN core_scope scope ON scope.id = n.scope_id
    WHERE b.until IS NULL
) shown WHERE "left" <> "right"
"""

EDGES = (
    # Two that came apart by themselves are asked about until somebody has said whether they are one.
    """
    WITH still_asked AS (
        SELECT e.id FROM people_matchedge e
        JOIN {clusters} one ON one.person_id = e.left_id JOIN {clusters} two ON two.person_id = e.right_id
        JOIN records_nominal l ON l.id = e.left_id JOIN core_scope ls ON ls.id = l.scope_id
        JOIN records_nominal r ON r.id = e.right_id JOIN core_scope rs ON rs.id = r.scope_id
        WHERE e.blocked_by = 'parted' AND one.anchor_id <> two.anchor_id AND ls.partition = rs.partition
            AND NOT EXISTS (SELECT 1 FROM people_judgement j WHERE j.left_id = e.left_id AND j.right_id = e.right_id
                AND j.superseded_at IS NULL AND j.verdict <> 'unsure')
    )
    DELETE FROM people_matchedge held WHERE NOT EXISTS (SELECT 1 FROM still_asked WHERE still_asked.id = held.id)
        AND (held.blocked_by = 'parted' OR NOT EXISTS (
            SELECT 1 FROM {edges} e WHERE least(e."left", e."right") = held.left_id
                AND greatest(e."left", e."right") = held.right_id))
        AND NOT EXISTS (SELECT 1 FROM {asked} a WHERE a."left" = held.left_id AND a."right" = held.right_id)
    """,
    """
    WITH told AS (
        SELECT least(e."left", e."right") AS "left", greatest(e."left", e."right") AS "right", e.weight, e.automatic,
            e.blocked_by, false AS were_one
        FROM {edges} e WHERE NOT EXISTS (
            SELECT 1 FROM {asked} a WHERE a."left" = least(e."left", e."right")
                AND a."right" = greatest(e."left", e."right"))
        UNION ALL SELECT "left", "right", weight, false, reason, true FROM {asked}
    )
    INSERT INTO people_matchedge
        (left_id, right_id, weight, is_automatic, blocked_by, needs_person, were_one, model, run_id)
    SELECT e."left", e."right", e.weight, e.automatic, coalesce(e.blocked_by, ''),
        -- What is joined by other ways needs nobody; what a hard rule forbids is worth a person's time only where
        -- the weight alone would have joined it.
        e.were_one OR (one.anchor_id <> two.anchor_id AND (e.blocked_by IS NULL OR e.weight >= %(automatic)s)),
        e.were_one, %(model)s, %(run)s
    FROM told e JOIN {clusters} one ON one.person_id = e."left" JOIN {clusters} two ON two.person_id = e."right"
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


def resolve(*, by: Actor) -> Counts:
    """Resolve every nominal, within its partition; publish at once, in one transaction.

    Raise NoModel when nobody has activated a model of this way of reading nominals. References are anchored: a group
    that holds the anchor of an older prime record keeps that reference; the others retire and redirect; a split
    revives them. What was one and is joined by nothing any more stays one, and waits for a person.
    """
    kept = train.active()
    if kept is None:
        raise NoModel("No linkage model is active: run `muniment train`, then have someone else activate it.")
    model = Model.from_json(json.dumps(kept.parameters))
    if model.standard != VERSION:
        raise NoModel(
            f"The active model {kept.version} was trained when nominals were read another way: run `muniment train`,"
            " then have someone else activate the new one."
        )
    began = timezone.now()
    standardised = nominal_tables.read_standardised()
    resolution = linkage.resolve(standardised, model, judgements=_pairs(JUDGEMENTS), standing=_pairs(STANDING))
    staged = {
        "clusters": resolution.clusters,
        "edges": resolution.edges.select(["left", "right", "weight", "automatic", "blocked_by"]),
        "asked": resolution.doubtful.filter(resolution.doubtful["were_one"]).drop_columns("were_one"),
        "tokens": search_tokens.tokens(standardised),
    }
    with (
        staging.staged(staged) as names,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        turns.beside_others()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_RESOLVE_LOCK])
        cursor.execute("SET LOCAL enable_nestloop = off")
        run = BatchRun.objects.create(kind="resolve", started_at=began, versions={"model": kept.version})
        changed = _publish(
            cursor, names, {"model": kept.version, "run": run.pk, "automatic": in_force().points.automatic}
        )
        search_tokens.publish(cursor, names["tokens"])
        changed["reopened"] = reopening.reopen(standardised, model, run)
        advice.ask_for_merges_back()
        counts = Counts(
            nominals=resolution.clusters.num_rows,
            prime_records=pc.count_distinct(resolution.clusters["anchor_id"]).as_py(),
            joined=resolution.clusters.num_rows - pc.count_distinct(resolution.clusters["anchor_id"]).as_py(),
            doubtful=resolution.doubtful.num_rows,
            **changed,
        )
        BatchRun.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now(), counts=counts.__dict__)
        audit.record(by, "people.resolve", subject=f"run {run.pk}", detail=counts.__dict__)
    statistics.refresh()
    return counts


def _pairs(query: str) -> pa.Table:
    return staging.read(query)


def _publish(cursor: Any, names: dict[str, str], parameters: dict[str, Any]) -> dict[str, int]:
    rows = publishing.publish(cursor, names["clusters"], publishing.PEOPLE)
    for statement in EDGES:
        cursor.execute(statement.format(**names), parameters)
    return {step: rows[step] for step in ("made", "retired", "revived", "moved")}
