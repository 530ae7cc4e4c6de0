"""Record a request for deletion or erasure about a person, decide it with a review, record its end, and forget it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from muniment.core import access, audit, content
from muniment.core.actors import Actor
from muniment.core.models import Content, Controller
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.people import carried
from muniment.people.models import PrimePerson
from muniment.people.shown.chronology import chronology
from muniment.records.models import Involvement
from muniment.retention import queries
from muniment.retention.actions import subject_event
from muniment.retention.disposals import stops
from muniment.retention.models import PersonRequest, Restriction, Review
from muniment.retention.policies import policy_now, request_policy
from muniment.retention.requests import answers, attached, deadlines, telling
from muniment.retention.requests.answers import Answer
from muniment.retention.reviews import drafts

FILE = "IG-SAR"  # the schedule's class of the file of a request


@dataclass(frozen=True)
class Asked:
    """What somebody asks: codes of `policy/requests.yaml`, and of whoever asked a part and their own reference."""

    kind: str
    regime: str
    asker: str
    received_on: date
    their_reference: str = ""
    databases: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()


def record(prime: PrimePerson, controller: Controller, asked: Asked, *, by: Actor) -> PersonRequest:
    """Record a request. It opens a review of the person, or comes to one that is open, and stops disposals until then.

    Raise Refused, with every reason, for what policy does not name, a day in the future, or a controller that holds
    nothing of the person that a review could be about.
    """
    on = timezone.localdate()
    if by.user:
        access.may(by.user, "request.record", on=on, controller=controller).require()
    said = request_policy.on(on)
    _is_whole(asked, said).require()
    unless(
        queries.person_decision(prime, controller) is not None,
        f"{controller.name} holds no record of this person that a review could be about.",
    ).require()
    times, regime = deadlines.Times(asked.received_on), said.kinds[asked.kind].regimes[asked.regime]
    with transaction.atomic():
        event = subject_event.record(prime, by=by, kind=asked.kind, dated=asked.received_on)
        made = PersonRequest.objects.create(
            prime=prime,
            controller=controller,
            kind=asked.kind,
            regime=asked.regime,
            asker=asked.asker,
            their_reference=asked.their_reference.strip(),
            databases=list(asked.databases),
            grounds=list(asked.grounds),
            received_on=asked.received_on,
            due_on=deadlines.clock(times, regime, said).due,
            event=event,
            recorded_by=by.name,
        )
        audit.record(
            by,
            "request.record",
            subject=made.reference,
            controller=controller.code,
            detail={"kind": made.kind, "event": event.pk},
        )
    return made


def _is_whole(asked: Asked, said: request_policy.RequestPolicy) -> Verdict:
    kind = said.kinds.get(asked.kind)
    verdict = unless(kind is not None, "Choose what is asked for.")
    verdict &= unless(kind is None or asked.regime in kind.regimes, "Choose under what it is asked for.")
    verdict &= unless(asked.asker in PersonRequest.Asker.values, "Choose who asked.")
    if asked.kind == answers.ACRO:
        known = set(asked.databases) <= set(said.databases)
        verdict &= unless(known and bool(asked.databases), "Choose which national records it is about.")
        claimed = set(asked.grounds) <= set(said.grounds)
        verdict &= unless(claimed and bool(asked.grounds), "Choose the grounds that are claimed.")
    return verdict


def are_answered(held: Review, given: Mapping[int, Answer]) -> Verdict:
    """Say whether a decision answers every request that its review has to answer; `given` is by the request's key."""
    said, verdict = request_policy.on(timezone.localdate()), ALLOWED
    for each in attached.to_answer(held):
        verdict &= answers.is_answered(each, given.get(each.pk), held.prime, said)
    return verdict


def has_answered_all(held: Review) -> Verdict:
    """Say whether a decision that waits for agreement answers every request that there is by now."""
    fresh = [each.reference for each in attached.to_answer(held) if each.review_id != held.pk]
    return unless(
        not fresh, f"A request has come since it was decided: {', '.join(fresh)}. Send it back, so that it is answered."
    )


def keep_answers(held: Review, given: Mapping[int, Answer], *, by: Actor) -> None:
    """Keep what is decided of each request of a review, with what may be told; replies are drafted from it."""
    asked = attached.to_answer(held)
    if not asked:
        return
    items = telling.items(chronology(held.prime), held.controller_id, request_policy.on(timezone.localdate()))
    for each in asked:
        text = answers.as_text(replace(given[each.pk], items=tuple(items)))
        each.answer = content.store(f"request:{each.pk}", "answer", text, scope_id=drafts.scope_of(held))
        each.review = held
        each.save(update_fields=["answer", "review"])
        detail = {"review": held.reference}
        audit.record(by, "request.decide", subject=each.reference, controller=held.controller.code, detail=detail)


