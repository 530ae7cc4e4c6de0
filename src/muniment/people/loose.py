"""Pairs that alone join two parts of a prime record: worked out by a run, from everything."""

from typing import Any

from muniment.engine.matching.bridges import bridges

LEAST_PART = 2  # one nominal that hangs on a single pair is what any pair of records is

# What joins within prime records that can be two parts of several nominals each. What a person or a source has said
# is given twice: it is no question of weight whether such a pair holds.
_JOINING = f"""
WITH wide AS (
    SELECT prime_id, count(*) AS n FROM people_belonging WHERE until IS NULL GROUP BY prime_id
    HAVING count(*) >= {2 * LEAST_PART}
), member AS (
    SELECT b.nominal_id, b.prime_id, wide.n FROM people_belonging b JOIN wide USING (prime_id) WHERE b.until IS NULL
), joined AS (
    SELECT e.left_id, e.right_id, e.weight, l.n, count(*) OVER (PARTITION BY l.prime_id) AS pairs
    FROM people_matchedge e
    JOIN member l ON l.nominal_id = e.left_id JOIN member r ON r.nominal_id = e.right_id AND r.prime_id = l.prime_id
    WHERE e.is_automatic
), said AS (
    SELECT left_id, right_id FROM people_judgement WHERE superseded_at IS NULL AND verdict = 'same'
    UNION ALL
    SELECT gone.id, kept.id FROM records_nominal gone
    JOIN records_nominal kept ON kept.system_id = gone.system_id AND kept.reference = gone.merged_into
    WHERE gone.merged_into <> ''
)
SELECT left_id, right_id, weight FROM joined
-- More pairs than two parts have, one of them of two and joined to the other once, leave no such pair.
WHERE pairs <= (n - 2) * (n - 3) / 2 + 2
UNION ALL SELECT left_id, right_id, NULL FROM said CROSS JOIN generate_series(1, 2)
"""  # noqa: S608


def keep(cursor: Any, run: int) -> int:
    """Keep the loose joins of what a run has just published, in the place of those of the last; return how many."""
    cursor.execute(_JOINING)
    weights: dict[tuple[int, int], float | None] = {}
    pairs = []
    for left, right, weight in cursor.fetchall():
        pair = (left, right) if left < right else (right, left)
        weights[pair] = weight
        pairs.append(pair)
    found = [(*pair, weights[pair]) for pair, part in bridges(pairs).items() if part >= LEAST_PART]
    cursor.execute("DELETE FROM people_loosejoin")
    cursor.execute(
        "INSERT INTO people_loosejoin (left_id, right_id, weight, run_id)"
        " SELECT l, r, w, %s FROM unnest(%s::bigint[], %s::bigint[], %s::float8[]) AS given (l, r, w)",
        [run, *(list(column) for column in (zip(*found, strict=True) if found else ((), (), ())))],
    )
    return len(found)
