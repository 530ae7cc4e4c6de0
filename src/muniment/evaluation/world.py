"""How well the prime records that are published fit the truth of an invented world.

Pairs are those that prime records imply, counted from the sizes of groups and never listed. Only nominals of one
partition can be a pair: policing, corporate and sealed people are kept apart before any pair is sought, whoever they
are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from muniment.batch.connecting import connect
from muniment.engine.matching.interval import exact

FILES = {
    "nominals": ("controller", "system", "reference", "person"),
    "people": ("person", "ethnicity", "origin"),
    "look_alikes": ("person_a", "person_b", "why"),
}


class NoTruth(Exception):
    """There is nothing to measure against, or nothing to measure; the message says which and what to do."""


@dataclass(frozen=True)
class Published:
    """What is held now: one row a nominal, and the pairs of nominals that wait for a person."""

    nominals: pa.Table  # controller, system, reference, partition, prime
    waiting: pa.Table  # left and right, as row numbers of `nominals`


@dataclass(frozen=True)
class Pairs:
    """Pairs of nominals, one line of the report. The interval is of the precision, at 95 %; None where none joined."""

    of: str
    joined: int
    false_joins: int
    precision: float | None
    lower: float
    upper: float
    true_pairs: int
    recall: float | None


@dataclass(frozen=True)
class LookAlikes:
    """Pairs of people who look alike and are two: of those held, joined into one, and waiting for a person."""

    why: str
    pairs: int
    held: int  # both have a nominal here, in one partition
    joined: int
    waiting: int


@dataclass(frozen=True)
class Scores:
    """The whole report."""

    nominals: int
    unknown_nominals: int  # held, and not of this world
    overall: Pairs
    look_alikes_alone: Pairs  # pairs of which one nominal at least is of somebody who has a look-alike
    look_alikes: tuple[LookAlikes, ...]
    by_look_alike: tuple[Pairs, ...]
    by_ethnicity: tuple[Pairs, ...]
    by_origin: tuple[Pairs, ...]


def read_truth(folder: Path) -> dict[str, pa.Table]:
    """Return the tables of a world's truth; `folder` is the world's or the one with the truth in it.

    Raise NoTruth when a file or a column is missing.
    """
    return {name: read_table(folder, name, columns) for name, columns in FILES.items()}


def read_table(folder: Path, name: str, columns: tuple[str, ...]) -> pa.Table:
    """Return one table of a world's truth, as `read_truth` does all that are of people."""
    place = folder if (folder / "nominals.parquet").is_file() else folder / "truth"
    path = place / f"{name}.parquet"
    if not path.is_file():
        raise NoTruth(f"{folder} holds no truth ({path} is missing): name the folder that `muniment invent` wrote.")
    table = pq.read_table(path)
    if missing := set(columns) - set(table.column_names):
        raise NoTruth(f"{path} lacks {', '.join(sorted(missing))}: invent the world again with this version.")
    return table.select(list(columns))


def measure(truth: dict[str, pa.Table], published: Published) -> Scores:
    """Count pairs. Raise NoTruth when no nominal that is held and resolved is of this world."""
    connection = connect()
    try:
        for name, table in truth.items():
            connection.register(name, table)
        numbered = published.nominals.append_column("number", pa.array(range(published.nominals.num_rows), pa.int64()))
        connection.register("published", numbered)
        connection.register("waiting", published.waiting)
        connection.execute(_HELD)
        held, unknown = connection.sql("SELECT count(person), count(*) - count(person) FROM held").fetchall()[0]
        if not held:
            raise NoTruth("None of the nominals that are resolved here is of this world: take its exports in first.")
        connection.execute(_GROUPS)
        kinds = [why for (why,) in connection.sql("SELECT DISTINCT why FROM look_alikes ORDER BY why").fetchall()]
        return Scores(
            nominals=held,
            unknown_nominals=unknown,
            overall=_pairs(connection, "everyone", "SELECT person FROM people"),
            look_alikes_alone=_pairs(connection, "anyone with a look-alike", "SELECT person FROM alike"),
            look_alikes=tuple(LookAlikes(*row) for row in connection.sql(_LOOK_ALIKES).fetchall()),
            by_look_alike=tuple(_grouped(connection, kinds, "SELECT person FROM alike WHERE why = ?")),
            by_ethnicity=tuple(_by(connection, "ethnicity")),
            by_origin=tuple(_by(connection, "origin")),
        )
    finally:
        connection.close()


