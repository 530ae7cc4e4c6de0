"""Groups of nominals: most are settled by the set engine, the others by the engine's rules, pair by pair."""

from collections.abc import Iterable, Iterator
from functools import partial

import duckdb
import pyarrow as pa

from muniment.batch.matching import components
from muniment.engine.matching import standing as stands
from muniment.engine.matching.clusters import Groups
from muniment.engine.matching.grouping import Evidence, Refused, Sayings, group
from muniment.engine.matching.model import Model, Points
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

CLUSTERS = pa.schema([("person_id", pa.int64()), ("anchor_id", pa.int64())])


def group_all(connection: duckdb.DuckDBPyConnection, model: Model, said: Sayings, points: Points) -> list[Refused]:
    """Make table `clustered` (`CLUSTERS`) of everybody in table `persons`; return the pairs that are asked about.

    Needs tables `edges` and `twins`, as `edges.keep` makes them, and `shown` (left, right), the pairs that users have
    been shown as one.
    """
    components.find(connection, said, points)
    made = group(_evidence(connection, model, points), said, _rows(connection, "shown"), points)
    _cluster(connection, made.groups)
    return [pair for pair in made.refused if made.is_asked(pair)]


def _evidence(connection: duckdb.DuckDBPyConnection, model: Model, points: Points) -> Evidence:
    return Evidence(
        speak=_rows(connection, "edges"),
        automatic=partial(_automatic, connection),
        twins=_rows(connection, "twins"),
        identifiers=_identifiers(connection) if points.hard_rules else {},
        known=partial(_known, connection, model),
    )


def _unsettled(pairs: str) -> str:
    """Return the query for the pairs of a table whose nominals the engine has to group."""
    return f'select * from {pairs} where "left" in (from unsettled) and "right" in (from unsettled)'  # noqa: S608


def _rows(connection: duckdb.DuckDBPyConnection, pairs: str) -> list[tuple[int, int]]:
    return connection.sql(_unsettled(pairs)).project('"left", "right"').fetchall()


def _identifiers(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[int, str]]:
    return {
        kind: dict(
            connection.sql(
                f"select person_id, {kind} from persons semi join unsettled using (person_id) "  # noqa: S608
                f"where {kind} is not null and partition <> 'corporate'"
            ).fetchall()
        )
        for kind in UNIQUE_IDENTIFIERS
    }


def _automatic(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int, float]]:
    found = connection.sql(
        f"""
        select "left", "right", weight from ({_unsettled("edges")}) e
        join persons l on l.person_id = "left" join persons r on r.person_id = "right"
        where automatic order by weight desc, l.source_key, r.source_key
        """  # noqa: S608
    ).to_arrow_table()
    for batch in found.to_batches(max_chunksize=100_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


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


def _cluster(connection: duckdb.DuckDBPyConnection, groups: Groups) -> None:
    numbers = connection.sql("from unsettled").to_arrow_table()["person_id"].to_pylist()
    found = [groups.find(number) for number in numbers]
    connection.register(
        "grouped", pa.table({"person_id": pa.array(numbers, pa.int64()), "component": pa.array(found, pa.int64())})
    )
    connection.execute(
        """
        create or replace temp table clustered as
        with placed as (from settled union all from grouped),
        anchors as (
            select component, arg_min(person_id, (source_key, person_id)) as anchor_id
            from placed join persons using (person_id) group by component
        )
        select person_id, coalesce(anchor_id, person_id) as anchor_id
        from persons left join placed using (person_id) left join anchors using (component);
        drop table settled; drop table unsettled
        """
    )
    connection.unregister("grouped")
