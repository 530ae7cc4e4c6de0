"""Whom the clock does not let go, many at a time: the queue of reviews as a file, and reviews that are to wait."""

import csv
from collections.abc import Iterator
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import audit, words, workbooks
from muniment.core.guards import WITHHELD
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import controllers_of, opens, visitor
from muniment.core.workbooks import Sheet
from muniment.people import guarded
from muniment.people.models import Belonging
from muniment.retention.actions import allocating
from muniment.retention.disposals import due
from muniment.retention.forms.batches import WaitForm
from muniment.retention.models import PersonDecision, Review
from muniment.retention.policies import policy_now
from muniment.retention.views import reviews as queue_page

MOST_IN_FILE = 10_000
_HEADS = (
    "Review",
    "Person",
    "Force or office",
    "Due",
    "Group",
    "Rule",
    "Why a person looks",
    "Not known",
    "Source records",
)


@require_POST
@opens("review.work")
def put_off_reviews(request: HttpRequest) -> HttpResponse:
    """Put aside the reviews that are ticked, or so many of the queue as it is narrowed, for one reason."""
    form = WaitForm(request.POST)
    if not form.is_valid():
        return queue_page.page(request, waiting=form)
    try:
        given = form.cleaned_data
        done = allocating.put_off(
            _chosen(request, given["upto"]), by=visitor(request), of=given["of"], waiting_for=given["waiting_for"]
        )
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error("waiting_for", reason)
        return queue_page.page(request, waiting=form)
    if done.reviews:
        messages.success(request, f"Put aside: {len(done.reviews):,}.")
    for review, reasons in done.refused[:10]:
        messages.error(request, f"{review.reference}: {' '.join(reasons)}")
    if len(done.refused) > 10:
        messages.error(request, f"{len(done.refused) - 10:,} more were refused; they are still in the queue.")
    return redirect(f"{reverse('reviews')}{f'?{request.GET.urlencode()}' if request.GET else ''}")


def _chosen(request: HttpRequest, upto: int | None) -> list[Review]:
    assert isinstance(request.user, User)
    if upto:
        return list(queue_page.queue(request)[1][:upto])
    ticked = [int(key) for key in request.POST.getlist("reviews") if key.isdigit()]
    mine = controllers_of(request.user, "review.work")
    return list(Review.objects.filter(pk__in=ticked, controller__in=mine).select_related("controller", "prime"))


@opens("review.work")
def reviews_file(request: HttpRequest) -> HttpResponse:
    """Give the queue as it is narrowed as a file, with the references by which each source knows the person.

    It is for the owners of the sources, who are asked for what is missing: it holds references and no names.
    """
    listed = _listed(request)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{_name()}.csv"'
    written = csv.writer(answer)
    written.writerow(_HEADS)
    written.writerows([_plain(value) for value in row] for row in _rows(listed, visitor(request).purpose))
    audit.record(visitor(request), "review.file", detail={"reviews": len(listed)})
    return answer


@opens("review.work")
def reviews_workbook(request: HttpRequest) -> HttpResponse:
    """Give the queue as it is narrowed as a workbook, for those who oversee it; it holds what the file holds."""
    assert isinstance(request.user, User)
    listed = _listed(request)
    audit.record(visitor(request), "review.file", detail={"reviews": len(listed), "form": "xlsx"})
    narrowed = ", ".join(f"{name} {value}" for name, value in request.GET.items() if value)
    about = (
        (
            "Figures of",
            "Reviews that whoever it is given to may work; what they may not see is neither here nor counted",
        ),
        ("Narrowed to", narrowed or "Nothing: the whole queue"),
        ("Reviews", len(listed)),
        ("Most in a file", MOST_IN_FILE),
        ("Policy", policy_now.policy().version),
        ("Given to", request.user.get_full_name() or request.user.username),
        ("Given on", timezone.localdate()),
    )
    made = workbooks.workbook(
        "The queue of reviews",
        about,
        [Sheet("Reviews", _HEADS, list(_rows(listed, visitor(request).purpose)))],
        made_at=timezone.now(),
    )
    return workbooks.response(_name(), made)


def _listed(request: HttpRequest) -> list[Review]:
    return list(queue_page.queue(request)[1][:MOST_IN_FILE])


def _name() -> str:
    return f"reviews-{timezone.localdate().isoformat()}"


def _plain(value: workbooks.Value) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _rows(listed: list[Review], purpose: str) -> Iterator[tuple[workbooks.Value, ...]]:
    """Yield reviews as rows of _HEADS, for who looks for a purpose."""
    keys = {each.prime_id for each in listed}
    decided = {(each.prime_id, each.controller_id): each for each in PersonDecision.objects.filter(prime__in=keys)}
    known, shut = _known_as(keys), guarded.closed(keys, purpose)
    for review in listed:
        if review.prime_id in shut:
            yield review.reference, review.prime.reference, review.controller.name, None, None, "", WITHHELD, "", ""
            continue
        decision = decided.get((review.prime_id, review.controller_id))
        yield (
            review.reference,
            review.prime.reference,
            review.controller.name,
            review.due,
            decision.group if decision else None,
            words.class_title(decision.rule) if decision and decision.rule else "",
            "; ".join(_causes(decision)),
            "; ".join(words.say("fact", each) for each in decision.missing) if decision else "",
            "; ".join(known.get((review.prime_id, review.controller_id), ())),
        )


def _causes(decision: PersonDecision | None) -> list[str]:
    because = decision.because if decision else []
    return [due.cause_in_words("reason", code) for code in because if not code.isdigit()]


def _known_as(primes: set[int]) -> dict[tuple[int, int], list[str]]:
    """Return by which references the sources of a force or office know each person, as far as the reader may see."""
    rows = Belonging.objects.filter(prime__in=primes, until__isnull=True, nominal__isnull=False)
    found: dict[tuple[int, int], list[str]] = {}
    named = ("prime", "nominal__system__controller", "nominal__system__title", "nominal__reference")
    for prime, controller, system, reference in rows.values_list(*named).order_by("nominal__system__title", "pk"):
        if reference:
            found.setdefault((prime, controller), []).append(f"{system} {reference}")
    return found
