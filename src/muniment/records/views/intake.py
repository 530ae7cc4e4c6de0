"""What was taken in, and what waits in quarantine with its reason."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from muniment.core import audit, content
from muniment.core.models import User
from muniment.core.visits import actions_of, opens, visitor
from muniment.records import guarded
from muniment.records.models import Intake, Quarantine


@opens("intake.view", purpose=False)
def intakes(request: HttpRequest) -> HttpResponse:
    """List the files taken in, newest first; each line adds up."""
    assert isinstance(request.user, User)
    audit.record(visitor(request), "intake.view")
    page = Paginator(Intake.objects.select_related("system__controller").order_by("-pk"), 50).get_page(
        request.GET.get("page")
    )
    return TemplateResponse(
        request,
        "records/intakes.html",
        {"page": page, "may_quarantine": "quarantine.view" in actions_of(request.user), "page_title": "Intake"},
    )


@opens("quarantine.view")
def quarantine(request: HttpRequest) -> HttpResponse:
    """List the rows that could not be accepted, with the reason and the way back in."""
    waiting = Quarantine.objects.filter(resolved_by__isnull=True).select_related("system__controller", "intake")
    audit.record(visitor(request), "quarantine.view")
    page = Paginator(waiting.order_by("-pk"), 50).get_page(request.GET.get("page"))
    return TemplateResponse(request, "records/quarantine.html", {"page": page, "page_title": "Quarantine"})


@opens("quarantine.view")
def quarantined(request: HttpRequest, key: int) -> HttpResponse:
    """Show one row in quarantine, with the original as it stood in the file."""
    row = Quarantine.objects.select_related("system__controller", "intake", "original").filter(pk=key).first()
    if row is None:
        raise Http404
    guarded.pass_waiting(row, visitor(request).purpose)
    audit.record(
        visitor(request),
        "quarantine.open",
        subject=f"{row.system.code} row {row.row}",
        controller=row.system.controller.code,
    )
    return TemplateResponse(
        request,
        "records/quarantined.html",
        {"row": row, "original": content.shown(row.original), "page_title": f"Row {row.row}"},
    )
