"""What the page of a review shows: the life, the evidence beside each question, and what can and cannot go."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from muniment.core import content, words
from muniment.core.models import User
from muniment.core.visits import controllers_of
from muniment.people import queries as people
from muniment.people.shown import surroundings
from muniment.people.shown.chronology import Entry, controllers
from muniment.records.models import NominalFlag
from muniment.retention import queries
from muniment.retention.deciding import doubt, explaining, long_kept
from muniment.retention.disposals import stops
from muniment.retention.forms.reviews import ANSWERS, AnswersForm, DisagreeForm, EscalationForm
from muniment.retention.models import DisposalItem, Hold, Review, ReviewAsk
from muniment.retention.requests import attached
from muniment.retention.reviews import assessment, escalated, evidence, linked, since, triggers_seen
from muniment.retention.reviews import queue as queueing
from muniment.retention.reviews.assessment import Criterion
from muniment.retention.reviews.drafts import Draft
from muniment.retention.views.decided import decided
from muniment.retention.views.reviews import queue
from muniment.retention.views.staying import shared, told_apart


@dataclass(frozen=True)
class Question:
    """One criterion: its evidence, the two fields of the answer, and what someone else saved meanwhile."""

    beside: evidence.Beside
    answer: BoundField
    reason: BoundField
    theirs: str


def questions(criteria: list[evidence.Beside], answers: AnswersForm, theirs: dict[str, str]) -> list[Question]:
    """Return each criterion with its fields, and what someone else has saved of it meanwhile."""
    return [
        Question(each, answers[f"answer_{each.key}"], answers[f"reason_{each.key}"], _said(theirs, each.key))
        for each in criteria
    ]


def drafted(draft: Draft) -> list[tuple[str, str]]:
    """Return what someone has saved of a decision, each part with its name."""
    outcomes, typed = dict(Review.Outcome.choices), draft.typed
    said = (
        ("What is to happen", outcomes.get(typed.get("outcome", ""), "")),
        ("Reason", typed.get("reason", "")),
        ("Next review", typed.get("next_review", "")),
    )
    return [(name, text) for name, text in said if text]


def _said(theirs: dict[str, str], key: str) -> str:
    answer = dict(ANSWERS).get(theirs.get(f"answer_{key}", ""), "")
    return f"{answer}. {theirs.get(f'reason_{key}', '')}".strip() if answer else ""


def shown(request: HttpRequest, found: Review, asked: Mapping[str, Criterion], entries: list[Entry]) -> dict[str, Any]:
    """Return everything that the page shows beside its forms; `entries` are the chronology of the person."""
    assert isinstance(request.user, User)
    nominals = list(people.nominals_of(found.prime))
    earlier = queries.decided_about(found.prime).exclude(pk=found.pk)
    holds = stops.standing_holds([entry.record.pk for entry in entries])
    explanation = explaining.explain_person(found.prime, found.controller).get(found.controller)
    own = [entry for entry in entries if entry.record.system.controller_id == found.controller_id]
    flags = list(NominalFlag.objects.filter(nominal__in=nominals).order_by("flag", "start"))
    apart = told_apart(own, found.prime_id, found)
    free = apart.free
    return {
        "review": found,
        "prime": found.prime,
        "who": people.identity(found.prime, nominals),
        "around": surroundings.around(found.prime, request.user),
        "clock": _clock(found, explanation, holds),
        "entries": entries,
        "protected": _protected(entries),
        "distressing": sorted({mark.label for entry in entries for mark in entry.distressing}),
        "withdrawn": [entry for entry in entries if entry.withdrawn_on],
        "flags": flags,
        "criteria": evidence.beside_criteria(entries, found.prime, asked.values()),
        "changed": since.changed(
            since.Now(found.prime, entries, flags, explanation.group if explanation else None),
            earlier.select_related("reason", "prime").filter(controller=found.controller_id).first(),
        ),
        **_escalated(request, found),
        "triggers": triggers_seen.of_review(found),
        "answers_requests": attached.of_review(found),
        "answered": _answered(found),
        "together": linked.together(found.prime, found.controller) if found.state in queueing.UNDECIDED else None,
        **_second(request, found),
        "previous": list(earlier.select_related("controller")[:5]),
        "explanation": explanation,
        "records": len(own),
        "whose": _whose(found, entries),
        "is_offender": all(assessment.OFFENDER in each.asked_of for each in asked.values()),
        "several": len(controllers(entries)) > 1,
        "seen": people.life_digest(found.prime_id),
        "doubt": doubt.of_review(found, timezone.localdate()),
        "free": free,
        "long_kept": long_kept.said(_classes(free), found.controller),
        "shared": shared(apart),
        "gone_with_others": _gone_with_others(found),
        "staying": apart.staying,
        "keep_words": f"Choose what to keep when you keep part ({len(free)})",
        "stopped_words": f"{len(own) - len(free)} cannot go today, and why",
        **_queue(request, found),
        "decided": decided(found, own),
        "orders": found.orders.order_by("-pk"),
        "back_here": urlencode({"next": request.get_full_path()}),
        "page_title": f"Review {found.reference}",
    }


def _protected(entries: list[Entry]) -> list[str]:
    """Say how many records hold what the law protects more strongly, and how many tell of the person as a child."""
    counts = Counter(mark.label for entry in entries for mark in entry.special)
    young = sum(1 for entry in entries if entry.young)
    found = [*sorted(counts.items()), *([("The person under 18", young)] if young else [])]
    return [f"{label.lower()} ({number} record{'' if number == 1 else 's'})" for label, number in found]


def _answered(found: Review) -> list[tuple[ReviewAsk, str]]:
    """Return what was asked of others and is answered, each with what came."""
    asks = found.asks.exclude(answer="").select_related("said").order_by("pk")
    return [(each, content.shown(each.said)) for each in asks]


def _second(request: HttpRequest, found: Review) -> dict[str, Any]:
    """Return who has to agree, or has agreed or sent it back, and whether it is for the reader to do."""
    assert isinstance(request.user, User)
    every = list(found.agreements.select_related("note").order_by("pk"))
    last = every[-1] if every else None
    waits = last is not None and last.agreed is None
    may = waits and found.controller in controllers_of(request.user, "review.agree")
    return {
        "agreement": last,
        "because": [words.say("second", code) for code in last.because] if last else [],
        "sent_back": content.shown(last.note) if last and last.note else "",
        "may_agree": bool(may and last and last.proposed_by != request.user.username),
        "disagreeing": DisagreeForm(),
    }


def _escalated(request: HttpRequest, found: Review) -> dict[str, Any]:
    """Return to whom an old review was put last, and whether the reader is one of them."""
    assert isinstance(request.user, User)
    told = escalated.last([found]).get(found.pk) if found.state in queueing.UNDECIDED else None
    mine = told is not None and escalated.before(request.user, timezone.localdate()).filter(review=found).exists()
    return {"escalation": told, "may_settle": mine, "staying_with": EscalationForm()}


def _classes(entries: list[Entry]) -> list[str]:
    decisions = (getattr(entry.record, "decision", None) for entry in entries)
    return [decision.resolved_class for decision in decisions if decision]


def _gone_with_others(found: Review) -> list[DisposalItem]:
    """Return the records that went with somebody else while this review waited."""
    gone = DisposalItem.objects.filter(others__contains=[found.reference], destroyed_at__isnull=False)
    return list(gone.select_related("order").order_by("destroyed_at", "pk"))


def _queue(request: HttpRequest, found: Review) -> dict[str, Any]:
    """Return the ways back to the queue as it was narrowed and on to its next, and how many are left in it."""
    onward = request.GET.copy()
    onward["after"] = found.reference
    return {
        "queue": f"?{request.GET.urlencode()}" if request.GET else "",
        "next": f"{reverse('next_review')}?{onward.urlencode()}",
        "left": queue(request)[1].count() if found.state == Review.State.DECIDED else None,
    }


def _whose(found: Review, entries: list[Entry]) -> str:
    """Say how many of the records are the review's controller's, when others hold some too."""
    held, name = controllers(entries), found.controller.name
    own, every = held.get(name, 0), len(entries)
    if own == every:
        return ""
    others = [f"{number} {'is' if number == 1 else 'are'} {other}'s" for other, number in held.items() if other != name]
    about = "that one" if own == 1 else "those"
    is_ = "is" if own == 1 else "are"
    return f"{own} of {every} records {is_} {name}'s; what you decide is about {about}. {', '.join(others)}."


def _clock(found: Review, explanation: explaining.Explanation | None, holds: list[Hold]) -> list[tuple[str, str]]:
    """Return what a reviewer keeps in sight: group, due, rule, holds, what is not known."""
    lines = [("Due", words.day(found.due))]
    if explanation:
        lines = [("Group", str(explanation.group or "none")), *lines]
        lines += [("Clear since", words.day(explanation.clear_from))] if explanation.clear_from else []
        lines += [("Rule", explanation.rule_title)] if explanation.rule_title else []
    lines += [("Holds", str(len(holds)))] if holds else []
    return lines + ([("Not known", str(len(explanation.missing)))] if explanation and explanation.missing else [])
