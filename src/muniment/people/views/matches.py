"""Possible matches: pairs that the model cannot decide, side by side, for a person to judge."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import cached_property

from muniment.core import audit, guards, words
from muniment.core.govuk_fields import ReasonField
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.core.ways_back import way_back
from muniment.engine.matching.rules import reason
from muniment.engine.values import contacts
from muniment.people.actions import judge as judging
from muniment.people.judging import previews
from muniment.people.linking import joins, pairs
from muniment.people.models import Judgement, MatchEdge, PrimePerson
from muniment.people.queries import find_by_reference
from muniment.people.said import advice, contradictions, judged
from muniment.records.models import Nominal

_OF_PAIR = ("left__system__controller", "right__system__controller", "left__scope", "right__scope")
MOST = 1000  # pairs that are counted and paged through
_FOLLOW = "The prime records, and what is kept of them, follow within a minute."
_RECORDED = f"Your judgement is recorded. {_FOLLOW}"
_UNSURE = "Your judgement is recorded. The pair goes on waiting, and may stop a disposal, until somebody can tell."


class JudgeForm(forms.Form):
    """A verdict, what it rests on, and why."""

    verdict = forms.ChoiceField(
        label="Are they one person?",
        choices=Judgement.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the two are one person"},
    )
    evidence = forms.ChoiceField(
        label="What this rests on",
        choices=judged.evidence_choices,
        error_messages={"required": "Say what it rests on"},
    )
    reason = ReasonField(judging.WHY, label="Reason", max_length=4000)
    despite = forms.CharField(required=False, max_length=64)


class WithdrawForm(forms.Form):
    """Why somebody takes back what they said."""

    why = ReasonField(judging.WITHDRAW, label="Why you take it back", max_length=4000)


class _Counted(Paginator):
    """Pages of a list that is not counted to its end: each pair costs two looks at what the reader may see."""

    @cached_property
    def count(self) -> int:
        """Return how many there are, or MOST when there are more."""
        return int(self.object_list[:MOST].count())  # type: ignore[attr-defined]


@opens("match.judge")
def matches(request: HttpRequest) -> HttpResponse:
    """List the pairs that wait for a person: first those on which most hangs, then the likest.

    Of one person, when a reference is given.
    """
    assert isinstance(request.user, User)
    edges = pairs.placed(pairs.unjudged()).order_by(*pairs.FIRST)
    person = _asked(request.GET.get("person", ""))
    if person is not None:
        edges = edges.filter(Q(left_prime=person.pk) | Q(right_prime=person.pk))
    audit.record(visitor(request), "match.list", subject=person.reference if person else "")
    page = _Counted(edges.values_list("pk", flat=True), 50).get_page(request.GET.get("page"))
    shown = MatchEdge.objects.select_related("left__system__controller", "right__system__controller").in_bulk(
        list(page)
    )
    edges_shown = [shown[key] for key in page if key in shown]
    unsure = _unsure(edges_shown)
    lines = [(edge, _why(edge), unsure.get((edge.left_id, edge.right_id))) for edge in edges_shown]
    return TemplateResponse(
        request,
        "people/matches.html",
        {
            "page": page,
            "lines": lines,
            "person": person,
            "back": way_back(request),
            "reopened": judged.reopened(),
            "advice": advice.waiting_for(request.user).count(),
            "are_more": page.paginator.count == MOST,
            "page_title": "Possible matches",
        },
    )


def _asked(reference: str) -> PrimePerson | None:
    """Return the person whose pairs are asked for; None for everyone's."""
    if not reference:
        return None
    try:
        found = find_by_reference(reference)
    except ValueError as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return found


@opens("match.judge")
def judgements(request: HttpRequest) -> HttpResponse:
    """List what has been said of pairs and stands, what has to be looked at again first, then the last."""
    audit.record(visitor(request), "match.judgements")
    page = Paginator(judged.every(), 50).get_page(request.GET.get("page"))
    titles = judged.titles()
    lines = [(each, titles.get(each.evidence, each.evidence)) for each in page]
    shown = {"page": page, "lines": lines, "page_title": "Judgements"}
    return TemplateResponse(request, "people/judgements.html", shown)


@opens("match.judge")
def judgement(request: HttpRequest, key: int) -> HttpResponse:
    """Show the pair of a judgement that stands, to judge it anew or, for its author, to take the judgement back."""
    found = Judgement.objects.select_related(*_OF_PAIR).filter(pk=key, superseded_at__isnull=True).first()
    if found is None:
        raise Http404
    if request.method == "POST" and request.POST.get("do") == "withdraw":
        try:
            judging.withdraw(found, by=visitor(request), reason=request.POST.get("why", ""))
        except Refused as refusal:
            for reason in refusal.reasons:
                messages.error(request, reason)
            return redirect("judgement", key)
        messages.success(request, f"Your judgement is taken back. {_FOLLOW}")
        return redirect("judgements")
    edge = MatchEdge.objects.filter(left=found.left, right=found.right).first()
    return _pair(request, found.left, found.right, edge)


@opens("match.judge")
def match(request: HttpRequest, key: int) -> HttpResponse:
    """Show a pair side by side with the weight of each feature, and take the judgement."""
    edge = MatchEdge.objects.select_related(*_OF_PAIR).filter(pk=key).first()
    if edge is None:
        raise Http404
    return _pair(request, edge.left, edge.right, edge)


