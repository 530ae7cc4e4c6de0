"""Holds: those that stand, one of them, and releasing one, which two people do."""

from functools import partial

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import audit, references
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import carry_out, opens, visitor
from muniment.retention.actions import amending
from muniment.retention.actions import hold as holding
from muniment.retention.deciding import doubt
from muniment.retention.forms.holds import LookForm, OnForm, ReleaseForm, SendBackForm
from muniment.retention.holds import previews
from muniment.retention.holds.scope_words import history, scope_in_words
from muniment.retention.models import DisposalOrder, Hold, HoldVersion, SourceInstruction
from muniment.retention.policies import policy_now


@opens("hold.place")
def holds(request: HttpRequest) -> HttpResponse:
    """List the holds, those that stand first."""
    audit.record(visitor(request), "hold.list")
    waits = HoldVersion.objects.filter(state=HoldVersion.State.ASKED, hold__released_at__isnull=True)
    every = Hold.objects.prefetch_related("controllers").order_by(F("released_at").desc(nulls_first=True), "-pk")
    return TemplateResponse(
        request,
        "retention/holds.html",
        {
            "holds": every,
            "doubtful": {hold.pk for hold in doubt.holds()},
            "amended": dict(waits.values_list("hold", "asked_by")),
            "place": reverse("place_hold"),
            "today": timezone.localdate(),
            "page_title": "Holds",
        },
    )


def found_hold(reference: str) -> Hold:
    """Return the hold with a reference, or the answer that there is none."""
    try:
        return Hold.objects.get(pk=references.number("hold", reference))
    except (ValueError, Hold.DoesNotExist) as error:
        raise Http404 from error


@opens("hold.place")
def hold(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one hold: its authority, its scope, what it covers, who placed and who releases it."""
    found = found_hold(reference)
    audit.record(visitor(request), "hold.view", subject=found.reference)
    return _page(request, found, ReleaseForm())


def _page(request: HttpRequest, found: Hold, releasing: ReleaseForm, looking: LookForm | None = None) -> HttpResponse:
    looking = looking or LookForm()
    waits = amending.asked(found) if found.released_at is None else None
    on = OnForm(request.GET if "on" in request.GET else None)
    assert isinstance(request.user, User)
    return TemplateResponse(
        request,
        "retention/hold.html",
        {
            "hold": found,
            "covered": found.held.count(),
            "scope": scope_in_words(found.scope),
            "history": history(found),
            "waits": waits,
            "asked_change": waits is not None and waits.asked_by == visitor(request).name,
            "sending_back": SendBackForm(),
            "on": on,
            "then": _then(request, found, on),
            "kind": policy_now.hold_kinds().get(found.kind, {}).get("title", found.kind),
            "preset": policy_now.hold_presets().get(found.preset, {}).get("title", found.preset),
            "is_due": found.released_at is None and found.review_on <= timezone.localdate(),
            "stopped": _stopped(found),
            "looking": looking,
            "may_release": holding.may_release(found, request.user),
            "doubt": doubt.of_hold(found),
            "may_confirm": holding.may(found, request.user, "hold.place"),
            "asked_it": found.release_asked_by == visitor(request).name,
            "releasing": releasing,
            "page_title": f"Hold {found.reference}",
        },
        status=422 if releasing.errors or looking.errors or on.errors else 200,
    )


def _then(request: HttpRequest, hold: Hold, on: OnForm) -> previews.Covered | None:
    """Return what a hold covered on the day that is asked for."""
    if not on.is_valid():
        return None
    then = previews.covered_on(hold, on.cleaned_data["on"])
    detail = {"on": then.on.isoformat(), "records": then.records}
    audit.record(visitor(request), "hold.covered_on", subject=hold.reference, detail=detail)
    return then


def _stopped(hold: Hold) -> list[tuple[DisposalOrder, list[SourceInstruction]]]:
    """Return the disposals that it has stopped, each with what sources had been told before."""
    orders = holding.stopped_by(hold).prefetch_related("instructions__system").order_by("pk")
    return [(order, list(order.instructions.all())) for order in orders]


@require_POST
@opens("hold.place")
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm that a hold on people is meant for them as they are made up now."""
    found = found_hold(reference)
    said = f"{found.reference} stands for these people as they are made up now."
    carry_out(request, partial(holding.confirm, found, by=visitor(request)), said)
    return redirect("hold", reference)


@require_POST
@opens("hold.place")
def look_again(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that a hold is needed still, and when somebody looks at it again."""
    found, form = found_hold(reference), LookForm(request.POST)
    if not form.is_valid() and found.released_at is None:
        return _page(request, found, ReleaseForm(), form)
    given = form.cleaned_data
    looking = partial(
        holding.look_again, found, by=visitor(request), review_on=given.get("review_on"), reason=given.get("why", "")
    )
    carry_out(request, looking, f"{found.reference} stands on.")
    return redirect("hold", reference)


@require_POST
@opens("hold.release")
def ask_release(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for a hold to be released."""
    found, form = found_hold(reference), ReleaseForm(request.POST)
    assert isinstance(request.user, User)
    if not form.is_valid() and found.released_at is None and holding.may_release(found, request.user):
        return _page(request, found, form)
    asking = partial(holding.ask_release, found, by=visitor(request), reason=form.cleaned_data.get("note", ""))
    carry_out(request, asking, "Asked. Someone else has to complete the release.")
    return redirect("hold", reference)


@require_POST
@opens("hold.release")
def release(request: HttpRequest, reference: str) -> HttpResponse:
    """Complete a release that another asked for."""
    found = found_hold(reference)
    try:
        covered = holding.release(found, by=visitor(request))
        messages.success(
            request,
            f"Released. It covered {holding.counted(covered)}: each comes back for review, and none is disposed of.",
        )
    except Refused as refusal:
        audit.record_apart(visitor(request), "hold.refused", "refused", subject=found.reference)
        for reason in refusal.reasons:
            messages.error(request, reason)
    return redirect("hold", reference)
