"""One record, as its source holds it, with its content."""

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from muniment.core import audit, content
from muniment.core.models import Content
from muniment.core.visits import opens, visitor
from muniment.records.models import Involvement, Record


@opens("record.view")
def record(request: HttpRequest, key: int) -> HttpResponse:
    """Show a record; what may not be seen and what does not exist give the same answer."""
    found = Record.objects.select_related("system__controller", "scope").filter(pk=key).first()
    if found is None:
        raise Http404
    audit.record(
        visitor(request),
        "record.view",
        subject=f"{found.system.code} {found.reference}",
        controller=found.system.controller.code,
    )
    texts = []
    for each in Content.objects.filter(owner__startswith=f"record:{found.pk}:").order_by("pk"):
        try:
            texts.append((each.kind, content.read(each)))
        except (content.Destroyed, content.Tampered) as fault:
            texts.append((each.kind, str(fault)))
    parts = Involvement.objects.filter(record=found).select_related("nominal").order_by("role", "pk")
    return TemplateResponse(
        request,
        "records/record.html",
        {
            "record": found,
            "texts": texts,
            "parts": parts,
            "dates": found.dates.order_by("latest"),
            "belongings": {part.nominal_id: part.nominal.belongings.filter(until=None).first() for part in parts},
            "page_title": found.reference,
        },
    )
