"""Nominals resolved into persons: candidate pairs weighed, hard rules applied, groups joined.

Groups are a function of the nominals, the judgements, the standing edges and the model, and of nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.connecting import connect
from muniment.batch.matching import blocking, edges
from muniment.batch.matching.policy import in_force
from muniment.engine.matching.clusters import Groups
from muniment.engine.matching.model import Model, Points
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

CLUSTERS = pa.schema([("person_id", pa.int64()), ("anchor_id", pa.int64())])
EDGES = edges.EDGES
DOUBTFUL = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("weight", pa.float64()), ("reason", pa.string())])
JUDGEMENTS = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("verdict", pa.string())])
STANDING = pa.schema([("left", pa.int64()), ("right", pa.int64())])

_ALL_RULES = frozenset({"group-twins", "group-identifier", "group-links"})


@dataclass(frozen=True)
class Resolution:
    """Who is one person, on what edges, and what a person should look at.

    `clusters` has one row for each nominal; `anchor_id` is the member with the lowest `source_key`. `doubtful` gives
    a reason that is a key of `muniment.engine.matching.rules.REASONS`, or `standing-` and one when users have been
    shown the two as one: they stay so, and the cut is proposed. `overgrown` names blocking keys that were left out.
    """

    clusters: pa.Table
    edges: pa.Table
    doubtful: pa.Table
    overgrown: tuple[str, ...] = ()


def resolve(
    standardised: pa.Table,
    model: Model,
    *,
    judgements: pa.Table | None = None,
    standing: pa.Table | None = None,
    points: Points | None = None,
) -> Resolution:
    """Resolve standardised nominals under a frozen model.

    `judgements` are what people have said (left, right, verdict `same` or `different`; other verdicts are passed
    over); `standing` are pairs joined before, both records and the model unchanged since. Without `points` those in
    force today are used. Raise ValueError when the nominals were standardised by another version than the model.
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
        edges.weigh(connection, model, tables, points)
        return _join(connection, judgements, standing, points, tuple(overgrown))
    finally:
        connection.close()


def _check_version(standardised: pa.Table, model: Model) -> None:
    versions = set(pc.unique(standardised["version"]).to_pylist()) - {model.standard}
    if versions:
        raise ValueError(
            f"Some nominals were standardised by version {sorted(versions)[0]}, the model by {model.standard}: "
            "standardise them again, or train a new model."
        )


def _join(
    connection: duckdb.DuckDBPyConnection,
    judgements: pa.Table | None,
    standing: pa.Table | None,
    points: Points,
    overgrown: tuple[str, ...],
) -> Resolution:
    groups = Groups(_identifiers(connection) if points.hard_rules else {}, points.least_links)
    groups.link(connection.sql('select "left", "right" from edges').fetchall())
    groups.bar("judgement", _pairs(judgements, "different"))
    if points.hard_rules:
        groups.bar("group-twins", connection.sql('select "left", "right" from twins').fetchall())
    doubtful: list[tuple[int, int, float, str]] = []
    for one, two in sorted(_pairs(judgements, "same")):
        if reason := groups.obstacle(one, two, but=_ALL_RULES):
            doubtful.append((one, two, 0.0, reason))
        else:
            groups.join(one, two)
    for one, two in sorted(_pairs(standing)):
        if groups.obstacle(one, two, but=_ALL_RULES):
            doubtful.append((one, two, 0.0, "standing-judgement"))
            continue
        if reason := groups.obstacle(one, two, but=frozenset({"group-links"})):
            doubtful.append((one, two, 0.0, f"standing-{reason}"))
        groups.join(one, two)
    for one, two, weight in _automatic(connection):
        if reason := groups.obstacle(one, two):
            doubtful.append((one, two, weight, reason))
        else:
            groups.join(one, two)
    return Resolution(
        _clusters(connection, groups),
        connection.sql("from edges order by weight desc, left_key, right_key")
        .project(", ".join(f'"{name}"' for name in EDGES.names))
        .to_arrow_table()
        .cast(EDGES),
        _doubtful(connection, groups, doubtful),
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


def _doubtful(
    connection: duckdb.DuckDBPyConnection, groups: Groups, refused: list[tuple[int, int, float, str]]
) -> pa.Table:
    asked = connection.sql(
        'select "left", "right", weight, coalesce(blocked_by, \'weight\') from edges where not automatic'
    ).fetchall()
    # What has come together by other edges needs no question, unless the pair itself bars it.
    still_apart = [row for row in refused + asked if groups.find(row[0]) != groups.find(row[1])]
    shown_as_one = [row for row in refused if row[3].startswith("standing-") and row not in still_apart]
    rows = sorted(still_apart + shown_as_one, key=lambda row: (-row[2], row[0], row[1]))
    return pa.Table.from_pylist([dict(zip(DOUBTFUL.names, row, strict=True)) for row in rows], DOUBTFUL)
