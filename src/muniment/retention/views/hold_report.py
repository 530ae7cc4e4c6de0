"""What has gone of a hold's scope since a day: as a page, as a PDF and as a workbook."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import audit, workbooks
from muniment.core.models import User
from muniment.core.visits import controllers_of, opens, visitor
from muniment.retention.forms.holds import SinceForm
from muniment.retention.holds import hold_report_print, hold_reports
from muniment.retention.holds.gone import Went
from muniment.retention.holds.hold_reports import Report
from muniment.retention.holds.scope_words import scope_in_words
from muniment.retention.models import Hold
from muniment.retention.views.holds import found_hold

_MOST = 200  # records named on the page; the print names them all


@opens("hold.place")
def hold_report(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what has gone of a hold's scope since a day."""
    hold, form = found_hold(reference), SinceForm(request.GET or None)
    since = _since(hold, form)
    report, named = _report(request, hold, since)
    return TemplateResponse(
        request,
        "retention/hold_report.html",
        {
            "hold": hold,
            "form": form if request.GET else SinceForm(initial={"since": since}),
            "report": report,
            "named": named[:_MOST],
            "let_go": _named(request, report.let_go)[:_MOST],
            "unknown": _named(request, report.unknown)[:_MOST],
            "most": _MOST,
            "pdf": f"?since={since.isoformat()}",
            "page_title": f"What has gone – {hold.reference}",
        },
        status=422 if form.errors else 200,
    )


@opens("hold.place")
def hold_report_pdf(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the report as a PDF."""
    hold, form = found_hold(reference), SinceForm(request.GET or None)
    report, named = _report(request, hold, _since(hold, form))
    made = hold_report_print.as_pdf(report, named, scope_in_words(hold.scope))
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{hold.reference}-gone.pdf"'
    return response


@opens("hold.place")
def hold_report_xlsx(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the report as a workbook."""
    hold, form = found_hold(reference), SinceForm(request.GET or None)
    report, named = _report(request, hold, _since(hold, form))
    made = hold_report_print.as_xlsx(report, named, scope_in_words(hold.scope))
    return workbooks.response(f"{hold.reference}-gone", made)


def _since(hold: Hold, form: SinceForm) -> date:
    """Return the day that was asked for, else the one from which the hold holds."""
    if form.is_valid() and form.cleaned_data["since"]:
        day: date = form.cleaned_data["since"]
        return day
    return min(hold.start, timezone.localtime(hold.placed_at).date())


def _report(request: HttpRequest, hold: Hold, since: date) -> tuple[Report, tuple[Went, ...]]:
    assert isinstance(request.user, User)
    seen = {each.pk for each in controllers_of(request.user, "hold.place")}
    report = hold_reports.report(hold, since, seen=seen)
    counts = {"since": since.isoformat(), "went": len(report.went), "unknown": len(report.unknown)}
    audit.record(visitor(request), "hold.report", subject=hold.reference, detail=counts)
    return report, _named(request, report.went)


def _named(request: HttpRequest, those: tuple[Went, ...]) -> tuple[Went, ...]:
    """Return those of which the reader may see the orders; the others are counted alone."""
    assert isinstance(request.user, User)
    mine = {each.pk for each in controllers_of(request.user, "disposal.view")}
    return tuple(each for each in those if each.item.order.controller_id in mine)
