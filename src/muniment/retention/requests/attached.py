"""Which requests a review answers, and what is left to do with each."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from muniment.people import carried
from muniment.retention.models import DisposalOrder, PersonRequest, RequestReply, Review
from muniment.retention.policies import request_policy

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


def others(request: PersonRequest) -> QuerySet[PersonRequest]:
    """Return the other requests about the person of one, as they are made up now, to its controller, the last first."""
    people = carried.now([request.prime_id], request.recorded_at)
    found = PersonRequest.objects.filter(carried.about(people, at="recorded_at"), controller=request.controller_id)
    return found.exclude(pk=request.pk).order_by("-received_on", "-pk")


def answered_by(review: Review | None) -> set[int]:
    """Return the events that stop nothing of what a review disposes of: it answers them."""
    return {each.event_id for each in of_review(review)} if review else set()


def sent_replies() -> QuerySet[RequestReply]:
    """Return the replies that have gone; the letters before a reply are none."""
    return RequestReply.objects.filter(about=RequestReply.About.REPLY, sent_on__isnull=False)


def unanswered() -> QuerySet[PersonRequest]:
    """Return the requests to which no reply has gone, and which are not over."""
    return PersonRequest.objects.filter(~Exists(sent_replies().filter(request=OuterRef("pk"))), closed_on=None)


def due_soon(until: date) -> QuerySet[PersonRequest]:
    """Return the requests to which a reply has to go from today until a day."""
    return unanswered().filter(due_on__gte=timezone.localdate(), due_on__lte=until)


def waiting_for_identity() -> QuerySet[PersonRequest]:
    """Return the requests whose time has not begun: it is not established who asked."""
    return unanswered().filter(identity_asked_on__isnull=False, identity_received_on=None)


def waiting_for_fee() -> QuerySet[PersonRequest]:
    """Return the requests whose fee is neither paid nor recorded as not paid."""
    return unanswered().filter(fee_asked_on__isnull=False, fee_settled_by="")


def unpaid(on: date) -> QuerySet[PersonRequest]:
    """Return the requests whose fee has not been paid within the days that policy waits."""
    waits = timedelta(days=request_policy.on(on).waiting.lapses_after_days)
    return waiting_for_fee().filter(fee_asked_on__lt=on - waits)


def late(on: date | None = None) -> QuerySet[PersonRequest]:
    """Return the requests to which a reply should have gone before a day, today unless another is given."""
    return unanswered().filter(due_on__lt=on or timezone.localdate())


def to_confirm() -> QuerySet[PersonRequest]:
    """Return the requests whose reply promised a deletion that is not confirmed to whoever asked."""
    return PersonRequest.objects.filter(Exists(sent_replies().filter(request=OuterRef("pk"))), closed_on=None)


def to_look_at(*, besides: str = "") -> QuerySet[PersonRequest]:
    """Return the requests with a drafted letter that another has to look at; `besides` drafted none of them."""
    said = request_policy.on(timezone.localdate())
    kinds = [code for code, each in said.kinds.items() if each.second_person]
    abouts = [code for code, each in said.letters.items() if each.second_person]
    waits = Q(about__in=abouts) | Q(about=RequestReply.About.REPLY, request__kind__in=kinds)
    drafts = RequestReply.objects.filter(waits, sent_on=None, seen_by="").exclude(drafted_by=besides)
    return PersonRequest.objects.filter(Exists(drafts.filter(request=OuterRef("pk"))))


def is_late(request: PersonRequest, letters: Iterable[RequestReply]) -> bool:
    """Whether a reply to an open request should have gone before today."""
    if request.closed_on or request.due_on is None or request.due_on >= timezone.localdate():
        return False
    return not any(each.sent_on and each.about == RequestReply.About.REPLY for each in letters)


def standing(request: PersonRequest, letters: Iterable[RequestReply]) -> str:
    """Say where a request stands; `letters` are all to whoever asked, the last first."""
    if request.closed_on:
        return _over(request)
    every = list(letters)
    replies = [each for each in every if each.about == RequestReply.About.REPLY]
    if any(each.sent_on for each in replies):
        return "Answered; the deletion is to be confirmed"
    draft = next((each for each in every if each.sent_on is None), None)
    if draft is not None:
        return f"{draft.get_about_display()} {'to be sent' if draft.seen_by else 'drafted'}"
    return _waits(request)


def _waits(request: PersonRequest) -> str:
    if request.waits_for_identity:
        return "Waits for what establishes who asked"
    if request.waits_for_fee:
        return "Waits for the fee"
    if request.review is None or request.review.state != Review.State.DECIDED:
        return "Waits for the decision of a review"
    return "Decided; a reply is to be drafted"


def _over(request: PersonRequest) -> str:
    if request.is_withdrawn:
        return "Withdrawn"
    if request.refused_because:
        return "Refused"
    if request.is_unpaid:
        return "Closed: the fee was not paid"
    return "Closed: it was not established who asked" if request.has_lapsed else "Answered"
