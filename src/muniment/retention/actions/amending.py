"""Amend what a standing hold covers: one person widens it at once, two narrow it, and every version is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from muniment.core import access, audit, reasons
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.core.verdicts import ALLOWED, unless
from muniment.retention import rules
from muniment.retention.actions import disposal, held_records
from muniment.retention.actions import hold as holding
from muniment.retention.deciding import doubt
from muniment.retention.disposals import gate, ledger_lines
from muniment.retention.holds import containing, gone
from muniment.retention.models import (
    DisposalOrder,
    HeldRecord,
    Hold,
    HoldController,
    HoldVersion,
    LetGoRecord,
    hold_versions,
)

State = HoldVersion.State
WAITS = "A change of this hold waits for a second person: have it agreed to or sent back first."
NOTHING_WAITS = "No change of this hold waits for a second person."


@dataclass(frozen=True)
class Amendment:
    """What a hold is to cover from now on, of whose records, by what paper, whose decision, and why."""

    scope: Mapping[str, Any]
    controllers: tuple[Controller, ...]
    paper: str
    decided_by: str
    reason: str


@dataclass(frozen=True)
class Amended:
    """What an amendment came to; `records` are those that it newly covers, as far as its reader sees."""

    version: HoldVersion
    records: int
    orders_stopped: int
    too_late: tuple[gone.Went, ...]


def is_wider(hold: Hold, scope: Mapping[str, Any], controllers: tuple[Controller, ...]) -> bool:
    """Whether a scope is shown to contain all that a hold covers now; what is not shown counts as narrower."""
    bound = [each.pk for each in controllers]
    now = hold_versions.in_force(hold)
    return all(containing.contains(scope, each.scope, bound, each.controllers) for each in now)


def amend(hold: Hold, amendment: Amendment, *, by: Actor) -> Amended:
    """Change what a standing hold covers.

    Where the new scope is shown to contain the old one it takes its place at once. Else it is asked for, by whoever may
    release the hold, and both are covered until someone else has agreed or has sent it back. Either way what is newly
    covered is held within this transaction, past the gate of destructions, and disposals of it stop.
    """
    with transaction.atomic():
        gate.pass_alone()
        held = holding.locked(hold)
        wider = is_wider(held, amendment.scope, amendment.controllers)
        _may(held, amendment, "hold.place" if wider else "hold.release", by)
        _is_in_order(held, amendment)
        stood = hold_versions.in_force(held)
        doubtful, words = doubt.of_hold(held) is not None, _words(stood)
        told = [gone.Scope.of_version(each) for each in stood]
        version = _entered(held, amendment, by, wider=wider)
        for controller in amendment.controllers:
            HoldController.objects.get_or_create(hold=held, controller=controller)
        _settled(held, doubtful=doubtful, words=words)
        before = held.held.count()
        reached, stopped = held_records.expand(held, adding=True) - before, held_records.stop_orders(held)
        ledger_lines.of_hold(held)
        late = tuple(gone.too_late(gone.Scope.of_version(version), told))
        counts = {"records": reached, "orders_stopped": stopped, "came_too_late_for": len(late)}
        action = "hold.widen" if wider else "hold.ask_narrowing"
        audit.record(by, action, subject=held.reference, detail=counts | {"version": version.number})
    return Amended(version, reached, stopped, late)


def _may(hold: Hold, amendment: Amendment, action: str, by: Actor) -> None:
    """Require a right of all that the hold binds, and of all that it is to bind."""
    if by.user is None:
        return
    verdict, on = holding.may(hold, by.user, action), timezone.localdate()
    bound = set(hold.controllers.values_list("pk", flat=True))
    for controller in amendment.controllers:
        if controller.pk not in bound:
            verdict &= access.may(by.user, "hold.place", on=on, controller=controller)
    verdict.require()


def _is_in_order(hold: Hold, amendment: Amendment) -> None:
    now = hold_versions.in_force(hold)
    verdict = unless(len(now) == 1, WAITS)
    verdict &= unless(bool(amendment.controllers), "Say which force or office the hold binds.")
    verdict &= reasons.is_given(amendment.paper, rules.AMENDING_BY) & reasons.is_given(amendment.reason, rules.AMENDING)
    verdict &= unless(bool(amendment.decided_by.strip()), rules.HELD_BY) & holding.has_known_parts(amendment.scope)
    bound = sorted(each.pk for each in amendment.controllers)
    same = dict(amendment.scope) == now[0].scope and bound == sorted(now[0].controllers)
    (verdict & unless(not same, "Nothing of the scope has been changed.")).require()


def _entered(hold: Hold, amendment: Amendment, by: Actor, *, wider: bool) -> HoldVersion:
    """Enter a version; one that is wider takes the place of what stood."""
    now = timezone.now()  # past the gate: what was destroyed while this waited went before it
    versions = list(hold.versions.all())
    if not versions:  # of a ledger that knew of none
        versions = [hold_versions.placed(hold)]
        versions[0].save()
    version = HoldVersion(
        hold=hold,
        number=versions[-1].number + 1,
        scope=dict(amendment.scope),
        controllers=sorted(each.pk for each in amendment.controllers),
        paper=amendment.paper.strip(),
        decided_by=amendment.decided_by.strip(),
        reason=amendment.reason.strip(),
        asked_by=by.name,
        is_wider=wider,
        state=State.STANDING if wider else State.ASKED,
        since=now,
    )
    if wider:
        hold.versions.filter(until__isnull=True).update(until=now)
        hold.scope = version.scope
    version.save()
    return version


def _settled(hold: Hold, *, doubtful: bool, words: set[str], narrowed: bool = False) -> None:
    """Have the worker, who sees everything, look anew; a doubt about its people is not taken from a hold by this."""
    now = timezone.now()
    changed: dict[str, Any] = {"scope": hold.scope, "amended_at": now, "expanded_at": None}
    changed |= {"narrowed_at": now} if narrowed else {}
    changed |= {"words_read_to": 0} if _words(hold_versions.in_force(hold)) != words else {}
    changed |= {} if doubtful else {"people_digest": doubt.people_digest(hold)}
    Hold.objects.filter(pk=hold.pk).update(**changed)
    hold.refresh_from_db()


def _words(versions: list[HoldVersion]) -> set[str]:
    return {word for each in versions for word in each.scope.get("keywords") or ()}


def asked(hold: Hold) -> HoldVersion | None:
    """Return the change of a hold that waits for a second person."""
    return next((each for each in hold.versions.all() if each.state == State.ASKED), None)


def agree(hold: Hold, *, by: Actor) -> HoldVersion:
    """Agree to a change that another asked for: the hold covers that alone from now on.

    It disposes of nothing. The worker lets go of what is covered no more: the next run opens reviews of it, and what
    the hold had stopped of it before any source was told comes back to a person.
    """
    return _settle(hold, State.STANDING, by=by)


def send_back(hold: Hold, *, by: Actor, reason: str) -> HoldVersion:
    """Do not agree to a change, or take one back: the hold goes on covering what it did before."""
    reasons.is_given(reason, rules.NOT_AMENDING).require()
    return _settle(hold, State.SENT_BACK, by=by, reason=reason)


def _settle(hold: Hold, state: HoldVersion.State, *, by: Actor, reason: str = "") -> HoldVersion:
    is_agreed = state == State.STANDING
    if by.user:
        holding.may(hold, by.user, "hold.release" if is_agreed else "hold.place").require()
    with transaction.atomic():
        gate.pass_alone()
        held = holding.locked(hold)
        version = asked(held)
        unless(version is not None, NOTHING_WAITS).require()
        assert version is not None
        another = unless(version.asked_by != by.name, "You asked for this change: someone else has to agree to it.")
        (another if is_agreed else ALLOWED).require()
        stood = hold_versions.in_force(held)
        doubtful, words, now = doubt.of_hold(held) is not None, _words(stood), timezone.now()
        version.state, version.settled_by, version.settled_at = state, by.name, now
        version.settled_why = reason.strip()
        version.until = None if is_agreed else now
        version.save()
        if is_agreed:
            held.versions.filter(until__isnull=True).exclude(pk=version.pk).update(until=now)
            held.scope = version.scope
        bound = {key for each in hold_versions.in_force(held) for key in each.controllers}
        _settled(held, doubtful=doubtful, words=words, narrowed=True)
        ledger_lines.of_hold(held)
        action = "hold.agree_narrowing" if is_agreed else "hold.send_back_narrowing"
        audit.record(by, action, subject=held.reference, detail={"version": version.number})
        HoldController.objects.filter(hold=held).exclude(controller__in=bound).delete()
    return version


def give_back(*, by: Actor) -> int:
    """Give back to a person the disposals that a hold had stopped and lets go of, where no source was told of them.

    For the worker, who sees everything, after lists have been brought up. Return how many.
    """
    covered = HeldRecord.objects.filter(hold__released_at__isnull=True, record__disposals__order=OuterRef("pk"))
    let_go = LetGoRecord.objects.filter(record__disposals__order=OuterRef("pk"))
    orders = DisposalOrder.objects.filter(Exists(let_go), ~Exists(covered), state="stopped", instructions=None)
    given = 0
    for order in orders.order_by("pk"):
        holds = Hold.objects.filter(let_go__record__disposals__order=order, narrowed_at=None).distinct()
        stopper = next((each for each in holds if order.stopped_by.startswith(f"{each.reference} ")), None)
        if stopper is not None:
            note = f"{stopper.reference} covers these records no more: a person looks again."
            disposal.give_up(order, by=by, note=note)
            given += 1
    return given
