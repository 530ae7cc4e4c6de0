"""Many possible matches of one kind: finding a kind, deciding it, and looking at a sample of it afterwards."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit, content
from muniment.core.govuk_fields import ReasonField
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.engine.matching.rules import REASONS
from muniment.engine.matching.rules import reason as reason_of
from muniment.people.actions import bulk
from muniment.people.actions import judge as judging
from muniment.people.actions.judge_together import Because
from muniment.people.judging import checks
from muniment.people.judging import kinds_of_pairs as kinds_
from muniment.people.linking import joins
from muniment.people.models import Judgement, JudgingAct
from muniment.people.said import judged
from muniment.people.views.matches import pass_by_pair, side_by_side
from muniment.records.models import SourceSystem

_SHOWN = 25  # kinds that the page lists
_VERDICTS = {Judgement.Verdict.SAME: "the same person", Judgement.Verdict.DIFFERENT: "not the same person"}
_NUMBER = {"invalid": "Write a weight as a number"}


def _weight(label: str) -> forms.FloatField:
    widget = forms.TextInput(attrs={"inputmode": "decimal"})
    return forms.FloatField(label=label, required=False, widget=widget, error_messages=_NUMBER)


class FilterForm(forms.Form):
    """Which pairs are meant."""

    rule = forms.ChoiceField(label="Why they wait", required=False)
    system = forms.ChoiceField(label="A source of either", required=False)
    least = _weight("Weight from")
    most = _weight("Weight below")

    def __init__(self, *args: Any, **more: Any) -> None:
        """Offer the rules that pairs can wait for, and every source."""
        super().__init__(*args, **more)
        rules, systems = self.fields["rule"], self.fields["system"]
        assert isinstance(rules, forms.ChoiceField)
        assert isinstance(systems, forms.ChoiceField)
        rules.choices = [("", "Any reason"), *((code, text) for code, text in REASONS.items() if code != "reopened")]
        every = SourceSystem.objects.select_related("controller").order_by("controller__name", "title")
        systems.choices = [("", "Any source"), *((str(each.pk), str(each)) for each in every)]

    def filter(self) -> kinds_.Filter:
        """Return the filter that was chosen."""
        said = self.cleaned_data if self.is_valid() else {}
        system = int(said["system"]) if said.get("system") else None
        return kinds_.Filter(said.get("rule") or "", system, said.get("least"), said.get("most"))


class DecideForm(forms.Form):
    """What a decision about many pairs rests on, and why."""

    evidence = forms.ChoiceField(
        label="What this rests on",
        choices=judged.evidence_choices,
        error_messages={"required": "Say what it rests on"},
    )
    reason = ReasonField(judging.WHY, label="Reason", max_length=4000)
    digest = forms.CharField(required=False, max_length=64)


class CheckForm(forms.Form):
    """What somebody else says of a pair."""

    said = forms.ChoiceField(
        label="Are they one person?",
        choices=Judgement.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the two are one person, or that you cannot tell"},
    )


@opens("match.bulk")
def match_kinds(request: HttpRequest) -> HttpResponse:
    """List the kinds of the pairs that wait and that a filter means, the most frequent first."""
    form = FilterForm(request.GET or None)
    wanted = form.filter() if form.is_bound else kinds_.Filter()
    audit.record(visitor(request), "match.kinds", detail={"rule": wanted.rule, "filter": wanted.words()})
    found, are_more = kinds_.kinds(wanted)
    shown = {
        "form": form,
        "grave": wanted.grave(),
        "filter": [*([reason_of(wanted.rule)] if wanted.rule else []), *wanted.words()],
        "by_rule": bool(wanted.rule),
        "kinds": found[:_SHOWN],
        "left_out": len(found[_SHOWN:]),
        "pairs": sum(len(each.edges) for each in found),
        "are_more": are_more,
        "page_title": "Kinds of possible matches",
    }
    return TemplateResponse(request, "people/kinds.html", shown)


@opens("match.bulk")
def match_kind(request: HttpRequest, code: str, verdict: str) -> HttpResponse:
    """Show what of a kind would be decided, with a random handful of it, and take the decision."""
    wanted = FilterForm(request.GET).filter()
    found, _ = kinds_.kinds(wanted)
    kind = next((each for each in found if each.code == code), None)
    if kind is None or verdict not in _VERDICTS:
        raise Http404
    prepared = kinds_.prepare(wanted, kind, verdict)
    for each in prepared.handful:
        pass_by_pair(request, each.left, each.right)
    form = DecideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = _decided(request, form, prepared)
        if done is not None:
            return redirect("judging_act", done.pk)
    handful = prepared.handful
    detail = {"kind": list(prepared.words), "shown": [[each.left_id, each.right_id] for each in handful]}
    audit.record(visitor(request), "match.kind", detail=detail)
    shown = {
        "prepared": prepared,
        "verdict": _VERDICTS[Judgement.Verdict(verdict)],
        "other": next(each for each in _VERDICTS if each != verdict),
        "handful": [(each, side_by_side(each.left, each.right)) for each in handful],
        "form": form,
        "query": request.GET.urlencode(),
        "page_title": "Decide pairs of one kind",
    }
    return TemplateResponse(request, "people/kind.html", shown)


def _decided(request: HttpRequest, form: DecideForm, prepared: kinds_.Prepared) -> JudgingAct | None:
    """Decide what was shown; None, with the reasons in the form, when it cannot be."""
    said = form.cleaned_data
    if said["digest"] != prepared.digest:
        form.add_error(None, "The pairs of this kind have changed since you opened the page: look once more.")
        return None
    try:
        done = bulk.decide(prepared, Because(said["evidence"], said["reason"]), by=visitor(request))
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error(None, reason)
        return None
    told = f"{done.pairs} pair{'s are' if done.pairs != 1 else ' is'} decided."
    messages.success(request, f"{told} Somebody else looks at some of them, drawn at random.")
    return done


@opens("match.judge")
def check_act(request: HttpRequest, key: int) -> HttpResponse:
    """Show the next pair of the sample of an act to somebody else than who decided it, and take what they say."""
    assert isinstance(request.user, User)
    act = JudgingAct.objects.filter(pk=key, act=JudgingAct.Act.BULK).first()
    if act is None:
        raise Http404
    place = request.POST.get("place") or request.GET.get("place") or ""
    waiting = checks.waiting_for(request.user.username, act).select_related(
        "act", "judgement__left__system__controller", "judgement__right__system__controller", "judgement__reason"
    )
    pair = (waiting.filter(place=int(place)) if place.isdigit() else waiting).first()
    if pair is None:
        audit.record(visitor(request), "match.check_view", subject=f"act {key}")
        return redirect("judging_act", key)
    pass_by_pair(request, pair.judgement.left, pair.judgement.right)
    form = CheckForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            bulk.check(pair, by=visitor(request), said=form.cleaned_data["said"])
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            return redirect("check_act", key)
    left, right = pair.judgement.left, pair.judgement.right
    audit.record(visitor(request), "match.check_view", subject=f"nominals {left.pk} and {right.pk}")
    found = joins.joins([left, right])
    shown = {
        "act": act,
        "pair": pair,
        "left": waiting.count(),
        "size": act.judgements.count(),
        "verdict": _VERDICTS.get(Judgement.Verdict(act.verdict), ""),
        "reason": content.shown(pair.judgement.reason),
        "pairs": side_by_side(left, right),
        "join": found[0] if found else None,
        "form": form,
        "page_title": "Look at a pair that was decided with others",
    }
    return TemplateResponse(request, "people/check.html", shown)
