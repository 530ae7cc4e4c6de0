"""Precision and recall of linkage, estimated from pairs that people have labelled.

The sample is drawn by stratum, each pair of one as likely as any other, and the pairs of a stratum stand for all of it
(Horvitz and Thompson, 1952). An estimate is a ratio of two such totals. Its interval comes from drawing, for each
stratum, the shares that may lie behind what was labelled, from Jeffreys' posterior (Brown, Cai and DasGupta, 2001), and
forming the ratio of each draw: so a stratum in which no error was found still adds its doubt, as no formula by
variances would have it.

What nobody could tell is left out of the estimate; its interval runs from where all of it speaks against the figure to
where all of it speaks for it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from muniment.engine.matching.bands import Stratum

SAME, DIFFERENT, UNSURE = "same", "different", "unsure"
DRAWS = 2000
Measure = Literal["precision", "recall"]
Key = TypeVar("Key", bound=Hashable)
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """A pair as people labelled it: its stratum by code, its weight, whether a run joined it, and its groups."""

    stratum: str
    said: str
    weight: float
    is_automatic: bool
    are_one: bool
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Point:
    """What counts as found: which pairs it takes, and whether of a stratum it can take some and leave some."""

    code: str
    takes: Callable[[Labelled], bool]
    may: Callable[[Any], Collection[bool]]  # of {True, False}, which can happen in a stratum


@dataclass(frozen=True)
class Estimate:
    """A share from 0 to 1 with its interval at 95 %; `value` is None while a stratum that matters has no label.

    `lowest` and `highest` are the estimate if all that nobody could tell spoke against it, or for it.
    """

    value: float | None
    low: float
    high: float
    lowest: float | None
    highest: float | None
    labelled: int


def points(model_point: float) -> tuple[Point, ...]:
    """Return the points at which linkage is measured: published, automatic, and the model point."""

    def at_model(stratum: Stratum) -> Collection[bool]:
        band = stratum.band
        return ({True} if band.highest > model_point else set()) | ({False} if band.lowest < model_point else set())

    return (
        Point("published", lambda pair: pair.are_one, lambda stratum: {stratum.are_one}),
        Point("automatic", lambda pair: pair.is_automatic, lambda stratum: {bool(stratum.band.automatic)}),
        Point("model", lambda pair: pair.weight >= model_point, at_model),
    )


@dataclass(frozen=True)
class Named:
    """A stratum of which nothing but its code matters."""

    code: str


@dataclass(frozen=True)
class Frame:
    """What a sample stands for: its strata, and by code how many pairs each has that could have been drawn."""

    strata: Sequence[Stratum | Named]
    sizes: Mapping[str, float]
    seed: int


def estimate(
    pairs: Iterable[Labelled], frame: Frame, point: Point, measure: Measure, group: str | None = None
) -> Estimate:
    """Estimate precision or recall at a point, of everyone's pairs or of those that touch a group."""
    every = list(pairs)
    told = [pair for pair in every if pair.said != UNSURE]
    value, low, high = _work_out(told, frame, point, measure, group)
    lowest, highest, least, most = value, value, low, high
    if len(told) < len(every):
        ends = [
            _work_out([_settled(pair, as_same, point, measure) for pair in every], frame, point, measure, group)
            for as_same in (False, True)
        ]
        known = [end[0] for end in ends if end[0] is not None]
        lowest, highest = (min(known), max(known)) if known else (None, None)
        least, most = min(low, *(end[1] for end in ends)), max(high, *(end[2] for end in ends))
    counted = sum(group is None or group in pair.groups for pair in told)
    return Estimate(value, least, most, lowest, highest, counted)


def share(told: Iterable[tuple[str, str]], sizes: Mapping[str, float], seed: int) -> Estimate:
    """Estimate the share of what was said to be the SAME, of strata of some sizes; `told` is (stratum, what was said).

    It is the precision of a point that takes all: each stratum weighs its size.
    """
    every = Point("all", lambda _: True, lambda _: {True})
    drawn = [Labelled(stratum, said, 0.0, is_automatic=True, are_one=True) for stratum, said in told]
    return estimate(drawn, Frame([Named(code) for code in sizes], sizes, seed), every, "precision")


