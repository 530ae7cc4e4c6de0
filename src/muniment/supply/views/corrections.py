"""What recipients have to put right: the list of what is not confirmed, and the recording of answers."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from muniment.core import audit, references
from muniment.core.models import BatchRun
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.supply import queries
from muniment.supply.actions import correct
from muniment.supply.forms import AnswerForm
from muniment.supply.models import Notice, Supply
from muniment.supply.views.supplies import found_supply, page_of


@opens("export.correct")
def corrections(request: HttpRequest) -> HttpResponse:
    """List what is not confirmed, the oldest first: not sent, not answered, or cannot be done."""
    audit.record(visitor(request), "export.corrections")
    page = Paginator(queries.unconfirmed(), 50).get_page(request.GET.get("page"))
    names = dict(Supply.objects.values_list("recipient", "recipient_name"))
    return TemplateResponse(
        request,
        "supply/corrections.html",
        {
            "page": page,
            "lines": [
                (notice, names.get(notice.recipient, notice.recipient), said)
                for notice, said in queries.with_standing(page)
            ],
            "looked": BatchRun.objects.filter(kind=correct.RUN, state="done").order_by("-ended_at").first(),
            "page_title": "Corrections",
        },
    )


def _found(reference: str) -> Notice:
    try:
        key = references.number("notice", reference)
    except ValueError as error:
        raise Http404 from error
    notice = Notice.objects.select_related("delivery").filter(pk=key, delivery__isnull=False).first()
    if notice is None:
        raise Http404
    return notice


@require_POST
@opens("export.correct")
def answer_notice(request: HttpRequest, reference: str) -> HttpResponse:
    """Record what a recipient answered to one notice."""
    notice = _found(reference)
    assert notice.delivery is not None
    delivery = found_supply(notice.delivery.reference)
    form = AnswerForm(request.POST, prefix=notice.number)
    if not form.is_valid():
        return page_of(request, delivery, status=422, answering=form)
    said, note = form.cleaned_data["said"], form.cleaned_data["note"]
    try:
        correct.answer(notice, by=visitor(request), said=said, note=note)
    except Refused as refusal:
        messages.error(request, " ".join(refusal.reasons))
    else:
        messages.success(request, f"The answer to {notice.number} is recorded.")
    return redirect("supply", delivery.reference)


@require_POST
@opens("export.correct")
def confirm_delivery(request: HttpRequest, reference: str) -> HttpResponse:
    """Record that a recipient has done everything of a delivery that was not answered."""
    try:
        count = correct.confirm_all(found_supply(reference), by=visitor(request))
    except Refused as refusal:
        messages.error(request, " ".join(refusal.reasons))
    else:
        messages.success(request, f"{count} answers are recorded as done.")
    return redirect("supply", reference)
