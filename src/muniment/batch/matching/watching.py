"""What a run tells of itself: pairs by weight, levels of agreement, and a reserve of pairs to draw samples from.

Everything is counted by partition, so that what the sealed enclave holds shows in nobody else's figures. The reserve
is drawn at random from each band of weight while the weak pairs are still there; a sample that people label is drawn
from it later, by who may see its pairs.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import pyarrow as pa

from muniment.batch.connecting import asking
from muniment.batch.matching.engines import Engine
from muniment.engine.matching.bands import Band, bands
from muniment.engine.matching.features import FEATURES
from muniment.engine.matching.model import Model, Points

RESERVE = 1000  # pairs of each stratum that a run keeps
CAP = 40  # bits from which weights are counted together
_HASHES = 2**52 - 47  # a prime: what remains of a hash by it is as random, and fits a floating number

PAIRS = pa.schema(
    [
        ("partition", pa.string()),
        ("band", pa.string()),
        ("place", pa.int64()),  # in the random order of its stratum, from 1
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("weight", pa.float64()),
        ("automatic", pa.bool_()),
        ("are_one", pa.bool_()),
    ]
)
_CODES = pa.list_(pa.string())
RESERVED = PAIRS.append(pa.field("ethnicities", _CODES)).append(pa.field("origins", _CODES))


@dataclass(frozen=True)
class Watched:
    """What was counted while a run weighed its pairs.

    `weights` (partition, band, are_one, bit, blocked_by, pairs) counts every pair down to `bands.DEPTH` bits below the
    doubtful point; `levels` (partition, feature, level, matches) sums for each level the probabilities that its pairs
    are one person, which training would learn from; `candidates` is by partition how many pairs shared a key. `pairs`
    is the reserve (schema `PAIRS`), in the order that `seed` gives.
    """

    weights: pa.Table
    levels: pa.Table
    candidates: Mapping[str, int]
    pairs: pa.Table
    seed: int


def watch(engine: Engine, model: Model, points: Points) -> pa.Table:
    """Keep the pairs of table `judged` by band in table `watched`; return their levels.

    Their partitions are those of table `persons`.
    """
    hard = "blocked_by is null" if points.hard_rules else "true"
    automatic = f"match_weight >= {points.automatic} and {hard}"
    levels = _levels(engine, model)
    engine.make(
        "watched",
        f"""
        select * from (
            select j.person_id_l as "left", j.person_id_r as "right", j.match_weight as weight,
                {automatic} as automatic, j.blocked_by, p.partition, {_band(bands(points), automatic)} as band
            from judged j join persons p on p.person_id = j.person_id_l
        ) w where band is not null
        """,  # noqa: S608
    )
    return levels


def tell(engine: Engine, levels: pa.Table) -> Watched:
    """Count the pairs of table `watched` by what became of them in table `clustered`, and draw the reserve."""
    seed = secrets.randbelow(2**31)
    engine.make(
        "became",
        "select w.*, one.anchor_id = two.anchor_id as are_one from watched w "
        'join clustered one on one.person_id = w."left" join clustered two on two.person_id = w."right"',
    )
    engine.drop("watched")
    weights = engine.read(
        f"select partition, band, are_one, least(floor(weight), {CAP})::int as bit, "  # noqa: S608
        "coalesce(blocked_by, '') as blocked_by, count(*) as pairs from became group by 1, 2, 3, 4, 5 "
        "order by 1, 2, 3, 4, 5"
    )
    found = Watched(weights, levels, _candidates(engine), _reserve(engine, weights, seed), seed)
    engine.drop("became")
    return found


def _band(every: tuple[Band, ...], automatic: str) -> str:
    cases = []
    for band in every:
        limits = [f"match_weight >= {band.lowest!r}::double"]
        limits += [f"match_weight < {band.highest!r}::double"] if band.highest < inf else []
        limits += [automatic if band.automatic else f"not ({automatic})"] if band.automatic is not None else []
        cases.append(f"when {' and '.join(limits)} then '{band.code}'")
    return f"case {' '.join(cases)} end"


def _levels(engine: Engine, model: Model) -> pa.Table:
    """Return by partition, feature and level the pairs that are one person, each counted by its probability."""
    chance = "1 / (1 + pow(2, -greatest(least(match_weight, 60), -60)))"
    levels = {name: len(feature.levels) for feature in FEATURES if (name := feature.name) in model.weights}
    sums = ", ".join(
        f"coalesce(sum(case when level_{name} = {level} then chance end), 0) as {name}_{level}"
        for name, count in levels.items()
        for level in range(count)
    )
    chances = (
        f"select j.*, p.partition, {chance} as chance from judged j "  # noqa: S608
        "join persons p on p.person_id = j.person_id_l"
    )
    rows = engine.read(f"select partition, {sums} from ({chances}) c group by partition order by partition")  # noqa: S608
    return pa.Table.from_pylist(
        [
            {"partition": row["partition"], "feature": name, "level": level, "matches": row[f"{name}_{level}"]}
            for row in rows.to_pylist()
            for name, count in levels.items()
            for level in range(count)
        ],
        pa.schema(
            [("partition", pa.string()), ("feature", pa.string()), ("level", pa.int64()), ("matches", pa.float64())]
        ),
    )


def _candidates(engine: Engine) -> dict[str, int]:
    found = engine.read(
        "select p.partition, count(*) as pairs from candidates c join persons p on p.person_id = c.join_key_l "
        "group by p.partition"
    )
    return dict(zip(found["partition"].to_pylist(), found["pairs"].to_pylist(), strict=True))


def _reserve(engine: Engine, weights: pa.Table, seed: int) -> pa.Table:
    """Draw from each stratum of each partition up to RESERVE pairs, each as likely as any other."""
    held = weights.group_by(["partition", "band", "are_one"]).aggregate([("pairs", "sum")])
    # Ordering every pair of a large band by chance is dear; half as many again as are wanted come near enough.
    engine.give(
        "shares",
        held.append_column(
            "share",
            pa.array([min(1.0, 1.5 * RESERVE / pairs) for pairs in held["pairs_sum"].to_pylist()], pa.float64()),
        ),
    )
    drawn = engine.read(
        f"""
        with hashed as (
            select *, abs(hash("left", "right", {seed}) % {_HASHES}) as chance from became
        ), ordered as (
            select h.*, row_number() over (partition by h.partition, h.band, h.are_one
                order by h.chance, h."left", h."right") as place
            from hashed h join shares s on s.partition = h.partition and s.band = h.band and s.are_one = h.are_one
            where h.chance / {_HASHES}::double <= s.share
        )
        select partition, band, place, "left", "right", weight, automatic, are_one
        from ordered where place <= {RESERVE} order by partition, band, are_one, place
        """  # noqa: S608
    )
    engine.drop("shares")
    return drawn.cast(PAIRS)


# What every partition's figures are made of besides weights: nominals, groups, what is missing, and by whom.
_SIZES = """
with sized as (select c.anchor_id, any_value(p.partition) as partition, count(*) as size
    from clusters c join persons p using (person_id) group by c.anchor_id)
