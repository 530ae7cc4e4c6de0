"""Edges between nominals: candidates weighed, and judged by the hard rules.

The rules are the engine's; they run once for each distinct pattern of levels, not for each pair.
"""

from functools import lru_cache

import duckdb
import pyarrow as pa

from muniment.batch.matching import scoring, watching
from muniment.engine.matching.features import FEATURES
from muniment.engine.matching.model import Model, Points
from muniment.engine.matching.rules import IDENTIFIERS, PairFacts, are_twins, forbids
from muniment.engine.matching.tables import Tables
from muniment.engine.matching.weighing import PLACES, TWINS_DEPTH, Scales

EDGES = pa.schema(
    [
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("weight", pa.float64()),
        ("automatic", pa.bool_()),
        ("blocked_by", pa.string()),  # a key of rules.REASONS; null when no hard rule stands in the way
    ]
)

# Pairs scored at a time: what bounds memory when there are tens of millions.
CHUNK = 4_000_000

_RULED = ("forename", "surname", "born", "sex", "other_names", "postcode", "address", "phone", "email", *IDENTIFIERS)
_FACTS = (
    "known",
    "busy_postcode",
    "busy_address",
    "busy_phone",
    "busy_email",
    "shares_rare",
    "exchanged",
    "other_initial",
    "initial_only",
    "listed",
    "two_names",
    "other_number",
)
# One name in two spellings: Metaphone leaves vowels out, and an A at the end makes another name (Julia, Julie).
_ENDS_IN_A = "rtrim({}.forename, 'H') like '%A'"
_SPELT_APART = f"(l.forename_sound = r.forename_sound and ({_ENDS_IN_A.format('l')}) = ({_ENDS_IN_A.format('r')}))"
_LEVEL_NAMES = {feature.name: [level.name for level in feature.levels] for feature in FEATURES}


def weigh(connection: duckdb.DuckDBPyConnection, scales: Scales) -> pa.Table | None:
    """Make tables `edges` (schema `EDGES`) and `twins` (left, right).

    Needs tables `persons` and `candidates`. Corporate nominals have a rule of their own: one national insurance
    number or one e-mail address, and nothing else. Of a run that is watched return
    the levels of its pairs, and keep table `watched`.
    """
    scoring.prepare_people(connection, "persons", scales.model)
    least = scales.least - (TWINS_DEPTH if scales.points.hard_rules else 0.0)
    _score_in_chunks(connection, scales.model, least)
    levels = _apply_rules(connection, scales)
    _add_corporate(connection, scales.points)
    return levels


def _score_in_chunks(connection: duckdb.DuckDBPyConnection, model: Model, least: float) -> None:
    total = connection.sql("select count(*) from candidates").fetchall()[0][0]
    connection.execute("drop table if exists weighed_pairs")
    for start in range(0, max(total, 1), CHUNK):
        connection.execute(
            "create or replace table part as from candidates where rowid >= ? and rowid < ?",
            [start, start + CHUNK],
        )
        scored = scoring.score(connection, model, "part", least, bits=False)
        if start == 0:
            connection.execute(f"alter table {scored} rename to weighed_pairs")
        else:
            connection.execute(f"insert into weighed_pairs from {scored}")
            connection.execute(f"drop table {scored}")


def judge(connection: duckdb.DuckDBPyConnection, scales: Scales) -> None:
    """Make table `judged` of tables `weighed_pairs` and `persons`: with what forbids each pair, and twins."""
    ruled = [name for name in _RULED if name in scales.model.weights]
    _add_facts(connection, scales)
    pattern = [*(f"level_{name}" for name in ruled), *_FACTS]
    patterns = connection.sql(f"select distinct {', '.join(pattern)} from ruled").to_arrow_table()  # noqa: S608
    connection.register("verdicts", _judge(patterns, ruled))
    same = " and ".join(f"ruled.{name} is not distinct from v.{name}" for name in pattern)
    connection.execute(
        f"create or replace temp table judged as select ruled.*, v.blocked_by, v.twins "  # noqa: S608
        f"from ruled join verdicts v on {same}"
    )
    connection.unregister("verdicts")


def _apply_rules(connection: duckdb.DuckDBPyConnection, scales: Scales) -> pa.Table | None:
    judge(connection, scales)
    model, points = scales.model, scales.points
    hard, blocked_by = ("blocked_by is null", "blocked_by") if points.hard_rules else ("true", "null::varchar")
    connection.execute(
        f"""
        create or replace temp table edges as
        select person_id_l as "left", person_id_r as "right", match_weight as weight,
            match_weight >= {points.automatic} and {hard} as automatic,
            {blocked_by} as blocked_by
        from judged where match_weight >= {scales.least}
        """  # noqa: S608
    )
    connection.execute(
        'create or replace temp table twins as select person_id_l as "left", person_id_r as "right" '
        "from judged where twins"
    )
    levels = watching.watch(connection, model, points) if points.watched else None
    connection.execute("drop table judged; drop table ruled; drop table weighed_pairs")
    return levels


def _add_facts(connection: duckdb.DuckDBPyConnection, scales: Scales) -> None:
    """Make table `ruled`: the weighed pairs with what `PairFacts` needs."""
    _add_facts_of_each(connection, scales)
    connection.execute(
        f"""
        create or replace temp table ruled as
        select w.* replace (round(match_weight, $places) as match_weight),
            l.known and r.known as known,
            l.busy_postcode, l.busy_address, l.busy_phone, l.busy_email,
            coalesce(list_has_any(l.rare, r.rare), false) as shares_rare,
            coalesce(l.forename = r.surname and r.forename = l.surname, false) as exchanged,
            coalesce(l.initial <> r.initial, false) as other_initial,
            coalesce(least(length(l.forename), length(r.forename)) = 1, false) as initial_only,
            l.short is not null and r.short is not null as listed,
            coalesce(not l.short and not r.short and not {_SPELT_APART}, false) as two_names,
            coalesce(l.numbers <> r.numbers, false) as other_number
        from weighed_pairs w
        join facts l on l.person_id = w.person_id_l
        join facts r on r.person_id = w.person_id_r
        """,  # noqa: S608
        {"places": PLACES},
    )
    connection.execute("drop table facts")


