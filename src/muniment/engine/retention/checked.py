"""What a check of an automatic decision tells: in which direction it was wrong, and how often decisions are.

A decision *destroys* when it lets go of what should be kept, or ends its keeping too early; it *keeps* when it keeps
what should go, or goes on too long; anything else that is wrong about it does neither.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from muniment.engine.matching import estimates
from muniment.engine.matching.estimates import Estimate
from muniment.engine.matching.interval import exact

DESTROYS, KEEPS, NEITHER = "destroys", "keeps", "neither"
DIRECTIONS = (DESTROYS, KEEPS, NEITHER)
GOES = ("dispose", "archive")  # by the clock


@dataclass(frozen=True)
class Decided:
    """An outcome and its day: the end of keeping, or the day of a review."""

    outcome: str
    due: date | None = None


def direction(was: Decided, should: Decided) -> str:
    """Return in which direction a decision that should have been another was wrong."""
    if was.outcome in GOES and should.outcome in GOES:
        if was.outcome != should.outcome:
            return DESTROYS if was.outcome == "dispose" else KEEPS
        return _by_day(was, should)
    if was.outcome in GOES:
        return DESTROYS
    if should.outcome in GOES:
        return KEEPS
    if was.outcome == "retain":  # a person should look, or it should end on another day
        return KEEPS if should.outcome == "review" else _by_day(was, should)
    # A review or a hold destroys nothing: it can only come too late.
    return KEEPS if _by_day(was, should) == KEEPS else NEITHER


def _by_day(was: Decided, should: Decided) -> str:
    if was.due is None or should.due is None or was.due == should.due:
        return NEITHER
    return DESTROYS if was.due < should.due else KEEPS


@dataclass(frozen=True)
class Tally:
    """A stratum: how many decisions it has, how many of those drawn were checked, and what was found.

    `group` is None where groups were not told apart. `unsure` counts as well what two people disagreed on.
    """

    outcome: str
    group: int | None
    population: int
    right: int = 0
    destroys: int = 0
    keeps: int = 0
    neither: int = 0
    unsure: int = 0

    @property
    def code(self) -> str:
        """A short name that no other stratum has."""
        return f"{self.outcome}-{'all' if self.group is None else self.group}"

    @property
    def told(self) -> int:
        """Of how many somebody could say whether they were right."""
        return self.right + self.wrong

    @property
    def wrong(self) -> int:
        """How many were wrong, in whatever direction."""
        return self.destroys + self.keeps + self.neither

    def of(self, kinds: Iterable[str]) -> int:
        """Return how many were wrong in some directions."""
        return sum(int(getattr(self, kind)) for kind in kinds)

    def interval(self, kinds: Iterable[str]) -> tuple[float, float]:
        """Return the exact interval of the share that is wrong so (Clopper and Pearson), of those that were told."""
        return exact(self.of(kinds), self.told)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Tally":
        """Return a tally as `vars` of it was kept."""
        return cls(**kept)


def rate(tallies: Sequence[Tally], kinds: Sequence[str], seed: int) -> Estimate:
    """Return the share of decisions that is wrong in some directions, each stratum weighing what it has."""
    said = []
    for each in tallies:
        wrong = each.of(kinds)
        said += [(each.code, estimates.SAME)] * wrong + [(each.code, estimates.DIFFERENT)] * (each.told - wrong)
        said += [(each.code, estimates.UNSURE)] * each.unsure
    return estimates.share(said, {each.code: each.population for each in tallies}, seed)


def going(tallies: Iterable[Tally]) -> list[Tally]:
    """Return the strata of what goes by the clock."""
    return [each for each in tallies if each.outcome in GOES]
