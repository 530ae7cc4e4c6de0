"""The queue of reviews: what harms most and waits longest comes first."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from muniment.core import audit, references
from muniment.core.models import Controller, User
from muniment.core.visits import controllers_of, opens, visitor
from muniment.people.queries import identities
from muniment.retention import doubt, queries
from muniment.retention import queue as queueing
from muniment.retention.disposal_models import DisposalOrder
from muniment.retention.forms import QueueForm
from muniment.retention.models import PersonDecision, Review

PAGE = 25


@dataclass(frozen=True)
class Line:
    """A review in the queue, with what its reader may know of the person."""

    review: Review
    name: str
    born: str
    group: int | None
    rule: str
    missing: tuple[str, ...]
    came_back: DisposalOrder | None
    is_doubtful: bool


@opens("review.work")
def reviews(request: HttpRequest) -> HttpResponse:
    """List reviews, narrowed and in the order that is asked for."""
    form, found = queue(request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    audit.record(visitor(request), "review.list", detail={"page": page.number})
    is_narrowed = any(form.cleaned_data.get(name) for name in form.fields if name != "sort")
    shown = {"form": form, "page": page, "lines": lines(list(page)), "page_title": "Reviews"}
    return TemplateResponse(request, "retention/reviews.html", {**shown, "is_narrowed": is_narrowed})


@opens("review.work")
def next_review(request: HttpRequest) -> HttpResponse:
    """Go to the review that comes next in the queue as it is narrowed, and that nobody else has."""
    form, found = queue(request)
    query = request.GET.copy()
    after = (query.pop("after", None) or [""])[-1]
    following = _following(free_for(request, found), after, form)
    rest = f"?{query.urlencode()}" if query else ""
    if following is None or following.reference == after:
        messages.success(request, "No other review waits in this queue.")
        return redirect(f"{reverse('reviews')}{rest}")
    return redirect(f"{reverse('review', args=[following.reference])}{rest}")


def _following(found: QuerySet[Review], after: str, form: QueueForm) -> Review | None:
    try:
        last = Review.objects.filter(pk=references.number("review", after)).first()
    except ValueError:
        last = None
    return (last and queueing.following(found, last, form.cleaned_data)) or found.first()


def free_for(request: HttpRequest, found: QuerySet[Review]) -> QuerySet[Review]:
    """Return what of a queue the user can take up: it waits for a reviewer, and nobody else has it."""
    assert isinstance(request.user, User)
    return found.filter(state__in=queueing.WAITING, allocated_to__in=["", request.user.username])


def queue(request: HttpRequest) -> tuple[QueueForm, QuerySet[Review]]:
    """Return the form that narrows the queue, and the reviews of the user's controllers that fit it."""
    user = request.user
    assert isinstance(user, User)
    mine = controllers_of(user, "review.work")
    form = QueueForm(request.GET)
    form.fields["controller"].queryset = Controller.objects.filter(pk__in=[each.pk for each in mine])  # type: ignore[attr-defined]
    form.is_valid()
    return form, queueing.narrowed(form.cleaned_data, user, timezone.localdate(), mine)


def lines(found: list[Review]) -> list[Line]:
    """Return what to show of reviews, in a fixed number of queries."""
    who = identities(review.prime for review in found)
    keys = {review.prime_id for review in found}
    decisions = {(each.prime_id, each.controller_id): each for each in PersonDecision.objects.filter(prime_id__in=keys)}
    back, doubtful = queries.came_back(found), doubt.doubtful(found)
    made = []
    for review in found:
        known, decision = who.get(review.prime_id), decisions.get((review.prime_id, review.controller_id))
        made.append(
            Line(
                review,
                known.name if known else "Nobody that you may see",
                known.born.text if known and known.born else "not known",
                decision.group if decision else None,
                decision.rule if decision else "",
                tuple(decision.missing) if decision else (),
                back.get(review.pk),
                review.pk in doubtful,
            )
        )
    return made
