"""A prime record: who they are, one chronology, links, and why these are one person."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit, guards
from muniment.core.models import User
from muniment.core.visits import opens, visitor
from muniment.people import queries
from muniment.people.linking import joins
from muniment.people.models import PrimePerson
from muniment.people.shown import surroundings
from muniment.people.shown.chronology import Life
from muniment.people.survivorship import Days
from muniment.records.models import NominalFlag

OPEN, ON_A_PAGE = 25, 100  # records of a life that stand open at first, and that one page has
TABS = (
    ("person", "Overview"),
    ("person_facts", "Facts and sources"),
    ("person_links", "Links"),
    ("person_joins", "Why one person"),
    ("person_history", "History"),
    ("person_retention", "Why kept"),
)


def opened(request: HttpRequest, reference: str, tab: str) -> tuple[PrimePerson, dict[str, Any]]:
    """Find a prime person that the reader may see, write the look to the audit, and return what every tab shows.

    What may not be seen and what does not exist give the same answer.
    """
    try:
        prime = queries.find_by_reference(reference)
    except ValueError as error:
        raise Http404 from error
    nominals = list(queries.nominals_of(prime)) if prime else []
    if prime is None or not nominals:
        raise Http404
    assert isinstance(request.user, User)
    guards.pass_by([each.pk for each in nominals], visitor(request).purpose, prime.reference)
    audit.record(visitor(request), "person.view", subject=prime.reference, detail={"tab": tab})
    days = Days([each.pk for each in nominals])
    return prime, {
        "prime": prime,
        "who": queries.identity(prime, nominals, days),
        "nominals": nominals,
        "days": days,
        "tabs": TABS,
        "tab": tab,
        "around": surroundings.around(prime, request.user),
        "flags": NominalFlag.objects.filter(nominal__in=nominals).order_by("flag", "start"),
        "page_title": dict(TABS).get(tab, tab) + f" – {prime.reference}",
    }


@opens("person.view")
def person(request: HttpRequest, reference: str) -> HttpResponse:
    """Show facts with their sources and one chronology over every system."""
    prime, shown = opened(request, reference, "person")
    if prime.reference != reference:
        return redirect("person", prime.reference)
    page = Paginator(Life(prime), ON_A_PAGE).get_page(request.GET.get("page"))
    shown["several"] = len({each.system.controller_id for each in shown["nominals"]}) > 1
    shown |= {"page": page, "entries": page.object_list, "visible": OPEN if page.number == 1 else ON_A_PAGE}
    return TemplateResponse(request, "people/person.html", shown)


@opens("person.view")
def person_joins(request: HttpRequest, reference: str) -> HttpResponse:
    """Show why the nominals are one person: each pair with the weight of each feature, in words."""
    _, shown = opened(request, reference, "person_joins")
    return TemplateResponse(request, "people/joins.html", {**shown, "joins": joins.joins(shown["nominals"])})
