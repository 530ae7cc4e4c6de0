"""Nominals that may be either of two people who are told apart: a person says whose they are.

A name, birth and address that somebody else once gave as theirs lead to two PNCIDs; a short name leads to a brother
and to a sister of one birth. Whichever were the likelier by a little would get the record.
"""

from collections.abc import Iterable

import pyarrow as pa

from muniment.batch.matching.engines import Engine
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

_BORNE = " or ".join(f"one.{kind} <> two.{kind}" for kind in UNIQUE_IDENTIFIERS)
_SEVERAL = " or ".join(f"count(distinct {kind}) > 1" for kind in UNIQUE_IDENTIFIERS)
_TOLD = pa.schema([("one", pa.int64()), ("two", pa.int64())])
_KINDS = ", ".join(f"p.{kind}" for kind in UNIQUE_IDENTIFIERS)
_WITHOUT_TORN = """
select e."left", e."right", e.weight, e.automatic and t.one is null as automatic,
    case when e.automatic and t.one is not null then 'contested' else e.blocked_by end as blocked_by,
    e.contributions, e.left_key, e.right_key
from edges e left join torn t on t.one = e."left" and t.two = e."right"
"""
_TORN = f"""
with several as (select who from arms group by who having {_SEVERAL})
select one.who, one.other as this, one.weight - two.weight as ahead
from arms one join arms two on one.who = two.who and one.other <> two.other semi join several s
    on s.who = one.who where {_BORNE}
union all
select one.who, one.other, one.weight - two.weight
from (select one, two from told union all select two, one from told) t
join arms one on one.other = t.one join arms two on two.other = t.two and two.who = one.who
"""  # noqa: S608


def ask(engine: Engine, apart: Iterable[tuple[int, int]], decisive: float) -> None:
    """Let no edge of table `edges` be automatic that leads to one of two who are told apart, as another does.

    Two are told apart by PNCIDs or CRO numbers, and where a pair in `apart` says so. An edge that is stronger than
    the other by `decisive` bits stays: among the two, the record is then so much likelier the one than the other.
    """
    told = [{"one": min(pair), "two": max(pair)} for pair in apart]
    engine.give("told", pa.Table.from_pylist(told, _TOLD))
    engine.make(
        "arms",
        f"""
        select e.who, e.other, e.weight, {_KINDS} from (
            select "left" as who, "right" as other, weight from edges where automatic
            union all select "right", "left", weight from edges where automatic
        ) e join persons p on p.person_id = e.other
        -- Whoever it was said not to be is no rival.
        anti join told t on t.one = least(e.who, e.other) and t.two = greatest(e.who, e.other)
        """,  # noqa: S608
    )
    engine.make(
        "torn",
        f"select distinct least(who, this) as one, greatest(who, this) as two from ({_TORN}) t "  # noqa: S608
        f"where ahead < {decisive!r}",
    )
    if engine.read("select one from torn limit 1").num_rows:
        engine.make("edges", _WITHOUT_TORN)
    engine.drop("arms", "torn", "told")