def withdraw(request: PersonRequest, *, by: Actor) -> PersonRequest:
    """Record that whoever asked withdrew a request before it was answered; it stops nothing any more."""
    with transaction.atomic():
        held = locked(request, "request.record", by)
        unless(held.closed_on is None, "This request is over.").require()
        unless(not attached.sent_replies().filter(request=held).exists(), "It has been answered already.").require()
        held.replies.filter(sent_on=None).delete()
        held.is_withdrawn = True
        return over(held, timezone.localdate(), by, "request.withdraw")


def confirm_there(request: PersonRequest, code: str, *, by: Actor) -> PersonRequest:
    """Record that a national database says that it has deleted what the request was granted of it."""
    with transaction.atomic():
        held = locked(request, "request.reply", by)
        answer = answers.kept(held)
        there = answer.databases.get(code) if answer else None
        granted = there is not None and there.deletes and held.review is not None
        decided = granted and held.review is not None and held.review.state == Review.State.DECIDED
        unless(decided, "Nothing was decided to be deleted there.").require()
        unless(code not in held.done_there, "This is recorded already.").require()
        held.done_there = [*held.done_there, code]
        held.save(update_fields=["done_there"])
        audit.record(
            by, "request.done_there", subject=held.reference, controller=held.controller.code, detail={"place": code}
        )
    return held


def locked(request: PersonRequest, action: str, by: Actor) -> PersonRequest:
    """Return a request to write on, if whoever acts may."""
    held = (
        PersonRequest.objects.select_for_update(of=("self",)).select_related("controller", "review").get(pk=request.pk)
    )
    if by.user:
        access.may(by.user, action, on=timezone.localdate(), controller=held.controller).require()
    return held


def over(held: PersonRequest, on: date, by: Actor, what: str) -> PersonRequest:
    """Close a request within the caller's transaction, and its event, unless a disposal of its review is under way."""
    held.closed_on = on
    held.save(update_fields=["closed_on", "is_withdrawn", "refused_because"])
    audit.record(by, what, subject=held.reference, controller=held.controller.code)
    close_event(held, by=by)
    return held


def close_event(held: PersonRequest, *, by: Actor) -> bool:
    """Close the event of a request that is over; return False while a disposal under way rests on its being open."""
    if held.review_id and held.review and held.review.orders.filter(state__in=attached.UNDER_WAY).exists():
        return False
    if held.event.closed is None and held.closed_on is not None:
        subject_event.close(held.event, by=by, closed=max(held.closed_on, held.event.dated))
    return True


def close_events(*, by: Actor) -> dict[str, int]:
    """Close the events of requests that are over, whose disposals have ended since; the worker's step."""
    waiting = PersonRequest.objects.filter(closed_on__isnull=False, event__closed=None).select_related(
        "review", "event"
    )
    return {"requests_closed": sum(close_event(each, by=by) for each in waiting.order_by("pk"))}


def forget(*, by: Actor) -> dict[str, int]:
    """Destroy what is left of requests once the schedule's time for a request file has passed; the worker's step.

    That one came, when, and who answered it stays. Nothing goes where the controller has not adopted the rule, nor
    while a hold stands on the person.
    """
    on = timezone.localdate()
    left = Q(answer__isnull=False) | Q(replies__isnull=False) | ~Q(their_reference="") | ~Q(grounds=[])
    found = PersonRequest.objects.filter(left, closed_on__lt=on, event__closed__isnull=False).distinct()
    over_ = [each for each in found.select_related("controller").order_by("pk") if _is_past(each, on)]
    for each in over_:
        with transaction.atomic():
            _empty(each)
            audit.record(by, "request.forget", subject=each.reference, controller=each.controller.code)
    return {"requests_forgotten": len(over_)}


def _is_past(request: PersonRequest, on: date) -> bool:
    rules = policy_now.policy().on(on, request.controller.code)
    length = rules.terms[FILE].length
    if Restriction.objects.filter(request=request, ended_on=None).exists():
        return False  # its end has to be told to whoever asked
    if request.closed_on is None or length is None or not rules.is_automatic(FILE):
        return False
    people = carried.now([request.prime_id], request.recorded_at)
    parts = Involvement.objects.filter(nominal__belongings__prime__in=people, nominal__belongings__until__isnull=True)
    held = stops.standing_holds(parts.values_list("record_id", flat=True))
    return not held and length.after(request.closed_on) <= on


def _empty(request: PersonRequest) -> None:
    owner = f"request:{request.pk}"
    request.replies.all().delete()
    request.answer, request.their_reference, request.grounds = None, "", []
    request.save(update_fields=["answer", "their_reference", "grounds"])
    Content.objects.filter(owner=owner).delete()
    transaction.on_commit(lambda: content.destroy_keys([owner]))
