"""Record that something happened to a person's records, and that it is over: enquiries, requests, appeals."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit
from muniment.core.actors import Actor
from muniment.core.verdicts import ALLOWED, Verdict, refused, unless
from muniment.people import carried
from muniment.people.models import Belonging, PrimePerson
from muniment.records.models import Involvement
from muniment.retention import queries
from muniment.retention.actions import disposal
from muniment.retention.disposals import gate, stops
from muniment.retention.holds import gone
from muniment.retention.models import DisposalOrder, PersonRequest, SubjectEvent
from muniment.retention.policies import policy_now
from muniment.retention.requests import attached


def kinds(on: date) -> tuple[str, ...]:
    """Return the kinds of event that the retention rules know on a day."""
    return tuple(policy_now.policy().on(on).settings["events"]["kinds"])


def record(prime: PrimePerson, *, by: Actor, kind: str, dated: date, closed: date | None = None) -> SubjectEvent:
    """Record an event about a person. Its effects are policy; the worker applies them at once.

    One that blocks disposal, such as an access request, stops at once every disposal of a record that the person is on.

    Raise Refused when the kind is not in policy, when a day lies in the future or runs backwards, and when it comes too
    late: nothing of the person is left.
    """
    on = timezone.localdate()
    if by.user:
        access.may(by.user, "event.record", on=on).require()
    verdict = unless(kind in kinds(on), "Choose what happened.")
    verdict &= unless(dated <= on, "Enter the day on which it happened: it cannot lie in the future.")
    verdict &= _closes_after(dated, closed, on)
    verdict.require()
    with transaction.atomic():
        gate.pass_alone()
        _still_here(prime).require()
        event = SubjectEvent.objects.create(prime=prime, kind=kind, dated=dated, closed=closed, by=by.name)
        audit.record(by, "event.record", subject=prime.reference, detail={"kind": kind, "event": event.pk})
        _stop_orders(prime, by)
    return event


def _still_here(prime: PrimePerson) -> Verdict:
    """Say whether anything of a person is left; a destruction may have ended while somebody wrote this."""
    went = gone.of_person(prime)
    if not went or Belonging.objects.filter(prime__in=carried.now([prime.pk], timezone.now()), until=None).exists():
        return ALLOWED
    return refused(
        f"This comes too late: nothing of {prime.reference} is left here. {gone.in_words(went)} If it is a request,"
        " answer it by the certificate."
    )


def _stop_orders(prime: PrimePerson, by: Actor) -> None:
    """Stop what it touches; orders of controllers that the web's reader does not see, the worker stops."""
    mine = Involvement.objects.filter(nominal__belongings__prime=prime, nominal__belongings__until__isnull=True)
    orders = DisposalOrder.objects.filter(
        state__in=["proposed", "approved", "instructed"],
        items__record_id__in=mine.values("record_id"),
        items__destroyed_at__isnull=True,
    )
    for order in orders.distinct().order_by("pk"):
        if blocks := stops.blocks_on(queries.going(order), answered=attached.answered_by(order.review)):
            disposal.stop(order, by=by, because=", ".join(blocks))


def close(event: SubjectEvent, *, by: Actor, closed: date) -> SubjectEvent:
    """Record the day on which an event ended: a request answered, an appeal decided."""
    on = timezone.localdate()
    if by.user:
        access.may(by.user, "event.record", on=on).require()
    with transaction.atomic():
        held = SubjectEvent.objects.select_for_update().get(pk=event.pk)
        verdict = unless(held.closed is None, "This has been closed already.")
        own = PersonRequest.objects.filter(event=held, closed_on=None).first()
        verdict &= unless(own is None, f"It is the request {own.reference if own else ''}: it ends with its reply.")
        verdict &= _closes_after(held.dated, closed, on)
        verdict.require()
        held.closed, held.is_followed = closed, False
        held.save(update_fields=["closed", "is_followed"])
        audit.record(by, "event.close", subject=held.prime.reference, detail={"kind": held.kind, "event": held.pk})
    return held


def _closes_after(dated: date, closed: date | None, on: date) -> Verdict:
    return unless(
        closed is None or dated <= closed <= on,
        "The day on which it ended lies between the day it happened and today.",
    )
