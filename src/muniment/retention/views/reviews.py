"""The queue of reviews: what harms most and waits longest comes first."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from muniment.core import audit, references
from muniment.core.guards import WITHHELD
from muniment.core.long_lists import FirstPages
from muniment.core.models import Controller, User
from muniment.core.visits import actions_of, controllers_of, opens, visitor
from muniment.people import guarded
from muniment.people.queries import identities
from muniment.retention import queries
from muniment.retention.deciding import doubt
from muniment.retention.disposals import due
from muniment.retention.forms.batches import WaitForm
from muniment.retention.forms.reviews import AllocateForm, QueueForm
from muniment.retention.models import DisposalOrder, PersonDecision, Review
from muniment.retention.reviews import deputies, escalated, triggers_seen, warned
from muniment.retention.reviews import queue as queueing

PAGE = 25


@dataclass(frozen=True)
class Line:
    """A review in the queue, with what its reader may know of the person."""

    review: Review
    name: str
    born: str
    group: int | None
    rule: str
    missing: tuple[str, ...]
    came_back: DisposalOrder | None
    is_doubtful: bool
    triggers: tuple[str, ...] = ()
    aged_days: int = 0  # since it was opened, where that is too long by policy
    put_to: escalated.Told | None = None  # to whom it was put last, where that is unanswered or was sent back
    distressing: tuple[str, ...] = ()  # what its reader is warned of before they open it
    withheld: str = ""  # that the use of what is held is restricted: then nothing is told but who it is


@opens("review.work")
def reviews(request: HttpRequest) -> HttpResponse:
    """List reviews, narrowed and in the order that is asked for."""
    return page(request)


def page(request: HttpRequest, allocating: AllocateForm | None = None, waiting: WaitForm | None = None) -> HttpResponse:
    """Show the queue; with the forms by which many are given out, to who may, or put aside, as sent if refused."""
    form, found = queue(request)
    shown_now = FirstPages(found, PAGE).get_page(request.GET.get("page"))
    audit.record(visitor(request), "review.list", detail={"page": shown_now.number})
    is_narrowed = any(form.cleaned_data.get(name) for name in form.fields if name != "sort")
    assert isinstance(request.user, User)
    if allocating is None and "review.allocate" in actions_of(request.user):
        allocating = AllocateForm(takers(request))
    cause = form.cleaned_data.get("cause", "")
    shown = {
        "form": form,
        "cause": cause,
        "cause_said": due.cause_in_words(*cause.split(":", 1)) if ":" in cause else "",
        "waiting": waiting or WaitForm(),
        "page": shown_now,
        "lines": lines(list(shown_now), visitor(request).purpose),
        "is_narrowed": is_narrowed,
        "allocating": allocating,
        "together": form.cleaned_data.get("together", ""),
        "ticked": set(request.POST.getlist("reviews")),
        "page_title": "Reviews",
    }
    status = 422 if (allocating and allocating.errors) or (waiting and waiting.errors) else 200
    return TemplateResponse(request, "retention/reviews.html", shown, status=status)


def takers(request: HttpRequest) -> list[User]:
    """Return to whom the user may give reviews."""
    assert isinstance(request.user, User)
    return deputies.reviewers(controllers_of(request.user, "review.allocate"), timezone.localdate())


@opens("review.work")
def next_review(request: HttpRequest) -> HttpResponse:
    """Go to the review that comes next in the queue as it is narrowed, and that nobody else has."""
    form, found = queue(request)
    query = request.GET.copy()
    after = (query.pop("after", None) or [""])[-1]
    following = _following(free_for(request, found), after, form)
    rest = f"?{query.urlencode()}" if query else ""
    if following is None or following.reference == after:
        messages.success(request, "No other review waits in this queue.")
        return redirect(f"{reverse('reviews')}{rest}")
    return redirect(f"{reverse('review', args=[following.reference])}{rest}")


def _following(found: QuerySet[Review], after: str, form: QueueForm) -> Review | None:
    try:
        last = Review.objects.filter(pk=references.number("review", after)).first()
    except ValueError:
        last = None
    return (last and queueing.following(found, last, form.cleaned_data)) or found.first()


def free_for(request: HttpRequest, found: QuerySet[Review]) -> QuerySet[Review]:
    """Return what of a queue the user can take up: it waits for a reviewer, and nobody else has it."""
    assert isinstance(request.user, User)
    mine = deputies.with_me(request.user, timezone.localdate())
    return found.filter(state__in=queueing.WAITING, allocated_to__in=["", *mine])


def queue(request: HttpRequest) -> tuple[QueueForm, QuerySet[Review]]:
    """Return the form that narrows the queue, and the reviews of the user's controllers that fit it."""
    user = request.user
    assert isinstance(user, User)
    mine = controllers_of(user, "review.work")
    form = QueueForm(request.GET)
    form.fields["controller"].queryset = Controller.objects.filter(pk__in=[each.pk for each in mine])  # type: ignore[attr-defined]
    form.is_valid()
    return form, queueing.narrowed(form.cleaned_data, user, timezone.localdate(), mine)


def lines(found: list[Review], purpose: str) -> list[Line]:
    """Return what to show of reviews to who looks for a purpose, in a fixed number of queries."""
    who = identities(review.prime for review in found)
    keys = {review.prime_id for review in found}
    decisions = {(each.prime_id, each.controller_id): each for each in PersonDecision.objects.filter(prime_id__in=keys)}
    back, doubtful = queries.came_back(found), doubt.doubtful(found)
    why, marked, on = triggers_seen.of_reviews(found), warned.of_people(keys), timezone.localdate()
    old = set(Review.objects.filter(queueing.aged(on), pk__in=[each.pk for each in found]).values_list("pk", flat=True))
    asked, shut = escalated.last(found), guarded.closed(keys, purpose)
    made = []
    for review in found:
        known, decision = who.get(review.prime_id), decisions.get((review.prime_id, review.controller_id))
        name, born = known.name if known else "Nobody that you may see", known.born if known else None
        told_born = born.text if born else "not known"
        if review.prime_id in shut:
            made.append(Line(review, name, told_born, None, "", (), None, is_doubtful=False, withheld=WITHHELD))
            continue
        made.append(
            Line(
                review,
                name,
                told_born,
                decision.group if decision else None,
                decision.rule if decision else "",
                tuple(decision.missing) if decision else (),
                back.get(review.pk),
                review.pk in doubtful,
                tuple(why.get(review.pk, ())),
                (on - timezone.localtime(review.made_at).date()).days if review.pk in old else 0,
                asked.get(review.pk),
                marked.get(review.prime_id, ()),
            )
        )
    return made
