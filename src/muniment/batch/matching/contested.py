"""Nominals that may be either of two people who are told apart: a person says whose they are.

A name, birth and address that somebody else once gave as theirs lead to two PNCIDs; a short name leads to a brother
and to a sister of one birth. Whichever were the likelier by a little would get the record.
"""

from collections.abc import Iterable

import pyarrow as pa

from muniment.batch.matching.engines import Engine
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

_BORNE = " or ".join(f"{kind} is not null" for kind in UNIQUE_IDENTIFIERS)
_DIFFER = " or ".join(f"one.{kind} <> two.{kind}" for kind in UNIQUE_IDENTIFIERS)
_SEVERAL = " or ".join(f"min({kind}) <> max({kind})" for kind in UNIQUE_IDENTIFIERS)
_TOLD = pa.schema([("one", pa.int64()), ("two", pa.int64())])
_KINDS = ", ".join(UNIQUE_IDENTIFIERS)
_TORN = f"""
with arms as (
    select "left" as who, "right" as other, weight from edges where automatic
    union all select "right", "left", weight from edges where automatic
), bearing as (
    select who, other, weight, {_KINDS} from arms join persons on person_id = other where {_BORNE}
), several as (
    select who from bearing group by who having {_SEVERAL}
), rivals as (
    select * from bearing semi join several using (who)
), apart as (
    select one, two from told union all select two, one from told
), parted as (
    select * from arms semi join (select one as other from apart) p using (other)
), found as (
    select one.who, one.other as this, two.other as that, one.weight - two.weight as ahead
    from rivals one join rivals two on one.who = two.who and one.other <> two.other and ({_DIFFER})
    union all
    select one.who, one.other, two.other, one.weight - two.weight
    from apart t join parted one on one.other = t.one join parted two on two.other = t.two and two.who = one.who
)
-- Whoever it was said not to be is no rival.
select distinct least(who, this) as one, greatest(who, this) as two
from found anti join apart a on a.one = who and a.two = this anti join apart b on b.one = who and b.two = that
where ahead < {{decisive!r}}
"""  # noqa: S608
_WITHOUT_TORN = """
select e."left", e."right", e.weight, e.automatic and t.one is null as automatic,
    case when e.automatic and t.one is not null then 'contested' else e.blocked_by end as blocked_by
from edges e left join torn t on t.one = e."left" and t.two = e."right"
"""


def ask(engine: Engine, apart: Iterable[tuple[int, int]], decisive: float) -> None:
    """Let no edge of table `edges` be automatic that leads to one of two who are told apart, as another does.

    Two are told apart by PNCIDs or CRO numbers, as twins (table `twins`), and where a pair in `apart` says so. An edge
    that is stronger than the other by `decisive` bits stays: among the two, the record is then so much likelier the one
    than the other.
    """
    said = [{"one": min(pair), "two": max(pair)} for pair in apart]
    engine.give("said_apart", pa.Table.from_pylist(said, _TOLD))
    engine.make(
        "told",
        'select least("left", "right") as one, greatest("left", "right") as two from twins '
        "union select one, two from said_apart",
    )
    engine.make("torn", _TORN.format(decisive=decisive))
    if engine.read("select one from torn limit 1").num_rows:
        engine.make("edges", _WITHOUT_TORN)
    engine.drop("torn", "told", "said_apart")