def _settled(pair: Labelled, for_it: bool, point: Point, measure: Measure) -> Labelled:
    """Return a pair that nobody could tell as if it had been told, for the figure or against it."""
    if pair.said != UNSURE:
        return pair
    # One person speaks for precision; for recall, only where the pair is found.
    same = for_it if measure == "precision" or point.takes(pair) else not for_it
    return Labelled(
        pair.stratum, SAME if same else DIFFERENT, pair.weight, pair.is_automatic, pair.are_one, pair.groups
    )


def _work_out(
    told: Sequence[Labelled], frame: Frame, point: Point, measure: Measure, group: str | None
) -> tuple[float | None, float, float]:
    """Return (estimate or None, lower end, upper end)."""
    random = np.random.default_rng(frame.seed)
    over, under = 0.0, 0.0
    over_drawn, under_drawn = np.zeros(DRAWS), np.zeros(DRAWS)
    is_known = True
    for stratum in frame.strata:
        size, may = frame.sizes.get(stratum.code, 0), point.may(stratum)
        if not size or (measure == "precision" and True not in may):
            continue
        here = [pair for pair in told if pair.stratum == stratum.code]
        is_known &= bool(here)
        inside = [pair for pair in here if group is None or group in pair.groups]
        share = np.ones(DRAWS) if group is None else _shares(random, len(inside), len(here))
        taken = [pair for pair in inside if point.takes(pair)]
        taking = _shares(random, len(taken), len(inside)) if len(may) > 1 else np.full(DRAWS, float(True in may))
        true = sum(pair.said == SAME for pair in taken)
        missed = sum(pair.said == SAME for pair in inside) - true
        each = size / len(here) if here else 0.0
        found = size * share * taking * _shares(random, true, len(taken))
        left = size * share * (1 - taking) * _shares(random, missed, len(inside) - len(taken))
        over, over_drawn = over + each * true, over_drawn + found
        if measure == "precision":
            under, under_drawn = under + each * len(taken), under_drawn + size * share * taking
        else:
            under, under_drawn = under + each * (true + missed), under_drawn + found + left
    if not under_drawn.any():
        return None, 0.0, 1.0
    ratios = np.divide(over_drawn, under_drawn, out=np.zeros(DRAWS), where=under_drawn > 0)
    low, high = (float(end) for end in np.quantile(ratios, (0.025, 0.975)))
    value = over / under if is_known and under else None
    # A sample without an error is at the end of what its interval can hold.
    return value, min(low, value if value is not None else low), max(high, value if value is not None else high)


def _shares(random: np.random.Generator, hits: int, trials: int) -> _Floats:
    return np.asarray(random.beta(hits + 0.5, trials - hits + 0.5, DRAWS))


@dataclass(frozen=True)
class Agreement:
    """How far two people who labelled the same pairs agree: of how many pairs, in what share, and Cohen's kappa."""

    pairs: int
    agreed: float
    kappa: float | None


def agreement(said: Iterable[tuple[str, str]]) -> Agreement | None:
    """Return how far two labellers agree beyond chance (Cohen, 1960); None when they have no pair in common.

    Kappa is None where each said one thing throughout, so that chance alone would have them agree.
    """
    both = list(said)
    if not both:
        return None
    agreed = sum(one == two for one, two in both) / len(both)
    first, second = Counter(one for one, _ in both), Counter(two for _, two in both)
    chance = sum(first[each] * second[each] for each in first) / len(both) ** 2
    return Agreement(len(both), agreed, None if chance == 1 else (agreed - chance) / (1 - chance))


def together(said: Sequence[str]) -> str | None:
    """Return what a pair counts as: what all who labelled it agree on, else that nobody could tell; None unlabelled."""
    if not said:
        return None
    return said[0] if len(set(said)) == 1 else UNSURE


def spread(size: int, available: Mapping[Key, int]) -> dict[Key, int]:
    """Share out a sample over strata: the same of each, and what one lacks to the others."""
    left, taken = size, dict.fromkeys(available, 0)
    while left and (able := [band for band in available if taken[band] < available[band]]):
        each = max(1, left // len(able))
        for band in able:
            more = min(each, available[band] - taken[band], left)
            taken[band] += more
            left -= more
    return taken
