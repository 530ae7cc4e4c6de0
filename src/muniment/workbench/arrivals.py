"""What comes in, and what follows at once: people, places and vehicles are attached to their prime records, and
retention is worked out."""

from dataclasses import replace
from pathlib import Path

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from muniment import feeds
from muniment.core import access, policy_in_force
from muniment.core.actors import Actor
from muniment.core.models import Scope
from muniment.objects.actions import attach as attaching_things
from muniment.objects.attaching import NoRun
from muniment.objects.kinds import THINGS
from muniment.people import carried
from muniment.people.actions import attach as attaching
from muniment.people.linking.linkage_models import NoModel
from muniment.people.models import Judgement
from muniment.records.actions import take_in
from muniment.records.touched import AT_ONCE, Touched, named_in
from muniment.retention.actions import reschedule as rescheduling
from muniment.retention.models import SubjectEvent
from muniment.retention.policies import policy_now
from muniment.workbench import crowds
from muniment.workbench.crowds import Followed

_TOO_MANY = (
    "So much has come in that everybody is to be linked and decided anew: the worker (`muniment work`) does it next."
)


def arrive(feed: feeds.Feed, file: Path, *, by: Actor) -> tuple[take_in.Counts, Followed]:
    """Take in a file of a feed that tells only of what it holds, and follow it.

    What a full export leaves out would be withdrawn; of what arrives by itself that is never so. Raise BadFile, with
    nothing changed, where the file is to be refused as a whole. What came before and is told again is followed again,
    so that whoever was answered by a fault can send the same once more.
    """
    today = timezone.localdate()
    if faults := feeds.check(feed, file, today=today):
        raise feeds.BadFile("\n".join(faults))
    read = feeds.read(feed, file, limits=policy_in_force.feed_limits(today))
    batch = replace(read, kind="delta", never_seen=())  # of a few rows, a column without a value tells of nothing
    known = Scope.objects.count()
    counts = take_in.take_in(batch, by=by, absence_limit=1.0)
    if Scope.objects.count() != known:  # what comes may be the first of its area or marking
        access.refresh_scopes(today)
    return counts, follow(named_in(batch) | counts.before, by=by)


def follow(touched: Touched, *, by: Actor, patiently: bool = False) -> Followed:
    """Attach what has come or changed, and work out retention for everyone and everything that it touches.

    Where that is too much to be done one by one, everybody is linked and decided: here, for who waits `patiently`, else
    by the worker.
    """
    if not touched:
        return Followed()
    if touched.are_too_many:
        crowds.ask()
        return (crowds.follow(by=by) if patiently else None) or Followed(waits=_TOO_MANY)
    things = _attach_things(touched, by=by)
    try:
        attached = attaching.attach(touched.nominals, by=by)
    except NoModel as reason:
        return replace(things, waits=" ".join(filter(None, (str(reason), things.waits))))
    decided = rescheduling.reschedule(
        policy_now.policy(), people=attached.primes, records=touched.records, by=by, on=timezone.localdate()
    )
    return replace(
        things,
        nominals=attached.nominals,
        people=decided.people,
        records=decided.records,
        reviews_opened=decided.reviews_opened,
    )


def _attach_things(touched: Touched, *, by: Actor) -> Followed:
    try:
        attached = attaching_things.attach(touched, by=by)
    except NoRun as reason:
        return Followed(waits=str(reason))
    return Followed(places=attached.places, vehicles=attached.vehicles)


def follow_judgements(*, by: Actor) -> dict[str, int]:
    """Do what people have said of pairs since the last time; return of how many."""
    people = _new_pairs(Judgement)
    if people:
        follow(Touched(frozenset(key for pair in people for key in pair)), by=by)
    things = {thing.several: _new_pairs(thing.judgement) for thing in THINGS.values()}
    if any(things.values()):
        judged = {kind: frozenset(key for pair in pairs for key in pair) for kind, pairs in things.items()}
        _attach_things(Touched(**judged), by=by)
    return {"judgements_followed": len(people) + sum(map(len, things.values()))}


def follow_events(*, by: Actor) -> dict[str, int]:
    """Work out what events that were recorded, or have ended, change about their people; return how many."""
    with transaction.atomic():
        events = list(SubjectEvent.objects.select_for_update().filter(is_followed=False).order_by("pk")[:AT_ONCE])
        SubjectEvent.objects.filter(pk__in=[event.pk for event in events]).update(is_followed=True)
        people = {key for event in events for key in carried.now([event.prime_id], event.made_at)}
        if people:
            on = timezone.localdate()
            rescheduling.reschedule(policy_now.policy(), people=people, records=(), by=by, on=on)
    return {"events_followed": len(events)}


def _new_pairs(judgement: type[Model]) -> list[tuple[int, int]]:
    waiting = judgement._default_manager.filter(is_followed=False)[: AT_ONCE // 2]  # each is of two
    return list(waiting.values_list("left_id", "right_id"))
