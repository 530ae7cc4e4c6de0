"""What manual decisions tell beside the schedule's, and whether a controller may leave advisory mode."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from muniment.core import words
from muniment.core.models import Controller
from muniment.core.verdicts import Verdict
from muniment.engine.matching.interval import exact
from muniment.retention.checks import by_hand, sampled
from muniment.retention.models import ManualDecision, ModeChange, Review
from muniment.retention.policies import check_policy, policy_now

_ROWS = (by_hand.DISPOSE, by_hand.KEEP, by_hand.PERSON)


def of(controller: Controller, since: date | None = None) -> QuerySet[ManualDecision]:
    """Return the manual decisions of a controller that the reader may see, since a day or all."""
    every = ManualDecision.objects.filter(controller=controller).select_related("prime", "record__system", "review")
    return every.filter(decided_on__gte=since) if since else every


def differing(controller: Controller) -> QuerySet[ManualDecision]:
    """Return those where people decided one thing and the schedule would have decided the other, unsettled first."""
    wrong = of(controller).exclude(system=by_hand.PERSON)
    kept = wrong.filter(system=by_hand.DISPOSE, decision=by_hand.KEEP)
    went = wrong.filter(system=by_hand.KEEP, decision=by_hand.DISPOSE)
    return (kept | went).order_by("settlement", "-decided_on", "-pk")


def stale(controller: Controller, since: date) -> list[ManualDecision]:
    """Return what was compared by another policy than the one in force."""
    return list(of(controller, since).exclude(policy_version=policy_now.policy().version).order_by("pk"))


def reviews_to_come(controller: Controller) -> list[Review]:
    """Return the reviews that people decided, as a whole, and that are not compared yet; within policy's days."""
    since = timezone.now() - timedelta(days=check_policy.on(timezone.localdate()).leaving.within_days)
    decided = Review.objects.filter(controller=controller, state="decided", decided_at__gte=since)
    whole = decided.filter(outcome__in=[Review.Outcome.RETAIN, Review.Outcome.DISPOSE])
    seen = ManualDecision.objects.filter(controller=controller, review__isnull=False).values("review")
    living = whole.filter(prime__belongings__until__isnull=True, prime__belongings__isnull=False).distinct()
    return list(living.exclude(pk__in=seen).select_related("prime__redirects_to").order_by("pk"))


@dataclass(frozen=True)
class Line:
    """What the schedule would have said, and what people decided of those; the interval is of the share that agrees."""

    system: str
    keep: int
    dispose: int
    interval: tuple[float, float] | None

    @property
    def number(self) -> int:
        """How many there are."""
        return self.keep + self.dispose

    @property
    def agreed(self) -> int:
        """On how many both agree; where a person would have been asked there is nothing to agree on."""
        return {by_hand.DISPOSE: self.dispose, by_hand.KEEP: self.keep}.get(self.system, 0)


@dataclass(frozen=True)
class Share:
    """Some out of some, with the exact interval of the share (Clopper and Pearson)."""

    hits: int
    of: int

    @property
    def ends(self) -> tuple[float, float]:
        """The interval at 95 %."""
        return exact(self.hits, self.of)

    @property
    def words(self) -> str:
        """The share in words with its interval."""
        if not self.of:
            return "nothing to say it of"
        low, high = self.ends
        share = sampled.percent(self.hits / self.of)
        return f"{self.hits:,} of {self.of:,}, {share} ({100 * low:.1f} to {100 * high:.1f} %)"


@dataclass(frozen=True)
class Agreement:
    """How far people and the schedule agree, since a day: line by line, and wrong in which direction.

    A difference that was settled as the system being right is no error of it; one that is not settled counts as one.
    """

    since: date
    lines: tuple[Line, ...]
    both: Share
    harmful: Share  # kept by people of what the schedule would dispose of
    other: Share  # disposed of by people of what the schedule would keep
    settled: Mapping[str, int]
    unsettled: int  # of all, whenever they were decided
    stale: int


