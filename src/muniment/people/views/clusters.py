"""Prime records to look at: the list, and one with its nominals, its pairs and the cut that the evidence supports."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit, guards
from muniment.core.govuk_fields import ReasonField
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.core.ways_back import way_back
from muniment.people import queries
from muniment.people.actions import judge as judging
from muniment.people.actions import judge_together as together
from muniment.people.judging import clusters as found
from muniment.people.judging import consequences, cutting, knot_picture, previews
from muniment.people.judging.cutting import Proposal
from muniment.people.linking import linkage_models
from muniment.people.linking.regrouping import Knot
from muniment.people.models import JudgingAct, PrimePerson
from muniment.people.said import judged
from muniment.people.views.matches import steps_of
from muniment.records.models import Nominal

ON_A_PAGE, LINES = 50, 150  # prime records of the list, and pairs that one page names
CUT, ONE = JudgingAct.Act.CUT, JudgingAct.Act.ONE


class ActForm(forms.Form):
    """What somebody says of a prime record, what it rests on, and why."""

    act = forms.ChoiceField(
        label="Is this one person?",
        choices=(),
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether to take it apart, or that it is one person"},
    )
    evidence = forms.ChoiceField(
        label="What this rests on",
        choices=judged.evidence_choices,
        error_messages={"required": "Say what it rests on"},
    )
    reason = ReasonField(judging.WHY, label="Reason", max_length=4000)
    despite = forms.CharField(required=False, max_length=64)
    proposal = forms.CharField(required=False, max_length=64)

    def __init__(self, *args: Any, may_cut: bool, may_keep: bool, **more: Any) -> None:
        """Offer only what there is something to be said for."""
        super().__init__(*args, **more)
        said = ((CUT, "No: take it apart as proposed", may_cut), (ONE, "Yes: it is one person", may_keep))
        field = self.fields["act"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, words) for code, words, is_offered in said if is_offered]


@opens("match.judge")
def clusters(request: HttpRequest) -> HttpResponse:
    """List the prime records that somebody should look at, the worst first."""
    audit.record(visitor(request), "match.clusters")
    ranked = found.clusters()
    page = Paginator(ranked, ON_A_PAGE).get_page(request.GET.get("page"))
    counts = [(found.SHORT[kind], means, ranked.of(kind)) for kind, means in found.MEANS.items()]
    shown = {
        "page": page,
        "lines": found.named(list(page)),
        "counts": counts,
        "are_more": ranked.are_more,
        "large_from": found.large_from(),
        "page_title": "Prime records to look at",
    }
    return TemplateResponse(request, "people/clusters.html", shown)


def _opened(reference: str) -> tuple[PrimePerson, Knot]:
    """Return a prime record with what is kept of its nominals; what may not be seen and what does not exist are one."""
    try:
        prime = queries.find_by_reference(reference)
    except ValueError as error:
        raise Http404 from error
    nominals = list(queries.nominals_of(prime)) if prime else []
    if prime is None or len(nominals) < 2:
        raise Http404
    try:
        published = linkage_models.published()
    except linkage_models.NoModel as error:
        raise Http404 from error
    return prime, Knot(nominals, published)


@opens("match.judge")
def cluster(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a prime record in question with the proposed cut, and take what is said of it."""
    assert isinstance(request.user, User)
    prime, knot = _opened(reference)
    if prime.reference != reference:
        return redirect("cluster", prime.reference)
    members = sorted(knot.nominals)
    guards.pass_by(members, visitor(request).purpose, prime.reference, duty=guards.COMPARING)
    proposal = cutting.propose(knot)
    acts = {CUT: proposal.pairs, ONE: cutting.as_one(knot, proposal)}
    form = ActForm(request.POST or None, may_cut=bool(acts[CUT]), may_keep=bool(acts[ONE]))
    against: list[Any] = []
    if request.method == "POST" and form.is_valid():
        act = together.Act(JudgingAct.Act(form.cleaned_data["act"]), prime, acts[form.cleaned_data["act"]])
        done = _acted(request, form, act, proposal)
        if done is not None:
            return redirect("judging_act", done.pk)
        against = together.against(act)
    detail = {"questions": len(proposal.questions), "parts": len(proposal.parts)}
    audit.record(visitor(request), "match.cluster", subject=prime.reference, detail=detail)
    shown = _shown(prime, knot, proposal, request.user)
    shown |= {
        "form": form,
        "acts": {"cut": len(acts[CUT]), "one": len(acts[ONE])},
        "against": [step for pair, otherwise in against for step in steps_of(otherwise, pair[0])],
        "despite": together.digest([otherwise for _, otherwise in against]),
        "back": way_back(request),
    }
    return TemplateResponse(request, "people/cluster.html", shown)


def _acted(request: HttpRequest, form: ActForm, act: together.Act, proposal: Proposal) -> JudgingAct | None:
    """Record what was said of a prime record as it was shown; None, with the reasons in the form, when it cannot be."""
    said = form.cleaned_data
    if said["proposal"] != proposal.digest:
        form.add_error(
            None, "The prime record, or what is said of it, has changed since you opened it: look once more."
        )
        return None
    because = together.Because(said["evidence"], said["reason"], said["despite"])
    try:
        done = together.judge_together(act, because, by=visitor(request))
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error(None, reason)
        return None
    messages.success(
        request, "Your judgements are recorded. The prime records, and what is kept of them, follow within a minute."
    )
    return done


def _shown(prime: PrimePerson, knot: Knot, proposal: Proposal, reader: User) -> dict[str, Any]:
    ordered = [nominal for part in proposal.parts for nominal in part]
    part_of = {nominal.pk: at for at, part in enumerate(proposal.parts, 1) for nominal in part}
    numbers = {nominal.pk: at for at, nominal in enumerate(ordered, 1)}
    told = knot_picture.lines(knot, part_of)
    pairs = [(*sorted((numbers[each.left.pk], numbers[each.right.pk])), each) for each in told]
    cut = [each for each in told if each.across]
    change = consequences.change_of(knot, [prime.pk], proposal.bars) if len(proposal.parts) > 1 else None
    return {
        "prime": prime,
        "who": queries.identity(prime, ordered),
        "proposal": proposal,
        "members": [
            (numbers[each.pk], each, f"Part {part_of[each.pk]}", _colour(part_of[each.pk])) for each in ordered
        ],
        "across": pairs[: len(cut)][:LINES],
        "within": (within := pairs[len(cut) :])[:LINES],
        "within_title": f"The {'other pairs' if cut else 'pairs'}, {len(within):,}, one by one",
        "left_out": max(0, len(within) - LINES),
        "kinds": [(kind, words, sum(each.kind == kind for each in told)) for kind, words in knot_picture.KINDS.items()],
        "picture": knot_picture.picture(ordered, told, [len(part) for part in proposal.parts]),
        "questions": _together(proposal, numbers),
        "preview": previews.preview(change, reader) if change else None,
        "page_title": f"Is {prime.reference} one person?",
    }


def _colour(part: int) -> str:
    return ("", "orange", "purple", "green")[(part - 1) % 4]


def _together(proposal: Proposal, numbers: dict[int, int]) -> list[tuple[str, list[tuple[int, int, Nominal, Nominal]]]]:
    """Return the questions by what they say, each with its pairs."""
    by_words: dict[str, list[tuple[int, int, Nominal, Nominal]]] = {}
    for each in proposal.questions:
        pair = numbers[each.left.pk], numbers[each.right.pk], each.left, each.right
        by_words.setdefault(each.words, []).append(pair)
    return list(by_words.items())
