"""A review on one page: the evidence, the criteria with an answer to each, and the decision."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from muniment.core import audit, content, references
from muniment.core.actors import Actor
from muniment.core.verdicts import Refused
from muniment.core.visits import controllers_of, opens, visitor
from muniment.people.shown.chronology import chronology
from muniment.retention import queries
from muniment.retention.actions import disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.elsewhere import told
from muniment.retention.forms.requests import PREFIXES, RequestAnswersForm
from muniment.retention.forms.reviews import AnswersForm, CameForm, ConclusionForm, PassOnForm
from muniment.retention.models import DisposalOrder, Review, ReviewAsk
from muniment.retention.reviews import assessment, drafts, intervals
from muniment.retention.reviews.drafts import Draft
from muniment.retention.views import open_to, review_page, review_requests


def found_review(reference: str) -> Review:
    """Return the review with a reference; what may not be seen gives the same answer as what does not exist."""
    try:
        key = references.number("review", reference)
    except ValueError as error:
        raise Http404 from error
    review = Review.objects.select_related("prime", "controller", "reason", "draft").filter(pk=key).first()
    if review is None:
        raise Http404
    return review


@dataclass(frozen=True)
class Forms:
    """The forms of the page, which are sent together."""

    answers: AnswersForm
    passing: PassOnForm
    conclusion: ConclusionForm
    came: CameForm
    asked: RequestAnswersForm


@opens("review.work")
def review(request: HttpRequest, reference: str) -> HttpResponse:
    """Show everything; save some answers, park, refer, hand over or decide."""
    found = found_review(reference)
    open_to.pass_life(request, found.reference, found.prime_id)
    kept, draft = _kept(found), drafts.of(found)
    typed = dict(draft.typed)
    entries = chronology(found.prime)
    asked = assessment.asked(found.prime_id, entries)
    answers = AnswersForm(assessment.in_words(asked), request.POST or None, initial=typed | kept)
    latest = intervals.latest_next_review(found, timezone.localdate())
    conclusion = ConclusionForm(latest, request.POST or None, initial=typed, may_propose=_may_propose(request, found))
    colleagues = [each for each in queries.colleagues(found) if each != request.user]
    passing = PassOnForm(colleagues, request.POST or None, initial=typed)
    came = CameForm(found.asks.filter(answer="").order_by("pk"), request.POST or None)
    asking = review_requests.form(found, request.POST or None, typed)
    forms = Forms(answers, passing, conclusion, came, asking)
    meanwhile, status, shown = False, 200, dict[str, Any](problem="There is a problem")
    if request.method == "POST":
        meanwhile, status = request.POST.get("version") != str(found.version), 422
        reasoned = {code for code, each in asked.items() if each.needs_reason}
        if _is_complete(request, forms, kept, reasoned):
            try:
                return _act(request, found, forms)
            except Refused as refusal:
                shown["problem"] = "This cannot be done yet"
                for reason in refusal.reasons:
                    conclusion.add_error(None, reason)
                audit.record_apart(visitor(request), "review.refused", "refused", subject=found.reference)
        shown["theirs"] = review_page.drafted(draft) if meanwhile else []
        draft = _typed(request, asked)
    else:
        audit.record(visitor(request), "review.view", subject=found.reference, controller=found.controller.code)
    shown |= review_page.shown(request, found, asked, entries)
    shown["questions"] = review_page.questions(shown.pop("criteria"), answers, kept if meanwhile else {})
    shown |= {"answers": answers, "conclusion": conclusion, "passing": passing, "colleagues": colleagues}
    shown |= {
        "came": came,
        "awaited": [(each, came[f"came_{each.pk}"], came[f"said_{each.pk}"]) for each in came.waiting],
    }
    shown |= {"asking": asking, "requested": review_requests.beside(asking, entries)}
    shown["came_back"] = back = queries.came_back([found]).get(found.pk)
    shown["stayed"] = queries.stayed(found) if found.state != Review.State.DECIDED else []
    shown["beside"] = told.standings([back]).get(back.pk, "") if back else ""
    shown |= {"keep": draft.kept_records, "ticked": draft.with_others, "unsaved": status != 200}
    return TemplateResponse(request, "retention/review.html", shown, status=status)


def _may_propose(request: HttpRequest, found: Review) -> bool:
    user = visitor(request).user
    return user is not None and found.controller in controllers_of(user, "disposal.propose")


def _is_complete(request: HttpRequest, forms: Forms, kept: dict[str, str], reasoned: set[str]) -> bool:
    """Say whether what was sent can be acted on; errors stand beside their fields.

    What is done with it has to be right before anything is saved; what is only saved may be unfinished.
    """
    verb = request.POST.get("do", "save")
    sent: list[Form] = [forms.answers, forms.came]
    forms.answers.is_valid()
    forms.came.is_valid()
    if verb in PassOnForm.NEEDED:
        sent.append(forms.passing)
        forms.passing.is_valid()
        forms.passing.require_what(verb)
    if verb == "decide":
        sent.append(forms.conclusion)
        forms.conclusion.is_valid()
        forms.answers.require_answers(kept, reasoned)
        forms.conclusion.require_decision()
        forms.came.require_all()
        sent.append(forms.asked)
        forms.asked.is_valid()
        forms.asked.require_all()
    return not any(form.errors for form in sent)


def _typed(request: HttpRequest, asked: Iterable[str]) -> Draft:
    """Return what was typed and is no answer to a question: kept as it is, right or wrong, until the decision."""
    names = (*PassOnForm.base_fields, *ConclusionForm.base_fields)
    names += tuple(name for name in request.POST if name.startswith(PREFIXES))
    # A reason without an answer waits for one; with one it is kept beside it.
    names += tuple(f"reason_{key}" for key in asked if not request.POST.get(f"answer_{key}"))
    typed = {name: text for name in names if (text := request.POST.get(name, "").strip())}
    return Draft(typed, _ticked(request, "keep"), _ticked(request, "with_others"))


def _ticked(request: HttpRequest, name: str) -> tuple[int, ...]:
    return tuple(int(key) for key in request.POST.getlist(name) if key.isdigit())


def _kept(found: Review) -> dict[str, str]:
    kept = {}
    for answer in found.answers.select_related("reason"):
        kept[f"answer_{answer.criterion}"] = answer.answer
        # One that cannot be opened is to be given afresh, not to be kept as a fault's words.
        kept[f"reason_{answer.criterion}"] = (content.opened(answer.reason) or "") if answer.reason else ""
    return kept


def _act(request: HttpRequest, found: Review, forms: Forms) -> HttpResponse:
    by, verb, said = visitor(request), request.POST.get("do", "save"), forms.answers.cleaned_data
    asked = forms.answers.questions
    given = reviewing.Answers(
        {key: said[f"answer_{key}"] for key in asked if said[f"answer_{key}"]},
        {key: said[f"reason_{key}"] for key in asked},
        request.POST.get("seen", ""),
        _came(forms.came),
    )
    sent = request.POST.get("version", "")
    version = int(sent) if sent.isdigit() else 0
    if verb == "decide":
        return _decide(request, found, given, forms, version)
    draft = _typed(request, asked)
    with transaction.atomic():  # what is refused to go on is not saved either: it stays on the page
        if verb in PassOnForm.NEEDED:
            name, _ = PassOnForm.NEEDED[verb]
            to = forms.passing.cleaned_data[name]
            draft = replace(draft, typed={key: text for key, text in draft.typed.items() if key != name})
        reviewing.save(found, given, by=by, version=version, draft=draft)
        if verb not in PassOnForm.NEEDED:
            messages.success(request, "Everything that you have entered is saved.")
            return redirect(request.get_full_path())
        if verb == "park":
            of = forms.passing.cleaned_data["waiting_of"] or ReviewAsk.Of.OTHER
            moved = reviewing.park(found, by=by, waiting_for=to, of=of)
        elif verb == "refer":
            moved = reviewing.refer(found, by=by, to=to)
        else:
            moved = reviewing.hand_over(found, by=by, to=to)
    standing = moved.standing[:1].lower() + moved.standing[1:]
    messages.success(request, f"{found.reference} is saved: {standing}.")
    return redirect(f"{reverse('reviews')}{'?' + request.GET.urlencode() if request.GET else ''}")


def _came(form: CameForm) -> dict[int, reviewing.Came]:
    """Return what came of each thing that was asked of others, of those that are answered now."""
    given = form.cleaned_data
    return {
        each.pk: reviewing.Came(given[f"came_{each.pk}"], given[f"said_{each.pk}"])
        for each in form.waiting
        if given.get(f"came_{each.pk}")
    }


def _decide(request: HttpRequest, found: Review, given: reviewing.Answers, forms: Forms, version: int) -> HttpResponse:
    by, decided = visitor(request), forms.conclusion.cleaned_data
    ticked = _typed(request, ())
    chosen = reviewing.Conclusion(
        decided["outcome"],
        decided["reason"],
        ticked.kept_records,
        decided["next_review"],
        forms.asked.as_answers(),
    )
    with transaction.atomic():  # a decision whose disposal is refused is no decision
        done = reviewing.decide(found, given, chosen, by=by, version=version)
        is_settled = done.outcome == Review.Outcome.RETAIN or done.state == Review.State.AGREEING
        order = None if is_settled else _propose(found, done, by, ticked.with_others)
    words_ = "everything is kept until the next review."
    if done.state == Review.State.AGREEING:
        words_ = "a second person has to agree before it counts."
    if order is not None:
        words_ = f"the disposal {order.reference} waits for someone else's approval."
    messages.success(request, f"{found.reference} is decided: {words_}")
    return redirect(request.get_full_path())


def _propose(found: Review, done: Review, by: Actor, with_others: tuple[int, ...]) -> DisposalOrder:
    going = tuple(
        entry.record.pk
        for entry in chronology(found.prime)
        if entry.record.system.controller_id == found.controller_id
        and (done.outcome == Review.Outcome.DISPOSE or entry.record.pk not in done.kept_records)
    )
    if not going:
        raise Refused(("You ticked everything that can go: choose to keep everything until the next review.",))
    proposal = disposal.Proposal(found.prime, found.controller, going, done, with_others=with_others)
    return disposal.propose(proposal, by=by)
