"""Possible matches: pairs that the model cannot decide, side by side, for a person to judge."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.people import joins
from muniment.people.actions import judge as judging
from muniment.people.models import Belonging, Judgement, MatchEdge


class JudgeForm(forms.Form):
    """A verdict, what it rests on, and why."""

    verdict = forms.ChoiceField(
        label="Are they one person?",
        choices=Judgement.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the two are one person"},
    )
    evidence = forms.ChoiceField(label="What this rests on", choices=judging.EVIDENCE)
    reason = forms.CharField(
        label="Reason",
        max_length=4000,
        widget=forms.Textarea,
        error_messages={"required": "Give the reason in a sentence"},
    )


@opens("match.judge")
def matches(request: HttpRequest) -> HttpResponse:
    """List the pairs that wait for a person, most alike first."""
    current = Belonging.objects.filter(until__isnull=True)
    judged = Judgement.objects.filter(
        left=OuterRef("left"), right=OuterRef("right"), superseded_at__isnull=True
    ).exclude(verdict="unsure")
    edges = (
        MatchEdge.objects.filter(left__belongings__in=current, right__belongings__in=current)
        .exclude(left__belongings__prime=F("right__belongings__prime"))
        .exclude(Exists(judged))
        .select_related("left__system__controller", "right__system__controller")
        .order_by("-weight", "pk")
    )
    audit.record(visitor(request), "match.list")
    page = Paginator(edges, 50).get_page(request.GET.get("page"))
    return TemplateResponse(request, "people/matches.html", {"page": page, "page_title": "Possible matches"})


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
            judging.judge(edge.left, edge.right, by=visitor(request), **form.cleaned_data)
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            messages.success(request, "Your judgement is recorded. The prime records follow with the next run.")
            return redirect("matches")
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
            "pairs": _side_by_side(edge),
            "page_title": "Possible match",
        },
    )


def _side_by_side(edge: MatchEdge) -> list[tuple[str, str, str, bool]]:
    fields = (
        "name",
        "born",
        "sex",
        "address",
        "postcode",
        "phone",
        "email",
        "pncid",
        "cro",
        "birth_place",
        "occupation",
    )
    rows = []
    for name in fields:
        left, right = str(getattr(edge.left, name)), str(getattr(edge.right, name))
        if left or right:
            rows.append((name, left, right, left.casefold() == right.casefold()))
    rows.append(("aliases", ", ".join(edge.left.aliases), ", ".join(edge.right.aliases), False))
    return rows
