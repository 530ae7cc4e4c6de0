"""What of one person was given to whom."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.visits import opens, visitor
from muniment.people.views.person import opened
from muniment.supply import queries


@opens("export.view")
def person_supplies(request: HttpRequest, reference: str) -> HttpResponse:
    """Show to whom a person was given, how much of them, and what is not confirmed since."""
    prime, shown = opened(request, reference, "person_supplies")
    if prime.reference != reference:
        return redirect("person_supplies", prime.reference)
    audit.record(visitor(request), "export.person", subject=prime.reference)
    given = queries.of_person(prime, shown["nominals"])
    return TemplateResponse(
        request,
        "supply/person.html",
        {**shown, "given": given, "page_title": f"What was given of {prime.reference}"},
    )
