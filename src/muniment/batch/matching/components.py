"""Nominals that something leads from one to another, and which of them it takes the engine to group pair by pair.

Of most, nothing says that two may not be one person: whatever the order in which they are joined, they come to one
group, and the set engine finds it. The engine's own rules are asked about the others; no join there concerns anybody
of another component.
"""

from math import ceil, sqrt

import duckdb
import pyarrow as pa
from splink import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

from muniment.batch.matching.joining import as_pairs
from muniment.engine.matching.clusters import Groups
from muniment.engine.matching.grouping import Sayings
from muniment.engine.matching.model import Points
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

FEW = 10_000  # pairs: as many are followed one by one sooner than the statements that would do it are written


def find(connection: duckdb.DuckDBPyConnection, said: Sayings, points: Points) -> None:
    """Make tables `settled` (person_id, component), and `unsettled` (person_id) of those left to the engine.

    Needs tables `persons`, `edges`, `twins` and `shown` (left, right), the pairs that users have been shown as one.
    Whoever nothing leads to another is in neither.
    """
    connection.register("said_same", as_pairs(said.same))
    connection.execute(
        'create or replace temp view joining as select "left", "right" from edges where automatic '
        "union all from said_same union all from shown"
    )
    _connect(connection, "joining", "components")
    connection.register("told_apart", as_pairs((*said.different, *said.taken_back)))
    twins = 'union all select "left", "right" from twins' if points.hard_rules else ""
    connection.execute(
        f"""
        create or replace temp table doubtful as
        select one.component from (from told_apart {twins}) apart
        join components one on one.person_id = "left" join components two on two.person_id = "right"
        where one.component = two.component
        """  # noqa: S608
    )
    if points.hard_rules:
        _add_bearers(connection)
    _add_loose(connection, points.least_links)
    _add_broken(connection)
    connection.execute(
        """
        create or replace temp table unsettled as select person_id from components semi join doubtful using (component);
        create or replace temp table settled as from components anti join doubtful using (component);
        drop view joining; drop table components; drop table doubtful
        """
    )
    for name in ("said_same", "told_apart"):
        connection.unregister(name)


def _connect(connection: duckdb.DuckDBPyConnection, pairs: str, into: str) -> None:
    """Make a table (person_id, component) of the nominals that pairs lead from one to another."""
    few = connection.sql(f'select "left", "right" from {pairs} limit {FEW + 1}').fetchall()  # noqa: S608
    if len(few) > FEW:
        _connect_many(connection, pairs, into)
        return
    groups = Groups()
    for left, right in few:
        groups.join(left, right)
    ends = sorted({person for pair in few for person in pair})
    found = {"person_id": ends, "component": [groups.find(person) for person in ends]}
    connection.register("found", pa.table({name: pa.array(values, pa.int64()) for name, values in found.items()}))
    connection.execute(f"create or replace temp table {into} as from found")
    connection.unregister("found")


def _connect_many(connection: duckdb.DuckDBPyConnection, pairs: str, into: str) -> None:
    connection.execute(
        f"""
        create or replace table paired as select distinct "left" as person_id_l, "right" as person_id_r from {pairs};
        create or replace table ends as select person_id_l as person_id from paired union select person_id_r from paired
        """  # noqa: S608
    )
    database = DuckDBAPI(connection)
    found = cluster_pairwise_predictions_at_threshold(
        database.register("ends"), database.register("paired"), database, "person_id"
    )
    connection.execute(
        f"create or replace temp table {into} as select person_id, cluster_id as component "  # noqa: S608
        f"from {found.physical_name}"
    )
    found.drop_table_from_database_and_remove_from_cache()
    connection.execute("drop table paired; drop table ends")


def _add_bearers(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the components whose members bear two identifiers of which a person has one."""
    differ = " or ".join(f"min({kind}) <> max({kind})" for kind in UNIQUE_IDENTIFIERS)
    connection.execute(
        f"insert into doubtful select component from components join persons using (person_id) "  # noqa: S608
        f"where partition <> 'corporate' group by component having {differ}"
    )


def _add_loose(connection: duckdb.DuckDBPyConnection, least_links: float) -> None:
    """Add the components in which two parts may be linked by too few of the pairs across them.

    Two parts that are joined are linked once at least, which is enough for up to 1 / `least_links` pairs across. Of
    more, `least_links` are linked where fewer than the others are missing: in the whole component, or of any member.
    """
    if least_links <= 0:
        return
    few = int(1 / least_links)
    missing, of_one = (1 - least_links) * (few + 1), (1 - least_links) * ceil(sqrt(few + 1))
    connection.execute(
        f"""
        insert into doubtful
        with sized as (
            select component, count(*) as size from components group by component having (size * size) // 4 > {few}
        ), ends as (
            select person_id, component, size from components join sized using (component)
        ), linked as (
            select one.component, one.size, unnest([one.person_id, two.person_id]) as person_id
            from edges join ends one on one.person_id = "left" join ends two on two.person_id = "right"
            where one.component = two.component
        ), linking as (
            select component, size, count(*) as links from linked group by component, size, person_id
        )
        select component from linking group by component, size
        having size * (size - 1) / 2 - sum(links) / 2 > {missing!r} and size - 1 - min(links) > {of_one!r}
        """  # noqa: S608
    )


def _add_broken(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the components with somebody who was one and whom evidence among those nominals joins no longer."""
    if not connection.sql("from shown limit 1").fetchall():
        return
    _connect(connection, "shown", "before")
    connection.execute(
        """
        create or replace temp view still as select "left", "right" from edges
        join before one on one.person_id = "left" join before two on two.person_id = "right"
        where automatic and one.component = two.component
        """
    )
    _connect(connection, "still", "joined_still")
    connection.execute(
        """
        insert into doubtful
        select any_value(c.component) from before b join components c using (person_id)
        left join joined_still j using (person_id) group by b.component
        having count(j.component) < count(*) or min(j.component) <> max(j.component);
        drop view still; drop table before; drop table joined_still
        """
    )