def _add_facts_of_each(connection: duckdb.DuckDBPyConnection, scales: Scales) -> None:
    """Make table `facts`: what the facts of a pair are read from, of each nominal of a weighed pair."""
    model, tables = scales.model, scales.tables
    crowded = pa.table({"place": pa.array(sorted(model.crowded), pa.string())})
    given = {"crowded": crowded, "rare": _rare_names(connection, model, tables), "given_names": _given_names(tables)}
    for name, table in given.items():
        connection.register(name, table)
    connection.execute(
        """
        create or replace temp table facts as
        with rare_of as (
            select person_id, list(name) as names
            from (select person_id, unnest(others) as name from persons) semi join rare using (name) group by person_id
        )
        select p.person_id, p.forename, p.forename_sound, p.surname, p.forename[1] as initial, g.short,
            not p.born_default and coalesce(p.born_from <= $today, false) as known,
            coalesce('postcode|' || p.postcode in (select place from crowded), false) as busy_postcode,
            coalesce('address|' || array_to_string(p.address, ' ') in (select place from crowded), false)
                as busy_address,
            coalesce('phone|' || p.phone in (select place from crowded), false) as busy_phone,
            coalesce('email|' || p.email in (select place from crowded), false) as busy_email,
            rare_of.names as rare, list_filter(p.address, lambda w: regexp_matches(w, '[0-9]')) as numbers
        from persons p
        semi join (select person_id_l as person_id from weighed_pairs union select person_id_r from weighed_pairs) w
            using (person_id)
        left join rare_of using (person_id)
        left join given_names g on g.name = p.forename
        """,
        {"today": scales.on},
    )
    for name in given:
        connection.unregister(name)


def _given_names(tables: Tables) -> pa.Table:
    """Return the names in any list, and whether one is no more than a short form."""
    names = sorted(tables.forenames)
    return pa.table({"name": names, "short": [name in tables.short_forms for name in names]})


def _rare_names(connection: duckdb.DuckDBPyConnection, model: Model, tables: Tables) -> pa.Table:
    """Return the other names that are rare both among the population's newborns and among the people here.

    Ann is rare among the newborn, and Kaur and Singh are in no list of forenames.
    """
    names = connection.sql("select distinct unnest(others) as name from persons").to_arrow_table()["name"]
    rare = [n for n in names.to_pylist() if n and tables.is_rare(n) and n not in model.common_names]
    return pa.table({"name": pa.array(rare, pa.string())})


def _judge(patterns: pa.Table, ruled: list[str]) -> pa.Table:
    """Let the engine judge each distinct pattern of levels and facts."""
    rows = zip(*(column.to_pylist() for column in patterns.columns), strict=True)
    verdicts = [_verdict(tuple(ruled), row) for row in rows]
    return patterns.append_column("blocked_by", pa.array([each[0] for each in verdicts], pa.string())).append_column(
        "twins", pa.array([each[1] for each in verdicts], pa.bool_())
    )


@lru_cache(maxsize=200_000)
def _verdict(ruled: tuple[str, ...], pattern: tuple[int | bool | None, ...]) -> tuple[str | None, bool]:
    """Return what forbids a pair whose levels and facts are these, and whether it is of twins; few are ever new."""
    levels = {
        name: None if level is None else _LEVEL_NAMES[name][level]
        for name, level in zip(ruled, pattern[: len(ruled)], strict=True)
    }
    told = dict(zip(_FACTS, map(bool, pattern[len(ruled) :]), strict=True))
    facts = PairFacts(
        born_is_known=told["known"],
        postcode_is_crowded=told["busy_postcode"],
        address_is_crowded=told["busy_address"],
        phone_is_crowded=told["busy_phone"],
        email_is_crowded=told["busy_email"],
        shares_rare_name=told["shares_rare"],
        names_are_exchanged=told["exchanged"],
        initials_differ=told["other_initial"],
        forename_is_initial=told["initial_only"],
        forenames_are_listed=told["listed"],
        forenames_are_two=told["two_names"],
        house_numbers_differ=told["other_number"],
    )
    return forbids(levels, facts), are_twins(levels, facts)


# A mailbox may be of a team: it joins nobody whose names have nothing in common, or whose surname and birth differ.
TWO_AT_A_MAILBOX = (
    "(len(l.names) > 0 and len(r.names) > 0 and not list_has_any(l.names, r.names)) "
    "or coalesce(l.surname <> r.surname and l.born <> r.born, false)"
)


def _add_corporate(connection: duckdb.DuckDBPyConnection, points: Points) -> None:
    for kind, two in (("ni_number", "false"), ("email", TWO_AT_A_MAILBOX)):
        connection.execute(
            f"""
            insert into edges
            select l.person_id, r.person_id, {points.automatic}, not ({two}), case when {two} then 'name' end
            from persons l join persons r on l.{kind} = r.{kind} and l.person_id < r.person_id
            where l.partition = 'corporate' and r.partition = 'corporate'
                and not exists (from edges e where e."left" = l.person_id and e."right" = r.person_id)
            """  # noqa: S608
        )
