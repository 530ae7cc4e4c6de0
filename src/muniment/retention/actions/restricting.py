"""Restrict the use of what is held of a person, as a reply says, look at that again, and end it."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.engine.values.dates import add_months
from muniment.retention.actions import requests as requesting
from muniment.retention.disposals import ledger_lines
from muniment.retention.models import PersonRequest, RestrictedName, Restriction, SubjectEvent
from muniment.retention.policies import request_policy
from muniment.retention.requests import answers, restrictions
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
    made = Restriction.objects.create(
        prime=request.review.prime,
        controller=request.controller,
        request=request,
        regime=request.regime,
        ground=answer.keeping,
        begun_on=on,
        review_on=add_months(on, said.restriction.review_after_months),
        begun_by=by.name,
    )
    ledger_lines.of_restriction(made)
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
        ledger_lines.of_restriction(found)
        _record(held, "restriction.keep", by)
    return found


def end(request: PersonRequest, *, by: Actor, told_on: date) -> None:
    """End a restriction within the caller's transaction: it stands until the end of the day on which that was told."""
    found = Restriction.objects.select_for_update().get(request=request, ended_on=None)
    found.ended_on, found.ended_by = told_on, by.name
    found.save(update_fields=["ended_on", "ended_by"])
    ledger_lines.of_restriction(found)
    _record(request, "restriction.end", by)


def take_up(*, by: Actor) -> dict[str, int]:
    """Put restrictions whose people a restored copy lacked on those people, once they have come in again.

    What enforces them finds the people by their names before that; from then on the restriction follows whoever they
    are one with, and who works requests can end it. The worker's step.
    """
    RestrictedName.objects.filter(restriction__ended_on__lt=timezone.localdate()).delete()
    waits = {each.pk: each for each in restrictions.waiting().select_related("request__controller")}
    found = restrictions.come_in(list(waits.values())) if waits else {}
    for key, prime in found.items():
        request = waits[key].request
        with transaction.atomic():
            now = timezone.now()  # what is said of a person is said of whoever they were then
            Restriction.objects.filter(pk=key).update(prime=prime, made_at=now)
            PersonRequest.objects.filter(pk=request.pk).update(prime=prime)
            SubjectEvent.objects.filter(pk=request.event_id).update(prime=prime, made_at=now)
            _record(request, "restriction.take_up", by)
    return {"restrictions_taken_up": len(found)}


def _record(request: PersonRequest, action: str, by: Actor) -> None:
    audit.record(by, action, subject=request.reference, controller=request.controller.code)
