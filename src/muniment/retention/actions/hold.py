"""Place holds, and release them, which two people do."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from muniment.core import access, audit, reasons
from muniment.core.actors import Actor
from muniment.core.models import Controller, User
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.retention import doubt, gate, ledger_lines, rules
from muniment.retention.actions import disposal, held_records
from muniment.retention.disposal_models import DisposalOrder
from muniment.retention.models import Hold, HoldController
from muniment.retention.reach import KEYS


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
        Hold.objects.filter(pk=hold.pk).update(people_digest=doubt.people_digest(hold))
        HoldController.objects.bulk_create(HoldController(hold=hold, controller=each) for each in proposal.controllers)
        reached = held_records.expand(hold)
        stopped = held_records.stop_orders(hold)
        ledger_lines.of_hold(hold)
        audit.record(by, "hold.place", subject=hold.reference, detail={"records": reached, "orders_stopped": stopped})
    return hold


def confirm(hold: Hold, *, by: Actor) -> None:
    """Say that a hold on people is meant for them as they are made up now; needs the right of all that it binds."""
    if by.user:
        may(hold, by.user, "hold.place").require()
    with transaction.atomic():
        held = _standing(hold)
        unless(doubt.of_hold(held) is not None, "This hold is not in doubt: nothing is to be confirmed.").require()
        Hold.objects.filter(pk=hold.pk).update(
            people_digest=doubt.people_digest(held), confirmed_by=by.name, confirmed_at=timezone.now()
        )
        ledger_lines.of_hold(hold)
        audit.record(by, "hold.confirm", subject=hold.reference)


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
        ledger_lines.of_hold(hold)
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
        ledger_lines.of_hold(hold)
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
    return may(hold, user, "hold.release")


def may(hold: Hold, user: User, action: str) -> Verdict:
    """Say whether a user may do something for every force and office that a hold binds."""
    verdict = ALLOWED
    for controller in hold.controllers.all():
        verdict &= access.may(user, action, on=timezone.localdate(), controller=controller)
    return verdict


def _may_release(hold: Hold, by: Actor) -> None:
    if by.user:
        may_release(hold, by.user).require()
