"""Placing a hold: with a preset or without, looked at before it is placed."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import audit
from muniment.core.models import Controller, User
from muniment.core.verdicts import Refused, unless
from muniment.core.visits import controllers_of, opens, visitor
from muniment.retention import rules
from muniment.retention.actions import hold as holding
from muniment.retention.forms.holds import HoldForm
from muniment.retention.holds import gone, presets, previews
from muniment.retention.holds.narratives_ahead import Narratives
from muniment.retention.policies import policy_now
from muniment.retention.views import hold_scopes

LOOKS = ("preview", "narratives")  # what only looks: with narratives, they are opened
_NOTHING = (
    "This hold would cover no record that is held now and that you may see. Correct it, or say that it stands ahead."
)


@opens("hold.place")
def place(request: HttpRequest) -> HttpResponse:
    """Show what a hold would cover, and place it. It begins with a preset where one is chosen, and binds nobody yet."""
    user = request.user
    assert isinstance(user, User)
    mine = [each.pk for each in controllers_of(user, "hold.place")]
    form = HoldForm(request.POST or None, initial=_begun(request))
    form.fields["controllers"].queryset = Controller.objects.filter(pk__in=mine)  # type: ignore[attr-defined]
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid() and (scope := hold_scopes.given(form)) is not None:
        if request.POST.get("do") in LOOKS:
            shown["preview"] = _looked(request, form, scope)
            shown["last"] = last(request, shown["preview"].too_late)
        elif (placed := _place(request, form, scope)) is not None:
            _say(request, placed)
            return redirect("hold", placed.hold.reference)
    preset = policy_now.hold_presets().get(str(form["preset"].value() or ""))
    shown |= {"form": form, "preset": preset, "presets": _offered(), "page_title": "Place a hold"}
    return TemplateResponse(request, "retention/place_hold.html", shown, status=422 if form.errors else 200)


def _offered() -> list[dict[str, Any]]:
    kinds = policy_now.hold_kinds()
    every = policy_now.hold_presets().values()
    return [{"kind": kinds[each["kind"]]["title"], **each} for each in every if not presets.is_template(each)]


def _begun(request: HttpRequest) -> dict[str, Any]:
    """Return what the form begins with: a person, or the scope of a preset; its paper is nobody's here."""
    begun: dict[str, Any] = {"people": request.GET.get("person", ""), "start": timezone.localdate(), "match": "any"}
    preset = policy_now.hold_presets().get(request.GET.get("preset", ""))
    if preset is None:
        return begun
    scope = presets.scope_of(preset)
    begun |= hold_scopes.begun(scope)
    begun |= {"title": preset["title"], "kind": preset["kind"], "preset": preset["id"]}
    return begun


def _looked(request: HttpRequest, form: HoldForm, scope: dict[str, Any]) -> previews.Preview:
    opening = request.POST.get("do") == "narratives"
    preview = previews.look(scope, [each.pk for each in form.cleaned_data["controllers"]], opening=opening)
    counts = {"records": preview.records, "people": preview.people, **opened(preview.narratives)}
    audit.record(visitor(request), "hold.preview", detail=counts)
    by_words = preview.narratives.records if preview.narratives else 0
    if not preview.records and not by_words and not form.cleaned_data["ahead"]:
        form.add_error("ahead", _NOTHING)
    return preview


def opened(narratives: Narratives | None) -> dict[str, int]:
    """Return what the audit says of narratives that were opened for a preview: how many, and how many had a word."""
    if narratives is None or narratives.opened is None:
        return {}
    return {"narratives_opened": narratives.opened, "records_by_words": narratives.records}


def _place(request: HttpRequest, form: HoldForm, scope: dict[str, Any]) -> holding.Placed | None:
    """Place a hold; None, with an error on the form, when it is refused or covers nothing and nobody said it may."""
    given = form.cleaned_data
    names = ("title", "authority", "start", "kind", "decided_by", "review_on", "preset")
    proposal = holding.Proposal(
        **{name: given[name] for name in names}, scope=scope, controllers=tuple(given["controllers"])
    )
    try:
        with transaction.atomic():
            placed = holding.set_up(proposal, by=visitor(request))
            unless(bool(placed.records or given["ahead"]), _NOTHING).require()  # else nothing of it stays
        return placed
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error({_NOTHING: "ahead", rules.OWN_PAPER: "authority"}.get(reason), reason)
        return None


def _say(request: HttpRequest, placed: holding.Placed) -> None:
    """Say that a hold stands, what it covers, what it stopped, and what it came too late for."""
    stopped = f" It has stopped {placed.orders_stopped:,} disposals." if placed.orders_stopped > 1 else ""
    stopped = " It has stopped 1 disposal." if placed.orders_stopped == 1 else stopped
    covers = f"{placed.hold.reference} stands, and covers {holding.counted(placed.records)}."
    messages.success(request, covers + stopped)
    if placed.too_late:
        say_too_late(request, placed.too_late)


def say_too_late(request: HttpRequest, late: Sequence[gone.Went]) -> None:
    """Say what had gone before."""
    said = f"It came too late for {holding.counted(len(late))}{last(request, late)}."
    messages.error(request, f"{said} See what has gone of its scope.")


def last(request: HttpRequest, late: Sequence[gone.Went]) -> str:
    """Name the last record that had gone, to whoever may see its disposal."""
    assert isinstance(request.user, User)
    mine = {each.pk for each in controllers_of(request.user, "disposal.view")}
    named = [each.words for each in late if each.item.order.controller_id in mine]
    return f", the last of them {named[-1]}" if named else ""
