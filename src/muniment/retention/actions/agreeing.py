"""Agree to what another decided in a review, or send it back to them."""

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content, reasons
from muniment.core.actors import Actor
from muniment.people.queries import life_digest, membership_digest
from muniment.retention import rules
from muniment.retention.actions import requests as requesting
from muniment.retention.models import Agreement, Review
from muniment.retention.reviews import drafts


def agree(review: Review, *, by: Actor, seen: str | None = None) -> Review:
    """Agree to a decision: from here on it counts.

    `seen` is the digest of the life that lay before whoever agrees. Raise Refused to whoever took it, and where the
    person, or what is known of them, is another than was looked at, or a request has come that it does not answer.
    """
    with transaction.atomic():
        held, waiting = _locked(review, "agree", by)
        if seen is None:
            rules.is_current(held, membership_digest(held.prime_id)).require()
        else:
            rules.has_seen(seen == life_digest(held.prime_id), held, membership_digest(held.prime_id)).require()
        requesting.has_answered_all(held).require()
        waiting.agreed = True
        _answered(waiting, by)
        held.decided_at = waiting.at
        return _moved(held, "agree", by)


def send_back(review: Review, *, by: Actor, note: str) -> Review:
    """Send a decision back to whoever took it, with what has to be looked at again. Raise Refused without a note."""
    reasons.is_given(note, rules.DISAGREEING).require()
    with transaction.atomic():
        held, waiting = _locked(review, "send back", by)
        waiting.agreed = False
        waiting.note = content.store(
            f"review:{held.pk}:agreement:{waiting.pk}", "reason", note.strip(), scope_id=drafts.scope_of(held)
        )
        _answered(waiting, by)
        held.allocated_to, held.decided_by, held.decided_at = held.decided_by, "", None
        return _moved(held, "send back", by)


def _locked(review: Review, move: str, by: Actor) -> tuple[Review, Agreement]:
    held = Review.objects.select_for_update().get(pk=review.pk)
    if by.user:
        access.may(by.user, "review.agree", on=timezone.localdate(), controller=held.controller).require()
    verdict = rules.can_move(held, move)
    verdict.require()
    waiting = held.agreements.select_for_update().get(agreed=None)
    rules.is_another(by.name, waiting.proposed_by).require()
    return held, waiting


def _answered(waiting: Agreement, by: Actor) -> None:
    waiting.by, waiting.at = by.name, timezone.now()
    waiting.save()


def _moved(held: Review, move: str, by: Actor) -> Review:
    held.state = rules.REVIEW_MOVES[move][held.state]
    held.version += 1
    held.saved_by = by.name
    held.save()
    audit.record(by, f"review.{move.replace(' ', '_')}", subject=held.reference, controller=held.controller.code)
    return held