_HELD = """
CREATE TEMP TABLE held AS
SELECT p.number, p.prime, p.partition, n.person FROM published p
LEFT JOIN nominals n ON n.controller = p.controller AND n.system = p.system AND n.reference = p.reference
"""

_GROUPS = """
CREATE TEMP TABLE alike AS
SELECT person_a AS person, why FROM look_alikes UNION SELECT person_b, why FROM look_alikes;
DELETE FROM held WHERE person IS NULL;
"""

# Of the pairs in a group of n, those that touch its k chosen members are all but those among the other n - k.
_COUNT = """
WITH chosen AS MATERIALIZED (SELECT DISTINCT person FROM ({people})),
marked AS (SELECT h.*, c.person IS NOT NULL AS one FROM held h LEFT JOIN chosen c USING (person)),
joined AS (
    SELECT sum(n * (n - 1) // 2 - (n - k) * (n - k - 1) // 2) AS pairs FROM (
        SELECT count(*) AS n, count(*) FILTER (WHERE one) AS k FROM marked GROUP BY partition, prime)),
right_ones AS (
    SELECT sum(n * (n - 1) // 2) AS pairs FROM (
        SELECT count(*) AS n FROM marked WHERE one GROUP BY partition, prime, person)),
true_ones AS (
    SELECT sum(n * (n - 1) // 2) AS pairs FROM (
        SELECT count(*) AS n FROM marked WHERE one GROUP BY partition, person))
SELECT coalesce(joined.pairs, 0)::bigint, coalesce(right_ones.pairs, 0)::bigint, coalesce(true_ones.pairs, 0)::bigint
FROM joined, right_ones, true_ones
"""

_LOOK_ALIKES = """
WITH places AS (SELECT DISTINCT person, partition, prime FROM held),
asked AS (
    SELECT DISTINCT least(l.person, r.person) AS one, greatest(l.person, r.person) AS two FROM waiting w
    JOIN held l ON l.number = w."left" JOIN held r ON r.number = w."right"
    WHERE l.prime <> r.prime AND l.person <> r.person),
pairs AS (SELECT DISTINCT least(person_a, person_b) AS one, greatest(person_a, person_b) AS two, why FROM look_alikes),
met AS (
    SELECT p.one, p.two, bool_or(a.prime = b.prime) AS joined FROM (SELECT DISTINCT one, two FROM pairs) p
    JOIN places a ON a.person = p.one JOIN places b ON b.person = p.two AND b.partition = a.partition
    GROUP BY p.one, p.two)
SELECT p.why, count(*), count(met.one), count(*) FILTER (WHERE met.joined), count(asked.one)
FROM pairs p LEFT JOIN met USING (one, two) LEFT JOIN asked USING (one, two) GROUP BY p.why ORDER BY p.why
"""


def _pairs(connection: duckdb.DuckDBPyConnection, of: str, people: str, *values: str) -> Pairs:
    """Count the pairs that touch some people, whom a query names."""
    joined, right, true = connection.execute(_COUNT.format(people=people), list(values)).fetchall()[0]
    lower, upper = exact(right, joined)
    return Pairs(
        of=of,
        joined=joined,
        false_joins=joined - right,
        precision=right / joined if joined else None,
        lower=lower,
        upper=upper,
        true_pairs=true,
        recall=right / true if true else None,
    )


def _grouped(connection: duckdb.DuckDBPyConnection, names: Iterable[str], people: str) -> Iterable[Pairs]:
    return (_pairs(connection, name, people, name) for name in names)


def _by(connection: duckdb.DuckDBPyConnection, column: str) -> Iterable[Pairs]:
    names = connection.sql(f"SELECT DISTINCT {column} FROM people ORDER BY 1").fetchall()  # noqa: S608 - our own names
    return _grouped(connection, [name for (name,) in names], f"SELECT person FROM people WHERE {column} = ?")  # noqa: S608
