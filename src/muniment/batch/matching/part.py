"""A part of the nominals: who of them shares keys, and what named pairs come to, without Splink's half second.

Splink plans for longer than a thousand new nominals take to weigh. Here the same levels are one statement of our own;
the rules are those of `edges`. A test holds this, the run and `engine.matching.weighing` to one answer.
"""

from collections.abc import Collection
from dataclasses import replace
from math import log2

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.connecting import connect
from muniment.batch.matching import edges, scoring
from muniment.batch.matching.conditions import COLUMNS, CONDITIONS
from muniment.batch.matching.engines import OneMachine
from muniment.batch.matching.joining import PAIRS
from muniment.engine.matching.features import FEATURES, Feature
from muniment.engine.matching.model import Model, Weights
from muniment.engine.matching.weighing import CORPORATE, TWINS_DEPTH, Scales

# Who holds a key, and of each whether much is known of them; all are corporate, or none.
HOLDING = pa.schema(
    [
        ("key", pa.int64()),
        ("corporate", pa.bool_()),
        ("persons", pa.list_(pa.int64())),
        ("known", pa.list_(pa.bool_())),
    ]
)
WEIGHED = pa.schema(
    [
        *PAIRS,
        ("weight", pa.float64()),
        ("speaks", pa.bool_()),
        ("automatic", pa.bool_()),
        ("blocked_by", pa.string()),
        ("twins", pa.bool_()),
    ]
)

_FEATURES = {feature.name: feature for feature in FEATURES}

_SHARING = """
with shared as (select key, corporate, unnest(persons) as person_id, unnest(known) as known from holding)
select least(a.person_id, b.person_id) as "left", greatest(a.person_id, b.person_id) as "right"
from shared a join shared b on a.key = b.key and a.person_id <> b.person_id
where {once}
group by all having count(*) >= {least_keys} or bool_or(a.corporate) or not bool_and(a.known and b.known)
"""
_WEIGHED = "select person_id_l as person_id from weighed_pairs union select person_id_r from weighed_pairs"
# Pairs of two who have changed are found from both sides: the lower counts them.
_ONCE = "a.person_id < b.person_id"
_TOUCHING = f"a.person_id in (from changed) and ({_ONCE} or b.person_id not in (from changed))"


def sharing(holding: pa.Table, least_keys: int, changed: Collection[int] | None = None) -> pa.Table:
    """Return the pairs (schema `PAIRS`) that share as many keys as it takes; with `changed`, only those with one of it.

    `holding` (schema `HOLDING`) tells who holds which key, without those that tell nothing. One key is enough for
    corporate nominals, and where little is known of one.
    """
    connection = connect()
    try:
        connection.register("holding", holding)
        connection.register("changed", pa.table({"person_id": pa.array(sorted(changed or ()), pa.int64())}))
        once = _ONCE if changed is None else _TOUCHING
        return connection.sql(_SHARING.format(once=once, least_keys=int(least_keys))).to_arrow_table().cast(PAIRS)
    finally:
        connection.close()


def weigh(persons: pa.Table, pairs: pa.Table, scales: Scales) -> pa.Table:
    """Weigh pairs (schema `PAIRS`, lower number left) as a run would; return what it would keep (schema `WEIGHED`).

    `persons` are standardised nominals, everybody in a pair among them; the two of each pair are of one partition.
    """
    connection = connect()
    try:
        connection.register("given_persons", _with_shares(persons, scales.model))
        connection.execute("create temp table persons as from given_persons")
        connection.register("given_pairs", pairs)
        connection.execute(
            f'create temp table candidates as select p."left" as join_key_l, p."right" as join_key_r, '  # noqa: S608
            f"l.partition = '{CORPORATE}' as corporate from given_pairs p join persons l on l.person_id = p.\"left\""
        )
        near = replace(scales, model=replace(scales.model, crowded=scales.model.crowded & _places(persons)))
        return pa.concat_tables([_policing(connection, near), _corporate(connection, scales)])
    finally:
        connection.close()


def _with_shares(persons: pa.Table, model: Model) -> pa.Table:
    """Add for each column whose commonness counts the share of each value: `tf_` and the name of the column."""
    for column in scoring.frequency_columns(model):
        values = persons[column].combine_chunks().dictionary_encode()
        values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        shares = pa.array([model.share(column, value) for value in values.dictionary.to_pylist()], pa.float64())
        persons = persons.append_column(f"tf_{column}", shares.take(values.indices))
    return persons


def _places(persons: pa.Table) -> set[str]:
    """Return the places of some nominals as a model names them: of the rest nothing is asked."""
    places = {f"{kind}|{value}" for kind in ("postcode", "phone", "email") for value in _distinct(persons[kind])}
    return places | {f"address|{home or ''}" for home in _distinct(pc.binary_join(persons["address"], " "))}


