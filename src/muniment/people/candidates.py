"""Who is to be compared with nominals that have changed, found by the blocking keys of those who are kept.

Each key is looked up by itself under its index: what it costs grows with how many share keys, not with how many are
held. One statement over all keys at once had the index, or everybody, looked through once for each of them.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations

import pyarrow as pa
from django.db import connection

from muniment.batch.matching import part
from muniment.batch.matching.blocking import CEILING, MANY_KEYS
from muniment.batch.matching.standardise import standard
from muniment.core.models import PARTITIONS
from muniment.engine.matching.features import Nominal
from muniment.engine.matching.grouping import Pair
from muniment.engine.matching.weighing import CORPORATE
from muniment.people.linkage_models import Published, of_version

# Nominals up to which it is sooner told one by one which of them share keys.
FEW = 1000

# Pairs of two who have changed are found from both sides: the lower counts them.
_TOUCHING = f"""
WITH told AS MATERIALIZED (SELECT unnest(%(told)s::bigint[]) AS key),
own AS (
    SELECT held.nominal_id, told.key, cardinality(held.hashed) > {MANY_KEYS} AS known,
        held.partition = '{CORPORATE}' AS corporate
    FROM people_standardised held CROSS JOIN LATERAL unnest(held.hashed) AS spread (key)
    JOIN told ON told.key = spread.key
    WHERE held.nominal_id = ANY(%(keys)s::bigint[]) AND held.standard = %(standard)s
), holding AS MATERIALIZED (
    SELECT told.key, holder.nominal_id, holder.known, holder.nominal_id = ANY(%(keys)s::bigint[]) AS changed
    FROM told CROSS JOIN LATERAL (
        SELECT held.nominal_id, cardinality(held.hashed) > {MANY_KEYS} AS known FROM people_standardised held
        WHERE held.hashed @> ARRAY[told.key] AND held.standard = %(standard)s
        OFFSET 0 -- so that it is looked up key by key
    ) holder
), shared AS (
    SELECT key FROM holding GROUP BY key HAVING count(*) BETWEEN 2 AND {CEILING}
)
SELECT least(own.nominal_id, other.nominal_id) AS "left", greatest(own.nominal_id, other.nominal_id) AS "right"
FROM own JOIN shared USING (key) JOIN holding other USING (key)
WHERE CASE WHEN other.changed THEN own.nominal_id < other.nominal_id ELSE own.nominal_id <> other.nominal_id END
GROUP BY 1, 2
HAVING count(*) >= %(least_keys)s OR bool_or(own.corporate) OR NOT bool_and(own.known AND other.known)
"""  # noqa: S608


def touching(changed: Sequence[Nominal], published: Published) -> list[Pair]:
    """Return the pairs with one of some nominals that share as many keys as it takes, the lower number first."""
    told = {key for row in changed for key in _told(row, published)}
    with connection.cursor() as cursor:
        cursor.execute(
            _TOUCHING,
            {
                "told": list(told),
                "keys": [row["person_id"] for row in changed],
                "standard": standard(published.scales.on),
                "least_keys": published.scales.model.least_keys,
            },
        )
        pairs: list[Pair] = cursor.fetchall()
    return pairs


def within(members: Mapping[int, Nominal], published: Published, *, without: Collection[int]) -> list[Pair]:
    """Return the pairs of some nominals, none of them of `without`, that share as many keys as it takes."""
    rows = {key: row for key, row in members.items() if key not in without}
    if len(rows) > FEW:
        return _within_many(rows.values(), published)
    holders: dict[int, list[int]] = defaultdict(list)
    for key, row in rows.items():
        for hashed in _told(row, published):
            holders[hashed].append(key)
    shared: Counter[Pair] = Counter()
    for held in holders.values():
        if 1 < len(held) <= CEILING:
            shared.update(combinations(sorted(held), 2))
    least = published.scales.model.least_keys
    return [(one, two) for (one, two), count in shared.items() if count >= least or _do_few_do(rows[one], rows[two])]


def _within_many(rows: Iterable[Nominal], published: Published) -> list[Pair]:
    stopped = _stopped(published.scales.model.version, published.overgrown)
    members = pa.Table.from_pylist([{name: row[name] for name in part.MEMBERS.names} for row in rows], part.MEMBERS)
    found = part.sharing(members, stopped, published.scales.model.least_keys)
    return list(zip(found["left"].to_pylist(), found["right"].to_pylist(), strict=True))


def _do_few_do(*rows: Nominal) -> bool:
    """Whether one key is enough to compare two: they are corporate, or little is known of one."""
    return any(row["partition"] == CORPORATE or len(row["hashed"]) <= MANY_KEYS for row in rows)


def _told(row: Nominal, published: Published) -> set[int]:
    """Return the keys by which a nominal is compared: corporate ones have a rule of their own, and no key too many."""
    keys = set(row["hashed"])
    return (
        keys if row["partition"] == CORPORATE else keys - _stopped(published.scales.model.version, published.overgrown)
    )


@lru_cache(maxsize=2)
def _stopped(version: str, overgrown: tuple[str, ...]) -> frozenset[int]:
    """Return the keys that a model stops, and those that have grown too far since, as they are kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT hashtextextended(partition || '|' || key, 0) FROM unnest(%s::text[]) key"
            " CROSS JOIN unnest(%s::text[]) partition",
            [[*of_version(version).stop_keys, *overgrown], PARTITIONS],
        )
        return frozenset(key for (key,) in cursor.fetchall())
