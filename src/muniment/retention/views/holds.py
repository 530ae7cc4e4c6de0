"""Holds: those that stand, placing one, and releasing one, which two people do."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import audit, references, words
from muniment.core.models import Controller, User
from muniment.core.verdicts import Refused
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.people.queries import find_by_reference
from muniment.records.models import Record
from muniment.retention import doubt
from muniment.retention.actions import hold as holding
from muniment.retention.forms import HoldForm, ReleaseForm, parts
from muniment.retention.models import Hold
from muniment.retention.reach import would_cover

_LISTS = ("classes", "ho_classes", "cjs", "keywords", "areas")
_NOTHING = (
    "This hold would cover no record that is held now and that you may see. Correct it, or say that it stands ahead."
)


@opens("hold.place")
def holds(request: HttpRequest) -> HttpResponse:
    """List the holds, those that stand first."""
    audit.record(visitor(request), "hold.list")
    every = Hold.objects.prefetch_related("controllers").order_by(F("released_at").desc(nulls_first=True), "-pk")
    return TemplateResponse(
        request,
        "retention/holds.html",
        {
            "holds": every,
            "doubtful": {hold.pk for hold in doubt.holds()},
            "place": reverse("place_hold"),
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


def _page(request: HttpRequest, found: Hold, releasing: ReleaseForm) -> HttpResponse:
    assert isinstance(request.user, User)
    return TemplateResponse(
        request,
        "retention/hold.html",
        {
            "hold": found,
            "covered": found.held.count(),
            "scope": [(name, _said(name, value)) for name, value in found.scope.items() if value],
            "may_release": holding.may_release(found, request.user),
            "doubt": doubt.of_hold(found),
            "may_confirm": holding.may(found, request.user, "hold.place"),
            "asked_it": found.release_asked_by == visitor(request).name,
            "releasing": releasing,
            "page_title": f"Hold {found.reference}",
        },
        status=422 if releasing.errors else 200,
    )


def _said(name: str, value: Any) -> str:
    """Return one part of a hold's scope in words."""
    if name in {"from", "until"}:
        return words.without_iso(str(value))
    if name == "people":
        return ", ".join(references.make("prime", key) for key in value)
    if name == "records":
        return ", ".join(Record.objects.filter(pk__in=value).values_list("reference", flat=True))
    said = {"classes": words.class_title, "areas": lambda code: words.say("area", code)}.get(name, str)
    return ", ".join(said(each) for each in value)


@opens("hold.place")
def place(request: HttpRequest) -> HttpResponse:
    """Place a hold."""
    user = request.user
    assert isinstance(user, User)
    mine = [each.pk for each in controllers_of(user, "hold.place")]
    form = HoldForm(
        request.POST or None, initial={"people": request.GET.get("person", ""), "start": timezone.localdate()}
    )
    form.fields["controllers"].queryset = Controller.objects.filter(pk__in=mine)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid() and (scope := _scope(form)) is not None:
        given = form.cleaned_data
        proposal = holding.Proposal(
            title=given["title"],
            authority=given["authority"],
            start=given["start"],
            scope=scope,
            controllers=tuple(given["controllers"]),
        )
        if (placed := _place(request, form, proposal)) is not None:
            messages.success(request, f"{placed.reference} stands, and covers {_records(placed.held.count())}.")
            return redirect("hold", placed.reference)
    return TemplateResponse(request, "retention/place_hold.html", {"form": form, "page_title": "Place a hold"})


def _place(request: HttpRequest, form: HoldForm, proposal: holding.Proposal) -> Hold | None:
    """Place a hold; None, with an error on the form, when it is refused or covers nothing and nobody said it may."""
    try:
        covered = form.cleaned_data["ahead"] or would_cover(proposal.scope, [each.pk for each in proposal.controllers])
        if not covered:
            form.add_error("ahead", _NOTHING)
            return None
        return holding.place(proposal, by=visitor(request))
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error(None, reason)
        return None


def _records(count: int) -> str:
    return f"{count:,} record" if count == 1 else f"{count:,} records"


def _scope(form: HoldForm) -> dict[str, Any] | None:
    """Return the scope that a form gives; None, with an error on the field, when a reference is unknown."""
    given = form.cleaned_data
    scope: dict[str, Any] = {name: list(given[name]) for name in _LISTS if given[name]}
    people = []
    for reference in parts(given["people"]):
        try:
            prime = find_by_reference(reference)
        except ValueError as error:
            form.add_error("people", str(error))
            continue
        if prime is None:
            form.add_error("people", f"There is no prime record {reference}.")
        else:
            people.append(prime.pk)
    wanted = parts(given["records"])
    found = Record.objects.filter(reference__in=wanted, system__controller__in=given["controllers"])
    for missing in set(wanted) - set(found.values_list("reference", flat=True)):
        form.add_error("records", f"None of these controllers holds a record {missing} that you may see.")
    scope |= {"people": people} if people else {}
    scope |= {"records": [each.pk for each in found]} if wanted else {}
    for name, key in (("happened_from", "from"), ("happened_until", "until")):
        if given[name]:
            scope[key] = given[name].isoformat()
    return None if form.errors else scope


@require_POST
@opens("hold.place")
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm that a hold on people is meant for them as they are made up now."""
    found = found_hold(reference)
    said = f"{found.reference} stands for these people as they are made up now."
    carry_out(request, partial(holding.confirm, found, by=visitor(request)), said)
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
            request, f"Released. It covered {_records(covered)}: each comes back for review, and none is disposed of."
        )
    except Refused as refusal:
        audit.record_apart(visitor(request), "hold.refused", "refused", subject=found.reference)
        for reason in refusal.reasons:
            messages.error(request, reason)
    return redirect("hold", reference)
