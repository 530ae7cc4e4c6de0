"""Home: what awaits me."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from muniment.core import access, audit
from muniment.core.models import User
from muniment.core.visits import opens, visitor
from muniment.records.models import Quarantine
from muniment.retention.models import DisposalOrder, Hold, Review, SourceInstruction

_OPEN = ("open", "started", "parked", "referred")


@dataclass(frozen=True)
class Awaits:
    """A figure that leads to its list."""

    number: int
    words: str
    href: str


@opens("", purpose=False)
def home(request: HttpRequest) -> HttpResponse:
    """Show what awaits the user, and nothing that they could not open."""
    user = request.user
    assert isinstance(user, User)
    on = timezone.localdate()
    audit.record(visitor(request), "home.view")
    return TemplateResponse(
        request,
        "workbench/home.html",
        {"awaits": _awaits(user), "mine": _mine(user), "on": on, "page_title": "Home"},
    )


def _awaits(user: User) -> list[Awaits]:
    on = timezone.localdate()
    found = []

    def add(action: str, number: int, words: str, href: str) -> None:
        if access.may(user, action, on=on):
            found.append(Awaits(number, words, href))

    reviews = Review.objects.filter(state__in=_OPEN)
    add("review.work", reviews.filter(due__lte=on).count(), "reviews due", reverse("reviews"))
    mine = reviews.filter(allocated_to=user.username).count()
    add("review.work", mine, "reviews with me", reverse("reviews") + "?mine=on")
    orders = DisposalOrder.objects
    waiting = orders.filter(state="proposed").exclude(proposed_by=user.username)
    add("disposal.approve", waiting.count(), "disposals to approve", reverse("disposals") + "?state=proposed")
    add(
        "disposal.instruct",
        SourceInstruction.objects.filter(answer="").count(),
        "sources that have not answered",
        reverse("disposals") + "?state=instructed",
    )
    add(
        "disposal.view",
        orders.filter(state="stopped").count(),
        "disposals stopped",
        reverse("disposals") + "?state=stopped",
    )
    add("hold.release", _releases(user), "hold releases to complete", reverse("holds"))
    add(
        "quarantine.view",
        Quarantine.objects.filter(resolved_by__isnull=True).count(),
        "rows in quarantine",
        reverse("quarantine"),
    )
    return found


def _releases(user: User) -> int:
    asked = Hold.objects.filter(released_at__isnull=True).exclude(release_asked_by="")
    return asked.exclude(release_asked_by=user.username).count()


def _mine(user: User) -> list[Review]:
    reviews = Review.objects.filter(state__in=_OPEN, allocated_to=user.username).select_related("controller")
    return list(reviews.order_by("-risk", "due")[:10])
