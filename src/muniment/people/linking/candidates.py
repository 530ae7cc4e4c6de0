"""Who is to be compared with nominals that have changed, found by the blocking keys of those who are kept.

Each key is looked up by itself under its index: what it costs grows with how many share keys, not with how many are
held. One statement over all keys at once had the index, or everybody, looked through once for each of them.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import combinations

import pyarrow as pa
from django.db import connection

from muniment.batch.matching import part
from muniment.batch.matching.blocking import CEILING, MANY_KEYS
from muniment.batch.matching.joining import as_pairs
from muniment.batch.matching.keys import number
from muniment.batch.matching.standardise import standard
from muniment.core.models import PARTITIONS
from muniment.engine.matching.features import Nominal
from muniment.engine.matching.grouping import Pair
from muniment.engine.matching.weighing import CORPORATE
from muniment.people.handing_over import array, copied
from muniment.people.linking.linkage_models import Published, of_version

# Nominals up to which it is sooner told without the set engine which of them share keys.
FEW = 200

_HOLDING = f"""
SELECT told.key, holder.* FROM told CROSS JOIN LATERAL (
    SELECT held.nominal_id, cardinality(held.keys) > {MANY_KEYS} AS known, held.partition = '{CORPORATE}' AS corporate
    FROM people_standardised held WHERE held.keys @> ARRAY[told.key] AND held.standard = %(standard)s
    OFFSET 0 -- so that it is looked up key by key
) holder
"""  # noqa: S608

# Pairs of two who have changed are found from both sides: the lower counts them.
_TOUCHING = f"""
WITH told AS (SELECT unnest(%(told)s::bigint[]) AS key),
holding AS MATERIALIZED (
    SELECT *, nominal_id = ANY(%(keys)s::bigint[]) AS changed FROM ({_HOLDING}) holding
), shared AS (
    SELECT key FROM holding GROUP BY key HAVING count(*) BETWEEN 2 AND {CEILING}
)
SELECT least(own.nominal_id, other.nominal_id) AS "left", greatest(own.nominal_id, other.nominal_id) AS "right"
FROM holding own JOIN shared USING (key) JOIN holding other USING (key)
WHERE own.changed AND other.nominal_id <> own.nominal_id AND (own.nominal_id < other.nominal_id OR NOT other.changed)
GROUP BY 1, 2
HAVING count(*) >= %(least_keys)s OR bool_or(own.corporate) OR NOT bool_and(own.known AND other.known)
"""  # noqa: S608
# A key is of one partition: all who hold it are corporate, or none.
_MANY_HOLDING = f"""
WITH told AS (SELECT unnest(%(told)s::bigint[]) AS key)
SELECT key, bool_or(corporate), array_agg(nominal_id), array_agg(known::int) FROM ({_HOLDING}) holding
GROUP BY key HAVING count(*) BETWEEN 2 AND {CEILING}
"""  # noqa: S608


def touching(changed: Mapping[int, Nominal], published: Published) -> pa.Table:
    """Return the pairs (schema `batch.matching.joining.PAIRS`) with one of some nominals that share enough keys."""
    least_keys = published.scales.model.least_keys
    told = {key for row in changed.values() for key in _told(row, published)}
    given: dict[str, str | int] = {"told": array(sorted(told)), "keys": array(changed)}
    given["standard"] = standard(published.scales.on)
    with connection.cursor() as cursor:
        if len(changed) > FEW:
            holding = copied(cursor, _MANY_HOLDING, given, part.HOLDING)
            return part.sharing(holding, least_keys, changed)
        cursor.execute(_TOUCHING, given | {"least_keys": least_keys})
        return as_pairs(cursor.fetchall())


def within(members: Mapping[int, Nominal], published: Published, *, without: Collection[int]) -> pa.Table:
    """Return the pairs (schema `PAIRS`) of some nominals, none of them of `without`, that share enough keys."""
    rows = {key: row for key, row in members.items() if key not in without}
    holders: dict[int, list[int]] = defaultdict(list)
    for key, row in rows.items():
        for shared_by in _told(row, published):
            holders[shared_by].append(key)
    several = {shared_by: sorted(held) for shared_by, held in holders.items() if 1 < len(held) <= CEILING}
    least = published.scales.model.least_keys
    if len(rows) > FEW:
        return part.sharing(_as_holding(several, rows), least)
    shared: Counter[Pair] = Counter()
    for held in several.values():
        shared.update(combinations(held, 2))
    return as_pairs(
        [(one, two) for (one, two), count in shared.items() if count >= least or _do_few_do(rows[one], rows[two])]
    )


def _as_holding(holders: Mapping[int, list[int]], rows: Mapping[int, Nominal]) -> pa.Table:
    columns = {
        "key": list(holders),
        "corporate": [rows[held[0]]["partition"] == CORPORATE for held in holders.values()],
        "persons": list(holders.values()),
        "known": [[_is_known(rows[key]) for key in held] for held in holders.values()],
    }
    return pa.table(columns, part.HOLDING)


def _do_few_do(*rows: Nominal) -> bool:
    """Whether one key is enough to compare two: they are corporate, or little is known of one."""
    return any(row["partition"] == CORPORATE or not _is_known(row) for row in rows)


def _is_known(row: Nominal) -> bool:
    return len(row["keys"]) > MANY_KEYS


def _told(row: Nominal, published: Published) -> set[int]:
    """Return the keys by which a nominal is compared: corporate ones have a rule of their own, and no key too many."""
    keys = set(row["keys"])
    return (
        keys if row["partition"] == CORPORATE else keys - _stopped(published.scales.model.version, published.overgrown)
    )


@lru_cache(maxsize=2)
def _stopped(version: str, overgrown: tuple[str, ...]) -> frozenset[int]:
    """Return the keys that a model stops, and those that have grown too far since, as they are kept."""
    stopped = (*of_version(version).stop_keys, *overgrown)
    return frozenset(number(partition, key) for partition in PARTITIONS for key in stopped)
