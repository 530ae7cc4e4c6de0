"""The queue of reviews: what harms most and waits longest comes first."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import access, audit
from muniment.core.models import User
from muniment.core.visits import opens, visitor
from muniment.people.queries import identity, nominals_of
from muniment.retention import queries
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
    user = request.user
    assert isinstance(user, User)
    mine = access.controllers_for(user, "review.work", timezone.localdate())
    form = QueueForm(request.GET)
    form.fields["controller"].queryset = type(mine[0]).objects.filter(pk__in=[each.pk for each in mine])  # type: ignore[attr-defined]
    form.is_valid()
    found = narrowed(form.cleaned_data, user).filter(controller__in=mine)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    audit.record(visitor(request), "review.list", detail={"page": page.number})
    return TemplateResponse(
        request,
        "retention/reviews.html",
        {"form": form, "page": page, "lines": lines(list(page)), "page_title": "Reviews"},
    )


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
    """Return what to show of reviews."""
    made = []
    for review in found:
        nominals = list(nominals_of(review.prime))
        who = identity(review.prime, nominals)
        decision = queries.person_decision(review.prime, review.controller)
        made.append(
            Line(
                review,
                who.name,
                who.born.text if who.born else "not known",
                decision.group if decision else None,
                decision.rule if decision else "",
                tuple(decision.missing) if decision else (),
            )
        )
    return made