def _pair(request: HttpRequest, left: Nominal, right: Nominal, edge: MatchEdge | None) -> HttpResponse:
    """Show two nominals, what was said of them, and take what is said now; said against others, once they are read."""
    pass_by_pair(request, left, right)
    form, otherwise = JudgeForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            judging.judge(left, right, judging.Said(**form.cleaned_data), by=visitor(request))
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            otherwise = contradictions.contradiction(left, right, form.cleaned_data["verdict"])
        else:
            is_unsure = form.cleaned_data["verdict"] == Judgement.Verdict.UNSURE
            messages.success(request, _UNSURE if is_unsure else _RECORDED)
            back = way_back(request)
            return redirect(back.href if back else "matches")
    told_of = sorted({key for step, _ in otherwise.steps for key in step.pair}) if otherwise else []
    assert isinstance(request.user, User)
    previewed = previews.of_pair(left, right, request.user)
    detail = {"against": told_of, "previewed": [each.title for each in previewed.change.before] if previewed else []}
    audit.record(visitor(request), "match.view", subject=f"nominals {left.pk} and {right.pk}", detail=detail)
    found = joins.joins([left, right])
    return TemplateResponse(
        request,
        "people/match.html",
        {
            "left": left,
            "right": right,
            "edge": edge,
            "join": found[0] if found else None,
            "form": form,
            "against": steps_of(otherwise, left) if otherwise else [],
            "despite": otherwise.digest if otherwise else "",
            "back": way_back(request),
            "blocked": _why(edge) if edge and edge.blocked_by else "",
            "told": judged.standing(left, right),
            "preview": previewed,
            "one_here": previewed.change.before[0].title if previewed and not previewed.change.says_same else "",
            "taking_back": WithdrawForm(),
            "pairs": _side_by_side(left, right),
            "page_title": "Possible match",
        },
    )


def pass_by_pair(request: HttpRequest, left: Nominal, right: Nominal) -> None:
    """Let somebody by who judges two. Raise UseRestricted where policy does not open one of them even for that."""
    keys = [left.pk, right.pk]
    guards.pass_by(keys, visitor(request).purpose, f"nominals {left.pk} and {right.pk}", duty=guards.COMPARING)


def steps_of(
    otherwise: contradictions.Contradiction, start: Nominal
) -> list[tuple[Nominal, Nominal, str, Judgement | None]]:
    """Return what was said, step by step from one nominal to the other, each with the two that it was said of."""
    keys = {key for step, _ in otherwise.steps for key in step.pair}
    by_key = Nominal.objects.select_related("system__controller").in_bulk(keys)
    at, steps = start.pk, []
    for step, judgement in otherwise.steps:
        other = step.right if at == step.left else step.left
        steps.append((by_key[at], by_key[other], step.verdict, judgement))
        at = other
    return steps


def _unsure(edges: list[MatchEdge]) -> dict[tuple[int, int], Judgement]:
    """Return, by the keys of their nominals, the standing judgements of those who could not tell of some pairs."""
    found = Judgement.objects.filter(
        left__in=[edge.left_id for edge in edges],
        right__in=[edge.right_id for edge in edges],
        verdict=Judgement.Verdict.UNSURE,
        superseded_at__isnull=True,
    )
    return {(each.left_id, each.right_id): each for each in found}


def _why(edge: MatchEdge) -> str:
    return reason(edge.blocked_by, stand=edge.stands)


# What is laid side by side: the field and its name.
_FIELDS = {
    "name": "Name",
    "born": "Date of birth",
    "sex": "Sex",
    "address": "Address",
    "postcode": "Postcode",
    "phone": "Telephone",
    "email": "Email",
    "pncid": "PNC ID",
    "cro": "CRO number",
    "birth_place": "Place of birth",
    "occupation": "Occupation",
}


def _side_by_side(one: Nominal, two: Nominal) -> list[tuple[str, str, str, bool]]:
    rows = []
    for field, title in _FIELDS.items():
        left, right = _value(one, field), _value(two, field)
        if left or right:
            rows.append((title, left, right, _form(field, left) == _form(field, right)))
    aliases = ", ".join(one.aliases), ", ".join(two.aliases)
    return [*rows, ("Also known as", *aliases, False)] if any(aliases) else rows


def _form(field: str, text: str) -> str:
    """Return what is compared of a value: sources write the same number and the same name in more than one way."""
    number = contacts.phone(text) if field == "phone" else None
    return number or " ".join(text.casefold().split())


def _value(nominal: Nominal, field: str) -> str:
    if field == "born" and nominal.born_earliest and nominal.born_latest:
        return words.between(nominal.born_earliest, nominal.born_latest)
    text = str(getattr(nominal, field))
    return words.say("sex", text) if field == "sex" and text else text


def show_pair(request: HttpRequest, left: Nominal, right: Nominal) -> HttpResponse:
    """Show two nominals that another page led to, to be judged; whether or not a run has weighed them."""
    one, two = sorted((left, right), key=lambda nominal: nominal.pk)
    return _pair(request, one, two, MatchEdge.objects.filter(left=one, right=two).first())


side_by_side = _side_by_side
