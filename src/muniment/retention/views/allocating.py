"""Giving reviews out: to others, many at a time; to oneself, those that belong together; and who stands in."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import audit
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import actions_of, carry_out, controllers_of, opens, visitor
from muniment.retention.actions import allocating
from muniment.retention.actions.allocating import Allocated
from muniment.retention.forms.reviews import AllocateForm, DeputyForm
from muniment.retention.models import Deputy, Review
from muniment.retention.reviews import deputies, linked
from muniment.retention.views import reviews as queue_page
from muniment.retention.views.review import found_review


@require_POST
@opens("review.allocate")
def allocate_reviews(request: HttpRequest) -> HttpResponse:
    """Give the reviews that are ticked, or the first of the queue as it is narrowed, to somebody."""
    form = AllocateForm(queue_page.takers(request), request.POST)
    if form.is_valid():
        try:
            done = allocating.allocate(_chosen(request, form), by=visitor(request), to=form.cleaned_data["to"])
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            _say(request, done, f"with {form.cleaned_data['to']}")
            return redirect(f"{reverse('reviews')}{_query(request)}")
    return queue_page.page(request, form)


def _chosen(request: HttpRequest, form: AllocateForm) -> list[Review]:
    _, found = queue_page.queue(request)
    if first := form.cleaned_data["first"]:
        return list(found.filter(allocated_to="")[:first])
    ticked = [int(key) for key in request.POST.getlist("reviews") if key.isdigit()]
    mine = controllers_of(request.user, "review.work")  # type: ignore[arg-type]
    return list(Review.objects.filter(pk__in=ticked, controller__in=mine).select_related("controller", "prime"))


def _say(request: HttpRequest, done: Allocated, now: str) -> None:
    if done.reviews:
        number = len(done.reviews)
        messages.success(request, f"{number} review{'s are' if number > 1 else ' is'} {now}.")
    for review, reasons in done.refused:
        messages.error(request, f"{review.reference}: {' '.join(reasons)}")


@require_POST
@opens("review.work")
def take_together(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the reviews of a household and crime group that nobody has, and go through them."""
    found = found_review(reference)
    free = linked.together(found.prime, found.controller).free
    own = [found] if not found.allocated_to and found.state == Review.State.OPEN else []
    try:
        _say(request, allocating.take([*own, *free], by=visitor(request)), "with you")
    except Refused as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason)
    return redirect(f"{reverse('reviews')}?together={reference}&state=undecided")


@opens("review.work")
def review_deputies(request: HttpRequest) -> HttpResponse:
    """List who stands in for whom, and have somebody stand in."""
    user, on = request.user, timezone.localdate()
    assert isinstance(user, User)
    users = deputies.reviewers(controllers_of(user, "review.work"), on)
    away = users if "review.allocate" in actions_of(user) else [user]
    form = DeputyForm(away, users, request.POST or None, initial={"user": user.username})
    if request.method == "POST" and form.is_valid():
        given, named = form.cleaned_data, {each.username: each for each in users}
        try:
            made = allocating.stand_in(
                named[given["user"]],
                named[given["deputy"]],
                by=visitor(request),
                start=given["start"],
                until=given["until"],
            )
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            messages.success(request, f"{made.deputy.display_name} stands in for {made.user.display_name}.")
            return redirect("review_deputies")
    else:
        audit.record(visitor(request), "review.deputies")
    keys = {each.pk for each in users}
    standing = [each for each in deputies.standing(on) if each.user_id in keys or each.deputy_id in keys]
    shown = {"form": form, "standing": standing, "may_end": _may_end(user, standing), "page_title": "Deputies"}
    return TemplateResponse(request, "retention/deputies.html", shown, status=422 if form.errors else 200)


def _may_end(user: User, standing: list[Deputy]) -> set[int]:
    everybodys = "review.allocate" in actions_of(user)
    return {each.pk for each in standing if everybodys or user.pk in {each.user_id, each.deputy_id}}


@require_POST
@opens("review.work")
def end_deputy(request: HttpRequest, key: int) -> HttpResponse:
    """End that somebody stands in, today."""
    found = Deputy.objects.filter(pk=key).first()
    if found is None:
        raise Http404
    carry_out(
        request, lambda: allocating.end_standing_in(found, by=visitor(request)), "Ended.", refusal="review.refused"
    )
    return redirect("review_deputies")


def _query(request: HttpRequest) -> str:
    return f"?{request.GET.urlencode()}" if request.GET else ""