select partition, size, count(*) as groups from sized group by all order by all
"""
_GROUPS = """
with sizes as (select anchor_id, count(*) as size from clusters group by anchor_id),
waiting as (select distinct unnest(["left", "right"]) as person_id from doubtful),
told as (
    select p.partition, c.person_id, s.size > 1 as joined, w.person_id is not null as waits, k.ethnicity, k.origin
    from clusters c join persons p using (person_id) join sizes s using (anchor_id) join kinds k using (person_id)
    left join waiting w using (person_id)
)
select partition, kind, code, count(*) as nominals, count(*) filter (joined) as joined,
    count(*) filter (waits) as waiting
from (select partition, joined, waits, 'ethnicity' as kind, coalesce(ethnicity, '') as code from told
    union all select partition, joined, waits, 'origin', coalesce(origin, '') from told)
group by all order by all
"""
# A name tells its origin here only by who bears it in this very data: by one code for at least half of five or more.
_KINDS = """
with borne as (
    select partition, surname, ethnicity, count(*) as n from persons join given_kinds using (person_id)
    where surname is not null and ethnicity is not null and ethnicity not in ('NS') and ethnicity not like 'IC%'
    group by all
), origins as (
    select partition, surname, arg_max(ethnicity, (n, ethnicity)) as origin from borne
    group by partition, surname having sum(n) >= 5 and max(n) >= 0.5 * sum(n)
)
select p.person_id, g.ethnicity, o.origin from persons p join given_kinds g using (person_id)
left join origins o on o.partition = p.partition and o.surname = p.surname
"""


# Of nominals in table `persons`, what `figures` asks: that much of ten million is little.
PRESENT = ", ".join(
    (
        "person_id",
        "partition",
        *(
            f"case when {column} is not null then true end as {column}"
            for column in dict.fromkeys(column for feature in FEATURES for column in feature.columns)
        ),
    )
)


def kinds(standardised: pa.Table, ethnicity: pa.Table) -> pa.Table:
    """Return (person_id, ethnicity, origin): the recorded code, and that of most who bear the surname here.

    `ethnicity` is (person_id, ethnicity), null where none is recorded. An origin is told of a name that at least five
    bear with a self-defined ethnicity, at least half of them with one.
    """
    with asking() as connection:
        connection.register("persons", standardised.select(["person_id", "partition", "surname"]))
        connection.register("given_kinds", ethnicity)
        return connection.sql(_KINDS).to_arrow_table()


def figures(
    standardised: pa.Table, clusters: pa.Table, doubtful: pa.Table, known: pa.Table
) -> dict[str, dict[str, Any]]:
    """Return by partition what a run made of its nominals.

    `nominals`, `prime_records`, `sizes` (nominals of a prime record to how many have so many), `missing` (by feature,
    nominals without it), `waiting` (pairs left for a person) and `groups` (by `ethnicity` and `origin`: code to
    nominals, how many are joined with another, and how many wait). `known` is what `kinds` returns.
    """
    present = {
        feature.name: " and ".join(f"{column} is not null" for column in feature.columns) for feature in FEATURES
    }
    with asking() as connection:
        connection.register("persons", standardised)
        connection.register("clusters", clusters)
        connection.register("doubtful", doubtful)
        connection.register("kinds", known)
        lacking = ", ".join(f"count(*) filter (not ({test}))" for test in present.values())
        found: dict[str, dict[str, Any]] = {}
        for partition, nominals, *missing in connection.sql(
            f"select partition, count(*), {lacking} from persons group by partition order by partition"  # noqa: S608
        ).fetchall():
            lacks = dict(zip(present, missing, strict=True))
            found[partition] = {"nominals": nominals, "missing": lacks, "sizes": {}, "waiting": 0, "groups": {}}
        for partition, size, count in connection.sql(_SIZES).fetchall():
            found[partition]["sizes"][str(size)] = count
        for partition, kind, code, nominals, joined, waiting in connection.sql(_GROUPS).fetchall():
            told = {"nominals": nominals, "joined": joined, "waiting": waiting}
            found[partition]["groups"].setdefault(kind, {})[code] = told
        for partition, pairs in connection.sql(
            'select partition, count(*) from doubtful d join persons p on p.person_id = d."left" group by partition'
        ).fetchall():
            found[partition]["waiting"] = pairs
    for each in found.values():
        each["prime_records"] = sum(each["sizes"].values())
    return found


_PLACED = """
select w.*,
    list_sort(list_distinct(list_filter([lk.ethnicity, rk.ethnicity], lambda c: c is not null))) as ethnicities,
    list_sort(list_distinct(list_filter([lk.origin, rk.origin], lambda c: c is not null))) as origins
from pairs w join kinds lk on lk.person_id = w."left" join kinds rk on rk.person_id = w."right"
order by w.partition, w.band, w.are_one, w.place
"""


def placed(pairs: pa.Table, known: pa.Table) -> pa.Table:
    """Return the reserve with the groups that the two of each pair are of."""
    with asking() as connection:
        connection.register("pairs", pairs)
        connection.register("kinds", known)
        return connection.sql(_PLACED).to_arrow_table().cast(RESERVED)
