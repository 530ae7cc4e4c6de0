"""Place holds, keep their reach current, and release them, which two people do."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from muniment.core import access, audit, reasons
from muniment.core.actors import Actor
from muniment.core.models import Controller, User
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.retention import gate, rules
from muniment.retention.actions import disposal
from muniment.retention.models import DisposalOrder, Hold, HoldController
from muniment.retention.reach import DECIDED, KEYS, WANTED, parameters

_BRING_UP = """, gone AS (
    DELETE FROM retention_heldrecord h WHERE h.hold_id = %(hold)s AND h.record_id NOT IN (SELECT id FROM wanted)
    RETURNING 1
), come AS (
    INSERT INTO retention_heldrecord (hold_id, record_id) SELECT %(hold)s, id FROM wanted ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM come)
"""


@dataclass(frozen=True)
class Proposal:
    """What a hold is to cover, and by whose authority."""

    title: str
    authority: str
    start: date
    scope: dict[str, Any]
    controllers: tuple[Controller, ...] = field(default=())


def place(proposal: Proposal, *, by: Actor) -> Hold:
    """Place a hold; it stops every disposal in its scope at once, whatever state that is in."""
    for controller in proposal.controllers:
        if by.user:
            access.may(by.user, "hold.place", on=timezone.localdate(), controller=controller).require()
    unless(bool(proposal.controllers), "Say which force or office the hold binds.").require()
    reasons.is_given(proposal.authority, rules.HOLDING).require()
    unknown = set(proposal.scope) - set(KEYS) - {"from", "until"}
    unless(not unknown, f"The scope of a hold has no part called {sorted(unknown)}.").require()
    with transaction.atomic():
        gate.pass_alone()
        hold = Hold.objects.create(
            title=proposal.title,
            authority=proposal.authority,
            start=proposal.start,
            scope=proposal.scope,
            placed_by=by.name,
        )
        hold.refresh_from_db(fields=["placed_at"])
        HoldController.objects.bulk_create(HoldController(hold=hold, controller=each) for each in proposal.controllers)
        reached = expand(hold)
        stopped = stop_orders(hold)
        audit.record(by, "hold.place", subject=hold.reference, detail={"records": reached, "orders_stopped": stopped})
    return hold


def expand(hold: Hold) -> int:
    """Bring a hold's list of records up to its scope; return how many it covers."""
    _expand(hold, DECIDED)
    return hold.held.count()


def _expand(hold: Hold, decided: str) -> int:
    """Bring a hold's list of records up to its scope; return how many came or went.

    `decided` is the table of the classes that records came to, with record_id and resolved_class.
    """
    controllers = list(hold.controllers.values_list("pk", flat=True))
    given = parameters(hold.scope, controllers, placed_at=hold.placed_at) | {"hold": hold.pk}
    with connection.cursor() as cursor:
        cursor.execute(WANTED.format(decided=decided) + _BRING_UP, given)
        return int(cursor.fetchone()[0])


def expand_all(*, by: Actor, fresh_only: bool = False) -> None:
    """Bring standing holds up to their scope: new records come under old holds.

    Who places a hold on the web sees only their own scope, so the worker, who sees everything, expands each again;
    `fresh_only` takes those that it has not expanded yet.
    """
    standing = Hold.objects.filter(released_at__isnull=True)
    for hold in standing.filter(expanded_at__isnull=True) if fresh_only else standing:
        _bring_up(hold, DECIDED, by=by)


def follow_classes(decided: str, *, by: Actor) -> int:
    """Bring the standing holds that name classes up to the classes of a run that is not published yet.

    `decided` is a table of our own with record_id and resolved_class. Return how many records came or went.
    """
    standing = Hold.objects.filter(released_at__isnull=True)
    return sum(_bring_up(hold, decided, by=by) for hold in standing if hold.scope.get("classes"))


def _bring_up(hold: Hold, decided: str, *, by: Actor) -> int:
    with transaction.atomic():
        gate.pass_alone()
        changed = _expand(hold, decided)
        if stopped := stop_orders(hold):
            audit.record(by, "disposal.stop", subject=hold.reference, detail={"orders_stopped": stopped})
        Hold.objects.filter(pk=hold.pk).update(expanded_at=timezone.now())
    return changed


def stop_orders(hold: Hold) -> int:
    """Stop every disposal that touches a held record and has not happened; return how many."""
    return DisposalOrder.objects.filter(
        state__in=["proposed", "approved", "instructed"],
        items__record__holds__hold=hold,
        items__destroyed_at__isnull=True,
    ).update(state="stopped", stopped_by=f"{hold.reference} {hold.title}"[:200])


def stopped_by(hold: Hold) -> QuerySet[DisposalOrder]:
    """Return the orders that a hold has stopped."""
    return DisposalOrder.objects.filter(state="stopped", stopped_by__startswith=f"{hold.reference} ")


def ask_release(hold: Hold, *, by: Actor, reason: str) -> None:
    """Ask for a hold to be released; someone else has to complete it. Both need the right of all that it binds."""
    _may_release(hold, by)
    reasons.is_given(reason, rules.RELEASING).require()
    with transaction.atomic():
        _standing(hold)
        Hold.objects.filter(pk=hold.pk).update(release_asked_by=by.name, release_reason=reason)
        audit.record(by, "hold.ask_release", subject=hold.reference)


def release(hold: Hold, *, by: Actor) -> int:
    """Complete a release that another asked for.

    Releasing disposes of nothing: what it had stopped before any source was told comes back to a person, the next run
    opens reviews, and what sources were told of stays stopped. Return how many records it had covered.
    """
    _may_release(hold, by)
    with transaction.atomic():
        gate.pass_alone()
        asked_by = _standing(hold).release_asked_by
        unless(bool(asked_by), "Nobody has asked for this hold to be released.").require()
        unless(asked_by != by.name, "You asked for this release: someone else has to complete it.").require()
        covered = hold.held.count()
        Hold.objects.filter(pk=hold.pk).update(released_by=by.name, released_at=timezone.now())
        audit.record(by, "hold.release", subject=hold.reference, detail={"records": covered})
        for order in stopped_by(hold).filter(instructions__isnull=True):
            disposal.give_up(order, by=by, note=f"{hold.reference} was released: a person looks again.")
    return covered


def _standing(hold: Hold) -> Hold:
    """Return a hold as it is now, locked until this ends. Raise Refused when it has been released."""
    held = Hold.objects.select_for_update().get(pk=hold.pk)
    unless(held.released_at is None, "This hold has been released already.").require()
    return held


def may_release(hold: Hold, user: User) -> Verdict:
    """Say whether a user may release a hold: of every force and office that it binds."""
    verdict = ALLOWED
    for controller in hold.controllers.all():
        verdict &= access.may(user, "hold.release", on=timezone.localdate(), controller=controller)
    return verdict


def _may_release(hold: Hold, by: Actor) -> None:
    if by.user:
        may_release(hold, by.user).require()
