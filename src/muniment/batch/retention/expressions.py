"""The arithmetic of dates and the decision table, as Ibis expressions."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import ibis

from muniment.engine.retention.judgement import TABLE

Step = Callable[[Any], Any]  # gives an expression a name of its own, so that later ones do not repeat its text
Value = Any  # an Ibis value expression
Table = Any  # an Ibis table expression


def after(day: Value, months: Value, days: Value | int = 0) -> Value:
    """Return a day so many months and days later, the last day of a shorter month where needed.

    DuckDB gives a timestamp for date plus interval while Ibis believes it a date, hence the double cast.
    """
    months = ibis.literal(months) if isinstance(months, int) else months
    moved = day + months.cast("int32").as_interval("M")
    if not isinstance(days, int):
        moved = moved.cast("timestamp") + days.cast("int32").as_interval("D")
    elif days:
        moved = moved.cast("timestamp") + ibis.interval(days=days)
    return moved.cast("timestamp").cast("date")


def next_multiple(clock: Value, length: tuple[Value, Value], every: Value, last: Value, chosen: Value) -> Value:
    """Return the first review after the last, counted from a clock (engine.retention.recurrence).

    `length` is months and days.
    """
    first = after(clock, *length)
    months = (last.year() - first.year()) * 12 + last.month() - first.month()
    times = (months / every).floor().cast("int32")
    here = after(clock, length[0] + times * every, length[1])
    return ibis.cases(
        (last.isnull() | (last < first), first),
        (here > last, _no_later(here, chosen)),
        else_=_no_later(after(clock, length[0] + (times + 1) * every, length[1]), chosen),
    )


def during(since: Value, every: Value, final: Value, last: Value, chosen: Value) -> Value:
    """Return the next review inside a long period (engine.retention.recurrence)."""
    due = _no_later(after(last.fill_null(since), every), chosen)
    bounded = final.notnull() & (last.isnull() | (final > last))
    return ibis.ifelse(bounded, ibis.least(due, final), due)


def _no_later(due: Value, chosen: Value) -> Value:
    return ibis.ifelse(chosen.notnull() & due.notnull(), ibis.least(due, chosen), due)


def outcome(claims: Mapping[str, Value]) -> Value:
    """Return the decision table over claims; a claim that is not given is false."""
    rows = [
        (both(claims[name] for name in conditions), ibis.literal(result))
        for result, conditions in TABLE
        if conditions and all(name in claims for name in conditions)
    ]
    return ibis.cases(*rows, else_=TABLE[-1][0])


def both(values: Any) -> Value:
    """Return the conjunction of boolean expressions; null counts as false."""
    return reduce(lambda left, right: left & right, [value.fill_null(False) for value in values])


def either(*values: Value) -> Value:
    """Return the disjunction of boolean expressions; null counts as false."""
    return reduce(lambda left, right: left | right, [value.fill_null(False) for value in values])


def latest(*days: Value) -> Value:
    """Return the latest of days; null where all are unknown."""
    return ibis.greatest(*days)


def earliest(*days: Value) -> Value:
    """Return the earliest of days; null where all are unknown."""
    return ibis.least(*days)
