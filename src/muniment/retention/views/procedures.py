"""The procedure: as it would be generated today, its controlled versions, drafting one and issuing it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import audit, references
from muniment.core.models import Controller, User
from muniment.core.verdicts import Refused
from muniment.core.visits import controllers_of, opens, visitor
from muniment.retention import procedure as generated
from muniment.retention import procedure_print
from muniment.retention.actions import adopting, issuing
from muniment.retention.models import Procedure


@opens("schedule.view", purpose=False)
def procedures(request: HttpRequest) -> HttpResponse:
    """Show the procedure of a controller as the policy has it today, and its versions."""
    controller = _controller(request)
    audit.record(visitor(request), "procedure.list", controller=controller.code)
    versions = Procedure.objects.filter(controller=controller).defer("body").order_by("-pk")
    made = generated.document(controller, timezone.localdate())
    latest = versions.filter(issued_at__isnull=False).order_by("-number").first()
    shown = {
        "controller": controller,
        "controllers": Controller.objects.order_by("name"),
        "document": made,
        "versions": versions,
        "latest": latest,
        "is_current": latest is not None and latest.digest == made.digest,
        "may_act": adopting.may(controller, visitor(request)),
        "waits": any(each.waits for each in versions),
        "marking": "OFFICIAL",
        "page_title": "Procedure",
    }
    return TemplateResponse(request, "retention/procedures.html", shown)


def _controller(request: HttpRequest) -> Controller:
    """Return the controller that is asked for; one's own where none is."""
    assert isinstance(request.user, User)
    if code := request.GET.get("controller", request.POST.get("controller", "")):
        found = Controller.objects.filter(code=code).first()
        if found is None:
            raise Http404
        return found
    mine = controllers_of(request.user, "schedule.view")
    if not mine:
        raise Http404
    return mine[0]


@opens("schedule.view", purpose=False)
def procedure(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one version, as it was drafted."""
    found, by = _found(reference), visitor(request)
    audit.record(by, "procedure.view", subject=found.reference)
    shown = {
        "procedure": found,
        "document": found.body,
        "standing": procedure_print.standing(found),
        "may_act": adopting.may(found.controller, by),
        "drafted_it": found.drafted_by == by.name,
        "marking": "OFFICIAL",
        "page_title": f"Procedure {found.reference}",
    }
    return TemplateResponse(request, "retention/procedure.html", shown)


def _found(reference: str) -> Procedure:
    try:
        number = references.number("procedure", reference)
        return Procedure.objects.select_related("controller").get(pk=number)
    except (ValueError, Procedure.DoesNotExist) as error:
        raise Http404 from error


@opens("schedule.view", purpose=False)
def procedure_pdf(request: HttpRequest, reference: str) -> HttpResponse:
    """Give one version as a PDF."""
    found = _found(reference)
    audit.record(visitor(request), "procedure.pdf", subject=found.reference)
    response = HttpResponse(procedure_print.as_pdf(found), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.reference}.pdf"'
    return response


@require_POST
@opens(adopting.ADOPT, purpose=False)
def draft_procedure(request: HttpRequest) -> HttpResponse:
    """Draft a version as the policy has it today."""
    controller = _controller(request)
    try:
        drafted = issuing.draft(controller, by=visitor(request))
    except Refused as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason)
        return redirect("procedures")
    messages.success(request, f"{drafted.reference} is drafted. Somebody else has to issue it.")
    return redirect("procedure", drafted.reference)


@require_POST
@opens(adopting.ADOPT, purpose=False)
def issue_procedure(request: HttpRequest, reference: str) -> HttpResponse:
    """Issue a version that another drafted."""
    found = _found(reference)
    try:
        issuing.issue(found, by=visitor(request))
        messages.success(request, "Issued. The versions before it stay to be read.")
    except Refused as refusal:
        audit.record_apart(visitor(request), "procedure.refused", "refused", subject=found.reference)
        for reason in refusal.reasons:
            messages.error(request, reason)
    return redirect("procedure", reference)


@require_POST
@opens(adopting.ADOPT, purpose=False)
def withdraw_procedure(request: HttpRequest, reference: str) -> HttpResponse:
    """Withdraw a draft."""
    found = _found(reference)
    try:
        issuing.withdraw(found, by=visitor(request))
        messages.success(request, "Withdrawn: what was issued before stays as it is.")
    except Refused as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason)
    return redirect("procedure", reference)
