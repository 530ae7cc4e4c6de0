"""What a batch of disposals is held against: an earlier forecast, what policy lets go at once, its sample."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from muniment.core import words
from muniment.core.models import Controller
from muniment.core.verdicts import Verdict, unless
from muniment.retention.disposals import due
from muniment.retention.models import BatchPerson, DisposalBatch, KeptForecast, PersonDecision
from muniment.retention.policies import policy_now


@dataclass(frozen=True)
class Limits:
    """What a batch has to pass, as policy says on a day (`bulk` in `policy/retention/rules.yaml`)."""

    sample: int
    over_forecast: float
    foreseen_days_before: int
    signed_off_above: int
    refused_share: float
    most_a_day: int
    is_verified: bool


@dataclass(frozen=True)
class Foreseen:
    """How many people a forecast of an earlier day saw due by a day."""

    people: int
    made_on: date


@dataclass(frozen=True)
class Due:
    """Who is due by the clock at one force or office by one rule, as the reader may see."""

    controller: Controller
    rule: str
    people: int


def limits(on: date) -> Limits:
    """Return the limits of batches on a day."""
    said = policy_now.policy().on(on).settings["bulk"]
    return Limits(
        int(said["sample"]),
        float(said["over_forecast"]),
        int(said["foreseen_days_before"]),
        int(said["signed_off_above"]),
        float(said["refused_share"]),
        int(said["most_a_day"]),
        bool(said.get("verified")),
    )


def foreseen(controller: Controller, rule: str, on: date) -> Foreseen | None:
    """Return who was foreseen to be due by the clock by a day; None where no forecast is old enough to say.

    It is the latest that was made so long before as policy asks, and not after a change that is to be noticed. Months
    count as a whole, so that it is never too few for that.
    """
    before = on - timedelta(days=limits(on).foreseen_days_before)
    kept = KeptForecast.objects.filter(controller=controller, made_on__lte=before)
    last = kept.order_by("-made_on").values_list("made_on", flat=True).first()
    if last is None:
        return None
    said = kept.filter(Q(month=None) | Q(month__lte=on), made_on=last)
    said = said.filter(rule=rule) if rule else said
    return Foreseen(said.aggregate(all=Sum("people"))["all"] or 0, last)


def to_sign_off(batch: DisposalBatch) -> Verdict:
    """Say whether a batch may run on the word of two; each reason why not asks for a third."""
    said = limits(timezone.localdate(batch.proposed_at))
    verdict = unless(
        batch.records <= said.signed_off_above,
        f"{batch.records:,} records are more than the {said.signed_off_above:,} that two may let go at once.",
    )
    if batch.foreseen is None or batch.foreseen_on is None:
        return verdict & unless(
            batch.people == 0,
            f"No forecast is old enough to hold it against: one of {said.foreseen_days_before} days before is needed.",
        )
    most = batch.foreseen * (1 + said.over_forecast)
    return verdict & unless(
        batch.people <= most,
        f"{batch.people:,} people are due. The forecast of {words.day(batch.foreseen_on)} saw {batch.foreseen:,} due by"
        " this day: find out what has changed.",
    )


def by_rule(controllers: Iterable[Controller], on: date) -> list[Due]:
    """Return how many people are due by the clock, by force or office and rule, most first."""
    named = {each.pk: each for each in controllers}
    counted = due.due(named.values(), on).order_by().values_list("controller", "rule").annotate(Count("pk"))
    found = [Due(named[controller], rule, people) for controller, rule, people in counted]
    return sorted(found, key=lambda each: (-each.people, each.controller.name, each.rule))


def waiting(controller: Controller, rule: str, on: date) -> QuerySet[PersonDecision]:
    """Return the decisions that a batch would take up, longest due first."""
    found = due.due([controller], on)
    return found.filter(rule=rule) if rule else found


def sample_of(batch: DisposalBatch) -> QuerySet[BatchPerson]:
    """Return those of the sample whom the reader may see, longest due first."""
    return batch.members.filter(sampled=True).select_related("prime").order_by("due", "pk")


def is_looked_at(batch: DisposalBatch, by: str) -> Verdict:
    """Say whether whoever approves has looked at everybody in the sample, and found nothing wrong."""
    sampled = list(sample_of(batch))
    wrong = sum(each.answer == BatchPerson.Answer.STAYS for each in sampled)
    open_ = sum(not each.answer or each.answered_by != by for each in sampled)
    verdict = unless(not wrong, f"{wrong} of the sample {'has' if wrong == 1 else 'have'} to stay: return the batch.")
    return verdict & unless(not open_, f"Answer first for everybody in the sample: {open_} wait for you.")


def most_wrong(looked_at: int, people: int) -> float:
    """Return the share of a batch that may be wrong though none of so many was: the upper limit at 95%, from 0 to 1.

    It is exact for a sample drawn without putting back: the most wrong ones that a sample would miss in one draw of 20.
    """
    wrong, missed = 0, 1.0
    while wrong < people - looked_at:
        missed *= (people - looked_at - wrong) / (people - wrong)
        if missed < 0.05:
            break
        wrong += 1
    return wrong / people if people else 0.0


def by_group(batch: DisposalBatch) -> Sequence[tuple[str, int, int]]:
    """Return group, people and records of a batch, as far as the reader may see who is in it."""
    rows = batch.members.order_by(F("group").asc(nulls_last=True)).values_list("group")
    counted = rows.annotate(Count("pk"), Sum("going"))
    return [(f"Group {group}" if group else "No group", people, records) for group, people, records in counted]
