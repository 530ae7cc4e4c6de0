"""The procedure: as it would be generated today, its controlled versions, drafting one and issuing it."""

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from muniment.core import audit, references
from muniment.core.models import Controller, User
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.retention.actions import adopting, issuing
from muniment.retention.models import Procedure
from muniment.retention.schedule import procedure as generated
from muniment.retention.schedule import procedure_print

_REFUSED = "procedure.refused"


@opens("schedule.view", purpose=False)
def procedures(request: HttpRequest) -> HttpResponse:
    """Show the procedure of a controller as the policy has it today, and its versions."""
    controller = _controller(request)
    audit.record(visitor(request), "procedure.list", controller=controller.code)
    versions = list(Procedure.objects.filter(controller=controller).defer("body").order_by("-pk"))
    made = generated.document(controller, timezone.localdate())
    latest = max((each for each in versions if each.number), key=lambda each: each.number or 0, default=None)
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
    draft = partial(issuing.draft, controller, by=visitor(request))
    carry_out(request, draft, "Drafted. Somebody else has to issue it.", refusal=_REFUSED, of=controller.code)
    return redirect(f"{reverse('procedures')}?{urlencode({'controller': controller.code})}")


@require_POST
@opens(adopting.ADOPT, purpose=False)
def issue_procedure(request: HttpRequest, reference: str) -> HttpResponse:
    """Issue a version that another drafted."""
    issue = partial(issuing.issue, _found(reference), by=visitor(request))
    carry_out(request, issue, "Issued. The versions before it stay to be read.", refusal=_REFUSED, of=reference)
    return redirect("procedure", reference)


@require_POST
@opens(adopting.ADOPT, purpose=False)
def withdraw_procedure(request: HttpRequest, reference: str) -> HttpResponse:
    """Withdraw a draft."""
    withdraw = partial(issuing.withdraw, _found(reference), by=visitor(request))
    said = "Withdrawn: what was issued before stays as it is."
    carry_out(request, withdraw, said, refusal=_REFUSED, of=reference)
    return redirect("procedure", reference)
