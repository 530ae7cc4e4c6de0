"""When a review falls due again: counted from a clock, or from the last review."""

from datetime import date

from muniment.engine.policy.model import Length


def next_multiple(clock: date, length: Length, every: Length, last_review: date | None, chosen: date | None) -> date:
    """Return the first of `clock + length`, `clock + length + every`, ... that lies after the last review.

    That review may have chosen an earlier day for the next.

    Groups 2 and 3 are re-based from the clear period, not from the day of the review: every day is counted from the
    clock, so that a period from 29 February ends on one again where the year has it. `every` is in months.
    """
    first = length.after(clock)
    if last_review is None or last_review < first:
        return first
    months = (last_review.year - first.year) * 12 + last_review.month - first.month
    times = months // every.months
    due = _after(clock, length, times * every.months)
    due = due if due > last_review else _after(clock, length, (times + 1) * every.months)
    return _no_later(due, chosen)


def _after(clock: date, length: Length, more: int) -> date:
    return Length(months=length.months + more, days=length.days).after(clock)


def during(since: date, every: Length, final: date | None, last_review: date | None, chosen: date | None) -> date:
    """Return the next review inside a long period: an interval after the last one, or its end if sooner.

    The last one may have chosen an earlier day.
    """
    due = _no_later(every.after(last_review or since), chosen)
    if final is not None and (last_review is None or final > last_review):
        return min(due, final)
    return due


def _no_later(due: date, chosen: date | None) -> date:
    return due if chosen is None else min(due, chosen)
