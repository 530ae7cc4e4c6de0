"""Place holds, and release them, which two people do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from muniment.core import access, audit, reasons, words
from muniment.core.actors import Actor
from muniment.core.models import Controller, User
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.engine.values.dates import add_months
from muniment.retention import rules
from muniment.retention.actions import disposal, held_records
from muniment.retention.deciding import doubt
from muniment.retention.disposals import gate, ledger_lines
from muniment.retention.holds import gone, reach
from muniment.retention.models import DisposalOrder, Hold, HoldController, hold_versions
from muniment.retention.policies import policy_now


@dataclass(frozen=True)
class Proposal:
    """What a hold is to cover, by what paper and by whose decision: the chief officer's, or whom they authorised.

    `kind` is one of policy's (`hold_kinds`), which says when it is looked at again where `review_on` does not;
    `preset` names what its scope began with.
    """

    title: str
    authority: str
    start: date
    scope: dict[str, Any]
    controllers: tuple[Controller, ...] = field(default=())
    kind: str = "proceedings"
    decided_by: str = ""
    review_on: date | None = None
    preset: str = ""


@dataclass(frozen=True)
class Placed:
    """What placing a hold came to; `too_late` are records that had gone before."""

    hold: Hold
    records: int
    orders_stopped: int
    too_late: tuple[gone.Went, ...]


def place(proposal: Proposal, *, by: Actor) -> Hold:
    """Place a hold; it stops every disposal in its scope at once, whatever state that is in."""
    return set_up(proposal, by=by).hold


def set_up(proposal: Proposal, *, by: Actor) -> Placed:
    """Place a hold as `place` does, and say what it stopped and what it came too late for.

    A destruction and this take turns at the gate: what the one has destroyed the other is told of, and nothing goes
    between.
    """
    for controller in proposal.controllers:
        if by.user:
            access.may(by.user, "hold.place", on=timezone.localdate(), controller=controller).require()
    unless(bool(proposal.controllers), "Say which force or office the hold binds.").require()
    kind = policy_now.hold_kinds().get(proposal.kind)
    verdict = reasons.is_given(proposal.authority, rules.HOLDING)
    verdict &= unless(kind is not None, "Choose what the hold is for.")
    verdict &= unless(bool(proposal.decided_by.strip()), rules.HELD_BY)
    verdict &= has_known_parts(proposal.scope)
    verdict.require()
    assert kind is not None
    own = proposal.authority.strip() != policy_now.hold_presets().get(proposal.preset, {}).get("authority")
    unless(own, rules.OWN_PAPER).require()
    again = proposal.review_on or add_months(max(proposal.start, timezone.localdate()), kind["review_months"])
    unless(again > timezone.localdate(), "Enter a day to come on which somebody looks at it again.").require()
    with transaction.atomic():
        gate.pass_alone()
        hold = Hold.objects.create(
            title=proposal.title,
            kind=proposal.kind,
            preset=proposal.preset,
            authority=proposal.authority,
            decided_by=proposal.decided_by.strip(),
            review_on=again,
            start=proposal.start,
            scope=proposal.scope,
            placed_by=by.name,
            placed_at=timezone.now(),  # past the gate: what was destroyed while it waited went before it
        )
        HoldController.objects.bulk_create(HoldController(hold=hold, controller=each) for each in proposal.controllers)
        hold_versions.placed(hold).save()
        Hold.objects.filter(pk=hold.pk).update(people_digest=doubt.people_digest(hold))
        reached = held_records.expand(hold)
        stopped = held_records.stop_orders(hold)
        ledger_lines.of_hold(hold)
        (version,) = hold_versions.in_force(hold)
        late = tuple(gone.too_late(gone.Scope.of_version(version)))
        counts = {"records": reached, "orders_stopped": stopped, "came_too_late_for": len(late)}
        audit.record(by, "hold.place", subject=hold.reference, detail=counts)
    return Placed(hold, reached, stopped, late)


def has_known_parts(scope: Mapping[str, Any]) -> Verdict:
    """Say whether a scope has no part that no scope has."""
    unknown = set(scope) - {*reach.KEYS, *reach.NARROWING}
    return unless(not unknown, f"The scope of a hold has no part called {sorted(unknown)}.")


def counted(number: int) -> str:
    """Say how many records."""
    return f"{number:,} record" if number == 1 else f"{number:,} records"


def confirm(hold: Hold, *, by: Actor) -> None:
    """Say that a hold on people is meant for them as they are made up now; needs the right of all that it binds."""
    if by.user:
        may(hold, by.user, "hold.place").require()
    with transaction.atomic():
        held = locked(hold)
        unless(doubt.of_hold(held) is not None, "This hold is not in doubt: nothing is to be confirmed.").require()
        Hold.objects.filter(pk=hold.pk).update(
            people_digest=doubt.people_digest(held), confirmed_by=by.name, confirmed_at=timezone.now()
        )
        ledger_lines.of_hold(hold)
        audit.record(by, "hold.confirm", subject=hold.reference)


def look_again(hold: Hold, *, by: Actor, review_on: date | None, reason: str) -> None:
    """Say that a hold is needed still, why, and when somebody asks that again."""
    if by.user:
        may(hold, by.user, "hold.place").require()
    verdict = reasons.is_given(reason, rules.STILL_HELD)
    verdict &= unless(review_on is not None and review_on > timezone.localdate(), "Enter a day to come.")
    verdict.require()
    with transaction.atomic():
        held = locked(hold)
        note = f"{held.authority}\nNeeded still: {reason.strip()} ({by.name}, {words.moment(timezone.now())})"
        Hold.objects.filter(pk=hold.pk).update(review_on=review_on, authority=note)
        ledger_lines.of_hold(hold)
        audit.record(by, "hold.look_again", subject=hold.reference, detail={"review_on": str(review_on)})


def stopped_by(hold: Hold) -> QuerySet[DisposalOrder]:
    """Return the orders that a hold has stopped."""
    return DisposalOrder.objects.filter(state="stopped", stopped_by__startswith=f"{hold.reference} ")


def ask_release(hold: Hold, *, by: Actor, reason: str) -> None:
    """Ask for a hold to be released; someone else has to complete it. Both need the right of all that it binds."""
    _may_release(hold, by)
    reasons.is_given(reason, rules.RELEASING).require()
    with transaction.atomic():
        locked(hold)
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
        asked_by = locked(hold).release_asked_by
        unless(bool(asked_by), "Nobody has asked for this hold to be released.").require()
        unless(asked_by != by.name, "You asked for this release: someone else has to complete it.").require()
        covered = hold.held.count()
        Hold.objects.filter(pk=hold.pk).update(released_by=by.name, released_at=timezone.now())
        ledger_lines.of_hold(hold)
        audit.record(by, "hold.release", subject=hold.reference, detail={"records": covered})
        for order in stopped_by(hold).filter(instructions__isnull=True):
            disposal.give_up(order, by=by, note=f"{hold.reference} was released: a person looks again.")
    return covered


def locked(hold: Hold) -> Hold:
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
