"""Candidate pairs: nominals of one partition that share a blocking key.

Partitions are kept apart here, before anything is weighed: a sealed or corporate nominal is never a candidate
of a policing one.
"""

import duckdb
import pyarrow as pa

from muniment.batch.matching.engines import Engine
from muniment.batch.matching.keys import LONE, OF_KIND, keys_of, number
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

_COSTLY = """
with held as (
    select key, max(n) as n, sum(n * (n - 1) / 2) as pairs
    from (
        select partition, key, count(*) as n from (select partition, unnest({keys}) as key from {people})
        where key is not null group by all
    )
    group by key having max(n) > 1
), running as (
    select key, n, sum(pairs) over (order by n range unbounded preceding) as cost from held
)
select key from running where n > $ceiling or cost > $most
"""


def find_stop_keys(connection: duckdb.DuckDBPyConnection, people: str) -> frozenset[str]:
    """Return the keys that would cost too much: cost stays in proportion to the number of nominals."""
    persons = int(connection.table(people).count("*").fetchall()[0][0])
    each_kind = min(SMALL_EACH * persons, LARGE_START + LARGE_EACH * persons)
    # Kind by kind: the texts of all keys together are some thirty times as many as the nominals.
    return frozenset(
        key
        for kind, keys in OF_KIND.items()
        for (key,) in connection.execute(
            _COSTLY.format(keys=keys, people=people),
            {"ceiling": CEILING, "most": min(each_kind, LONE_PAIRS) if kind in LONE else each_kind},
        ).fetchall()
    )


def find_candidates(engine: Engine, people: str, model: Model, *, across: bool = False) -> list[str]:
    """Make table `candidates` (join_key_l < join_key_r) of the pairs that share a key; return overgrown keys.

    With `across`, only pairs from different sources. Corporate nominals are no candidates: they have their own rule.
    """
    engine.give("stopped", _stopped(engine, people, model))
    # Most keys are one nominal's own: counting before anything is kept leaves a third of a large file to keep.
    engine.make(
        "key_counts",
        "select c.key, c.held from (select key, count(*) as held "  # noqa: S608
        f"from (select unnest(keys) as key from {people} where partition <> 'corporate') k "
        "group by key having count(*) > 1) c anti join stopped s on s.key = c.key",
    )
    engine.make(
        "shared",
        f"select k.key, k.person_id, k.known from (select person_id, array_length(keys) > {MANY_KEYS} as known, "  # noqa: S608
        f"unnest(keys) as key from {people} where partition <> 'corporate') k "
        f"join key_counts c on c.key = k.key where c.held <= {CEILING}",
    )
    overgrown = _overgrown(engine, people)
    engine.drop("stopped", "key_counts")
    engine.make("candidates", _candidates(people, model, across=across))
    engine.drop("shared")
    return overgrown


def _candidates(people: str, model: Model, *, across: bool) -> str:
    found = (
        "select a.person_id as join_key_l, b.person_id as join_key_r "  # noqa: S608
        "from shared a join shared b on a.key = b.key and a.person_id < b.person_id "
        f"group by a.person_id, b.person_id having count(*) >= {model.least_keys} or not bool_and(a.known and b.known)"
    )
    if not across:
        return found
    source = "regexp_replace({}.source_key, '[|][^|]*$', '')"
    return (
        f"select c.* from ({found}) c "  # noqa: S608
        f"join {people} l on l.person_id = join_key_l join {people} r on r.person_id = join_key_r "
        f"where {source.format('l')} <> {source.format('r')}"
    )


def _stopped(engine: Engine, people: str, model: Model) -> pa.Table:
    """Return the keys (key) that the model stops, in each partition."""
    partitions = engine.read(f"select distinct partition from {people}")["partition"].to_pylist()  # noqa: S608
    stopped = sorted({number(partition, key) for partition in partitions for key in model.stop_keys})
    return pa.table({"key": pa.array(stopped, pa.int64())})


def _overgrown(engine: Engine, people: str) -> list[str]:
    """Return the keys that are held too often to be compared by."""
    grown = f"select key from key_counts where held > {CEILING}"  # noqa: S608
    numbers = set(engine.read(grown)["key"].to_pylist())
    if not numbers:
        return []
    # Only of one who bears it is the text of a key made: by Python, for either engine.
    bearers = engine.read(
        f"select p.* from {people} p semi join (select min(b.person_id) as person_id "  # noqa: S608
        f"from (select person_id, unnest(keys) as key from {people} where partition <> 'corporate') b "
        f"semi join ({grown}) g on g.key = b.key group by b.key) o on o.person_id = p.person_id"
    ).to_pylist()
    return sorted({key for row in bearers for key in keys_of(row) if number(row["partition"], key) in numbers})
