"""A review on one page: the evidence, the criteria with an answer to each, and the decision."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit, content, references
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.people import queries as people
from muniment.people.chronology import chronology
from muniment.records.models import NominalFlag
from muniment.retention import evidence, explaining, queries, rules
from muniment.retention.actions import disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.forms import AnswersForm, ConclusionForm
from muniment.retention.models import Review


def found_review(reference: str) -> Review:
    """Return the review with a reference; what may not be seen gives the same answer as what does not exist."""
    try:
        key = references.number("review", reference)
    except ValueError as error:
        raise Http404 from error
    review = Review.objects.select_related("prime", "controller", "reason").filter(pk=key).first()
    if review is None:
        raise Http404
    return review


@opens("review.work")
def review(request: HttpRequest, reference: str) -> HttpResponse:
    """Show everything; save some answers, park, refer, hand over or decide."""
    found = found_review(reference)
    answers = AnswersForm(request.POST or None, initial=_kept(found))
    conclusion = ConclusionForm(request.POST or None)
    refused: tuple[str, ...] = ()
    if request.method == "POST" and answers.is_valid() and conclusion.is_valid():
        try:
            return _act(request, found, answers, conclusion)
        except Refused as refusal:
            refused = refusal.reasons
            audit.record_apart(visitor(request), "review.refused", "refused", subject=found.reference)
    else:
        audit.record(visitor(request), "review.view", subject=found.reference, controller=found.controller.code)
    return TemplateResponse(
        request,
        "retention/review.html",
        {**_shown(found), "answers": answers, "conclusion": conclusion, "refused": refused},
        status=422 if refused else 200,
    )


def _shown(found: Review) -> dict[str, Any]:
    nominals = list(people.nominals_of(found.prime))
    entries = chronology(found.prime)
    previous = Review.objects.filter(prime=found.prime, state="decided").exclude(pk=found.pk).order_by("-decided_at")
    last = previous.first()
    return {
        "review": found,
        "prime": found.prime,
        "who": people.identity(found.prime, nominals),
        "entries": entries,
        "flags": NominalFlag.objects.filter(nominal__in=nominals).order_by("flag", "start"),
        "criteria": evidence.beside_criteria(entries, found.prime),
        "changed": evidence.since(entries, last),
        "previous": previous[:5],
        "holds": queries.standing_holds([entry.record.pk for entry in entries]),
        "stops": [
            (entry.record, disposal.may_go(getattr(entry.record, "decision", None)).reasons)
            for entry in entries
            if entry.record.system.controller_id == found.controller_id
        ],
        "explanation": explaining.explain_person(found.prime, found.controller),
        "decision": queries.person_decision(found.prime, found.controller),
        "reason": content.read(found.reason) if found.reason else "",
        "orders": found.orders.order_by("-pk"),
        "is_open": bool(rules.can_move(found, "save")),
        "page_title": f"Review {found.reference}",
    }


def _kept(found: Review) -> dict[str, str]:
    kept = {}
    for answer in found.answers.select_related("reason"):
        kept[f"answer_{answer.criterion}"] = answer.answer
        kept[f"reason_{answer.criterion}"] = content.read(answer.reason) if answer.reason else ""
    return kept


def _act(request: HttpRequest, found: Review, form: AnswersForm, conclusion: ConclusionForm) -> HttpResponse:
    by, verb = visitor(request), request.POST.get("do", "save")
    given = reviewing.Answers(
        {key: form.cleaned_data[f"answer_{key}"] for key in rules.CRITERIA if form.cleaned_data[f"answer_{key}"]},
        {key: form.cleaned_data[f"reason_{key}"] for key in rules.CRITERIA},
    )
    version = int(request.POST.get("version") or 0)
    if verb == "decide":
        return _decide(request, found, given, conclusion, version)
    reviewing.save(found, given, by=by, version=version)
    words = request.POST.get("to", "")
    if verb == "park":
        reviewing.park(found, by=by, waiting_for=words)
        messages.success(request, f"{found.reference} is parked. Your answers are saved.")
        return redirect("reviews")
    if verb == "refer":
        reviewing.refer(found, by=by, to=words)
        messages.success(request, f"{found.reference} is referred to {words}. Your answers are saved.")
        return redirect("reviews")
    if verb == "hand over":
        reviewing.hand_over(found, by=by, to=words)
        messages.success(request, f"{found.reference} is with {words}. Your answers are saved.")
        return redirect("reviews")
    messages.success(request, "Your answers are saved.")
    return redirect("review", found.reference)


def _decide(
    request: HttpRequest, found: Review, given: reviewing.Answers, conclusion: ConclusionForm, version: int
) -> HttpResponse:
    by, decided = visitor(request), conclusion.cleaned_data
    kept = tuple(int(key) for key in request.POST.getlist("keep") if key.isdigit())
    done = reviewing.decide(
        found,
        given,
        reviewing.Conclusion(decided["outcome"], decided["reason"], kept, decided["next_review"]),
        by=by,
        version=version,
    )
    if done.outcome == Review.Outcome.RETAIN:
        messages.success(request, f"{found.reference} is decided: everything is kept until the next review.")
        return redirect("reviews")
    entries = chronology(found.prime)
    going = tuple(
        entry.record.pk
        for entry in entries
        if entry.record.system.controller_id == found.controller_id
        and (done.outcome == Review.Outcome.DISPOSE or entry.record.pk not in kept)
    )
    order = disposal.propose(disposal.Proposal(found.prime, found.controller, going, done), by=by)
    messages.success(
        request, f"{found.reference} is decided. The disposal {order.reference} waits for someone else's approval."
    )
    return redirect("disposal", order.reference)
