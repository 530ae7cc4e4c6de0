"""A prime place or vehicle: what its sources say, the records and people of it, and what may be the same."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.guards import COMPARING
from muniment.core.visits import actions_open, opens, visitor
from muniment.core.ways_back import way_back
from muniment.objects import guarded, queries
from muniment.objects.kinds import PLACE, VEHICLE, Thing

ON_A_PAGE = 100  # records that one page has


@opens("object.view")
def place(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a place."""
    return _show(request, PLACE, reference)


@opens("object.view")
def vehicle(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a vehicle."""
    return _show(request, VEHICLE, reference)


def _show(request: HttpRequest, thing: Thing, reference: str) -> HttpResponse:
    """Show a prime record that the reader may see; what may not be seen and what does not exist give one answer."""
    try:
        prime = queries.find_by_reference(thing, reference)
    except ValueError as error:
        raise Http404 from error
    members = queries.members_of(thing, [prime.pk]).get(prime.pk, []) if prime else []
    if not members:
        raise Http404
    purpose, every = visitor(request).purpose, [each.pk for each in members]
    shut = guarded.shut_members(thing, every, purpose)
    if len(shut) == len(members):
        guarded.pass_by(thing, every, purpose, prime.reference)
    members = [each for each in members if each.pk not in shut]
    audit.record(visitor(request), "object.view", subject=prime.reference)
    if prime.reference != reference:
        return redirect(thing.name, prime.reference)
    page = Paginator(queries.records_of(thing, members), ON_A_PAGE).get_page(request.GET.get("page"))
    may_judge = "object.judge" in actions_open(request)
    people, left_out = queries.people_of(thing, members, lambda links: guarded.shut_links(links, purpose))
    shown: dict[str, Any] = {
        "thing": thing,
        "prime": prime,
        "name": queries.name(members),
        "facts": queries.facts(members),
        "ways": queries.ways(thing, members),
        "sources": len({queries.source(each) for each in members}),
        "page": page,
        "records": [(link, getattr(link, thing.name).written) for link in page],
        "people": people if page.number == 1 else [],
        "withheld": left_out or bool(shut),
        "pairs": _pairs(thing, members, purpose) if may_judge else [],
        "back": way_back(request),
        "page_title": f"{thing.title.capitalize()} {prime.reference}",
    }
    if thing is PLACE:
        shown["point"] = queries.point(members)
        beside = queries.beside(members)
        hidden = guarded.shut_members(PLACE, [each.pk for found in beside.values() for each in found], purpose)
        beside = {key: seen for key, found in beside.items() if (seen := [e for e in found if e.pk not in hidden])}
        primes = PLACE.prime._default_manager.in_bulk(list(beside))
        shown["beside"] = [(primes[key], queries.name(found)) for key, found in beside.items() if key in primes]
    return TemplateResponse(request, "objects/thing.html", shown)


def _pairs(thing: Thing, members: list[Any], purpose: str) -> list[dict[str, Any]]:
    """Return what may be the same, of what opens to who compares for a purpose."""
    edges = list(queries.pairs_of(thing, members)[:ON_A_PAGE])
    ends = {key for edge in edges for key in (edge.left_id, edge.right_id)}
    shut = guarded.shut_members(thing, ends, purpose, COMPARING)
    return [
        {"edge": edge, "words": thing.levels[edge.level].words}
        for edge in edges
        if not {edge.left_id, edge.right_id} & shut
    ]
