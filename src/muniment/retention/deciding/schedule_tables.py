"""What the retention run reads, everything known about every prime person as Arrow tables, and what it decides.

A run is about everyone. `Part` narrows the queries to some prime persons and records, for a decision made afresh.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch import retention
from muniment.batch.retention import tables
from muniment.core import places
from muniment.engine.policy import Policy
from muniment.people import carried
from muniment.records import staging

_MEMBERS = """
SELECT b.prime_id, n.* FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
WHERE b.until IS NULL AND {primes}
"""

_PERSONS = f"""
WITH members AS ({_MEMBERS}), born AS (
    -- Sources that disagree make the date of birth uncertain between them.
    SELECT prime_id, min(born_earliest) AS born_earliest, max(born_latest) AS born_latest FROM members
    WHERE born_earliest IS NOT NULL GROUP BY prime_id
)
SELECT p.prime_id AS person_id, born.born_earliest, born.born_latest, NULL::smallint AS possible_group,
    NULL::date AS possible_clear_from
FROM (SELECT DISTINCT prime_id FROM members) p LEFT JOIN born USING (prime_id)
"""  # noqa: S608

# A review that let everything go is none that kept anybody: it moves no later date.
_REVIEWS = f"""
SELECT DISTINCT ON (b.prime_id, r.controller_id) b.prime_id AS person_id, c.code AS controller,
    r.decided_at::date AS last_review, r.next_review
FROM retention_review r JOIN {carried.joined("r", "decided_at")} JOIN core_controller c ON c.id = r.controller_id
WHERE r.state = 'decided' AND r.outcome <> 'dispose' AND NOT {{reviews}} AND {{primes}}
ORDER BY b.prime_id, r.controller_id, r.decided_at DESC, r.id DESC
"""  # noqa: S608

# Pairs of prime people that the model holds possible, each both ways round, until a person has said that they are as
# they should be: what was judged otherwise waits for a run. Someone who is one with nothing to join them is a pair too.
_POSSIBLE_PAIRS = """
WITH waiting AS (
    SELECT one.prime_id AS one, two.prime_id AS two FROM (
        SELECT left_id, right_id FROM people_matchedge WHERE needs_person
        UNION SELECT left_id, right_id FROM people_judgement WHERE superseded_at IS NULL AND reopened_at IS NOT NULL
    ) e
    JOIN people_belonging one ON one.nominal_id = e.left_id AND one.until IS NULL
    JOIN people_belonging two ON two.nominal_id = e.right_id AND two.until IS NULL
    WHERE {pairs} AND NOT EXISTS (
        SELECT 1 FROM people_judgement j WHERE j.left_id = e.left_id AND j.right_id = e.right_id
            AND j.superseded_at IS NULL AND j.reopened_at IS NULL
            AND j.verdict = CASE WHEN one.prime_id = two.prime_id THEN 'same' ELSE 'different' END)
)
SELECT one AS person_id, two AS other FROM waiting UNION SELECT two, one FROM waiting
"""

_FLAGS = f"""
WITH members AS ({_MEMBERS})
SELECT m.prime_id AS person_id, f.flag, f.start, f.until
FROM records_nominalflag f JOIN members m ON m.id = f.nominal_id
"""  # noqa: S608

_INVOLVEMENTS = f"""
WITH members AS ({_MEMBERS})
SELECT i.id AS involvement_id, m.prime_id AS person_id, i.record_id, c.code AS controller, i.role,
    nullif(i.cjs, '') AS cjs, nullif(i.ho_class, '') AS ho_class,
    NULL::double precision AS max_penalty_years, i.happened_earliest, i.happened_latest, i.dated,
    nullif(i.result, '') AS result, i.sentence_custodial, i.sentence_months, i.released
FROM records_involvement i JOIN members m ON m.id = i.nominal_id
JOIN records_record r ON r.id = i.record_id
JOIN records_sourcesystem s ON s.id = r.system_id
JOIN core_controller c ON c.id = s.controller_id
"""  # noqa: S608

# All records that some people are on.
RECORDS_OF = """
SELECT DISTINCT i.record_id AS id FROM records_involvement i
JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL WHERE {primes}
"""

_RECORDS = """
SELECT r.id AS record_id, c.code AS controller, r.class_id, nullif(r.outcome, '') AS outcome,
    nullif(r.cjs, '') AS cjs, nullif(r.ho_class, '') AS ho_class,
    -- Nobody has recognised someone on it yet: whatever they bring is not known.
    EXISTS (SELECT 1 FROM records_involvement i WHERE i.record_id = r.id AND NOT EXISTS (
        SELECT 1 FROM people_belonging b WHERE b.nominal_id = i.nominal_id AND b.until IS NULL)
        {each}) AS others_retained
