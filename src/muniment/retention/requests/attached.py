"""Which requests a review answers, and what is left to do with each."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from muniment.people import carried
from muniment.retention.models import DisposalOrder, PersonRequest, RequestReply, Review

SETTLING = (DisposalOrder.State.PROPOSED, DisposalOrder.State.STOPPED)  # nobody can say yet what goes
UNDER_WAY = (*SETTLING, DisposalOrder.State.APPROVED, DisposalOrder.State.INSTRUCTED, DisposalOrder.State.DESTROYED)


def to_answer(review: Review) -> list[PersonRequest]:
    """Return the open requests that a decision of this review has to answer, the first received first."""
    if review.state in {Review.State.DECIDED, Review.State.CLOSED}:
        return []
    free = Q(review=None) | Q(review=review.pk) | Q(review__state=Review.State.CLOSED)
    about = carried.about([review.prime_id], at="recorded_at")
    found = PersonRequest.objects.filter(about, free, controller=review.controller_id, closed_on=None)
    return list(found.order_by("received_on", "pk"))


def of_review(review: Review) -> list[PersonRequest]:
    """Return the requests that stand on the page of a review: those it is to answer, or has."""
    if review.state == Review.State.DECIDED:
        return list(review.requests.order_by("received_on", "pk"))
    return to_answer(review)


def answered_by(review: Review | None) -> set[int]:
    """Return the events that stop nothing of what a review disposes of: it answers them."""
    return {each.event_id for each in of_review(review)} if review else set()


def unanswered() -> QuerySet[PersonRequest]:
    """Return the requests to which no reply has gone, and which are not over."""
    sent = RequestReply.objects.filter(request=OuterRef("pk"), sent_on__isnull=False)
    return PersonRequest.objects.filter(~Exists(sent), closed_on=None)


def late(on: date | None = None) -> QuerySet[PersonRequest]:
    """Return the requests to which a reply should have gone before a day, today unless another is given."""
    return unanswered().filter(due_on__lt=on or timezone.localdate())


def to_confirm() -> QuerySet[PersonRequest]:
    """Return the requests whose reply promised a deletion that is not confirmed to whoever asked."""
    sent = RequestReply.objects.filter(request=OuterRef("pk"), sent_on__isnull=False)
    return PersonRequest.objects.filter(Exists(sent), closed_on=None)


def standing(request: PersonRequest, replies: Iterable[RequestReply]) -> str:
    """Say where a request stands."""
    if request.is_withdrawn:
        return "Withdrawn"
    if request.closed_on:
        return "Answered"
    if any(each.sent_on for each in replies):
        return "Answered; the deletion is to be confirmed"
    if request.review is None or request.review.state != Review.State.DECIDED:
        return "Waits for the decision of a review"
    draft = next(iter(replies), None)
    if draft is None:
        return "Decided; a reply is to be drafted"
    return "Reply to be sent" if draft.seen_by else "Reply drafted"
