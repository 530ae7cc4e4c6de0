"""A review on one page: the evidence, the criteria with an answer to each, and the decision."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from muniment.core import audit, content, references
from muniment.core.actors import Actor
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.people.chronology import chronology
from muniment.retention import drafts, rules
from muniment.retention.actions import disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.drafts import Draft
from muniment.retention.forms import AnswersForm, ConclusionForm
from muniment.retention.models import DisposalOrder, Review
from muniment.retention.views import review_page


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


@opens("review.work")
def review(request: HttpRequest, reference: str) -> HttpResponse:
    """Show everything; save some answers, park, refer, hand over or decide."""
    found = found_review(reference)
    kept, draft = _kept(found), drafts.of(found)
    typed = dict(draft.typed)
    answers = AnswersForm(request.POST or None, initial=typed | kept)
    conclusion = ConclusionForm(request.POST or None, initial=typed)
    meanwhile, status = False, 200
    if request.method == "POST":
        meanwhile, status = request.POST.get("version") != str(found.version), 422
        if _is_complete(request, answers, conclusion, kept):
            try:
                return _act(request, found, answers, conclusion)
            except Refused as refusal:
                for reason in refusal.reasons:
                    conclusion.add_error(None, reason)
                audit.record_apart(visitor(request), "review.refused", "refused", subject=found.reference)
        draft = _typed(request)
    else:
        audit.record(visitor(request), "review.view", subject=found.reference, controller=found.controller.code)
    shown = review_page.shown(request, found)
    shown["questions"] = review_page.questions(shown.pop("criteria"), answers, kept if meanwhile else {})
    shown |= {"answers": answers, "conclusion": conclusion}
    shown |= {"to": draft.typed.get("to", ""), "keep": draft.kept_records}
    return TemplateResponse(request, "retention/review.html", shown, status=status)


def _is_complete(request: HttpRequest, answers: AnswersForm, conclusion: ConclusionForm, kept: dict[str, str]) -> bool:
    """Say whether what was sent can be acted on; errors stand beside their fields.

    To decide, everything has to be right; what is only saved may be unfinished, and is kept as it was typed.
    """
    valid = answers.is_valid()
    if request.POST.get("do") != "decide":
        return valid
    conclusion.is_valid()
    answers.require_answers(kept)
    conclusion.require_decision()
    return not answers.errors and not conclusion.errors


def _typed(request: HttpRequest) -> Draft:
    """Return what was typed and is no answer to a question: kept as it is, right or wrong, until the decision."""
    names = ("to", *ConclusionForm.base_fields)
    # A reason without an answer waits for one; with one it is kept beside it.
    names += tuple(f"reason_{key}" for key in rules.CRITERIA if not request.POST.get(f"answer_{key}"))
    typed = {name: text for name in names if (text := request.POST.get(name, "").strip())}
    return Draft(typed, tuple(int(key) for key in request.POST.getlist("keep") if key.isdigit()))


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
    reviewing.save(found, given, by=by, version=version, draft=_typed(request))
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
    messages.success(request, "Everything that you have entered is saved.")
    return redirect(request.get_full_path())


def _decide(
    request: HttpRequest, found: Review, given: reviewing.Answers, conclusion: ConclusionForm, version: int
) -> HttpResponse:
    by, decided = visitor(request), conclusion.cleaned_data
    kept = _typed(request).kept_records
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