def agreement(controller: Controller) -> Agreement:
    """Return how far the manual decisions of policy's last days agree with the schedule, of what the reader may see."""
    today = timezone.localdate()
    since = today - timedelta(days=check_policy.on(today).leaving.within_days)
    rows = list(of(controller, since))
    counts = Counter((each.system, each.decision) for each in rows)
    errors = Counter(
        each.system for each in rows if each.differs and each.settlement != ManualDecision.Settlement.SYSTEM
    )
    lines = tuple(_line(system, counts) for system in _ROWS)
    decided = [line for line in lines if line.system != by_hand.PERSON]
    named = {line.system: line for line in lines}
    return Agreement(
        since,
        lines,
        Share(sum(line.agreed for line in decided), sum(line.number for line in decided)),
        Share(errors[by_hand.DISPOSE], named[by_hand.DISPOSE].number),
        Share(errors[by_hand.KEEP], named[by_hand.KEEP].number),
        dict(Counter(each.settlement for each in rows if each.differs and each.settlement)),
        differing(controller).filter(settlement="").count(),
        len(stale(controller, since)),
    )


def _line(system: str, counts: Mapping[tuple[str, str], int]) -> Line:
    line = Line(system, counts.get((system, by_hand.KEEP), 0), counts.get((system, by_hand.DISPOSE), 0), None)
    if system == by_hand.PERSON or not line.number:
        return line
    return Line(line.system, line.keep, line.dispose, exact(line.agreed, line.number))


@dataclass(frozen=True)
class Condition:
    """One thing that has to hold before a controller leaves advisory mode, and what is found."""

    asked: str
    found: str
    holds: bool


def conditions(controller: Controller, told: Agreement | None = None) -> list[Condition]:
    """Return what has to hold before a controller leaves advisory mode, as far as the reader may see."""
    wanted = check_policy.on(timezone.localdate()).leaving
    told = told or agreement(controller)
    sample = sampled.last_closed(controller, wanted.sample_within_days)
    stands = sampled.stands_against(controller)
    high = told.harmful.ends[1]
    closed = words.day(timezone.localtime(sample.closed_at).date()) if sample and sample.closed_at else ""
    return [
        Condition(
            f"{wanted.least_compared:,} manual decisions or more, of the last {wanted.within_days} days, beside a"
            " decision of the schedule",
            f"{told.both.of:,}",
            told.both.of >= wanted.least_compared,
        ),
        Condition(
            f"Of what the schedule would dispose of, people kept {sampled.percent(wanted.harmful)} at most, by the"
            " upper limit of the interval",
            told.harmful.words,
            high <= wanted.harmful,
        ),
        Condition("Every difference is settled", f"{told.unsettled:,} not settled", not told.unsettled),
        Condition("All are compared by the policy in force", f"{told.stale:,} by another", not told.stale),
        Condition(
            f"A sample of automatic decisions, some of which dispose, was checked and closed in the last"
            f" {wanted.sample_within_days} days",
            f"Sample {sample.pk}, closed {closed}" if sample else "None",
            sample is not None,
        ),
        Condition("No sample stands against disposals", " ".join(stands.reasons) or "None does", stands.allowed),
    ]


def may_leave(controller: Controller) -> Verdict:
    """Say whether everything holds that policy asks before a controller leaves advisory mode."""
    return Verdict(
        tuple(
            f"This does not hold yet: {each.asked}. {each.found}." for each in conditions(controller) if not each.holds
        )
    )


def figures(controller: Controller) -> dict[str, Any]:
    """Return what is known when somebody agrees, to be kept: the conditions as they stood."""
    return {"conditions": [vars(each) for each in conditions(controller)]}


def waiting(controller: Controller) -> ModeChange | None:
    """Return the change of mode that waits for somebody to agree, if one does."""
    return ModeChange.objects.filter(controller=controller, settled_at=None).first()