def _distinct(column: pa.ChunkedArray) -> list[str | None]:
    values: list[str | None] = pc.unique(column).to_pylist()
    return values


def _policing(connection: duckdb.DuckDBPyConnection, scales: Scales) -> pa.Table:
    model, points = scales.model, scales.points
    depth = scales.least - (TWINS_DEPTH if points.hard_rules else 0.0)
    _score(connection, model, depth)
    engine = OneMachine(connection)
    edges.prepare_facts(engine, scales, _WEIGHED)
    edges.rule(engine, scales, "facts", "judged")
    hard, blocked = ("blocked_by is null", "blocked_by") if points.hard_rules else ("true", "null::varchar")
    automatic = f"match_weight >= {points.automatic!r} and {hard}"
    return (
        connection.sql(
            f"""
            select person_id_l as "left", person_id_r as "right", match_weight as weight,
                match_weight >= {scales.least!r} as speaks, {automatic} as automatic, {blocked} as blocked_by,
                twins and {points.hard_rules} as twins
            from judged where match_weight >= {scales.least!r} or (twins and {points.hard_rules})
            """  # noqa: S608
        )
        .to_arrow_table()
        .cast(WEIGHED)
    )


def _score(connection: duckdb.DuckDBPyConnection, model: Model, least: float) -> None:
    """Make table `weighed_pairs` of the policing candidates, as `scoring.score` has it but for what each level adds."""
    both = ", ".join(f"{side}.{column} as {column}_{side}" for column in _columns(model) for side in ("l", "r"))
    levels = ", ".join(_level(_FEATURES[name]) for name in model.weights)
    bits = " + ".join(f"coalesce({_bits(_FEATURES[name], model.weights[name])}, 0)" for name in model.weights)
    kept = ", ".join(
        [
            *(f"level_{name}" for name in model.weights),
            *(f"tf_{c}_{s}" for c in scoring.frequency_columns(model) for s in "lr"),
        ]
    )
    connection.execute(
        f"""
        create temp table weighed_pairs as
        with sides as (
            select c.join_key_l as person_id_l, c.join_key_r as person_id_r, {both} from candidates c
            join persons l on l.person_id = c.join_key_l join persons r on r.person_id = c.join_key_r
            where not c.corporate
        ), levelled as materialized (
            select *, {levels} from sides
        ), summed as (
            select person_id_l, person_id_r, {kept}, {log2(model.prior / (1 - model.prior))!r}::double + {bits}
                as match_weight from levelled
        )
        select * from summed where match_weight >= {least!r}
        """  # noqa: S608
    )


def _columns(model: Model) -> list[str]:
    return [*COLUMNS, *(f"tf_{column}" for column in scoring.frequency_columns(model))]


def _level(feature: Feature) -> str:
    missing = " or ".join(f"{column}_l is null or {column}_r is null" for column in feature.columns)
    cases = " ".join(f"when {condition} then {index}" for index, condition in enumerate(CONDITIONS[feature.name]))
    return (
        f"(case when {missing} then null {cases} else {len(feature.levels) - 1} end)::tinyint as level_{feature.name}"
    )


def _bits(feature: Feature, weights: Weights) -> str:
    cases = []
    for index, level in enumerate(feature.levels):
        adds = f"{weights.bits(index)!r}::double"
        if level.frequency:
            share = f"greatest(tf_{level.frequency}_l, tf_{level.frequency}_r)"
            adds += f" + {log2(weights.u[index])!r}::double - log2({share})"
        cases.append(f"when {index} then {adds}")
    return f"case level_{feature.name} {' '.join(cases)} end"


def _corporate(connection: duckdb.DuckDBPyConnection, scales: Scales) -> pa.Table:
    """Return the corporate pairs of one national insurance number or one e-mail address."""
    points = scales.points
    return (
        connection.sql(
            f"""
            with pair as (
                select c.*, coalesce(l.ni_number = r.ni_number, false) as one_number, {edges.TWO_AT_A_MAILBOX} as two
                from candidates c join persons l on l.person_id = c.join_key_l
                join persons r on r.person_id = c.join_key_r
                where c.corporate and (l.ni_number = r.ni_number or l.email = r.email)
            )
            select join_key_l as "left", join_key_r as "right", {points.automatic!r}::double as weight, true as speaks,
                one_number or not two as automatic, case when two and not one_number then 'name' end as blocked_by,
                false as twins
            from pair
            """  # noqa: S608
        )
        .to_arrow_table()
        .cast(WEIGHED)
    )
