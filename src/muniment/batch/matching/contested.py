"""Nominals that may be either of two people who are told apart: a person says whose they are.

A name, birth and address that somebody else once gave as theirs lead to two PNCIDs; a short name leads to a brother
and to a sister of one birth. Whichever were the likelier by a little would get the record.
"""

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

_BORNE = " or ".join(f"{kind} is not null" for kind in UNIQUE_IDENTIFIERS)
_DIFFER = " or ".join(f"one.{kind} <> two.{kind}" for kind in UNIQUE_IDENTIFIERS)
_SEVERAL = " or ".join(f"min({kind}) <> max({kind})" for kind in UNIQUE_IDENTIFIERS)
_TOLD = pa.schema([("one", pa.int64()), ("two", pa.int64())])
_KINDS = ", ".join(UNIQUE_IDENTIFIERS)


def ask(connection: duckdb.DuckDBPyConnection, apart: Iterable[tuple[int, int]], decisive: float) -> None:
    """Let no edge of table `edges` be automatic that leads to one of two who are told apart, as another does.

    Two are told apart by PNCIDs or CRO numbers, and where a pair in `apart` says so. An edge that is stronger than
    the other by `decisive` bits stays: among the two, the record is then so much likelier the one than the other.
    """
    told = [{"one": min(pair), "two": max(pair)} for pair in apart]
    connection.register("told", pa.Table.from_pylist(told, _TOLD))
    connection.execute(
        f"""
        create or replace temp view arms as
        select "left" as who, "right" as other, weight from edges where automatic
        union all select "right", "left", weight from edges where automatic;
        create or replace temp table torn as
        with bearing as (
            select who, other, weight, {_KINDS} from arms join persons on person_id = other where {_BORNE}
        ), several as (
            select who from bearing group by who having {_SEVERAL}
        ), rivals as (
            from bearing semi join several using (who)
        ), apart as (
            from told union all select two, one from told
        ), parted as (
            from arms semi join (select one as other from apart) using (other)
        ), found as (
            select one.who, one.other as this, two.other as that, one.weight - two.weight as ahead
            from rivals one join rivals two on one.who = two.who and one.other <> two.other and ({_DIFFER})
            union all
            select one.who, one.other, two.other, one.weight - two.weight
            from apart t join parted one on one.other = t.one join parted two on two.other = t.two and two.who = one.who
        )
        -- Whoever it was said not to be is no rival.
        select distinct least(who, this) as "left", greatest(who, this) as "right", true as torn
        from found anti join apart one on one.one = who and one.two = this
            anti join apart two on two.one = who and two.two = that
        where ahead < {decisive!r};
        create or replace temp table edges as
        select e.* replace (
            automatic and torn is null as automatic,
            case when automatic and torn then 'contested' else blocked_by end as blocked_by
        ) from edges e left join torn using ("left", "right");
        drop view arms; drop table torn
        """  # noqa: S608
    )
    connection.unregister("told")
