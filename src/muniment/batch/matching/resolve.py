"""Nominals resolved into persons: candidate pairs weighed, hard rules applied, groups joined.

Groups are a function of the nominals, the judgements, the standing edges and the model, and of nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.connecting import connect
from muniment.batch.matching import blocking, contested, edges, watching
from muniment.batch.matching.grouping import group_all
from muniment.batch.matching.policy import in_force, today
from muniment.engine.matching import standing as stands
from muniment.engine.matching.grouping import Refused, Sayings
from muniment.engine.matching.model import Model, Points
from muniment.engine.matching.weighing import Scales

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
    as one: they stay so, and the cut is proposed, unless the reason is `parted`. `edges` are those that tell of
    anybody: they join two or could have, or a person is asked. `overgrown` names blocking keys that were left out;
    `watched` is what a run that is watched tells of itself.
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
        said = Sayings(*(tuple(_pairs(judgements, verdict)) for verdict in ("same", "different", stands.TAKEN_BACK)))
        if points.hard_rules:
            contested.ask(connection, _told_apart(connection, said), points.automatic)
        connection.register("shown", standing if standing is not None else STANDING.empty_table())
        clusters, asked = group_all(connection, model, said, points)
        connection.register("clustered", clusters)
        resolution = Resolution(clusters, _kept(connection, points), _doubtful(connection, asked), tuple(overgrown))
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


def _told_apart(connection: duckdb.DuckDBPyConnection, said: Sayings) -> Iterator[tuple[int, int]]:
    yield from connection.sql('select "left", "right" from twins').fetchall()
    yield from said.different


def _pairs(table: pa.Table | None, verdict: str | None = None) -> list[tuple[int, int]]:
    if table is None:
        return []
    if verdict is not None:
        table = table.filter(pc.equal(table["verdict"], verdict))
    return list(zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True))


# As `muniment.engine.matching.weighing.Weighed.tells`.
_TELLING = """
one.anchor_id = two.anchor_id or weight >= {automatic!r} or coalesce(blocked_by, 'contested') = 'contested'
"""


def _kept(connection: duckdb.DuckDBPyConnection, points: Points) -> pa.Table:
    """Return the edges that tell of anybody."""
    return (
        connection.sql(
            f"""
            select {", ".join(f'"{name}"' for name in EDGES.names)} from edges
            join clustered one on one.person_id = "left" join clustered two on two.person_id = "right"
            where {_TELLING.format(automatic=points.automatic)} order by "left", "right"
            """  # noqa: S608
        )
        .to_arrow_table()
        .cast(EDGES)
    )


def _doubtful(connection: duckdb.DuckDBPyConnection, asked: list[Refused]) -> pa.Table:
    """Return what a person is asked: what was refused, and what is too weak and came together by nothing else."""
    columns = zip(*asked, strict=True) if asked else ((),) * len(DOUBTFUL)
    connection.register(
        "refused", pa.table(dict(zip(DOUBTFUL.names, map(list, columns), strict=True)), schema=DOUBTFUL)
    )
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
    connection.unregister("refused")
    return found.cast(DOUBTFUL)
