"""Nominals resolved into persons: candidate pairs weighed, hard rules applied, groups joined.

Groups are a function of the nominals, the judgements, the standing edges and the model, and of nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa

from muniment.batch.matching import blocking, contested, edges, joining, watching
from muniment.batch.matching.engines import Engine, Opening, Rows, one_machine
from muniment.batch.matching.grouping import CLUSTERS
from muniment.batch.matching.policy import in_force, today
from muniment.engine.matching.model import Model, Points
from muniment.engine.matching.weighing import Scales

EDGES = edges.EDGES
DOUBTFUL = joining.REFUSED
JUDGEMENTS = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("verdict", pa.string())])
STANDING = joining.PAIRS


@dataclass(frozen=True)
class Resolution:
    """Who is one person, on what edges, and what a person should look at.

    `clusters` has one row for each nominal; `anchor_id` is the member with the lowest `source_key`. `doubtful` gives
    a reason that is a key of `muniment.engine.matching.rules.REASONS`. With `were_one` users have been shown the two
    as one: they stay so, and the cut is proposed, unless the reason is `parted`. `edges` are those that tell of
    anybody: they join two or could have, or a person is asked. `overgrown` names blocking keys that were left out;
    `watched` is what a run that is watched tells of itself.
    """

    clusters: pa.Table
    edges: pa.Table
    doubtful: pa.Table
    overgrown: tuple[str, ...] = ()
    watched: watching.Watched | None = None


@dataclass(frozen=True)
class Given:
    """What is resolved: nominals of schema `STANDARDISED`, and what is known of pairs of them.

    Nominals may be a stream of record batches, which is read once: then nobody holds them all but the engine.
    `judgements` are what people and sources have said (left, right, verdict `same`, `different` or `taken-back`, which
    is a merge that its source took back; other verdicts are passed over); `standing` are pairs joined before.
    """

    standardised: Rows
    judgements: pa.Table | None = None
    standing: pa.Table | None = None


def resolve(
    standardised: Rows,
    model: Model,
    *,
    judgements: pa.Table | None = None,
    standing: pa.Table | None = None,
    points: Points | None = None,
) -> Resolution:
    """Resolve standardised nominals under a frozen model on this machine; see `Given`, and `resolve_on`."""
    return resolve_on(one_machine(), Given(standardised, judgements, standing), model, points)


def resolve_on(opening: Opening, given: Given, model: Model, points: Points | None = None) -> Resolution:
    """Resolve nominals under a frozen model on what is opened.

    Without `points` those in force today are used. Raise ValueError when the nominals were standardised by another
    version than the model.
    """
    with resolving(opening, given, model, points) as (resolution, _):
        return resolution


@contextmanager
def resolving(
    opening: Opening, given: Given, model: Model, points: Points | None = None
) -> Iterator[tuple[Resolution, Engine]]:
    """Resolve as `resolve_on` does, and leave the engine open.

    Who gave a stream asks it afterwards what it has to know of nominals: table `persons` holds them without their keys.
    """
    points = points or in_force().points
    with opening as engine:
        overgrown = judge_pairs(engine, given, model, points)
        yield group_judged(engine, given, model, points, overgrown), engine


def judge_pairs(engine: Engine, given: Given, model: Model, points: Points) -> tuple[str, ...]:
    """Make tables `persons`, `candidates` and `judged`; return the keys that were left out."""
    engine.give("persons", given.standardised)
    _check_version(engine, model)
    overgrown = blocking.find_candidates(engine, "persons", model, across=points.across)
    engine.let_go("persons", "keys")
    edges.judge(engine, Scales(model, in_force(), points, today()))
    return tuple(overgrown)


def group_judged(engine: Engine, given: Given, model: Model, points: Points, overgrown: tuple[str, ...]) -> Resolution:
    """Return who is one person by the pairs of table `judged`, which goes."""
    said = joining.sayings(given.judgements)
    levels = edges.keep(engine, model, points)
    if points.hard_rules:
        contested.ask(engine, said.different, points.automatic)
    engine.group(model, said, given.standing, points)
    resolution = _resolution(engine, points, overgrown)
    if levels is None:
        return resolution
    return replace(resolution, watched=watching.tell(engine, levels))


def _check_version(engine: Engine, model: Model) -> None:
    versions = set(engine.read("select distinct version from persons")["version"].to_pylist()) - {model.standard}
    if versions:
        raise ValueError(
            f"Some nominals were standardised by version {sorted(versions)[0]}, the model by {model.standard}: "
            "standardise them again, or train a new model."
        )


# As `muniment.engine.matching.weighing.Weighed.tells`.
_TELLING = """
one.anchor_id = two.anchor_id or e.weight >= {automatic!r} or coalesce(e.blocked_by, 'contested') = 'contested'
"""
_OF_CLUSTERED = """
from edges e join clustered one on one.person_id = e."left" join clustered two on two.person_id = e."right"
"""
# What a person is asked: what was refused, and what is too weak and came together by nothing else.
_DOUBTFUL = f"""
select "left", "right", weight, reason, were_one from refused
union all
select e."left", e."right", e.weight, coalesce(e.blocked_by, 'weight'), false {_OF_CLUSTERED}
where not e.automatic and one.anchor_id <> two.anchor_id
order by weight desc, "left", "right"
"""  # noqa: S608


def _resolution(engine: Engine, points: Points, overgrown: tuple[str, ...]) -> Resolution:
    kept = ", ".join(f'e."{name}"' for name in EDGES.names)
    telling = _TELLING.format(automatic=points.automatic)
    edges_kept = f'select {kept} {_OF_CLUSTERED} where {telling} order by e."left", e."right"'
    return Resolution(
        engine.read("select person_id, anchor_id from clustered order by person_id").cast(CLUSTERS),
        engine.read(edges_kept).cast(EDGES),
        engine.read(_DOUBTFUL).cast(DOUBTFUL),
        overgrown,
    )
