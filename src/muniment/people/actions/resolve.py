"""Resolve nominals into prime records with the active model, and publish what changed."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.matching import policy
from muniment.batch.matching import resolve as linkage
from muniment.batch.matching.standardise import VERSION
from muniment.core import audit, statistics, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.engine.matching.features import Nominal
from muniment.engine.matching.model import Model
from muniment.engine.matching.weighing import Scales
from muniment.people import advice, linkage_models, nominal_tables, publishing, reopening, search_tokens
from muniment.people.attaching import attach_within, take_turn
from muniment.people.linkage_models import NoModel, Published
from muniment.people.said_of_pairs import JUDGEMENTS, STANDING
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


def resolve(*, by: Actor) -> Counts:
    """Resolve every nominal, within its partition; publish at once, in one transaction.

    Raise NoModel when nobody has activated a model of this way of reading nominals. What was one and is joined by
    nothing any more stays one, and waits for a person. Nominals that came or changed while the run computed are
    attached to what it publishes.
    """
    model = _active()
    began, on = timezone.now(), policy.today()
    with staging.snapshot() as rows_of:
        read = nominal_tables.read(rows_of, on=on)
        judgements, standing = rows_of(JUDGEMENTS), rows_of(STANDING)
    resolution = linkage.resolve(read.standardised, model, judgements=judgements, standing=standing)
    with (
        staging.staged(
            _to_publish(resolution) | {"tokens": search_tokens.tokens(read.standardised), "fresh": read.fresh}
        ) as names,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        turns.beside_others()
        take_turn()
        late = nominal_tables.changed_since(read.snapshot)
        cursor.execute("SET LOCAL enable_nestloop = off")
        versions = {"model": model.version, "on": on.isoformat(), "overgrown": list(resolution.overgrown)}
        run = BatchRun.objects.create(kind="resolve", started_at=began, versions=versions)
        points = policy.in_force(on).points
        nominal_tables.store(cursor, names["fresh"], read.snapshot, on=on)
        publishing.leave_out_gone(cursor, names["clusters"])
        changed = publishing.publish(
            cursor,
            names | {"placed": names["clusters"]},
            {"model": model.version, "run": run.pk, "automatic": points.automatic},
        )
        search_tokens.publish(cursor, names["tokens"])
        changed["reopened"] = _reopen(read.standardised, model, run)
        advice.ask_for_merges_back()
        if late:
            cursor.execute("SET LOCAL enable_nestloop = on")
            attach_within(late, Published(run, Scales(model, policy.in_force(on), points, on), resolution.overgrown))
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


def _active() -> Model:
    model = linkage_models.active()
    if model is None:
        raise NoModel("No linkage model is active: run `muniment train`, then have someone else activate it.")
    if model.standard != VERSION:
        raise NoModel(
            f"The active model {model.version} was trained when nominals were read another way: run `muniment train`,"
            " then have someone else activate the new one."
        )
    return model


def _to_publish(resolution: linkage.Resolution) -> dict[str, pa.Table]:
    return {
        "clusters": resolution.clusters,
        "edges": resolution.edges.select(["left", "right", "weight", "automatic", "blocked_by"]),
        "asked": resolution.doubtful.filter(resolution.doubtful["were_one"]).drop_columns("were_one"),
    }


def _reopen(standardised: pa.Table, model: Model, run: BatchRun) -> int:
    standing = reopening.standing()
    keys = pa.array(sorted({key for each in standing for key in (each.left_id, each.right_id)}), pa.int64())
    rows = standardised.filter(pc.is_in(standardised["person_id"], keys)).to_pylist()
    forms: dict[int, Nominal] = {row["person_id"]: row for row in rows}
    return reopening.reopen(standing, forms, model, run)
