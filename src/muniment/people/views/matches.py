"""Possible matches: pairs that the model cannot decide, side by side, for a person to judge."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import cached_property

from muniment.core import audit, words
from muniment.core.govuk_fields import ReasonField
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.core.ways_back import way_back
from muniment.engine.matching.rules import reason
from muniment.engine.values import contacts
from muniment.people import joins, pairs
from muniment.people.actions import judge as judging
from muniment.people.models import Judgement, MatchEdge, PrimePerson
from muniment.people.queries import find_by_reference
from muniment.records.models import Nominal

MOST = 1000  # pairs that are counted and paged through
_RECORDED = "Your judgement is recorded. The prime records follow with the next run."
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
        choices=judging.EVIDENCE,
        error_messages={"required": "Say what it rests on"},
    )
    reason = ReasonField(judging.WHY, label="Reason", max_length=4000)


class _Counted(Paginator):
    """Pages of a list that is not counted to its end: each pair costs two looks at what the reader may see."""

    @cached_property
    def count(self) -> int:
        """Return how many there are, or MOST when there are more."""
        return int(self.object_list[:MOST].count())  # type: ignore[attr-defined]


@opens("match.judge")
def matches(request: HttpRequest) -> HttpResponse:
    """List the pairs that wait for a person: first who is shown as one with nothing to join them, then the likest.

    Of one person, when a reference is given.
    """
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
def match(request: HttpRequest, key: int) -> HttpResponse:
    """Show a pair side by side with the weight of each feature, and take the judgement."""
    edge = (
        MatchEdge.objects.select_related(
            "left__system__controller", "right__system__controller", "left__scope", "right__scope"
        )
        .filter(pk=key)
        .first()
    )
    if edge is None:
        raise Http404
    form = JudgeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            judging.judge(edge.left, edge.right, judging.Said(**form.cleaned_data), by=visitor(request))
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            is_unsure = form.cleaned_data["verdict"] == Judgement.Verdict.UNSURE
            messages.success(request, _UNSURE if is_unsure else _RECORDED)
            back = way_back(request)
            return redirect(back.href if back else "matches")
    else:
        audit.record(visitor(request), "match.view", subject=f"pair {edge.pk}")
    found = joins.joins([edge.left, edge.right])
    return TemplateResponse(
        request,
        "people/match.html",
        {
            "edge": edge,
            "join": found[0] if found else None,
            "form": form,
            "back": way_back(request),
            "blocked": _why(edge) if edge.blocked_by else "",
            "unsure": _unsure([edge]).get((edge.left_id, edge.right_id)),
            "pairs": _side_by_side(edge),
            "page_title": "Possible match",
        },
    )


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


def _side_by_side(edge: MatchEdge) -> list[tuple[str, str, str, bool]]:
    rows = []
    for field, title in _FIELDS.items():
        left, right = _value(edge.left, field), _value(edge.right, field)
        if left or right:
            rows.append((title, left, right, _form(field, left) == _form(field, right)))
    aliases = ", ".join(edge.left.aliases), ", ".join(edge.right.aliases)
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
