"""Candidate pairs: nominals of one partition that share a blocking key.

Partitions are kept apart here, before anything is weighed: a sealed or corporate nominal is never a candidate
of a policing one. Tables made here live in the connection that is given.
"""

import duckdb
import pyarrow as pa

from muniment.batch.matching.keys import KEYS, LONE, NUMBERED, number
from muniment.engine.matching.model import Model

# Each kind of key may bring ten pairs for each nominal of a small file, and one for each of a large one besides what
# a small file is allowed; the keys that most nominals share are stopped first. So cost is in proportion to the file.
SMALL_EACH, LARGE_EACH, LARGE_START = 10, 1, 500_000
# A kind of one fact may bring so many pairs in all: it serves small files, and rare values in large ones.
LONE_PAIRS = 300_000
# In a large file two nominals with many keys each, who share but one, are strangers forty-nine times in fifty: they
# must share two. Those of whom little is known are compared on one.
LARGE_FILE, MANY_KEYS = 200_000, 12
# A key that has grown so far since the model was trained is left out of a run, and named.
CEILING = 1000

_KEYS = f"""(
    select partition, key, split_part(key, '|', 1) as kind from (select partition, unnest({KEYS}) as key from {{}})
)"""  # noqa: S608


def find_stop_keys(connection: duckdb.DuckDBPyConnection, people: str) -> frozenset[str]:
    """Return the keys that would cost too much: cost stays in proportion to the number of nominals."""
    persons = int(connection.table(people).count("*").fetchall()[0][0])
    each_kind = min(SMALL_EACH * persons, LARGE_START + LARGE_EACH * persons)
    rows = connection.execute(
        f"""
        with held as (
            select kind, key, max(n) as n, sum(n * (n - 1) / 2) as pairs
            from (select partition, kind, key, count(*) as n from {_KEYS.format(people)} group by all)
            group by kind, key having max(n) > 1
        ), running as (
            select kind, key, n, sum(pairs) over (partition by kind order by n range unbounded preceding) as cost
            from held
        )
        select key from running
        where n > $ceiling or cost > case when list_contains($lone, kind) then $lone_pairs else $each_kind end
        """,  # noqa: S608
        {
            "ceiling": CEILING,
            "lone": list(LONE),
            "each_kind": each_kind,
            "lone_pairs": min(each_kind, LONE_PAIRS),
        },
    ).fetchall()
    return frozenset(row[0] for row in rows)


def find_candidates(
    connection: duckdb.DuckDBPyConnection, people: str, model: Model, *, across: bool = False
) -> list[str]:
    """Make table `candidates` (join_key_l < join_key_r) of the pairs that share a key; return overgrown keys.

    With `across`, only pairs from different sources. Corporate nominals are no candidates: they have their own rule.
    """
    _stop(connection, people, model)
    connection.execute(
        f"create or replace temp table keyed as select person_id, known, key "  # noqa: S608
        f"from (select person_id, len(keys) > {MANY_KEYS} as known, unnest(keys) as key "
        f"from {people} where partition <> 'corporate') anti join stopped using (key)"
    )
    connection.execute(
        "create or replace temp table key_counts as select key, count(*) as held from keyed "
        "group by key having count(*) > 1"
    )
    connection.execute(
        "create or replace temp table shared as select k.key, k.person_id, k.known from keyed k "
        "join key_counts c using (key) where c.held <= ?",
        [CEILING],
    )
    connection.execute(
        "create or replace table candidates as select '0' as match_key, a.person_id as join_key_l, "
        "b.person_id as join_key_r from shared a join shared b on a.key = b.key and a.person_id < b.person_id "
        "group by all having count(*) >= ? or not bool_and(a.known and b.known)",
        [model.least_keys],
    )
    if across:
        source = "regexp_replace({}.source_key, '[|][^|]*$', '')"
        connection.execute(
            f"create or replace table candidates as select c.* from candidates c "  # noqa: S608
            f"join {people} l on l.person_id = join_key_l join {people} r on r.person_id = join_key_r "
            f"where {source.format('l')} <> {source.format('r')}"
        )
    overgrown = _overgrown(connection, people)
    for table in ("keyed", "key_counts", "shared", "stopped"):
        connection.execute(f"drop table {table}")
    return overgrown


def _stop(connection: duckdb.DuckDBPyConnection, people: str, model: Model) -> None:
    """Make table `stopped` (key): the keys that the model stops, in each partition."""
    partitions = [row[0] for row in connection.sql(f"select distinct partition from {people}").fetchall()]  # noqa: S608
    stopped = sorted({number(partition, key) for partition in partitions for key in model.stop_keys})
    connection.register("stopping", pa.table({"key": pa.array(stopped, pa.int64())}))
    connection.execute("create or replace temp table stopped as from stopping")
    connection.unregister("stopping")


def _overgrown(connection: duckdb.DuckDBPyConnection, people: str) -> list[str]:
    """Return the keys that are held too often to be compared by."""
    connection.execute("create or replace temp table overgrown as select key from key_counts where held > ?", [CEILING])
    if not connection.table("overgrown").limit(1).fetchall():
        return []
    found = connection.sql(
        f"""
        select distinct key from (
            select unnest({KEYS}) as key, unnest({NUMBERED}) as number
            from {people} where list_has_any(keys, (select list(key) from overgrown))
        ) where number in (from overgrown)
        """  # noqa: S608
    ).fetchall()
    return sorted(row[0] for row in found)
