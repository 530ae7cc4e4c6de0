"""Possible matches of places and vehicles, for a person to judge; and what was judged, to judge anew or take back."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.govuk_fields import ReasonField
from muniment.core.guards import COMPARING
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.core.ways_back import way_back
from muniment.objects import guarded, queries, said
from muniment.objects.actions import judge as judging
from muniment.objects.kinds import THINGS, Thing
from muniment.people.actions.judge import WHY, WITHDRAW, Said
from muniment.records.models import Place

_ON_A_PAGE = 50
_RECORDED = "Your judgement is recorded. The prime records follow within a minute."
_UNSURE = "Your judgement is recorded. The pair goes on waiting until somebody can tell."


class JudgeForm(forms.Form):
    """A verdict, what it rests on, and why."""

    verdict = forms.ChoiceField(
        label="Are they one?",
        choices=[("same", "One and the same"), ("different", "Two different ones"), ("unsure", "Cannot tell")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the two are one"},
    )
    evidence = forms.ChoiceField(
        label="What this rests on", choices=said.choices, error_messages={"required": "Say what it rests on"}
    )
    reason = ReasonField(WHY, label="Reason", max_length=4000)
    despite = forms.CharField(required=False, max_length=64)


class WithdrawForm(forms.Form):
    """Why somebody takes back what they said."""

    why = ReasonField(WITHDRAW, label="Why you take it back", max_length=4000)


def _shut(request: HttpRequest, thing: Thing, pairs: Iterable[Any]) -> set[int]:
    """Return of whom of some pairs nothing is told, by key: what tells of them is restricted even for comparing."""
    ends = {key for pair in pairs for key in (pair.left_id, pair.right_id)}
    return guarded.shut_members(thing, ends, visitor(request).purpose, COMPARING)


def _thing(kind: str) -> Thing:
    if kind not in THINGS:
        raise Http404
    return THINGS[kind]


@opens("object.judge")
def matches(request: HttpRequest, kind: str) -> HttpResponse:
    """List the pairs of a kind that wait for a person."""
    thing = _thing(kind)
    audit.record(visitor(request), "object.matches", subject=thing.several)
    page = Paginator(queries.pairs(thing), _ON_A_PAGE).get_page(request.GET.get("page"))
    shut = _shut(request, thing, page)
    lines = [(edge, thing.levels[edge.level].words, {edge.left_id, edge.right_id} & shut) for edge in page]
    title = f"Possible matches of {thing.several}"
    shown = {"thing": thing, "things": THINGS.values(), "page": page, "lines": lines, "page_title": title}
    return TemplateResponse(request, "objects/matches.html", shown)


@opens("object.judge")
def judgements(request: HttpRequest, kind: str) -> HttpResponse:
    """List what has been said of pairs of a kind and stands: what has to be looked at again first, then the last."""
    thing = _thing(kind)
    audit.record(visitor(request), "object.judgements", subject=thing.several)
    page = Paginator(said.every(thing), _ON_A_PAGE).get_page(request.GET.get("page"))
    titles = said.titles()
    shut = _shut(request, thing, page)
    lines = [(each, titles.get(each.evidence, each.evidence), {each.left_id, each.right_id} & shut) for each in page]
    title = f"Judgements of {thing.several}"
    return TemplateResponse(
        request, "objects/judgements.html", {"thing": thing, "page": page, "lines": lines, "page_title": title}
    )


@opens("object.judge")
def match(request: HttpRequest, kind: str, left: int, right: int) -> HttpResponse:
    """Show two side by side, what was said of them, and take what is said now, or take one's own word back."""
    thing = _thing(kind)
    pair = _pair(thing, left, right)
    subject = f"{thing.several} {left} and {right}"
    if shut := guarded.shut_members(thing, (left, right), purpose := visitor(request).purpose, COMPARING):
        guarded.pass_by(thing, shut, purpose, subject, COMPARING)
    told = said.standing(thing, *pair)
    if request.method == "POST" and request.POST.get("do") == "withdraw" and told:
        return _withdraw(request, thing, told["judgement"])
    form, otherwise = JudgeForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            judging.judge(thing, pair, Said(**form.cleaned_data), by=visitor(request))
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            otherwise = said.contradiction(thing, left, right, form.cleaned_data["verdict"])
        else:
            messages.success(request, _UNSURE if form.cleaned_data["verdict"] == "unsure" else _RECORDED)
            back = way_back(request)
            return redirect(back.href) if back else redirect("object_matches", kind)
    edge: Any = thing.edge._default_manager.filter(left=left, right=right).first()
    against = otherwise.judgements if otherwise else ()
    audit.record(
        visitor(request),
        "object.match",
        subject=subject,
        detail={"against": [each.pk for each in against]},
    )
    shown: dict[str, Any] = {
        "thing": thing,
        "left": pair[0],
        "right": pair[1],
        "level": thing.levels[edge.level] if edge else queries.agreement(thing, *pair),
        "rows": _side_by_side(*pair),
        "form": form,
        "told": told,
        "taking_back": WithdrawForm(),
        "against": against,
        "despite": otherwise.digest if otherwise else "",
        "back": way_back(request),
        "page_title": f"Possible match of two {thing.several}",
    }
    return TemplateResponse(request, "objects/match.html", shown)


def _pair(thing: Thing, left: int, right: int) -> tuple[Any, Any]:
    """Return two members that the reader may see and that a run or a person has compared."""
    compared = [model._default_manager.filter(left=left, right=right) for model in (thing.edge, thing.judgement)]
    every = thing.member._default_manager.select_related("system__controller").in_bulk([left, right])
    if len(every) < 2 or not any(found.exists() for found in compared):
        raise Http404
    return every[left], every[right]


def _withdraw(request: HttpRequest, thing: Thing, judgement: Any) -> HttpResponse:
    try:
        judging.withdraw(thing, judgement, by=visitor(request), reason=request.POST.get("why", ""))
    except Refused as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason)
        return redirect("object_match", thing.name, judgement.left_id, judgement.right_id)
    messages.success(request, "Your judgement is taken back. The prime records follow within a minute.")
    return redirect("object_judgements", thing.name)


def _side_by_side(one: Any, two: Any) -> list[tuple[str, str, str, bool]]:
    """Return each fact with what either says of it, and whether they say the same."""
    first = "Address" if isinstance(one, Place) else "As written"
    told = [{first: each.written} | {fact: _joined(values) for fact, values in queries.facts([each]).items()}
            for each in (one, two)]  # fmt: skip
    names = dict.fromkeys([*told[0], *told[1]])
    rows = [(name, told[0].get(name, ""), told[1].get(name, "")) for name in names]
    return [(name, left, right, left.casefold() == right.casefold()) for name, left, right in rows]


def _joined(values: tuple[Any, ...]) -> str:
    return "; ".join(value.text for value in values)
