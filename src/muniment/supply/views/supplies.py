"""What was given to whom: the list, one supply, its approval, and its manifest."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import access, audit, words
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.supply import manifests, queries
from muniment.supply.actions import give
from muniment.supply.forms import AnswerForm, SendBackForm
from muniment.supply.models import Notice, Supply


def found_supply(reference: str) -> Supply:
    """Return the supply with a reference, or the answer that there is none."""
    try:
        supply = queries.find(reference)
    except ValueError as error:
        raise Http404 from error
    if supply is None:
        raise Http404
    return supply


def may(request: HttpRequest, action: str, supply: Supply) -> bool:
    """Whether the user may do something about a supply."""
    assert isinstance(request.user, User)
    return bool(access.may(request.user, action, on=timezone.localdate(), controller=supply.controller))


@opens("export.view")
def supplies(request: HttpRequest) -> HttpResponse:
    """List what was given, newest first, by recipient, with how much each has not confirmed."""
    audit.record(visitor(request), "export.list")
    every = Supply.objects.select_related("controller").order_by("-pk")
    chosen = request.GET.get("recipient", "")
    recipients = dict(every.order_by("recipient").values_list("recipient", "recipient_name"))
    undone = Notice.objects.exclude(answer=Notice.Answer.DONE)
    waits = dict(undone.order_by().values_list("recipient").annotate(Count("pk")))
    page = Paginator(every.filter(recipient=chosen) if chosen in recipients else every, 50)
    return TemplateResponse(
        request,
        "supply/supplies.html",
        {
            "page": page.get_page(request.GET.get("page")),
            "recipients": [(code, name, waits.get(code, 0)) for code, name in sorted(recipients.items())],
            "chosen": chosen,
            "unconfirmed": undone.count(),
            "page_title": "What was given to whom",
        },
    )


@opens("export.view")
def supply(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one supply: to whom, on what basis, how much, and what was put right since."""
    found = found_supply(reference)
    audit.record(visitor(request), "export.open", subject=found.reference, controller=found.controller.code)
    return page_of(request, found)


def page_of(request: HttpRequest, found: Supply, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Show a supply; `forms` are those that were sent and are not right. References are for who sends corrections."""
    corrects = may(request, "export.correct", found)
    notices = found.notices.select_related("delivery").order_by("answer", queries.LINKS_LAST, "pk")
    page = Paginator(notices, 50).get_page(request.GET.get("page"))
    answering = forms.get("answering")
    lines = [
        (notice, standing, answering if answering and answering.prefix == notice.number else _form(notice))
        for notice, standing in queries.with_standing(page)
    ]
    return TemplateResponse(
        request,
        "supply/supply.html",
        {
            "supply": found,
            "manifest": found.manifest,
            "counts": sorted(found.manifest.get("counts", {}).items()),
            "files": sorted(found.manifest.get("files", {}).items()),
            "withheld": sorted(found.manifest.get("withheld", {}).items()),
            "selection": _selection(found),
            "state_of": notices.aggregate(done=Count("pk", Q(answer="done")), every=Count("pk")),
            "unanswered": corrects and notices.filter(answer="").exists(),
            "lines": lines if corrects else [],
            "page": page,
            "corrects": corrects,
            "approves": _approves(request, found),
            "returning": forms.get("returning", SendBackForm()),
            "sent_wrong": answering or SendBackForm(),
            "page_title": f"Supply {found.reference}",
        },
        status=status,
    )


def _form(notice: Notice) -> AnswerForm:
    return AnswerForm(prefix=notice.number)


def _approves(request: HttpRequest, found: Supply) -> bool:
    waits = found.state == Supply.State.WAITING and found.asked_by != visitor(request).name
    return waits and may(request, "export.approve", found)


def _selection(found: Supply) -> str:
    said = found.selection
    if found.about == Supply.About.CORRECTIONS:
        return "What has to be put right of what was given before"
    if said.get("changed_since"):
        return words.without_iso(f"Everybody of whom something has come since {said['changed_since']}")
    people = said.get("people")
    if not people:
        return "Everybody"
    return "One person" if len(people) == 1 else f"{len(people)} people, by their references"


@opens("export.view")
def manifest(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the manifest of a supply: counts and digests. The data itself is never given in a browser."""
    found = found_supply(reference)
    if not found.manifest:
        raise Http404
    audit.record(visitor(request), "export.manifest", subject=found.reference, controller=found.controller.code)
    answer = HttpResponse(manifests.text(found.manifest), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="manifest-{found.reference}.json"'
    return answer


@require_POST
@opens("export.approve")
def approve_supply(request: HttpRequest, reference: str) -> HttpResponse:
    """Approve a supply that somebody else asked for."""
    try:
        give.approve(found_supply(reference), by=visitor(request))
    except Refused as refusal:
        messages.error(request, " ".join(refusal.reasons))
    else:
        messages.success(request, "It is approved: whoever asked for it can give it now.")
    return redirect("supply", reference)


@require_POST
@opens("export.approve")
def return_supply(request: HttpRequest, reference: str) -> HttpResponse:
    """Return a supply that somebody else asked for, saying why."""
    found, form = found_supply(reference), SendBackForm(request.POST)
    if not form.is_valid():
        return page_of(request, found, status=422, returning=form)
    try:
        give.send_back(found, by=visitor(request), note=form.cleaned_data["note"])
    except Refused as refusal:
        messages.error(request, " ".join(refusal.reasons))
    else:
        messages.success(request, "It is returned.")
    return redirect("supply", reference)
