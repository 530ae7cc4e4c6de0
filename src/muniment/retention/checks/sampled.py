"""Samples of decisions that nobody made but the schedule: how they are drawn, what was found, and what that forbids.

A draw is repeated by anybody who may see the same: of each stratum those are taken whose digest of seed and key comes
first. The key is that of the prime person or of the record, as the address of its page or its reference tells it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from muniment.core import words
from muniment.core.models import Controller, Scope, User, UserScope
from muniment.core.verdicts import ALLOWED, Verdict, refused
from muniment.core.visits import controllers_of
from muniment.engine.matching.estimates import Estimate
from muniment.engine.retention import checked
from muniment.engine.retention.checked import Decided, Tally
from muniment.retention.checks import sampled_sql
from muniment.retention.models import DecisionSample, SampledDecision
from muniment.retention.policies import check_policy

ANY = checked.DIRECTIONS
KINDS: Mapping[str, tuple[str, ...]] = {
    "wrong": ANY,
    "destroys": (checked.DESTROYS,),
    "keeps": (checked.KEEPS,),
}


@dataclass(frozen=True)
class Wanted:
    """What a sample is to be of: whose decisions, about what, with which outcomes, and whether groups count apart."""

    controller: Controller
    about: str  # person | record
    partition: str
    outcomes: tuple[str, ...]
    by_group: bool

    @classmethod
    def of(cls, sample: DecisionSample) -> "Wanted":
        """Return what a sample was asked to be of."""
        return cls(sample.controller, sample.about, sample.partition, tuple(sample.outcomes), sample.by_group)


@dataclass(frozen=True)
class Taken:
    """A decision that the seed takes: about whom or what (by key), and as it stands; `group` 0 is none."""

    subject: int
    outcome: str
    group: int
    due: date | None
    rule: str

    @property
    def decided(self) -> tuple[int, str, date | None]:
        """What makes it the same decision as another."""
        return self.subject, self.outcome, self.due


def partitions(user: User | None) -> list[str]:
    """Return the partitions whose decisions somebody may see, in their order."""
    seen = UserScope.objects.filter(Q(until=None) | Q(until__gt=timezone.localdate()), user=user).values("scope")
    opened = Scope.objects.filter(pk__in=seen) if user else Scope.objects.all()
    return sorted(set(opened.values_list("partition", flat=True)))


def _given(wanted: Wanted) -> dict[str, Any]:
    return {
        "controller": wanted.controller.pk,
        "partition": wanted.partition,
        "outcomes": list(wanted.outcomes),
        "by_group": wanted.by_group,
        "day": timezone.localdate(),
    }


def frame(wanted: Wanted) -> list[Tally]:
    """Return the strata of what could be drawn, of what the reader may see, with nothing found yet."""
    with connection.cursor() as cursor:
        cursor.execute(sampled_sql.count(wanted.about), _given(wanted))
        return [Tally(outcome, group, number) for outcome, group, number in cursor.fetchall()]


def take(wanted: Wanted, seed: int, numbers: Mapping[str, int]) -> list[Taken]:
    """Return the decisions that a seed takes: so many of each stratum, by its code."""
    given = _given(wanted) | {"seed": seed, "most": max(numbers.values(), default=0)}
    with connection.cursor() as cursor:
        cursor.execute(sampled_sql.take(wanted.about), given)
        rows = cursor.fetchall()
    return [
        Taken(subject, outcome, group, due, rule)
        for subject, outcome, group, due, rule, stratum, place in rows
        if place <= numbers.get(Tally(outcome, stratum, 0).code, 0)
    ]


@dataclass(frozen=True)
class Repeated:
    """What drawing a sample once more gives: how many are the same, in it no longer, and would be drawn instead."""

    same: int
    left: int
    instead: int


def repeat(sample: DecisionSample) -> Repeated:
    """Draw a sample once more by its seed, from the decisions as they stand now and as the reader may see them."""
    subject = "prime_id" if sample.about == "person" else "record_id"
    held = {(key, outcome, due) for key, outcome, due in sample.items.values_list(subject, "outcome", "due")}
    again = {each.decided for each in take(Wanted.of(sample), sample.seed, drawn(sample))}
    return Repeated(len(held & again), len(held - again), len(again - held))


def drawn(sample: DecisionSample) -> dict[str, int]:
    """Return how many were drawn of each stratum, by its code."""
    return {Tally(row["outcome"], row["group"], 0).code: row["drawn"] for row in sample.frame}


@dataclass(frozen=True)
class Results:
    """What the checks of a sample tell: stratum by stratum, and by cause."""

    tallies: tuple[Tally, ...]
    causes: Mapping[str, int]
    seed: int
    waiting: int = 0  # not checked yet, of those that the reader may see
    second: int = 0  # said to be wrong, and waiting for a second look

    @property
    def checked(self) -> int:
        """How many somebody has looked at."""
        return sum(each.told + each.unsure for each in self.tallies)

    def rate(self, kind: str) -> Estimate:
        """Return the share of all that is wrong in one way of `KINDS`."""
        return checked.rate(self.tallies, KINDS[kind], self.seed)

    def harmful(self) -> Estimate | None:
        """Return the share that should be kept of what goes by the clock; None where nothing of it was checked."""
        going = checked.going(self.tallies)
        return checked.rate(going, KINDS["destroys"], self.seed) if any(each.told for each in going) else None


def results(sample: DecisionSample) -> Results:
    """Return what a sample tells: as it was closed, or so far."""
    if sample.is_closed:
        kept = sample.figures
        return Results(tuple(Tally.read(each) for each in kept["strata"]), kept["causes"], sample.seed)
    counts: dict[str, dict[str, int]] = {}
    causes: dict[str, int] = {}
    waiting = second = 0
    for item in sample.items.all():
        what = found(item)
        stratum = Tally(item.outcome, item.group if sample.by_group else None, 0).code
        if what:
            here = counts.setdefault(stratum, {})
            here[what] = here.get(what, 0) + 1
        else:
            waiting += 1
        if what in ANY:
            causes[item.cause] = causes.get(item.cause, 0) + 1
            second += item.agreed is None
    empty = [Tally(row["outcome"], row["group"], row["population"]) for row in sample.frame]
    tallies = (Tally(e.outcome, e.group, e.population, **counts.get(e.code, {})) for e in empty)
    return Results(tuple(tallies), causes, sample.seed, waiting, second)


def found(item: SampledDecision) -> str:
    """Return what a check found: right, unsure, or the direction of the error; nothing while nobody has said.

    On what two people disagree nobody can say.
    """
    if item.said == SampledDecision.Said.WRONG:
        return "unsure" if item.agreed is False else item.direction
    return item.said


def direction(item: SampledDecision, should: Decided) -> str:
    """Return in which direction a sampled decision was wrong."""
    return checked.direction(Decided(item.outcome, item.due), should)


def open_to(sample: DecisionSample, name: str) -> QuerySet[SampledDecision]:
    """Return what somebody may still check of a sample, in its order: nobody has, or they look a second time."""
    second = Q(said="wrong", agreed=None) & ~Q(by=name)
    return sample.items.filter(Q(said="") | second).order_by("place")


def waiting_for(user: User) -> int:
    """Return how many decisions of open samples wait for somebody at the controllers for which they check."""
    mine = controllers_of(user, "check.work")
    samples = DecisionSample.objects.filter(closed_at__isnull=True, controller__in=mine)
    return sum(open_to(each, user.username).count() for each in samples)


def last(controller: Controller, about: str) -> DecisionSample | None:
    """Return the last closed sample of a controller in which something that goes by the clock was checked.

    What was found in the sealed enclave is told there alone: nothing sealed goes by the clock.
    """
    open_ = DecisionSample.objects.exclude(partition="sealed")
    closed = open_.filter(controller=controller, about=about, closed_at__isnull=False)
    of_going = closed.filter(outcomes__overlap=list(checked.GOES)).order_by("-closed_at", "-pk")
    return next((each for each in of_going if results(each).harmful() is not None), None)


def last_closed(controller: Controller, within_days: int) -> DecisionSample | None:
    """Return the last sample of a controller that was closed so many days ago at most, with something that goes."""
    since = timezone.now() - timedelta(days=within_days)
    recent = (last(controller, about) for about in DecisionSample.About.values)
    held = [(each.closed_at, each) for each in recent if each and each.closed_at and each.closed_at >= since]
    return max(held, key=lambda one: one[0])[1] if held else None


def stands_against(controller: Controller) -> Verdict:
    """Say whether what was found in samples stands against time-based disposals of a controller.

    It does when the last closed sample of people, or of records, leaves it open that more would be destroyed wrongly
    than policy allows: by the upper limit of the interval. Where no sample was closed nothing stands against it.
    """
    limit = check_policy.on(timezone.localdate()).harmful
    verdict = ALLOWED
    for about in DecisionSample.About.values:
        sample = last(controller, about)
        share = results(sample).harmful() if sample else None
        if sample is not None and share is not None and share.high > limit:
            verdict &= refused(_over(sample, share, limit))
    return verdict


def _over(sample: DecisionSample, share: Estimate, limit: float) -> str:
    closed = words.day(timezone.localtime(sample.closed_at).date()) if sample.closed_at else ""
    of = "people" if sample.about == "person" else "records"
    return (
        f"{sample.controller.name} may not let {of} go by the clock: sample {sample.pk}, closed {closed}, leaves it"
        f" open that up to {percent(share.high)} of what would go should be kept, and policy allows {percent(limit)}."
        " Put right what was found, or check more in a new sample."
    )


def percent(share: float) -> str:
    """Write a share in hundredths."""
    return f"{100 * share:.1f} %"


def over_limit(controllers: Iterable[Controller]) -> list[str]:
    """Return what stands against time-based disposals of some controllers, each as a sentence."""
    return [reason for each in controllers for reason in stands_against(each).reasons]
