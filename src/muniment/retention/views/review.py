"""A review on one page: the evidence, the criteria with an answer to each, and the decision."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from muniment.core import audit, content, references, words
from muniment.core.actors import Actor
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.people import queries as people
from muniment.people import surroundings
from muniment.people.chronology import Entry, chronology
from muniment.records.models import NominalFlag
from muniment.retention import evidence, explaining, queries, rules
from muniment.retention.actions import disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.forms import ANSWERS, AnswersForm, ConclusionForm
from muniment.retention.models import DisposalOrder, Hold, Review


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


@dataclass(frozen=True)
class Question:
    """One criterion: its evidence, the two fields of the answer, and what someone else saved meanwhile."""

    beside: evidence.Beside
    answer: BoundField
    reason: BoundField
    theirs: str


@opens("review.work")
def review(request: HttpRequest, reference: str) -> HttpResponse:
    """Show everything; save some answers, park, refer, hand over or decide."""
    found = found_review(reference)
    kept = _kept(found)
    answers = AnswersForm(request.POST or None, initial=kept)
    conclusion = ConclusionForm(request.POST or None)
    meanwhile = False
    if request.method == "POST":
        meanwhile = request.POST.get("version") != str(found.version)
        if _is_complete(request, answers, conclusion, kept):
            try:
                return _act(request, found, answers, conclusion)
            except Refused as refusal:
                for reason in refusal.reasons:
                    conclusion.add_error(None, reason)
                audit.record_apart(visitor(request), "review.refused", "refused", subject=found.reference)
    else:
        audit.record(visitor(request), "review.view", subject=found.reference, controller=found.controller.code)
    shown = _shown(request, found)
    shown["questions"] = [
        Question(each, answers[f"answer_{each.key}"], answers[f"reason_{each.key}"], _said(kept, each.key, meanwhile))
        for each in shown.pop("criteria")
    ]
    shown |= {"answers": answers, "conclusion": conclusion, "to": request.POST.get("to", "")}
    wrong = bool(answers.errors or conclusion.errors)
    return TemplateResponse(request, "retention/review.html", shown, status=422 if wrong else 200)


def _is_complete(request: HttpRequest, answers: AnswersForm, conclusion: ConclusionForm, kept: dict[str, str]) -> bool:
    """Say whether what was sent can be acted on; errors stand beside their fields."""
    valid = answers.is_valid() and conclusion.is_valid()
    if request.POST.get("do") == "decide":
        answers.require_answers(kept)
        conclusion.require_decision()
    return valid and not answers.errors and not conclusion.errors


def _said(kept: dict[str, str], key: str, meanwhile: bool) -> str:
    answer = dict(ANSWERS).get(kept.get(f"answer_{key}", ""), "")
    words_ = kept.get(f"reason_{key}", "")
    return f"{answer}. {words_}".strip() if meanwhile and answer else ""


def _shown(request: HttpRequest, found: Review) -> dict[str, Any]:
    assert isinstance(request.user, User)
    on = timezone.localdate()
    nominals = list(people.nominals_of(found.prime))
    entries = chronology(found.prime)
    previous = list(
        Review.objects.filter(prime=found.prime, state="decided").exclude(pk=found.pk).order_by("-decided_at")[:5]
    )
    holds = queries.standing_holds([entry.record.pk for entry in entries])
    explanation = explaining.explain_person(found.prime, found.controller).get(found.controller)
    own = [entry for entry in entries if entry.record.system.controller_id == found.controller_id]
    last = queries.last_days([entry.record.pk for entry in own])
    free = [
        entry for entry in own if disposal.may_go(getattr(entry.record, "decision", None), last.get(entry.record.pk))
    ]
    stopped = [(entry, _why(entry, on)) for entry in own if entry not in free]
    return {
        "review": found,
        "prime": found.prime,
        "who": people.identity(found.prime, nominals),
        "around": surroundings.around(found.prime, request.user),
        "clock": _clock(found, explanation, holds),
        "entries": entries,
        "distressing": sorted({mark.label for entry in entries for mark in entry.distressing}),
        "flags": NominalFlag.objects.filter(nominal__in=nominals).order_by("flag", "start"),
        "criteria": evidence.beside_criteria(entries, found.prime),
        "changed": evidence.since(entries, previous[0] if previous else None),
        "previous": previous,
        "explanation": explanation,
        "records": len(own),
        "seen": people.life_digest(found.prime_id),
        "has_changed": found.membership_digest != people.membership_digest(found.prime_id),
        "free": free,
        "stopped": stopped,
        "keep_words": f"Choose what to keep when you keep part ({len(free)})",
        "stopped_words": f"{len(stopped)} cannot go today, and why",
        "keep": {int(key) for key in request.POST.getlist("keep") if key.isdigit()},
        "queue": f"?{request.GET.urlencode()}" if request.GET else "",
        "reason": content.shown(found.reason),
        "orders": found.orders.order_by("-pk"),
        "page_title": f"Review {found.reference}",
    }


def _why(entry: Entry, on: date) -> str:
    decision = getattr(entry.record, "decision", None)
    if decision is None:
        return "The schedule has not been worked out for it yet."
    return f"{explaining.sentence(decision, on)} {words.class_title(decision.rule or decision.resolved_class)}."


def _clock(found: Review, explanation: explaining.Explanation | None, holds: list[Hold]) -> list[tuple[str, str]]:
    """Return what a reviewer keeps in sight: group, due, rule, holds, what is not known."""
    lines = [("Due", words.day(found.due))]
    if explanation:
        lines = [("Group", str(explanation.group or "none")), *lines]
        lines += [("Clear since", words.day(explanation.clear_from))] if explanation.clear_from else []
        lines += [("Rule", explanation.rule_title)] if explanation.rule_title else []
    lines += [("Holds", str(len(holds)))] if holds else []
    return lines + ([("Not known", str(len(explanation.missing)))] if explanation and explanation.missing else [])


def _kept(found: Review) -> dict[str, str]:
    kept = {}
    for answer in found.answers.select_related("reason"):
        kept[f"answer_{answer.criterion}"] = answer.answer
        # One that cannot be opened is to be given afresh, not to be kept as a fault's words.
        kept[f"reason_{answer.criterion}"] = (content.opened(answer.reason) or "") if answer.reason else ""
    return kept


def _act(request: HttpRequest, found: Review, form: AnswersForm, conclusion: ConclusionForm) -> HttpResponse:
    by, verb = visitor(request), request.POST.get("do", "save")
    given = reviewing.Answers(
        {key: form.cleaned_data[f"answer_{key}"] for key in rules.CRITERIA if form.cleaned_data[f"answer_{key}"]},
        {key: form.cleaned_data[f"reason_{key}"] for key in rules.CRITERIA},
        request.POST.get("seen", ""),
    )
    sent = request.POST.get("version", "")
    version = int(sent) if sent.isdigit() else 0
    if verb == "decide":
        return _decide(request, found, given, conclusion, version)
    reviewing.save(found, given, by=by, version=version)
    to = request.POST.get("to", "")
    after = f"{reverse('reviews')}{'?' + request.GET.urlencode() if request.GET else ''}"
    if verb == "park":
        reviewing.park(found, by=by, waiting_for=to)
        messages.success(request, f"{found.reference} is parked. Your answers are saved.")
        return redirect(after)
    if verb == "refer":
        reviewing.refer(found, by=by, to=to)
        messages.success(request, f"{found.reference} is referred to {to}. Your answers are saved.")
        return redirect(after)
    if verb == "hand over":
        reviewing.hand_over(found, by=by, to=to)
        messages.success(request, f"{found.reference} is with {to}. Your answers are saved.")
        return redirect(after)
    messages.success(request, "Your answers are saved.")
    return redirect(request.get_full_path())


def _decide(
    request: HttpRequest, found: Review, given: reviewing.Answers, conclusion: ConclusionForm, version: int
) -> HttpResponse:
    by, decided = visitor(request), conclusion.cleaned_data
    kept = tuple(int(key) for key in request.POST.getlist("keep") if key.isdigit())
    chosen = reviewing.Conclusion(decided["outcome"], decided["reason"], kept, decided["next_review"])
    with transaction.atomic():  # a decision whose disposal is refused is no decision
        done = reviewing.decide(found, given, chosen, by=by, version=version)
        order = None if done.outcome == Review.Outcome.RETAIN else _propose(found, done, by)
    words_ = "everything is kept until the next review."
    if order is not None:
        words_ = f"the disposal {order.reference} waits for someone else's approval."
    messages.success(request, f"{found.reference} is decided: {words_}")
    return redirect(request.get_full_path())


def _propose(found: Review, done: Review, by: Actor) -> DisposalOrder:
    going = tuple(
        entry.record.pk
        for entry in chronology(found.prime)
        if entry.record.system.controller_id == found.controller_id
        and (done.outcome == Review.Outcome.DISPOSE or entry.record.pk not in done.kept_records)
    )
    if not going:
        raise Refused(("You ticked everything that can go: choose to keep everything until the next review.",))
    return disposal.propose(disposal.Proposal(found.prime, found.controller, going, done), by=by)
