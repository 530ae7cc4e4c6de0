"""Due records of a class about nobody: look at them, choose, propose."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import audit, words
from muniment.core.long_lists import FirstPages
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import controllers_of, opens, visitor
from muniment.retention.actions import bulk
from muniment.retention.deciding import long_kept
from muniment.retention.disposals import due
from muniment.retention.forms.disposals import DueForm

PAGE = 100


@opens("disposal.propose")
def due_records(request: HttpRequest, controller: str, class_id: str) -> HttpResponse:
    """List the due records of one class about nobody; propose those chosen, or all, as one order."""
    assert isinstance(request.user, User)
    by = visitor(request)
    own = next((each for each in controllers_of(request.user, "disposal.propose") if each.code == controller), None)
    if own is None:
        raise Http404
    waiting = due.records_about_nobody(own, class_id, timezone.localdate())
    form, meanwhile = DueForm(request.POST or None), long_kept.said([class_id], own)
    chosen = {int(key) for key in request.POST.getlist("records") if key.isdigit()}
    if request.method == "POST" and form.is_valid():
        keys = waiting.values_list("pk", flat=True)
        wanted = keys[: bulk.MOST] if request.POST.get("all") and not meanwhile else keys.filter(pk__in=chosen)
        try:
            order = bulk.propose_about_nobody(wanted, own, by=by, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            messages.success(request, f"{order.items.count()} records are proposed. Someone else has to approve.")
            return redirect("disposal", order.reference)
    audit.record(by, "disposal.due_records", controller=own.code, subject=class_id)
    shown = {
        "form": form,
        "page": FirstPages(waiting, PAGE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "most": bulk.MOST,
        "long_kept": meanwhile,
        "controller": own,
        "page_title": f"Due: {words.class_title(class_id)}",
    }
    return TemplateResponse(request, "retention/due_records.html", shown, status=422 if form.errors else 200)
