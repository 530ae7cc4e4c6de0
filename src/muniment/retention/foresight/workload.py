"""What reviews cost: hours and reviewers as ranges, and the month in which a backlog is worked off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from muniment.engine import policy
from muniment.engine.policy.model import Setting, pick


@dataclass(frozen=True)
class Range:
    """A least and a most; what nobody has measured is never one figure."""

    least: float
    most: float


@dataclass(frozen=True)
class Pace:
    """What one reviewer does, as policy says on a day (`policy/foresight.yaml`), with its authority."""

    reviews_a_day: Range
    hours_a_day: float
    days_a_year: Range
    reviewers: int
    authority: str
    is_verified: bool


@dataclass(frozen=True)
class Month:
    """A month of the forecast, by its first day: the share of it that lies ahead, and the reviews that fall due."""

    first: date
    share: float  # of the month that lies ahead: less than 1 only in the first
    reviews: int


@dataclass(frozen=True)
class BurnDown:
    """A backlog beside the reviewers there are: the month in which it is gone, or what is left at the end."""

    gone: date | None
    left: tuple[int, ...]  # at the end of each month, rounded up


def pace(on: date) -> Pace:
    """Return what policy says of the pace of reviews on a day."""
    setting: Setting = pick(policy.load().foresight, on)
    said: Any = setting.content
    return Pace(
        Range(*said["reviews_a_day"]),
        said["hours_a_day"],
        Range(*said["working_days_a_year"]),
        said["reviewers"],
        setting.authority,
        setting.verified,
    )


def hours(reviews: int, of: Pace) -> Range:
    """Return the hours that so many reviews take."""
    return Range(reviews * of.hours_a_day / of.reviews_a_day.most, reviews * of.hours_a_day / of.reviews_a_day.least)


def reviewers(reviews: int, months: float, of: Pace) -> Range:
    """Return how many reviewers do so many reviews in so many months."""
    if not months:
        return Range(0, 0)
    years = months / 12
    return Range(
        reviews / (of.reviews_a_day.most * of.days_a_year.most * years),
        reviews / (of.reviews_a_day.least * of.days_a_year.least * years),
    )


def a_month(people: int, of: Pace) -> Range:
    """Return how many reviews so many reviewers do in a month."""
    return Range(
        people * of.reviews_a_day.least * of.days_a_year.least / 12,
        people * of.reviews_a_day.most * of.days_a_year.most / 12,
    )


def burn_down(backlog: int, months: Sequence[Month], done_a_month: float) -> BurnDown:
    """Work off what is overdue and what falls due, month by month; what is left over of a month's work is lost.

    The backlog is gone in the first month at whose end nothing waits, also if it grows again after.
    """
    waits, left, gone = float(backlog), [], None
    for month in months:
        waits = max(0.0, waits + month.reviews - done_a_month * month.share)
        left.append(-int(-waits // 1))
        if gone is None and not left[-1]:
            gone = month.first
    return BurnDown(gone, tuple(left))
