"""What retention tells of people who would be one, or come apart: when they fall due, and what is open about them.

The dates are worked out by the reference on the facts that the reader may see, of each prime record as it is and as it
would be. What is stored may rest on more.
"""

from collections.abc import Iterable, Iterator

from django.urls import reverse
from django.utils import timezone

from muniment.core import words
from muniment.core.models import Controller, User
from muniment.core.visits import actions_of
from muniment.engine.retention import decide
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.links import Measuring
from muniment.people import carried
from muniment.people.judging.consequences import Change, Line, Told, Touched, Whole
from muniment.records.models import Involvement
from muniment.retention.deciding import facts_seen
from muniment.retention.disposals import stops
from muniment.retention.models import DisposalOrder, Hold, PersonDecision, Review, SubjectEvent
from muniment.retention.policies import policy_now

_OPEN_ORDERS = ("proposed", "approved", "instructed")


def of(change: Change, user: User) -> Told:
    """Return what a change comes to in retention, to one reader."""
    if change.is_nothing:
        return Told()
    decided = _decided(change)
    may = actions_of(user)
    sentences = [text for controller, made in decided.items() for text in _sentences(change, controller, made)]
    sentences += [] if decided else ["No force or office whose decisions you see has decided how long they are kept."]
    touched = [*_holds(change, may), *_reviews(change, may), *_orders(change, may), *_events(change)]
    return Told(tuple(sentences), tuple(_lines(decided)), tuple(touched))


def _decided(change: Change) -> dict[Controller, list[Decision]]:
    """Return what each controller of the reader's that has decided about them would decide, of each whole in order."""
    stored = PersonDecision.objects.filter(prime__in=change.primes).select_related("controller")
    controllers = sorted({each.controller for each in stored}, key=lambda each: each.name)
    if not controllers:
        return {}
    seen = [facts_seen.about_whole(each.keys, each.keeps) for each in change.wholes]
    policy, on, work = policy_now.policy(), timezone.localdate(), Measuring()
    return {
        controller: [decide(each.under(controller.code), policy, on, work) for each in seen]
        for controller in controllers
    }


def _lines(decided: dict[Controller, list[Decision]]) -> Iterator[Line]:
    several = len(decided) > 1
    for controller, made in decided.items():
        whose = f", {controller.name}" if several else ""
        yield Line(f"Retention group{whose}", tuple(_group(each) for each in made))
        yield Line(f"Decision{whose}", tuple(words.say("decision", each.outcome) for each in made))
        yield Line(f"Due{whose}", tuple(words.day(each.due) if each.due else "No date" for each in made))
        yield Line(f"By the rule{whose}", tuple(words.class_title(each.rule) if each.rule else "" for each in made))


def _group(decision: Decision) -> str:
    return f"Group {decision.group}" if decision.group else "No group"


def _sentences(change: Change, controller: Controller, made: list[Decision]) -> Iterator[str]:
    """Say what differs for each prime record as it is, or for each part as it would be."""
    before, after = made[: len(change.before)], made[len(change.before) :]
    if len(after) == 1:
        pairs = [(whole.title, one, after[0]) for whole, one in zip(change.before, before, strict=True)]
    elif len(before) == 1:
        pairs = [(whole.title, before[0], one) for whole, one in zip(change.after, after, strict=True)]
    else:
        return
    for title, now, then in pairs:
        if said := _difference(now, then):
            yield f"{controller.name}, {title}: {said}."
    if len({each.group for each in before}) > 1:
        yield f"{controller.name}: their groups differ, and the stricter holds for the whole until a person has looked."


def _difference(now: Decision, then: Decision) -> str:
    told = [(_group(now).lower(), _group(then).lower()), (_due(now), _due(then)), (_outcome(now), _outcome(then))]
    return ", ".join(f"from {one} to {other}" for one, other in told if one != other)


def _due(decision: Decision) -> str:
    return words.day(decision.due) if decision.due else "no date"


def _outcome(decision: Decision) -> str:
    return f"'{words.say('decision', decision.outcome).lower()}'"


def _records(wholes: Iterable[Whole]) -> list[int]:
    keys = [key for each in wholes for key in each.keys]
    return list(Involvement.objects.filter(nominal__in=keys).values_list("record_id", flat=True).distinct())


def _holds(change: Change, may: frozenset[str]) -> Iterator[Touched]:
    covering: dict[Hold, list[str]] = {}
    for each in change.before:
        for hold in stops.standing_holds(_records([each])):
            covering.setdefault(hold, []).append(each.title)
    for hold, on in sorted(covering.items(), key=lambda item: item[0].pk):
        becomes = (
            f"It covers records of {' and '.join(on)}, and would stop the whole."
            if change.is_merge
            else "It goes on with the records that it covers, and with the part that they are of."
        )
        yield Touched(
            f"Hold {hold.reference} {hold.title}",
            becomes,
            reverse("hold", args=[hold.reference]) if "hold.place" in may else "",
        )


def _reviews(change: Change, may: frozenset[str]) -> Iterator[Touched]:
    found = Review.objects.filter(prime__in=change.primes).exclude(state__in=["decided", "closed"])
    waiting: dict[int, list[Review]] = {}
    for review in found.select_related("controller").order_by("pk"):
        waiting.setdefault(review.controller_id, []).append(review)
    for reviews in waiting.values():
        begun = [each for each in reviews if each.state != Review.State.OPEN or each.kind in {"explicit", "triggered"}]
        stays = (begun or reviews)[0]
        for review in reviews:
            if change.is_merge and review != stays:
                becomes = f"Would be closed: {stays.reference} goes on for the whole."
            elif change.is_merge:
                becomes = "Would go on with the whole; whoever works it is told that the person has changed."
            else:
                becomes = "Stays with the part that keeps the reference; whoever works it is told that it has changed."
            yield Touched(
                f"Review {review.reference}, {review.controller.name}: {review.standing}",
                becomes,
                reverse("review", args=[review.reference]) if "review.work" in may else "",
            )


def _orders(change: Change, may: frozenset[str]) -> Iterator[Touched]:
    on_records = DisposalOrder.objects.filter(
        items__record__in=_records(change.before), items__destroyed_at__isnull=True
    )
    about = DisposalOrder.objects.filter(prime__in=change.primes)
    for order in (on_records | about).filter(state__in=_OPEN_ORDERS).distinct().order_by("pk"):
        yield Touched(
            f"Disposal {order.reference}: {order.get_state_display()}",
            "Would be stopped: the person that it was decided about would be made up otherwise."
            if order.prime_id in change.primes
            else "Is decided afresh before anything of it goes.",
            reverse("disposal", args=[order.reference]) if "disposal.view" in may else "",
        )


def _events(change: Change) -> Iterator[Touched]:
    found = SubjectEvent.objects.filter(carried.about(change.primes, at="made_at"), closed__isnull=True)
    for event in found.order_by("-dated", "-pk"):
        yield Touched(
            f"{words.say('event', event.kind)} of {words.day(event.dated)}",
            "Would be about the whole, and stop its disposal as long as it is open."
            if change.is_merge
            else "Goes on about every part that was of the person when it was recorded.",
        )
