"""Bands of weight: how a run's pairs are told apart when they are counted and when a sample of them is drawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from muniment.engine.matching.model import Points

# Bits below the doubtful point down to which a run keeps count of pairs; under it fewer than one in four thousand is
# one person, if the model is right.
DEPTH = 12.0
NEAR = 4.0  # of these, the bits just below the doubtful point
CERTAIN = 10.0  # bits above the automatic point from which a pair counts as certain


@dataclass(frozen=True)
class Band:
    """A range of weights, from `lowest` up to but not including `highest`; `automatic` if its pairs were joined so.

    In a band with `automatic` None it does not matter; only below the automatic point can it not be.
    """

    code: str
    words: str
    lowest: float
    highest: float
    automatic: bool | None = None

    def holds(self, weight: float, automatic: bool) -> bool:
        """Whether a pair of this weight, joined without a person or not, is of the band."""
        return self.lowest <= weight < self.highest and self.automatic in (None, automatic)


def bands(points: Points) -> tuple[Band, ...]:
    """Return the bands of some operating points, the strongest first; no pair is of two."""
    top, low = points.automatic, min(points.doubtful, points.automatic)
    middle = low + (top - low) / 2
    every = (
        Band("certain", "Joined without a person, far above the point", top + CERTAIN, inf, True),
        Band("automatic", "Joined without a person", top, top + CERTAIN, True),
        Band("forbidden", "As strong, but a hard rule stands in the way", top, inf, False),
        Band("likely", "Doubtful, the upper half", middle, top),
        Band("doubtful", "Doubtful, the lower half", low, middle),
        Band("near", "Just below doubtful", low - NEAR, low),
        Band("far", "Further below", low - DEPTH, low - NEAR),
    )
    return tuple(band for band in every if band.lowest < band.highest)


@dataclass(frozen=True)
class Stratum:
    """The pairs of a band that a run made one person of, or those that it did not; `code` names it in what is kept."""

    band: Band
    are_one: bool

    @property
    def code(self) -> str:
        """A short name that no other stratum has."""
        return stratum_code(self.band.code, self.are_one)

    @property
    def words(self) -> str:
        """What its pairs are."""
        return f"{self.band.words}: {'one' if self.are_one else 'two'} here"


def stratum_code(band: str, are_one: bool) -> str:
    """Return the code of the stratum of a band's pairs that are one person, or two."""
    return f"{band}-{'one' if are_one else 'two'}"


def strata(points: Points) -> tuple[Stratum, ...]:
    """Return the strata of some operating points: how many pairs each has, a run knows."""
    return tuple(Stratum(band, are_one) for band in bands(points) for are_one in (True, False))


def band_of(every: Iterable[Band], weight: float, automatic: bool) -> Band | None:
    """Return the band of a pair; None for one too weak to be kept count of."""
    return next((band for band in every if band.holds(weight, automatic)), None)
