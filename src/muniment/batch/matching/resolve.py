"""Nominals resolved into persons: candidate pairs weighed, hard rules applied, groups joined.

Groups are a function of the nominals, the judgements, the standing edges and the model, and of nothing else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.connecting import connect
from muniment.batch.matching import blocking, contested, edges, watching
from muniment.batch.matching.policy import in_force, today
from muniment.engine.matching import standing as stands
from muniment.engine.matching.clusters import Groups
from muniment.engine.matching.grouping import Evidence, Grouped, Sayings, group
from muniment.engine.matching.model import Model, Points
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS
from muniment.engine.matching.weighing import Scales

CLUSTERS = pa.schema([("person_id", pa.int64()), ("anchor_id", pa.int64())])
EDGES = edges.EDGES
DOUBTFUL = pa.schema(
    [
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("weight", pa.float64()),
        ("reason", pa.string()),
        ("were_one", pa.bool_()),  # shown as one before, and nothing joins them now
    ]
)
JUDGEMENTS = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("verdict", pa.string())])
STANDING = pa.schema([("left", pa.int64()), ("right", pa.int64())])


@dataclass(frozen=True)
class Resolution:
    """Who is one person, on what edges, and what a person should look at.

    `clusters` has one row for each nominal; `anchor_id` is the member with the lowest `source_key`. `doubtful` gives
    a reason that is a key of `muniment.engine.matching.rules.REASONS`. With `were_one` users have been shown the two
    as one: they stay so, and the cut is proposed, unless the reason is `parted`. `overgrown` names blocking keys that
    were left out; `watched` is what a run that is watched tells of itself.
    """

    clusters: pa.Table
    edges: pa.Table
    doubtful: pa.Table
    overgrown: tuple[str, ...] = ()
    watched: watching.Watched | None = None


def resolve(
    standardised: pa.Table,
    model: Model,
    *,
    judgements: pa.Table | None = None,
    standing: pa.Table | None = None,
    points: Points | None = None,
) -> Resolution:
    """Resolve standardised nominals under a frozen model.

    `judgements` are what people and sources have said (left, right, verdict `same`, `different` or `taken-back`, which
    is a merge that its source took back; other verdicts are passed over); `standing` are pairs joined before. Without
    `points` those in force today are used. Raise ValueError when the nominals were standardised by another version
    than the model.
    """
    _check_version(standardised, model)
    tables = in_force()
    points = points or tables.points
    connection = connect()
    try:
        connection.register("given", standardised)
        connection.execute("create temp table persons as from given")
        connection.unregister("given")
        overgrown = blocking.find_candidates(connection, "persons", model, across=points.across)
        levels = edges.weigh(connection, Scales(model, tables, points, today()))
        if points.hard_rules:
            contested.ask(connection, _told_apart(connection, judgements), points.automatic)
        said = Sayings(*(tuple(_pairs(judgements, verdict)) for verdict in ("same", "different", stands.TAKEN_BACK)))
        made = group(_evidence(connection, model, points), said, _pairs(standing), points)
        resolution = _resolution(connection, made, tuple(overgrown))
        if levels is None:
            return resolution
        return replace(resolution, watched=watching.tell(connection, levels, resolution.clusters))
    finally:
        connection.close()


def _check_version(standardised: pa.Table, model: Model) -> None:
    versions = set(pc.unique(standardised["version"]).to_pylist()) - {model.standard}
    if versions:
        raise ValueError(
            f"Some nominals were standardised by version {sorted(versions)[0]}, the model by {model.standard}: "
            "standardise them again, or train a new model."
        )


def _evidence(connection: duckdb.DuckDBPyConnection, model: Model, points: Points) -> Evidence:
    return Evidence(
        speak=connection.sql('select "left", "right" from edges').fetchall(),
        automatic=partial(_automatic, connection),
        twins=connection.sql('select "left", "right" from twins').fetchall(),
        identifiers=_identifiers(connection) if points.hard_rules else {},
        known=partial(_known, connection, model),
    )


def _told_apart(connection: duckdb.DuckDBPyConnection, judgements: pa.Table | None) -> Iterator[tuple[int, int]]:
    yield from connection.sql('select "left", "right" from twins').fetchall()
    yield from _pairs(judgements, "different")


def _known(connection: duckdb.DuckDBPyConnection, model: Model, nominals: Iterable[int]) -> stands.Known:
    """Return what is known of some nominals."""
    connection.register("asked", pa.table({"person_id": pa.array(sorted(nominals), pa.int64())}))
    rows = connection.sql("from persons semi join asked using (person_id)").to_arrow_table().to_pylist()
    blocked = connection.sql(
        'select least("left", "right"), greatest("left", "right"), blocked_by from edges where blocked_by is not null '
        'and "left" in (from asked) and "right" in (from asked)'
    ).fetchall()
    connection.unregister("asked")
    return stands.Known(
        model, {row["person_id"]: row for row in rows}, {(one, two): rule for one, two, rule in blocked}
    )


def _resolution(connection: duckdb.DuckDBPyConnection, made: Grouped, overgrown: tuple[str, ...]) -> Resolution:
    clusters = _clusters(connection, made.groups)
    return Resolution(
        clusters,
        connection.sql("from edges order by weight desc, left_key, right_key")
        .project(", ".join(f'"{name}"' for name in EDGES.names))
        .to_arrow_table()
        .cast(EDGES),
        _doubtful(connection, made, clusters),
        overgrown,
    )


def _identifiers(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[int, str]]:
    return {
        kind: dict(
            connection.sql(
                f"select person_id, {kind} from persons where {kind} is not null "  # noqa: S608
                "and partition <> 'corporate'"
            ).fetchall()
        )
        for kind in UNIQUE_IDENTIFIERS
    }


def _pairs(table: pa.Table | None, verdict: str | None = None) -> list[tuple[int, int]]:
    if table is None:
        return []
    if verdict is not None:
        table = table.filter(pc.equal(table["verdict"], verdict))
    return list(zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True))


def _automatic(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int, float]]:
    found = connection.sql(
        'select "left", "right", weight from edges where automatic order by weight desc, left_key, right_key'
    ).to_arrow_table()
    for batch in found.to_batches(max_chunksize=100_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _clusters(connection: duckdb.DuckDBPyConnection, groups: Groups) -> pa.Table:
    persons = connection.sql("select person_id from persons order by source_key").to_arrow_table()
    numbers = persons["person_id"].to_pylist()
    anchors: dict[int, int] = {}
    # Persons come in the order of their source keys, so the first of a group anchors it.
    return pa.table(
        {"person_id": numbers, "anchor_id": [anchors.setdefault(groups.find(n), n) for n in numbers]}, CLUSTERS
    )


def _doubtful(connection: duckdb.DuckDBPyConnection, made: Grouped, clusters: pa.Table) -> pa.Table:
    """Return what a person is asked: what was refused, and what is too weak and came together by nothing else."""
    refused = [row for row in made.refused if made.is_asked(row)]
    columns = zip(*refused, strict=True) if refused else ((),) * len(DOUBTFUL)
    connection.register(
        "refused", pa.table(dict(zip(DOUBTFUL.names, map(list, columns), strict=True)), schema=DOUBTFUL)
    )
    connection.register("clustered", clusters)
    found = connection.sql(
        """
        select * from refused
        union all
        select "left", "right", weight, coalesce(blocked_by, 'weight'), false from edges
        join clustered one on one.person_id = "left" join clustered two on two.person_id = "right"
        where not automatic and one.anchor_id <> two.anchor_id
        order by weight desc, "left", "right"
        """
    ).to_arrow_table()
    for name in ("refused", "clustered"):
        connection.unregister(name)
    return found.cast(DOUBTFUL)
