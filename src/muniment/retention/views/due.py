"""Disposals that the clock has brought: choose, give the reason, propose; and why the rest goes to a person."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from muniment.core import audit
from muniment.core.long_lists import FirstPages
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import controllers_of, opens, visitor
from muniment.people.queries import Identity, identities
from muniment.retention.actions import bulk
from muniment.retention.disposals import due
from muniment.retention.forms.disposals import DueForm
from muniment.retention.models import PersonDecision
from muniment.retention.views import open_to
from muniment.retention.views.disposals import tabs

PAGE = 50


@dataclass(frozen=True)
class Line:
    """Someone whose time is over, and how many of their records can go."""

    decision: PersonDecision
    name: str
    born: str
    going: int
    records: int


@opens("disposal.propose")
def due_disposals(request: HttpRequest) -> HttpResponse:
    """List who is due by the clock; propose those chosen."""
    assert isinstance(request.user, User)
    on, by = timezone.localdate(), visitor(request)
    mine = controllers_of(request.user, "disposal.propose")
    waiting = due.due(mine, on)
    form = DueForm(request.POST or None)
    chosen = {int(key) for key in request.POST.getlist("people") if key.isdigit()}
    refused: tuple[tuple[PersonDecision, tuple[str, ...]], ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            done = bulk.propose_due(waiting.filter(pk__in=chosen), by=by, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            refused = done.refused
            if done.orders:
                messages.success(request, f"Proposed: {len(done.orders)}. Someone else has to approve each order.")
            if not refused:
                return redirect(f"{reverse('disposals')}?state=proposed")
    page = FirstPages(waiting, PAGE).get_page(request.GET.get("page"))
    open_to.pass_by(request, "due", of=[each.prime_id for each in page])
    audit.record(by, "disposal.due")
    who = identities(decision.prime for decision in [*page, *(decision for decision, _ in refused)])
    shown = {
        "form": form,
        "page": page,
        "lines": _lines(list(page), who),
        "chosen": chosen,
        "refused": [(who[each.prime_id].name if each.prime_id in who else "", why) for each, why in refused],
        "exceptions": due.exceptions(mine, on),
        "page_title": "Disposals due by the clock",
        **tabs(request),
    }
    return TemplateResponse(request, "retention/due.html", shown, status=422 if form.errors or refused else 200)


def _lines(decisions: list[PersonDecision], who: dict[int, Identity]) -> list[Line]:
    going = due.records_going(decisions, timezone.localdate())
    return [
        Line(each, known.name, known.born.text if known.born else "not known", *going.get(each.pk, (0, 0)))
        for each in decisions
        if (known := who.get(each.prime_id)) is not None
    ]
