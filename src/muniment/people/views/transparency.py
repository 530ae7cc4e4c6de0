"""The transparency record of linkage, in the public form."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.visits import opens, visitor
from muniment.people.watching import transparency as records


@opens("linkage.view", purpose=False)
def transparency(request: HttpRequest) -> HttpResponse:
    """Show the record as it would be published today, and what the controller has still to give."""
    audit.record(visitor(request), "linkage.transparency")
    record = records.record()
    shown = {"record": record, "page_title": "Transparency record"}
    return TemplateResponse(request, "people/transparency.html", shown)
