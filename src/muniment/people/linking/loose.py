"""Pairs that alone join two parts of a prime record: worked out by a run, from everything."""

from typing import Any

import pyarrow as pa

from muniment.batch.connecting import asking
from muniment.batch.matching.joining import sayings
from muniment.batch.matching.resolve import Resolution
from muniment.engine.matching.bridges import Pair, bridges

LEAST_PART = 2  # one nominal that hangs on a single pair is what any pair of records is

LOOSE = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("weight", pa.float64())])

# What joins within groups that can be two parts of several nominals each.
_JOINING = f"""
with wide as (
    select anchor_id, count(*) as n from clusters group by anchor_id having count(*) >= {2 * LEAST_PART}
), member as (
    select person_id, anchor_id, n from clusters join wide using (anchor_id)
), joined as (
    select least(e."left", e."right") as "left", greatest(e."left", e."right") as "right", e.weight, one.n,
        count(*) over (partition by one.anchor_id) as pairs
    from edges e join member one on one.person_id = e."left"
    join member two on two.person_id = e."right" and two.anchor_id = one.anchor_id
    where e.automatic
)
select "left", "right", weight from joined
-- More pairs than two parts have, one of them of two and joined to the other once, leave no such pair.
where pairs <= (n - 2) * (n - 3) / 2 + 2
"""  # noqa: S608

_KEEP = """
INSERT INTO people_loosejoin (left_id, right_id, weight, run_id)
SELECT l."left", l."right", l.weight, %s FROM {loose} l
JOIN records_nominal one ON one.id = l."left" JOIN records_nominal two ON two.id = l."right"
"""


def find(resolution: Resolution, judgements: pa.Table) -> pa.Table:
    """Return the loose joins (`LOOSE`) of what a run has found; where a person or a source joined two, there is none.

    What was said of two is no question of weight, and so counts twice: it is no pair that alone joins.
    """
    with asking() as connection:
        connection.register("clusters", resolution.clusters)
        connection.register("edges", resolution.edges)
        joining = connection.sql(_JOINING).fetchall()
    weights: dict[Pair, float] = {(left, right): weight for left, right, weight in joining}
    said = [(min(pair), max(pair)) for pair in sayings(judgements).same]
    found = [pair for pair, part in bridges([*weights, *said, *said]).items() if part >= LEAST_PART]
    rows = [{"left": pair[0], "right": pair[1], "weight": weights[pair]} for pair in found]
    return pa.Table.from_pylist(rows, LOOSE)


def keep(cursor: Any, staged: str, run: int) -> None:
    """Keep the staged loose joins of a run, in the place of those of the last."""
    cursor.execute("DELETE FROM people_loosejoin")
    cursor.execute(_KEEP.format(loose=staged), [run])
