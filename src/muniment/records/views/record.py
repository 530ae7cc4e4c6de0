"""One record, as its source holds it, with its content."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from muniment.core import audit, content
from muniment.core.models import Content
from muniment.core.visits import actions_open, opens, visitor
from muniment.core.ways_back import way_back
from muniment.records import guarded, sensitivity
from muniment.records.models import Involvement, Record


@opens("record.view")
def record(request: HttpRequest, key: int) -> HttpResponse:
    """Show a record; what may not be seen and what does not exist give the same answer."""
    found = Record.objects.select_related("system__controller", "scope", "decision").filter(pk=key).first()
    if found is None:
        raise Http404
    guarded.pass_by(found, visitor(request).purpose)
    audit.record(
        visitor(request),
        "record.view",
        subject=f"{found.system.code} {found.reference}",
        controller=found.system.controller.code,
    )
    kept = Content.objects.filter(content.of_record(found.pk)).order_by("pk")
    texts = [(each.kind, content.shown(each)) for each in kept]
    marks = sensitivity.marks(found)
    return TemplateResponse(
        request,
        "records/record.html",
        {
            "record": found,
            "texts": list(dict.fromkeys(texts)),  # the rows of one record often repeat its narrative
            "parts": _parts(found),
            "things": _things(found) if "object.view" in actions_open(request) else [],
            "distressing": [mark for mark in marks if mark.kind == "distressing"],
            "special": [mark for mark in marks if mark.kind == "special"],
            "dates": sorted(found.dates.items(), key=lambda dated: dated[1].latest),
            "back": way_back(request),
            "page_title": found.reference,
        },
    )


def _things(found: Record) -> list[tuple[Any, str, str, Any]]:
    """Return each place and vehicle of a record: the link, its kind, how it is written, and the prime record of it."""
    lines = []
    for kind in ("place", "vehicle"):
        links = getattr(found, f"{kind}s").select_related(kind).prefetch_related(f"{kind}__belongings__prime")
        for link in links.order_by("role", "pk"):
            thing = getattr(link, kind)
            prime = next((each.prime for each in thing.belongings.all() if each.until is None), None)
            lines.append((link, kind, thing.written, prime))
    return lines


def _parts(found: Record) -> list[tuple[Involvement, Any]]:
    """Return each part with the prime person of who had it; belonging stands above records, so it is asked by name."""
    parts = Involvement.objects.filter(record=found).select_related("nominal").order_by("role", "pk")
    parts = parts.prefetch_related("nominal__belongings__prime")
    return [
        (part, next((each.prime for each in part.nominal.belongings.all() if each.until is None), None))
        for part in parts
    ]
