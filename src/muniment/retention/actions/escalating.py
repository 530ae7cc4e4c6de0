"""Put aged reviews before those whom policy names, once at each step; they take them up or send them back."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content, reasons
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.retention import queries, rules
from muniment.retention.models import Review, ReviewEscalation
from muniment.retention.policies import review_policy
from muniment.retention.policies.review_policy import Step
from muniment.retention.reviews import drafts, escalated, queue

State = ReviewEscalation.State
_TOGETHER = 500  # reviews that are written in one transaction


def escalate(*, by: Actor, on: date) -> int:
    """Escalate the reviews that have reached a step; return how many.

    One that reaches several at once goes to the last of them. No step is taken twice, and none before one that was.
    """
    return sum(_to(step, by, on) for step in review_policy.on(on).escalation)


def _to(step: Step, by: Actor, on: date) -> int:
    old = Review.objects.filter(queue.aged(on - timedelta(days=step.after_days)))
    old = old.exclude(escalations__step__gte=step.number).select_related("controller").order_by("pk")
    keys, done = list(old.values_list("pk", flat=True)), 0
    for start in range(0, len(keys), _TOGETHER):
        with transaction.atomic():
            some = list(old.filter(pk__in=keys[start : start + _TOGETHER]).select_for_update(of=("self",)))
            now, waits = timezone.now(), State.WAITING
            earlier = ReviewEscalation.objects.filter(review__in=some, state=waits)
            earlier.update(state=State.PASSED, settled_by=by.name, settled_at=now)
            ReviewEscalation.objects.bulk_create(
                ReviewEscalation(review=each, step=step.number, to=list(step.to), made_at=now) for each in some
            )
            for each in some:
                detail = {"step": step.number, "to": ", ".join(step.to)}
                code = each.controller.code
                audit.record(by, "review.escalate", subject=each.reference, controller=code, detail=detail)
            done += len(some)
    return done


def take_up(review: Review, *, by: Actor) -> ReviewEscalation:
    """Take up a review that was escalated to a role of one's own, or of whom one stands in for: it is with them now."""
    with transaction.atomic():
        held = _waiting(review, by)
        unless(
            by.name in {each.username for each in queries.colleagues(held.review)},
            f"You may not work reviews of {held.review.controller.name}.",
        ).require()
        rules.can_move(held.review, "hand over").require()
        was = held.review.allocated_to
        Review.objects.filter(pk=held.review_id).update(allocated_to=by.name)
        return _settled(held, State.TAKEN, by, was=was)


def send_back(review: Review, *, by: Actor, reason: str) -> ReviewEscalation:
    """Say why an escalated review stays with whoever has it; the next step comes all the same when it is due."""
    reasons.is_given(reason, rules.STAYING_WITH).require()
    with transaction.atomic():
        held = _waiting(review, by)
        held.note = content.store(
            f"review:{held.review_id}:escalation:{held.step}",
            "reason",
            reason.strip(),
            scope_id=drafts.scope_of(held.review),
        )
        return _settled(held, State.SENT_BACK, by)


def _waiting(review: Review, by: Actor) -> ReviewEscalation:
    """Return the escalation of a review that waits for whoever acts, the review locked until this ends."""
    on = timezone.localdate()
    held = Review.objects.select_for_update(of=("self",)).select_related("controller").get(pk=review.pk)
    waits = ReviewEscalation.objects.filter(review=held, state=State.WAITING).order_by("-step")
    if by.user:
        access.may(by.user, "review.work", on=on, controller=held.controller).require()
        waits = waits.filter(pk__in=escalated.before(by.user, on).values("pk"))
    found = waits.first()
    unless(found is not None, "It is not escalated to you, or somebody has settled that already.").require()
    assert found is not None
    unless(held.state in queue.UNDECIDED, "This review is decided.").require()
    found.review = held
    return found


def _settled(held: ReviewEscalation, state: ReviewEscalation.State, by: Actor, *, was: str = "") -> ReviewEscalation:
    held.state, held.settled_by, held.settled_at = state, by.name, timezone.now()
    held.save(update_fields=["state", "note", "settled_by", "settled_at"])
    detail = {"step": held.step} | ({"was_with": was} if was else {})
    action = "review.take_up" if state == State.TAKEN else "review.send_back_escalation"
    audit.record(by, action, subject=held.review.reference, controller=held.review.controller.code, detail=detail)
    return held