FROM records_record r JOIN records_sourcesystem s ON s.id = r.system_id
JOIN core_controller c ON c.id = s.controller_id
WHERE {records}
"""

_RECORD_DATES = """
SELECT d.record_id, told.kind, lower(told.days) AS earliest, upper(told.days) - 1 AS latest
FROM records_recorddates d CROSS JOIN LATERAL unnest(d.kinds, d.days) AS told (kind, days) WHERE {dates}
"""

_EVENTS = f"""
SELECT DISTINCT e.id, b.prime_id AS person_id, e.kind, e.dated, e.closed FROM retention_subjectevent e
JOIN {carried.joined("e", "made_at")} WHERE {{primes}}
"""  # noqa: S608

_HOLDS = """
SELECT h.id::text AS hold_id, held.record_id, NULL::bigint AS person_id, h.start AS "from", h.released_at::date AS until
FROM retention_heldrecord held JOIN retention_hold h ON h.id = held.hold_id
WHERE {held}
UNION ALL
SELECT h.id::text, held.record_id, NULL::bigint, h.start, held.at::date
FROM retention_letgorecord held JOIN retention_hold h ON h.id = held.hold_id
WHERE {held}
"""


@dataclass(frozen=True)
class Part:
    """Some prime persons with all that is known of them, some records, and reviews that are not to count."""

    primes: tuple[int, ...]
    records: tuple[int, ...]
    without_reviews: tuple[int, ...] = ()


# By the tables of a run; {primes}, {records} and the like narrow each to a part.
QUERIES = {
    "persons": _PERSONS,
    "reviews": _REVIEWS,
    "flags": _FLAGS,
    "involvements": _INVOLVEMENTS,
    "records": _RECORDS,
    "record_dates": _RECORD_DATES,
    "events": _EVENTS,
    "holds": _HOLDS,
}

# What narrows the queries to some prime persons and records that are given with them, all reviews counting.
_OF_GIVEN = {
    "primes": "b.prime_id = ANY(%(people)s)",
    "records": "r.id = ANY(%(records)s)",
    "dates": "d.record_id = ANY(%(records)s)",
    "held": "held.record_id = ANY(%(records)s)",
    "reviews": "false",
    "each": "OFFSET 0",  # record by record: else the involvements of everybody are read for a thousand records
}
RECORDS_OF_GIVEN = RECORDS_OF.format(**_OF_GIVEN)
QUERIES_OF_GIVEN = {name: query.format(**_OF_GIVEN) for name, query in QUERIES.items()}


def conditions(part: Part | None) -> dict[str, str]:
    """Return what narrows the queries. Keys are named one by one: whatever an index does not answer reads a table."""
    if part is None:
        return dict.fromkeys(("primes", "records", "dates", "held", "pairs"), "true") | {"reviews": "false", "each": ""}
    primes = among("b.prime_id", part.primes)
    theirs = staging.read(RECORDS_OF.format(primes=primes))["id"].to_pylist()
    records = sorted({*part.records, *theirs})
    return _OF_GIVEN | {
        "primes": primes,
        "records": among("r.id", records),
        "dates": among("d.record_id", records),
        "held": among("held.record_id", records),
        "pairs": f"{among('one.prime_id', part.primes)} AND {among('two.prime_id', part.primes)}",
        "reviews": among("r.id", part.without_reviews),
    }


def among(column: str, keys: Sequence[int]) -> str:
    """Return the condition that a column is one of some keys."""
    return f"{column} IN ({', '.join(str(int(key)) for key in keys)})" if keys else "false"


def read(only: dict[str, str]) -> tables.Tables:
    """Return the tables of a run as far as conditions reach; no match is held possible yet."""
    return tables.Tables(**{name: _one(query, getattr(tables, name.upper()), only) for name, query in QUERIES.items()})


def read_holds() -> pa.Table:
    """Return the records that standing holds cover, and those that were covered until a release or a narrowing."""
    return _one(_HOLDS, tables.HOLDS, conditions(None))


def _one(query: str, schema: pa.Schema, only: dict[str, str]) -> pa.Table:
    return staging.read(query.format(**only)).select(schema.names).cast(schema)


# Involvements up to which the reference takes less time than the set engine needs to plan.
FEW = 15_000

Following = Callable[[retention.Schedule], pa.Table | None]


def read_everyone(decided: pa.Table, on: date) -> tables.Tables:
    """Return the tables of a run about everyone, with what doubtful matches bring in by decisions that are made.

    `decided` is of schema PERSON_DECISIONS.
    """
    only = conditions(None)
    given = read(only)
    return with_possible(given, decided, only, on) or given


def decide(
    policy: Policy, on: date, *, part: Part | None = None, follow: Following | None = None
) -> retention.Schedule:
    """Decide about everyone, or a part; twice when there are doubtful matches, or holds that follow the decisions.

    Doubtful matches count only after the decisions without them are known: an unresolved match blocks a disposal
    exactly when it would change the decision. `follow` returns the holds anew when the classes that records came to
    change what they cover. Twice is enough: neither groups, clear periods nor classes depend on a hold.
    """
    only = conditions(part)
    return decide_given(read(only), policy, on, only, follow)


def decide_given(
    given: tables.Tables, policy: Policy, on: date, only: dict[str, str], follow: Following | None = None
) -> retention.Schedule:
    """Decide as `decide` does about whom and what tables hold; `only` are the conditions that they were read by."""
    schedule = partial(_schedule, policy=policy, on=on)
    made = schedule(given)
    holds = follow(made) if follow else None
    again = given if holds is None else replace(given, holds=holds)
    doubtful = with_possible(again, made.persons, only, on)
    if holds is None and doubtful is None:
        return made
    return schedule(doubtful or again)


def _schedule(given: tables.Tables, policy: Policy, on: date) -> retention.Schedule:
    """Decide a set: by the reference where it is small, because the set engine plans for seconds before it computes."""
    assert isinstance(given.involvements, pa.Table)
    if given.involvements.num_rows <= FEW:
        return retention.schedule_few(given, policy, asked_on=on)
    return retention.schedule(given, policy, asked_on=on, plans_in=places.home() / "plans")


def with_possible(given: tables.Tables, decided: pa.Table, only: dict[str, str], on: date) -> tables.Tables | None:
    """Add to each person what a doubtful match would bring in, from the decisions made without it.

    `decided` is of schema PERSON_DECISIONS. Return None when no match is in doubt.
    """
    pairs = staging.read(_POSSIBLE_PAIRS.format(**only))
    if not pairs.num_rows:
        return None
    others = decided.select(["person_id", "group", "clear_from"]).rename_columns(["other", "group", "clear_from"])
    brought = _brought(pairs.join(others, "other", join_type="left outer"), on)
    assert isinstance(given.persons, pa.Table)
    if not pc.any(pc.is_in(brought["person_id"], given.persons["person_id"].combine_chunks())).as_py():
        return None
    plain = given.persons.drop_columns(["possible_group", "possible_clear_from"])
    persons = plain.join(brought, "person_id", join_type="left outer").select(tables.PERSONS.names)
    return replace(given, persons=persons.cast(tables.PERSONS))


def _brought(pairs: pa.Table, on: date) -> pa.Table:
    """Return, by person, the strictest that doubtful matches would bring: group and start of the clear period.

    Where one of them has no group or no start that is known, or is a person who may be two, it is left open: without
    a group and as of today, so that nothing goes by itself.
    """
    within = pc.equal(pairs["person_id"], pairs["other"])
    knows = pc.or_(pc.is_valid(pairs["group"]), pc.is_valid(pairs["clear_from"]))
    lacks = pc.or_(pc.is_null(pairs["group"]), pc.is_null(pairs["clear_from"]))
    told = pairs.append_column("open", pc.or_(within, lacks)).filter(pc.or_(within, knows))
    found = told.group_by("person_id").aggregate([("group", "min"), ("clear_from", "max"), ("open", "any")])
    group, clear_from, is_open = (found[name] for name in ("group_min", "clear_from_max", "open_any"))
    return pa.table(
        {
            "person_id": found["person_id"],
            "possible_group": pc.if_else(is_open, pa.scalar(None, group.type), group),
            "possible_clear_from": pc.if_else(is_open, pa.scalar(on, clear_from.type), clear_from),
        }
    )
