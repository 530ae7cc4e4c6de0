"""Where each fact of a prime record comes from: who says so, since when, and what others say instead."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core.visits import opens
from muniment.people.shown import provenance
from muniment.people.views.person import opened


@opens("person.view")
def person_facts(request: HttpRequest, reference: str) -> HttpResponse:
    """Show every value of every fact with the source records that give it."""
    prime, shown = opened(request, reference, "person_facts")
    if prime.reference != reference:
        return redirect("person_facts", prime.reference)
    shown["facts"] = provenance.facts(shown["nominals"], shown["days"])
    return TemplateResponse(request, "people/facts.html", shown)
