"""Estimates in words, for pages and for the transparency record."""

from dataclasses import dataclass

from muniment.engine.matching.estimates import Estimate
from muniment.people.watching.samples import Figure


@dataclass(frozen=True)
class Shown:
    """An estimate in words: the figure, its interval, and the two ends of what nobody could tell; empty without one."""

    percent: str
    interval: str
    unsure: str
    labelled: int


@dataclass(frozen=True)
class ShownFigure:
    """Precision and recall in words."""

    words: str
    precision: Shown
    recall: Shown


def percent(share: float) -> str:
    """Write a share in hundredths; one that is not whole never reads as if it were."""
    text = f"{100 * share:.1f}"
    if text == "100.0" and share < 1:
        text = "99.9"
    return f"{'0.1' if text == '0.0' and share > 0 else text} %"


def interval(ends: tuple[float, float] | None) -> str:
    """Write an interval of a share in hundredths; nothing for none."""
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f} %" if ends else ""


def shown(each: Estimate) -> Shown:
    """Write an estimate."""
    if each.value is None or each.lowest is None or each.highest is None:
        return Shown("", "", "", each.labelled)
    unsure = interval((each.lowest, each.highest)) if each.lowest != each.highest else ""
    return Shown(percent(each.value), interval((each.low, each.high)), unsure, each.labelled)


def figure(each: Figure) -> ShownFigure:
    """Write precision and recall."""
    return ShownFigure(each.words, shown(each.precision), shown(each.recall))
