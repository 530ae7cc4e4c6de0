"""The queue of reviews: what harms most and waits longest comes first."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from muniment.core import audit, references
from muniment.core.models import Controller, User
from muniment.core.visits import controllers_of, opens, visitor
from muniment.people.queries import identities
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


@opens("review.work")
def reviews(request: HttpRequest) -> HttpResponse:
    """List reviews by risk, then by age."""
    form, found = queue(request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    audit.record(visitor(request), "review.list", detail={"page": page.number})
    shown = {"form": form, "page": page, "lines": lines(list(page)), "page_title": "Reviews"}
    return TemplateResponse(request, "retention/reviews.html", shown)


@opens("review.work")
def next_review(request: HttpRequest) -> HttpResponse:
    """Go to the review that comes next in the queue as it is narrowed, and that nobody else has."""
    user = request.user
    assert isinstance(user, User)
    _, found = queue(request)
    found = found.filter(state__in=["open", "started"], allocated_to__in=["", user.username])
    query = request.GET.copy()
    after = (query.pop("after", None) or [""])[-1]
    following = _following(found, after) or found.first()
    rest = f"?{query.urlencode()}" if query else ""
    if following is None or following.reference == after:
        messages.success(request, "No other review waits in this queue.")
        return redirect(f"{reverse('reviews')}{rest}")
    return redirect(f"{reverse('review', args=[following.reference])}{rest}")


def _following(found: QuerySet[Review], after: str) -> Review | None:
    try:
        last = Review.objects.filter(pk=references.number("review", after)).first()
    except ValueError:
        return None
    if last is None:
        return None
    later = (
        Q(risk__lt=last.risk) | Q(risk=last.risk, due__gt=last.due) | Q(risk=last.risk, due=last.due, pk__gt=last.pk)
    )
    return found.filter(later).first()


def queue(request: HttpRequest) -> tuple[QueueForm, QuerySet[Review]]:
    """Return the form that narrows the queue, and the reviews of the user's controllers that fit it."""
    user = request.user
    assert isinstance(user, User)
    mine = controllers_of(user, "review.work")
    form = QueueForm(request.GET)
    form.fields["controller"].queryset = Controller.objects.filter(pk__in=[each.pk for each in mine])  # type: ignore[attr-defined]
    form.is_valid()
    return form, narrowed(form.cleaned_data, user).filter(controller__in=mine)


def narrowed(wanted: dict[str, object], user: User) -> QuerySet[Review]:
    """Return the reviews that fit what is wanted."""
    found = Review.objects.select_related("controller", "prime").order_by("-risk", "due", "pk")
    state = wanted.get("state")
    found = found.filter(state=state) if state else found.exclude(state__in=["decided", "closed"])
    if wanted.get("controller"):
        found = found.filter(controller=wanted["controller"])
    if wanted.get("mine"):
        found = found.filter(allocated_to=user.username)
    if group := str(wanted.get("group") or ""):
        low = {"1": 300, "2": 200, "0": 150, "3": 100}[group]
        high = {"1": 400, "2": 300, "0": 200, "3": 150}[group]
        found = found.filter(risk__gte=low, risk__lt=high) if group != "3" else found.filter(risk__lt=200)
        if group in {"0", "3"}:
            keys = PersonDecision.objects.filter(group=3 if group == "3" else None).values("prime_id")
            found = found.filter(prime_id__in=keys)
    return found


def lines(found: list[Review]) -> list[Line]:
    """Return what to show of reviews, in a fixed number of queries."""
    who = identities(review.prime for review in found)
    keys = {review.prime_id for review in found}
    decisions = {(each.prime_id, each.controller_id): each for each in PersonDecision.objects.filter(prime_id__in=keys)}
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
            )
        )
    return made
