"""Give reviews to who works them, many at a time; take some oneself; have somebody stand in for another."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, reasons
from muniment.core.actors import Actor
from muniment.core.models import User
from muniment.core.verdicts import Refused, unless
from muniment.retention import queries, rules
from muniment.retention.actions import review as reviewing
from muniment.retention.models import Deputy, Review


@dataclass(frozen=True)
class Allocated:
    """The reviews that went to somebody, and for each that did not the reasons why not."""

    reviews: tuple[Review, ...]
    refused: tuple[tuple[Review, tuple[str, ...]], ...]


def allocate(reviews: Iterable[Review], *, by: Actor, to: str) -> Allocated:
    """Give undecided reviews to a user who may work each; one that is refused stops no other.

    Raise Refused where none is chosen.
    """
    chosen = list(reviews)
    unless(bool(chosen), "Choose at least one review.").require()
    given, refused = [], []
    for review in chosen:
        try:
            given.append(_given(review, "review.allocate", by, to))
        except Refused as refusal:
            refused.append((review, refusal.reasons))
    audit.record(by, "review.allocate", detail={"to": to, "reviews": len(given), "refused": len(refused)})
    return Allocated(tuple(given), tuple(refused))


def take(reviews: Iterable[Review], *, by: Actor) -> Allocated:
    """Take undecided reviews that nobody has, such as those of a household, to work them together."""
    chosen = list(reviews)
    unless(bool(chosen), "Nobody's review waits there for you to take.").require()
    taken, refused = [], []
    for review in chosen:
        try:
            taken.append(_given(review, "review.work", by, by.name))
        except Refused as refusal:
            refused.append((review, refusal.reasons))
    audit.record(by, "review.take", detail={"reviews": len(taken), "refused": len(refused)})
    return Allocated(tuple(taken), tuple(refused))


def put_off(reviews: Iterable[Review], *, by: Actor, of: str, waiting_for: str) -> Allocated:
    """Put many undecided reviews aside for one reason, such as a fact that was asked of a source.

    Nothing is decided by it. Raise Refused where none is chosen, or it is not said what they wait for.
    """
    chosen = list(reviews)
    verdict = unless(bool(chosen), "Choose at least one review.")
    verdict &= reasons.is_given(waiting_for, "Say what the reviews wait for")
    verdict.require()
    put, refused = [], []
    for review in chosen:
        try:
            put.append(reviewing.park(review, by=by, waiting_for=waiting_for, of=of))
        except Refused as refusal:
            refused.append((review, refusal.reasons))
    audit.record(by, "review.put_off", detail={"reviews": len(put), "refused": len(refused), "of": of})
    return Allocated(tuple(put), tuple(refused))


def _given(review: Review, action: str, by: Actor, to: str) -> Review:
    with transaction.atomic():
        held = Review.objects.select_for_update().get(pk=review.pk)
        if by.user:
            access.may(by.user, action, on=timezone.localdate(), controller=held.controller).require()
        rules.can_move(held, "hand over").require()
        unless(
            action == "review.allocate" or held.allocated_to in {"", to}, f"It is with {held.allocated_to}."
        ).require()
        may = to in {each.username for each in queries.colleagues(held)}
        unless(may, f"{to} may not work reviews of {held.controller.name}.").require()
        held.allocated_to = to
        held.save(update_fields=["allocated_to"])
        audit.record(by, "review.allocated", subject=held.reference, controller=held.controller.code, detail={"to": to})
    return held


def stand_in(user: User, deputy: User, *, by: Actor, start: date, until: date) -> Deputy:
    """Have somebody stand in for a reviewer: what is with the one is with the other too, from a day until another.

    Everybody may say who stands in for them; for others, who may allocate. Raise Refused with the reasons.
    """
    on = timezone.localdate()
    if by.user:
        action = "review.work" if by.name == user.username else "review.allocate"
        access.may(by.user, action, on=on).require()
    verdict = unless(user.pk != deputy.pk, "Choose somebody else to stand in.")
    verdict &= unless(start < until, "Enter a day of return that comes after the first day.")
    verdict &= unless(until > on, "Enter a day of return that lies ahead.")
    verdict &= access.may(user, "review.work", on=on) & access.may(deputy, "review.work", on=on)
    verdict.require()
    with transaction.atomic():
        made = Deputy.objects.create(user=user, deputy=deputy, start=start, until=until, by=by.name)
        detail = {"for": user.username, "deputy": deputy.username, "start": str(start), "until": str(until)}
        audit.record(by, "review.stand_in", detail=detail)
    return made


def end_standing_in(deputy: Deputy, *, by: Actor) -> Deputy:
    """End it today: for oneself, for whom one stands in for, or for anybody by who may allocate."""
    on = timezone.localdate()
    with transaction.atomic():
        held = Deputy.objects.select_for_update().get(pk=deputy.pk)
        if by.user and by.user.pk not in {held.user_id, held.deputy_id}:
            access.may(by.user, "review.allocate", on=on).require()
        unless(held.until > on, "It is over already.").require()
        held.start, held.until = min(held.start, on), on
        held.save(update_fields=["start", "until"])
        audit.record(by, "review.stand_in_end", detail={"for": held.user.username, "deputy": held.deputy.username})
    return held
