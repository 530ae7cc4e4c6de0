"""How a prime record came to be, and who made it up as at any day, as known on any day."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import audit, content, guards
from muniment.core.visits import actions_open, opens, visitor
from muniment.people.forms import DaysForm
from muniment.people.models import Judgement
from muniment.people.said import judged
from muniment.people.shown import history, membership
from muniment.people.shown.history import Change
from muniment.people.views.person import opened

ON_A_PAGE = 50


@dataclass(frozen=True)
class Spoken:
    """A judgement, what it rests on, and why it was made and taken back where the reader may see that."""

    judgement: Judgement
    rests_on: str
    why: str
    taken_back: str


@dataclass(frozen=True)
class Line:
    """A change, and the judgements that speak for it."""

    change: Change
    spoken: tuple[Spoken, ...]


@opens("person.view")
def person_history(request: HttpRequest, reference: str) -> HttpResponse:
    """Show who made up a prime record on the days asked for, and every change of it, the last first."""
    prime, shown = opened(request, reference, "person_history")
    if prime.reference != reference:
        return redirect("person_history", prime.reference)
    form = DaysForm(request.GET, timezone.localdate())
    known = None
    if form.is_valid():
        given = form.cleaned_data
        by_then = membership.end_of(given["known_on"])
        known = membership.as_known(prime, as_at=given["as_at"], known_by=by_then)
    page = Paginator(history.changes(prime), ON_A_PAGE).get_page(request.GET.get("page"))
    changes = list(page)
    lines = _lines(
        changes, with_reasons=_reasons(request, changes) if "match.judge" in actions_open(request) else set()
    )
    detail = {
        **{name: day.isoformat() for name, day in form.cleaned_data.items()},
        "judgements": sorted({each.judgement.pk for line in lines for each in line.spoken}),
    }
    audit.record(visitor(request), "person.history", subject=prime.reference, detail=detail)
    return TemplateResponse(
        request,
        "people/history.html",
        {**shown, "form": form, "known": known, "page": page, "lines": lines},
        status=422 if form.errors else 200,
    )


def _reasons(request: HttpRequest, changes: list[Change]) -> set[int]:
    """Return the keys of judgements whose reasons are shown: not where one of the two does not open for comparing."""
    said = [each for change in changes for each in change.judgements]
    of_them = {key for each in said for key in (each.left_id, each.right_id)}
    shut = guards.closed(of_them, visitor(request).purpose, guards.COMPARING)
    return {each.pk for each in said if each.left_id not in shut and each.right_id not in shut}


def _lines(changes: list[Change], *, with_reasons: set[int]) -> list[Line]:
    titles = judged.titles()

    def spoken(each: Judgement) -> Spoken:
        is_told = each.pk in with_reasons
        why = content.shown(each.reason) if is_told else ""
        back = content.shown(each.withdrawal) if is_told and each.withdrawal else ""
        return Spoken(each, titles.get(each.evidence, each.evidence), why, back)

    return [Line(change, tuple(spoken(each) for each in change.judgements)) for change in changes]
