"""Edges between nominals: candidates weighed, and judged by the hard rules.

The rules are the engine's; they run once for each distinct pattern of levels, not for each pair.
"""

from functools import lru_cache

import pyarrow as pa

from muniment.batch.matching import scoring, watching
from muniment.batch.matching.engines import Engine
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
_LEVEL_NAMES = {feature.name: [level.name for level in feature.levels] for feature in FEATURES}


def keep(engine: Engine, model: Model, points: Points) -> pa.Table | None:
    """Make tables `edges` (schema `EDGES`) and `twins` (left, right).

    Needs tables `persons` and `judged`, which goes. Corporate nominals have a rule of their own: one national insurance
    number or one e-mail address, and nothing else. Of a run that is watched return the levels of its pairs, and keep
    table `watched`.
    """
    hard, blocked_by = ("blocked_by is null", "blocked_by") if points.hard_rules else ("true", "null::varchar")
    engine.make(
        "edges",
        f"""
        select person_id_l as "left", person_id_r as "right", match_weight as weight,
            match_weight >= {points.automatic} and {hard} as automatic,
            {blocked_by} as blocked_by
        from judged where match_weight >= {min(points.doubtful, points.automatic)}
        union all {_corporate(points)}
        """,  # noqa: S608
    )
    engine.make("twins", 'select person_id_l as "left", person_id_r as "right" from judged where twins')
    levels = watching.watch(engine, model, points) if points.watched else None
    engine.drop("judged")
    return levels


def judge(engine: Engine, scales: Scales) -> None:
    """Make table `judged`: each candidate that weighs enough, as `scoring.score` gives it, and what the rules say.

    Needs tables `persons` and `candidates`.
    """
    model = scales.model
    scoring.prepare_people(engine, "persons", model)
    prepare_facts(
        engine, scales, "select join_key_l as person_id from candidates union select join_key_r from candidates"
    )
    least = scales.least - (TWINS_DEPTH if scales.points.hard_rules else 0.0)
    engine.drop("judged")
    for pairs, weighed, facts in engine.portions("candidates", "weighed", "facts"):
        scored = scoring.score(engine, model, scoring.Pairs(pairs, weighed), least, bits=False)
        engine.move(scored, "weighed_pairs")
        rule(engine, scales, facts, "judged_part")
        engine.move("judged_part", "judged")
    engine.drop("weighed", "facts")


def rule(engine: Engine, scales: Scales, facts: str, into: str) -> None:
    """Make a table of tables `facts` and `weighed_pairs`, which goes: what forbids each pair, and twins."""
    model = scales.model
    _add_facts(engine, model, facts)
    ruled = [name for name in _RULED if name in model.weights]
    pattern = [*(f"level_{name}" for name in ruled), *_FACTS]
    patterns = engine.read(f"select distinct {', '.join(pattern)} from ruled")  # noqa: S608
    engine.give("verdicts", _judge(patterns, ruled))
    same = " and ".join(f"r.{name} is not distinct from v.{name}" for name in pattern)
    engine.make(into, f"select r.*, v.blocked_by, v.twins from ruled r join verdicts v on {same}")  # noqa: S608
    engine.drop("ruled", "weighed_pairs", "verdicts")


def prepare_facts(engine: Engine, scales: Scales, among: str) -> None:
    """Make table `facts`: what of each nominal that a query finds (person_id) the facts of a pair come of."""
    model, tables = scales.model, scales.tables
    engine.give("crowded", pa.table({"place": pa.array(sorted(model.crowded), pa.string())}))
    engine.give("rare", _rare_names(engine, model, tables))
    engine.give("given_names", _given_names(tables))
    engine.make("facts", _FACTS_OF_EACH.format(today=scales.on, among=among))
    engine.drop("crowded", "rare", "given_names")


