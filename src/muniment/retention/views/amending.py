"""Changing what a hold covers: looked at first, then widened by one person or narrowed by two."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import audit
from muniment.core.models import Controller, User
from muniment.core.verdicts import Refused
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.retention import rules
from muniment.retention.actions import amending
from muniment.retention.actions import hold as holding
from muniment.retention.forms.holds import AmendForm, SendBackForm
from muniment.retention.holds import previews, scope_words
from muniment.retention.models import Hold, HoldVersion, hold_versions
from muniment.retention.views import hold_scopes, placing
from muniment.retention.views.holds import found_hold

_FIELDS = {rules.AMENDING_BY: "paper", rules.AMENDING: "why", rules.HELD_BY: "decided_by"}


@opens("hold.place")
def amend(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what a change of a hold's scope would come to, and make or ask for it."""
    hold, user = found_hold(reference), request.user
    assert isinstance(user, User)
    waits = amending.asked(hold) is not None
    if hold.released_at is not None or waits:
        messages.error(request, amending.WAITS if waits else "This hold has been released already.")
        return redirect("hold", reference)
    (stood,) = hold_versions.in_force(hold)
    form = AmendForm(request.POST or None, initial=_begun(stood))
    mine = {each.pk for each in controllers_of(user, "hold.place")} | set(stood.controllers)
    form.fields["controllers"].queryset = Controller.objects.filter(pk__in=mine)  # type: ignore[attr-defined]
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid() and (scope := hold_scopes.given(form, stood.scope)) is not None:
        amendment = _amendment(form, scope)
        if request.POST.get("do") in placing.LOOKS:
            shown |= _looked(request, hold, stood, amendment)
        elif (amended := _amended(request, hold, form, amendment)) is not None:
            _say(request, hold, amended)
            return redirect("hold", reference)
    shown |= {
        "form": form,
        "hold": hold,
        "unseen": len(hold_scopes.unseen(stood.scope)),
        "page_title": f"Change what {hold.reference} covers",
    }
    return TemplateResponse(request, "retention/amend_hold.html", shown, status=422 if form.errors else 200)


def _begun(stood: HoldVersion) -> dict[str, Any]:
    return hold_scopes.begun(stood.scope) | hold_scopes.named(stood.scope) | {"controllers": stood.controllers}


def _amendment(form: AmendForm, scope: dict[str, Any]) -> amending.Amendment:
    given = form.cleaned_data
    bound = tuple(given["controllers"])
    return amending.Amendment(scope, bound, given["paper"], given["decided_by"], given["why"])


def _looked(request: HttpRequest, hold: Hold, stood: HoldVersion, amendment: amending.Amendment) -> dict[str, Any]:
    """Return what a change would come to, of what the reader may see."""
    bound = [each.pk for each in amendment.controllers]
    wider = amending.is_wider(hold, amendment.scope, amendment.controllers)
    preview = previews.change(hold, stood, amendment.scope, bound, opening=request.POST.get("do") == "narratives")
    counts = {"newly": preview.newly, "no_more": preview.no_more, "wider": wider}
    counts |= placing.opened(preview.narratives)
    audit.record(visitor(request), "hold.preview", subject=hold.reference, detail=counts)
    assert isinstance(request.user, User)
    verdict = holding.may(hold, request.user, "hold.place" if wider else "hold.release")
    return {
        "preview": preview,
        "is_wider": wider,
        "verdict": verdict,
        "changes": scope_words.changes(stood, amendment.scope, bound),
        "last": placing.last(request, preview.too_late),
    }


def _amended(
    request: HttpRequest, hold: Hold, form: AmendForm, amendment: amending.Amendment
) -> amending.Amended | None:
    """Make or ask for a change; None, with an error on the form, when it is refused."""
    try:
        with transaction.atomic():
            return amending.amend(hold, amendment, by=visitor(request))
    except Refused as refusal:
        audit.record_apart(visitor(request), "hold.refused", "refused", subject=hold.reference)
        for reason in refusal.reasons:
            form.add_error(_FIELDS.get(reason), reason)
        return None


def _say(request: HttpRequest, hold: Hold, amended: amending.Amended) -> None:
    covered = f"It newly covers {holding.counted(amended.records)} that you may see."
    stopped = f" It has stopped {amended.orders_stopped:,} disposal{'s' if amended.orders_stopped > 1 else ''}."
    covered += stopped if amended.orders_stopped else ""
    if amended.version.is_wider:
        messages.success(request, f"{hold.reference} covers more from now on. {covered}")
    else:
        said = f"Asked. Until someone else has agreed, {hold.reference} covers what it did and what is asked for."
        messages.success(request, f"{said} {covered}")
    if amended.too_late:
        placing.say_too_late(request, amended.too_late)


@require_POST
@opens("hold.release")
def agree_amendment(request: HttpRequest, reference: str) -> HttpResponse:
    """Agree to a change of a hold's scope that another asked for."""
    found = found_hold(reference)
    said = f"{found.reference} covers what was asked for. What it covers no more comes back for review."
    carry_out(request, partial(amending.agree, found, by=visitor(request)), said)
    return redirect("hold", reference)


@require_POST
@opens("hold.place")
def send_back_amendment(request: HttpRequest, reference: str) -> HttpResponse:
    """Send a change back that waits for a second person: the hold goes on covering what it did."""
    found, form = found_hold(reference), SendBackForm(request.POST)
    form.is_valid()
    sending = partial(amending.send_back, found, by=visitor(request), reason=form.cleaned_data.get("note", ""))
    carry_out(request, sending, f"Sent back on {timezone.localdate():%-d %B %Y}. The hold covers what it did.")
    return redirect("hold", reference)
