"""What a sample of automatic decisions tells, in words: for the page, for the file and for paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from muniment.core import words
from muniment.engine.matching.estimates import Estimate
from muniment.engine.retention.checked import GOES, Tally
from muniment.retention.checks import sampled
from muniment.retention.checks.sampled import KINDS, Results, percent
from muniment.retention.models import DecisionSample
from muniment.retention.policies import check_policy

TITLES = {
    "wrong": "Wrong in any way",
    "destroys": "Would destroy what should be kept",
    "keeps": "Keeps what should go",
}
HARMFUL = "Of what would go by the clock, what should be kept"
HEADS = ("Outcome", "Group", "Decisions", "Right", "Destroys", "Keeps", "Wrong otherwise", "Cannot say", "Destroys, %")


@dataclass(frozen=True)
class Rate:
    """A rate in words: the share, its interval at 95 %, and what nobody could say of; `share` None is not known yet."""

    title: str
    share: float | None
    low: float
    high: float
    unsure: str = ""
    is_over: bool = False

    @property
    def words(self) -> str:
        """The share with its interval."""
        if self.share is None:
            return "not known yet: a stratum was not checked"
        return f"{percent(self.share)} ({100 * self.low:.1f} to {100 * self.high:.1f} %)"


def _rate(title: str, found: Estimate, limit: float | None = None) -> Rate:
    unsure = ""
    if found.lowest is not None and found.highest is not None and found.lowest != found.highest:
        unsure = f"{100 * found.lowest:.1f} to {100 * found.highest:.1f} % by what nobody could say"
    return Rate(title, found.value, found.low, found.high, unsure, limit is not None and found.high > limit)


def rates(told: Results) -> list[Rate]:
    """Return the rates of all that was drawn, and of what goes by the clock the harmful one against policy's limit."""
    found = [_rate(TITLES[kind], told.rate(kind)) for kind in KINDS]
    harmful = told.harmful()
    limit = check_policy.on(timezone.localdate()).harmful
    return found if harmful is None else [*found, _rate(HARMFUL, harmful, limit)]


def stratum(each: Tally) -> str:
    """Name a stratum."""
    outcome = words.say("decision", each.outcome)
    return outcome if each.group is None else f"{outcome}, {_group(each.group)}"


def _group(group: int) -> str:
    return f"group {group}" if group else "no group"


def row(each: Tally) -> tuple[str, ...]:
    """Return a stratum as a row of HEADS; numbers without marks, so that a file can be worked on."""
    low, high = each.interval(KINDS["destroys"])
    share = 100 * each.of(KINDS["destroys"]) / max(1, each.told)
    return (
        words.say("decision", each.outcome),
        "all" if each.group is None else str(each.group or "none"),
        str(each.population),
        str(each.right),
        str(each.destroys),
        str(each.keeps),
        str(each.neither),
        str(each.unsure),
        f"{share:.1f} ({100 * low:.1f} to {100 * high:.1f})" if each.told else "",
    )


NUMBERS = (*HEADS[:-1], "Destroys, %", "Low, %", "High, %")


def numbers(each: Tally) -> tuple[str | float | None, ...]:
    """Return a stratum as a row of NUMBERS, for a spreadsheet."""
    low, high = each.interval(KINDS["destroys"])
    outcome, group, *_ = row(each)
    counts = (each.population, each.right, each.destroys, each.keeps, each.neither, each.unsure)
    share = 100 * each.of(KINDS["destroys"]) / each.told if each.told else None
    return (outcome, group, *counts, *((share, 100 * low, 100 * high) if each.told else (None, None, None)))


def causes(told: Results) -> list[tuple[str, int]]:
    """Return the causes of what was wrong, the most frequent first."""
    most = sorted(told.causes.items(), key=lambda each: (-each[1], each[0]))
    return [(words.say("cause", code), number) for code, number in most]


def about(sample: DecisionSample) -> list[tuple[str, str]]:
    """Return what a sample is of and how it was drawn, as pairs of a name and its value."""
    outcomes = ", ".join(words.say("decision", code).lower() for code in sample.outcomes)
    population = sum(each["population"] for each in sample.frame)
    kind = "people" if sample.about == DecisionSample.About.PERSON else "records"
    lines = [
        ("Whose", sample.controller.name),
        ("Of", f"decisions about {kind}: {outcomes}; {sample.partition}"),
        ("Drawn", f"{sample.size:,} of {population:,} that {sample.drawn_by} could see, with the seed {sample.seed}"),
        ("Drawn on", f"{words.moment(sample.drawn_at)}, by policy {sample.policy_version}"),
    ]
    if sample.closed_at:
        lines.append(("Closed", f"{words.moment(sample.closed_at)} by {sample.closed_by}"))
    return lines


LIMITS = (
    "A rate is over decisions that the schedule made by itself: not those behind which a review of a person stands, nor"
    " holds.",
    "Each stratum weighs as many decisions as it has. Intervals are at 95 %: of a stratum exact (Clopper and Pearson),"
    " of all together by draws from Jeffreys' posterior, so that a stratum without an error still adds its doubt.",
    "Where nobody could say, or two disagreed, the interval reaches from where all of that is right to where all of it"
    " is wrong.",
    "It is of what whoever drew it could see. What is restricted is left out, and stays behind its walls.",
)

WIDTH, ROW, SIDE = 360.0, 44.0, 8.0


@dataclass(frozen=True)
class Whisker:
    """A rate as a dot in its interval, in the chart's own units."""

    y: float
    text_y: float
    left: float
    right: float
    dot: float
    title: str
    words: str

    @property
    def ends(self) -> tuple[float, float]:
        """From where to where the mark of the limit reaches."""
        return self.y - 8, self.y + 8


@dataclass(frozen=True)
class RateChart:
    """Rates under one another on one scale from nothing, and where policy's limit stands on it."""

    whiskers: tuple[Whisker, ...]
    limit: float
    limit_words: str
    base: float
    most: str
    width: float = WIDTH

    @property
    def height(self) -> float:
        """The height of all, with the scale."""
        return self.base + 22

    @property
    def end(self) -> float:
        """Where the scale ends."""
        return self.width - SIDE


def chart(rates: Sequence[Rate], limit: float) -> RateChart | None:
    """Draw the rates that are known on one scale that reaches past the highest of them and the limit."""
    found = [each for each in rates if each.share is not None]
    if not found:
        return None
    most = min(1.0, max([limit, *(each.high for each in found)]) * 1.1)
    room = WIDTH - 2 * SIDE

    def across(share: float) -> float:
        return round(SIDE + room * min(share, most) / most, 1)

    whiskers = []
    for at, each in enumerate(found):
        y = at * ROW + 30
        ends = across(each.low), across(each.high)
        whiskers.append(Whisker(y, y - 12, *ends, across(each.share or 0), each.title, each.words))
    base = len(found) * ROW + 4
    return RateChart(tuple(whiskers), across(limit), f"policy's limit {percent(limit)}", base, percent(most))


def is_of_going(sample: DecisionSample) -> bool:
    """Whether a sample is of something that goes by the clock."""
    return bool(set(sample.outcomes) & set(GOES)) and bool(sampled.drawn(sample))
