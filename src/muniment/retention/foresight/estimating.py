"""How many there are of something, from a sample of whom it is known, with an interval at 95 %.

A share over strata has the interval of a plain sample that says as much (Korn and Graubard, Survey Methodology 24,
1998), by Wilson's score with a correction for continuity (Newcombe, Statistics in Medicine 17, 1998, method 4); what is
of two parts that are drawn apart adds the distances of both (Zou and Donner, Statistics in Medicine 27, 2008).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import NormalDist
from typing import Any

CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_ENOUGH = 30  # drawn of those who are in something now, from which on they are looked at by themselves


@dataclass(frozen=True)
class Stratum:
    """How many there are, and how many of them are drawn."""

    whole: int
    drawn: int


@dataclass(frozen=True)
class Estimate:
    """How many, and between which numbers: the interval holds it 95 times in a hundred samples."""

    value: float
    low: float
    high: float

    def __add__(self, other: "Estimate") -> "Estimate":
        value = self.value + other.value
        low = value - hypot(self.value - self.low, other.value - other.low)
        return Estimate(value, low, value + hypot(self.high - self.value, other.high - other.value))


def total(strata: Sequence[Stratum], hits: Sequence[int]) -> Estimate:
    """Return how many of all strata are what so many of those drawn in each are.

    Where everybody is drawn it is known; where nobody is, it is from none to all of them.
    """
    sure = sum(hit for of, hit in zip(strata, hits, strict=True) if of.drawn >= of.whole)
    blind = sum(of.whole for of in strata if of.whole and not of.drawn)
    pairs = [(of, hit) for of, hit in zip(strata, hits, strict=True) if 0 < of.drawn < of.whole]
    if not pairs:
        return Estimate(sure, sure, sure + blind)
    whole, drawn = sum(of.whole for of, _ in pairs), sum(of.drawn for of, _ in pairs)
    share = sum(of.whole * hit / of.drawn for of, hit in pairs) / whole
    spread = sum(_spread(of, hit / of.drawn) for of, hit in pairs) / whole**2
    said = drawn * (whole - 1) / (whole - drawn)  # as many as a sample of endless many would need
    heaviest = max(of.whole / of.drawn for of, _ in pairs)
    said = min(said, share * (1 - share) / spread) if spread else min(said, whole / heaviest)
    low, high = score(share, max(said, 1.0))
    return Estimate(sure + whole * share, sure + whole * low, sure + whole * high + blind)


def _spread(of: Stratum, share: float) -> float:
    return of.whole**2 * (1 - of.drawn / of.whole) * share * (1 - share) / max(of.drawn - 1, 1)


def score(share: float, trials: float) -> tuple[float, float]:
    """Return the lower and upper bound of a share seen in so many trials."""
    if share > 0.5:
        low, high = score(1 - share, trials)
        return 1 - high, 1 - low
    middle, below = 2 * trials * share + _Z**2, 2 * (trials + _Z**2)
    rest = 1 - share
    lower = middle - 1 - _Z * sqrt(max(0.0, _Z**2 - 2 - 1 / trials + 4 * share * (trials * rest + 1)))
    upper = middle + 1 + _Z * sqrt(_Z**2 + 2 - 1 / trials + 4 * share * (trials * rest - 1))
    return max(0.0, lower / below) if share else 0.0, min(1.0, upper / below)


@dataclass
class Both:
    """Of one stratum: how many are in something under the schedule in force, and of those drawn under which."""

    whole: int = 0  # in it now, of all
    drawn: int = 0  # in it now, of those drawn
    stay: int = 0  # drawn, and in it under both schedules
    come: int = 0  # drawn, and in it under the other alone


Strata = Mapping[Any, Stratum]


def under_the_other(strata: Strata, found: Mapping[Any, Both]) -> Estimate:
    """Return how many are in something under the other schedule, where it is known who is in it under the one in force.

    What stays and what comes are estimated apart: each of its own part of every stratum.
    """
    nothing = Both()
    both = [(of, found.get(key, nothing)) for key, of in strata.items()]
    inside = [Stratum(each.whole, each.drawn) for _, each in both]
    outside = [Stratum(of.whole - each.whole, of.drawn - each.drawn) for of, each in both]
    come = total(outside, [each.come for _, each in both])
    known = sum(each.whole for _, each in both)
    if sum(each.drawn for _, each in both) >= _ENOUGH and all(of.drawn > 1 for of in inside if of.whole):
        return _within(total(inside, [each.stay for _, each in both]) + come, 0, sum(of.whole for of, _ in both))
    # Too few of them are drawn to say what share of them stays: those who go are counted among all.
    lost = total([of for of, _ in both], [each.drawn - each.stay for _, each in both])
    lost = _within(lost, 0, known)
    return _within(
        Estimate(known - lost.value, known - lost.high, known - lost.low) + come, 0, sum(of.whole for of, _ in both)
    )


def _within(of: Estimate, least: float, most: float) -> Estimate:
    return Estimate(*(min(most, max(least, each)) for each in (of.value, of.low, of.high)))
