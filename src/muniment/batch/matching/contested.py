"""Nominals that may be either of two people who are told apart: a person says whose they are.

A name, birth and address that somebody else once gave as theirs lead to two PNCIDs; a short name leads to a brother
and to a sister of one birth. Whichever were the likelier by a little would get the record.
"""

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS

_BORNE = " or ".join(f"one.{kind} <> two.{kind}" for kind in UNIQUE_IDENTIFIERS)
_SEVERAL = " or ".join(f"count(distinct {kind}) > 1" for kind in UNIQUE_IDENTIFIERS)
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
        create or replace temp table arms as
        select e.*, {_KINDS} from (
            select "left" as who, "right" as other, weight from edges where automatic
            union all select "right", "left", weight from edges where automatic
        ) e join persons on person_id = other
        -- Whoever it was said not to be is no rival.
        where not exists (from told where one = least(who, other) and two = greatest(who, other));
        create or replace temp table torn as
        with several as (select who from arms group by who having {_SEVERAL})
        select one.who, one.other as this, two.other as that, one.weight - two.weight as ahead
        from arms one join arms two on one.who = two.who and one.other <> two.other semi join several s
            on s.who = one.who where {_BORNE}
        union all
        select one.who, one.other, two.other, one.weight - two.weight
        from (from told union all select two, one from told) t
        join arms one on one.other = t.one join arms two on two.other = t.two and two.who = one.who;
        update edges set automatic = false, blocked_by = 'contested' from torn
        where automatic and ahead < {decisive!r}
            and "left" = least(who, this) and "right" = greatest(who, this);
        drop table arms; drop table torn
        """  # noqa: S608
    )
    connection.unregister("told")