def _add_facts(engine: Engine, model: Model, facts: str) -> None:
    """Make table `ruled`: the weighed pairs with what `PairFacts` needs."""
    engine.make(
        "ruled",
        f"""
        select w.person_id_l, w.person_id_r, round(w.match_weight, {PLACES}) as match_weight,
            {", ".join(f"w.level_{name}" for name in model.weights)},
            l.known and r.known as known, l.busy_postcode, l.busy_address, l.busy_phone, l.busy_email,
            coalesce(list_has_any(l.rare_names, r.rare_names), false) as shares_rare,
            coalesce(l.forename = r.surname and r.forename = l.surname, false) as exchanged,
            coalesce(left(l.forename, 1) <> left(r.forename, 1), false) as other_initial,
            coalesce(least(length(l.forename), length(r.forename)) = 1, false) as initial_only,
            l.listed and r.listed as listed,
            coalesce(not l.is_short and not r.is_short
                and not (l.forename_sound = r.forename_sound and l.ends_in_a = r.ends_in_a), false) as two_names,
            coalesce(l.numbers <> r.numbers, false) as other_number
        from weighed_pairs w join {facts} l on l.person_id = w.person_id_l join {facts} r on r.person_id = w.person_id_r
        """,  # noqa: S608
    )


# What the facts of a pair come of, nominal by nominal. One name is in two spellings if it sounds the same: Metaphone
# leaves vowels out, and an A at the end makes another name (Julia, Julie).
_FACTS_OF_EACH = """
select p.person_id, p.forename, p.surname, p.forename_sound,
    not p.born_default and coalesce(p.born_from <= date '{today}', false) as known,
    postcode.place is not null as busy_postcode, address.place is not null as busy_address,
    phone.place is not null as busy_phone, email.place is not null as busy_email,
    rare_of.rare_names, given.name is not null as listed, given.short as is_short,
    rtrim(p.forename, 'H') like '%A' as ends_in_a,
    list_filter(p.address, lambda w: regexp_matches(w, '[0-9]')) as numbers
from persons p
semi join ({among}) w on w.person_id = p.person_id
left join crowded postcode on postcode.place = 'postcode|' || p.postcode
left join crowded address on address.place = 'address|' || array_to_string(p.address, ' ')
left join crowded phone on phone.place = 'phone|' || p.phone
left join crowded email on email.place = 'email|' || p.email
left join given_names given on given.name = p.forename
left join (
    select o.person_id, list(o.name) as rare_names
    from (select person_id, unnest(others) as name from persons) o semi join rare r on r.name = o.name
    group by o.person_id
) rare_of on rare_of.person_id = p.person_id
"""


def _given_names(tables: Tables) -> pa.Table:
    """Return the names in any list, and whether one is no more than a short form."""
    names = sorted(tables.forenames)
    return pa.table({"name": names, "short": [name in tables.short_forms for name in names]})


def _rare_names(engine: Engine, model: Model, tables: Tables) -> pa.Table:
    """Return the other names that are rare both among the population's newborns and among the people here.

    Ann is rare among the newborn, and Kaur and Singh are in no list of forenames.
    """
    names = engine.read("select distinct unnest(others) as name from persons")["name"]
    rare = [n for n in names.to_pylist() if n and tables.is_rare(n) and n not in model.common_names]
    return pa.table({"name": pa.array(rare, pa.string())})


def _judge(patterns: pa.Table, ruled: list[str]) -> pa.Table:
    """Let the engine judge each distinct pattern of levels and facts."""
    found = [_verdict(tuple(ruled), tuple(row.values())) for row in patterns.to_pylist()]
    blocked, twins = zip(*found, strict=True) if found else ((), ())
    return patterns.append_column("blocked_by", pa.array(blocked, pa.string())).append_column(
        "twins", pa.array(twins, pa.bool_())
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
    "(array_length(l.names) > 0 and array_length(r.names) > 0 and not list_has_any(l.names, r.names)) "
    "or coalesce(l.surname <> r.surname and l.born <> r.born, false)"
)


def _corporate(points: Points) -> str:
    """Return the query for edges of corporate nominals: by the number where it is one, else by the address."""
    by_kind = (
        ("ni_number", "false", "true"),
        ("email", TWO_AT_A_MAILBOX, "not coalesce(l.ni_number = r.ni_number, false)"),
    )
    return " union all ".join(
        f"""
        select l.person_id, r.person_id, {points.automatic}::double, not ({two}), case when {two} then 'name' end
        from persons l join persons r on l.{kind} = r.{kind} and l.person_id < r.person_id
        where l.partition = 'corporate' and r.partition = 'corporate' and {besides}
        """  # noqa: S608
        for kind, two, besides in by_kind
    )
