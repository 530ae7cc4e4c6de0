"""Resolve nominals into prime records with the active model, and publish what changed."""

from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.cluster import Cluster
from muniment.batch.connecting import asking
from muniment.batch.matching import policy
from muniment.batch.matching import resolve as linkage
from muniment.batch.matching.engines import one_machine
from muniment.batch.matching.spark.opening import opened
from muniment.batch.matching.standardise import standard
from muniment.core import audit, statistics, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.matching.model import Points
from muniment.people.linking import linkage_models, loose, nominal_tables, publishing
from muniment.people.linking.attaching import attach_within, take_turn
from muniment.people.linking.linkage_models import Published
from muniment.people.said import advice, reopening
from muniment.people.said.said_of_pairs import JUDGEMENTS, STANDING
from muniment.people.watching import changes, holding, runs
from muniment.records import staging


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


def resolve(*, by: Actor, cluster: Cluster | None = None) -> Counts:
    """Resolve every nominal, within its partition, here or on a cluster; publish at once, in one transaction.

    Raise NoModel when nobody has activated a model of this way of reading nominals, and Held, with nothing published,
    when more prime records would change than policy lets a run change and nobody has released them. What was one and
    is joined by nothing any more stays one, and waits for a person. Nominals that came or changed while the run
    computed are attached to what it publishes.
    """
    model, on, began = linkage_models.in_use(), policy.today(), timezone.now()
    points = replace(policy.in_force(on).points, watched=True)
    with staging.snapshot() as rows_of:
        read = nominal_tables.read(rows_of, on=on)
        judgements = rows_of(JUDGEMENTS)
        given = linkage.Given(read.everyone, judgements, rows_of(STANDING))
    opening = opened(cluster, read.count) if cluster else one_machine()
    with linkage.resolving(opening, given, model, points) as (resolution, engine):
        told = runs.tell(engine, resolution)
    staged = _to_publish(resolution, points) | nominal_tables.to_store(read) | {"reserve": told.reserve}
    staged["loose"] = loose.find(resolution, judgements)
    with (
        staging.staged(staged) as names,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        turns.beside_others()
        take_turn()
        late = nominal_tables.changed_since(read.snapshot)
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '256MB'")
        publishing.leave_out_gone(cursor, names["clusters"], told=names["told"])
        publishing.work_out(cursor, staging.Handed(names, {}))
        change = changes.find(cursor)
        run = BatchRun(kind="resolve", started_at=began, versions=runs.versions(model, points))
        run.versions |= {"on": on.isoformat(), "lists": standard(on), "overgrown": list(resolution.overgrown)}
        run.versions["engine"] = "spark" if cluster else "duckdb"
        held = holding.keep_waiting(run, change, told.figures, by=by)
        if held is None:
            run.save()
            nominal_tables.store(cursor, names, read.snapshot, on=on)
            changed = _publish(cursor, names, Published.by(run, model))
            if late:
                cursor.execute("SET LOCAL enable_nestloop = on")
                attach_within(late, Published.by(run, model))
            counts = _counts(resolution, changed)
            runs.keep(run, told.figures, change)
            runs.keep_reserve(run, names["reserve"])
            holding.settle(run)
            BatchRun.objects.filter(pk=run.pk).update(state="done", ended_at=timezone.now(), counts=vars(counts))
            audit.record(by, "people.resolve", subject=f"run {run.pk}", detail=vars(counts))
    if held is not None:
        raise held  # when what waits is committed
    statistics.refresh()
    return counts


def _publish(cursor: Any, names: dict[str, str], by: Published) -> dict[str, int]:
    parameters = {"model": by.scales.model.version, "run": by.run.pk}
    changed = publishing.publish(cursor, names | {"placed": names["clusters"]}, parameters)
    changed["reopened"] = _reopen(by)
    advice.ask_for_merges_back()
    loose.keep(cursor, names["loose"], by.run.pk)
    return changed


def _counts(resolution: linkage.Resolution, changed: dict[str, int]) -> Counts:
    nominals, primes = resolution.clusters.num_rows, pc.count_distinct(resolution.clusters["anchor_id"]).as_py()
    return Counts(nominals, primes, joined=nominals - primes, doubtful=resolution.doubtful.num_rows, **changed)


# Pairs as they are to be kept; `waits` as `muniment.engine.matching.weighing.Weighed.waits`.
_TOLD = """
with every as (
    select least("left", "right") as "left", greatest("left", "right") as "right", weight, automatic,
        coalesce(blocked_by, '') as rule, false as were_one
    from edges
), pairs as (
    from every anti join asked using ("left", "right")
    union all by name select "left", "right", weight, false as automatic, reason as rule, true as were_one from asked
)
select p."left", p."right", weight, automatic, rule,
    were_one or (one.anchor_id <> two.anchor_id and (rule = '' or weight >= {automatic!r})) as waits, were_one
from pairs p join clusters one on one.person_id = p."left" join clusters two on two.person_id = p."right"
order by "left", "right"
"""


def _to_publish(resolution: linkage.Resolution, points: Points) -> dict[str, pa.Table]:
    with asking() as engine:
        engine.register("clusters", resolution.clusters)
        engine.register("edges", resolution.edges)
        engine.register("asked", resolution.doubtful.filter(resolution.doubtful["were_one"]))
        told = engine.sql(_TOLD.format(automatic=points.automatic)).to_arrow_table().cast(publishing.TOLD)
    return {"clusters": resolution.clusters, "told": told}


def _reopen(by: Published) -> int:
    standing = reopening.standing()
    keys = {key for each in standing for key in (each.left_id, each.right_id)}
    forms = {row["person_id"]: row for row in nominal_tables.held(keys, on=by.scales.on)}
    return len(reopening.reopen(standing, forms, by.scales.model, by.run))
