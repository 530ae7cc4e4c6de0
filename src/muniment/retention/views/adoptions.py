"""Adoptions: what forces and offices have adopted, asking for one, and completing it as a second person."""

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import audit, references
from muniment.core.models import RuleAdoption, User
from muniment.core.verdicts import Refused
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.retention.actions import adopting, effects
from muniment.retention.forms.schedule import AdoptionForm, RefuseForm
from muniment.retention.policies import policy_now

_REFUSED = "schedule.refused"


@opens("schedule.view", purpose=False)
def adoptions(request: HttpRequest) -> HttpResponse:
    """List what was asked for: first what waits for a second person."""
    assert isinstance(request.user, User)
    audit.record(visitor(request), "schedule.adoptions")
    every = list(RuleAdoption.objects.select_related("controller").order_by("-pk"))
    shown = {
        "waiting": [each for each in every if each.waits],
        "settled": [each for each in every if not each.waits],
        "may_ask": bool(controllers_of(request.user, adopting.ADOPT)),
        "page_title": "Adoptions",
    }
    return TemplateResponse(request, "retention/adoptions.html", shown)


@opens(adopting.ADOPT, purpose=False)
def ask_adoption(request: HttpRequest) -> HttpResponse:
    """Ask for a rule to be adopted, or for the end of its adoption."""
    assert isinstance(request.user, User)
    mine = [each.pk for each in controllers_of(request.user, adopting.ADOPT)]
    form = AdoptionForm(request.POST or None, initial={"rule": request.GET.get("rule", "")}, controllers=mine)
    if request.method == "POST" and form.is_valid() and (asked := _ask(request, form)) is not None:
        messages.success(request, f"{asked.reference} is asked for. Somebody else has to complete it.")
        return redirect("adoption", asked.reference)
    shown = {"form": form, "page_title": "Ask for an adoption"}
    return TemplateResponse(request, "retention/ask_adoption.html", shown, status=422 if form.errors else 200)


def _ask(request: HttpRequest, form: AdoptionForm) -> RuleAdoption | None:
    """Ask for what a form gives; None, with its errors on the form, when it is refused."""
    given = form.cleaned_data
    proposal = adopting.Proposal(
        given["controller"],
        given["rule"],
        given["start"],
        given["authority"],
        form.length(),
        form.ends,
    )
    try:
        return adopting.ask(proposal, by=visitor(request))
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error(None, reason)
        return None


@opens("schedule.view", purpose=False)
def adoption(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one adoption: what the schedule says without it and with it, and who asked, completed or refused."""
    found = found_adoption(reference)
    audit.record(visitor(request), "schedule.adoption", subject=found.reference)
    return _page(request, found, RefuseForm())


def found_adoption(reference: str) -> RuleAdoption:
    """Return the adoption of a reference. Raise Http404 where there is none."""
    try:
        number = references.number("adoption", reference)
        return RuleAdoption.objects.select_related("controller").get(pk=number)
    except (ValueError, RuleAdoption.DoesNotExist) as error:
        raise Http404 from error


def _page(request: HttpRequest, found: RuleAdoption, refusing: RefuseForm) -> HttpResponse:
    policy, by, effect = policy_now.policy(), visitor(request), effects.run_of(found)
    moves = effects.tables(found, effect)
    entry = policy.classes.get(found.rule)
    shown = {
        "adoption": found,
        "entry": entry,
        "terms": policy.on(found.start).terms[found.rule] if entry else None,
        "may_act": adopting.may(found.controller, by),
        "asked_it": found.asked_by == by.name,
        "has_begun": found.start < timezone.localdate(),
        "effect": effect,
        "moves": moves,
        "moves_any": any(table.rows for table in moves),
        "shown": effects.digest(effect),
        "effect_is_wanted": effects.is_wanted(),
        "refusing": refusing,
        "page_title": f"Adoption {found.reference}",
    }
    status = 422 if refusing.errors else 200
    return TemplateResponse(request, "retention/adoption.html", shown, status=status)


@require_POST
@opens(adopting.ADOPT, purpose=False)
def complete_adoption(request: HttpRequest, reference: str) -> HttpResponse:
    """Complete an adoption that another asked for."""
    found = found_adoption(reference)
    said = "Adopted. The next run of the schedule follows it from its day on."
    complete = partial(adopting.complete, found, by=visitor(request), shown=request.POST.get("shown", ""))
    carry_out(request, complete, said, refusal=_REFUSED, of=reference)
    return redirect("adoption", reference)


@require_POST
@opens(adopting.ADOPT, purpose=False)
def refuse_adoption(request: HttpRequest, reference: str) -> HttpResponse:
    """Refuse an adoption, or take back one's own."""
    found, form = found_adoption(reference), RefuseForm(request.POST)
    if not form.is_valid() and found.waits:
        return _page(request, found, form)
    refuse = partial(adopting.refuse, found, by=visitor(request), why=form.cleaned_data.get("why", ""))
    carry_out(request, refuse, "Refused: the schedule stays as it was.", refusal=_REFUSED, of=reference)
    return redirect("adoption", reference)
