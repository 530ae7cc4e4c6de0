"""What a run of linkage keeps of itself, by partition."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from muniment.batch.matching import watching
from muniment.batch.matching.engines import Engine
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.resolve import Resolution
from muniment.core import policy_files, words
from muniment.core.models import BatchRun
from muniment.engine.matching.model import Model, Points
from muniment.engine.policy.store import digest
from muniment.people.models import ReservePair, RunFigures
from muniment.people.watching.changes import Change
from muniment.records import staging

_RESERVE = """
INSERT INTO people_reservepair
    (run_id, partition, band, place, left_id, right_id, weight, is_automatic, are_one, ethnicities, origins)
SELECT %s, r.partition, r.band, r.place, r."left", r."right", r.weight, r.automatic, r.are_one, r.ethnicities, r.origins
FROM {reserve} r JOIN records_nominal one ON one.id = r."left" JOIN records_nominal two ON two.id = r."right"
"""


@dataclass(frozen=True)
class Told:
    """What a run tells of itself: figures by partition, and the reserve that samples are drawn from."""

    figures: dict[str, dict[str, Any]]
    reserve: pa.Table


def versions(model: Model, points: Points) -> dict[str, Any]:
    """Return everything that a run depends on besides the nominals: versions, and the points in force."""
    return {
        "model": model.version,
        "standard": model.standard,
        "code": version("muniment"),
        "policy": digest(policy_files.folder()),
        "points": {
            "model": in_force().model_point,
            "automatic": points.automatic,
            "doubtful": points.doubtful,
            "least_links": points.least_links,
        },
    }


def tell(engine: Engine, resolution: Resolution) -> Told:
    """Return what a watched run tells of itself, while its engine is open."""
    borne = engine.read("select person_id, partition, surname from persons")
    kinds = watching.kinds(borne, _ethnicities(borne))
    present = engine.read(f"select {watching.PRESENT} from persons")  # noqa: S608
    figures = watching.figures(present, resolution.clusters, _asked(resolution.doubtful), kinds)
    watched = resolution.watched
    assert watched is not None
    for each in figures.values():
        each |= {"weights": [], "levels": {}, "candidates": 0}
    for row in watched.weights.to_pylist():
        figures[row.pop("partition")]["weights"].append(row)
    for row in watched.levels.to_pylist():
        levels = figures[row["partition"]]["levels"].setdefault(row["feature"], [])
        levels.append(round(row["matches"], 3))
    for partition, pairs in watched.candidates.items():
        figures[partition] |= {"candidates": pairs, "seed": watched.seed}
    return Told(figures, watching.placed(watched.pairs, kinds))


def _asked(doubtful: pa.Table) -> pa.Table:
    """Return the pairs that a person is asked about: of those that a rule forbids, what weight would have joined."""
    by_weight = pc.or_(
        pc.equal(doubtful["reason"], "weight"), pc.greater_equal(doubtful["weight"], in_force().automatic_point)
    )
    return doubtful.filter(pc.or_(by_weight, doubtful["were_one"]))


def tell_data(standardised: pa.Table) -> dict[str, dict[str, Any]]:
    """Return the figures of the nominals that a model is trained on: how many, and what is missing."""
    alone = pa.table({"person_id": standardised["person_id"], "anchor_id": standardised["person_id"]})
    nobody = pa.table({"left": pa.array([], pa.int64()), "right": pa.array([], pa.int64())})
    kinds = watching.kinds(standardised, _ethnicities(standardised))
    figures = watching.figures(standardised, alone, nobody, kinds)
    return {partition: {name: each[name] for name in ("nominals", "missing")} for partition, each in figures.items()}


def keep(run: BatchRun, figures: Mapping[str, Mapping[str, Any]], change: Change | None = None) -> None:
    """Keep the figures of a run, and what it changed or would change of prime records."""
    RunFigures.objects.bulk_create(
        RunFigures(run=run, partition=partition, figures=dict(each) | _changed(change, partition))
        for partition, each in figures.items()
    )


def _changed(change: Change | None, partition: str) -> dict[str, int]:
    if change is None:
        return {}
    held = change.held.get(partition, 0)
    told = {"changed": change.changed.get(partition, 0), "held_before": held}
    told["may_change"] = in_force().watching.may_change(held)
    return told | dict.fromkeys(("made", "retired", "revived", "moved"), 0) | dict(change.counted.get(partition, {}))


def keep_reserve(run: BatchRun, staged: str) -> None:
    """Keep the staged reserve of a run, and let those of earlier runs go: samples have copies of what they drew."""
    ReservePair.objects.exclude(run=run).delete()
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE.format(reserve=staged), [run.pk])


def state_of(run: BatchRun) -> str:
    """Return where a run stands: done; held or released; published by a later run, or replaced by one that waits."""
    hold = getattr(run, "hold", None)
    if hold is None:
        return run.state
    if hold.settled_at is None:
        return "released" if hold.released_at else "held"
    return "published" if hold.settled_by is not None and hold.settled_by.state == "done" else "replaced"


def _ethnicities(standardised: pa.Table) -> pa.Table:
    """Return the recorded ethnicity of each nominal by its code; null where none is, or where it is in no list."""
    given = staging.read("SELECT id AS person_id, ethnicity FROM records_nominal WHERE ethnicity <> ''")
    encoded = given["ethnicity"].combine_chunks().dictionary_encode()
    codes = [
        code if words.has("ethnicity", code) else None
        for each in encoded.dictionary.to_pylist()
        for code in [each.strip().upper()]
    ]
    known = pa.table({"person_id": given["person_id"], "ethnicity": pa.array(codes, pa.string()).take(encoded.indices)})
    every = standardised.select(["person_id"]).join(known, "person_id", join_type="left outer")
    return every.select(["person_id", "ethnicity"])
