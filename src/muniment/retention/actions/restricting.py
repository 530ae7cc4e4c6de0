"""Restrict the use of what is held of a person, as a reply says, look at that again, and end it."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.engine.values.dates import add_months
from muniment.retention.actions import requests as requesting
from muniment.retention.models import PersonRequest, Restriction
from muniment.retention.policies import request_policy
from muniment.retention.requests import answers
from muniment.retention.requests.answers import ERASURE


def begin(request: PersonRequest, *, by: Actor, on: date) -> None:
    """Restrict, within the caller's transaction, what is kept of a person where their answer says so; once a request.

    It is about the person as the review that answered had them.
    """
    answer, said = answers.kept(request), request_policy.on(on)
    if request.kind != ERASURE or answer is None or not said.restricts(answer.keeping) or request.review is None:
        return
    if Restriction.objects.filter(request=request).exists():
        return
    Restriction.objects.create(
        prime=request.review.prime,
        controller=request.controller,
        request=request,
        ground=answer.keeping,
        begun_on=on,
        review_on=add_months(on, said.restriction.review_after_months),
        begun_by=by.name,
    )
    _record(request, "restriction.begin", by)


def keep(request: PersonRequest, *, by: Actor) -> Restriction:
    """Record that somebody looked at a restriction again and that it is still needed; it is looked at again in time."""
    on = timezone.localdate()
    with transaction.atomic():
        held = requesting.locked(request, "request.reply", by)
        found = Restriction.objects.select_for_update().filter(request=held, ended_on=None).first()
        unless(found is not None, "No restriction stands on this request.").require()
        assert found is not None
        found.review_on = add_months(on, request_policy.on(on).restriction.review_after_months)
        found.save(update_fields=["review_on"])
        _record(held, "restriction.keep", by)
    return found


def end(request: PersonRequest, *, by: Actor, told_on: date) -> None:
    """End a restriction within the caller's transaction: it stands until the end of the day on which that was told."""
    found = Restriction.objects.select_for_update().get(request=request, ended_on=None)
    found.ended_on, found.ended_by = told_on, by.name
    found.save(update_fields=["ended_on", "ended_by"])
    _record(request, "restriction.end", by)


def _record(request: PersonRequest, action: str, by: Actor) -> None:
    audit.record(by, action, subject=request.reference, controller=request.controller.code)
