"""A controller leaves advisory mode, which two people do on what was found, or goes back, which one does at once."""

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from muniment.core import access, audit, ledger, reasons
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.core.verdicts import Refused, Verdict, refused, unless
from muniment.retention.checks import leaving
from muniment.retention.models import ModeChange

CHANGE = "mode.change"
PAPER = "Name the decision of the chief officer or board by which it leaves advisory mode, with its date"
WHY_BACK = "Say why it goes back to advisory mode"
WHY_NOT = "Say why it does not leave advisory mode"
_MODE_LOCK = 7_130_052
_WAITS = "Somebody has asked for this already: agree to that, or refuse it, first."
LIVE, ADVISORY = Controller.Mode.LIVE, Controller.Mode.ADVISORY


def may(controller: Controller, by: Actor) -> Verdict:
    """Say whether somebody may ask for a change of mode of a controller and agree to it."""
    if by.user is None:
        return refused("Only a person who is signed in changes the mode.")
    return access.may(by.user, CHANGE, on=timezone.localdate(), controller=controller)


def ask(controller: Controller, paper: str, *, by: Actor) -> ModeChange:
    """Ask that a controller leaves advisory mode; somebody else has to agree. Policy says what has to hold."""
    may(controller, by).require()
    reasons.is_given(paper, PAPER).require()
    try:
        with transaction.atomic():
            held = _turn(controller)
            unless(held.mode == ADVISORY, f"{held.name} is not in advisory mode.").require()
            leaving.may_leave(held).require()
            asked = ModeChange.objects.create(controller=held, to=LIVE, why=paper, asked_by=by.name)
            audit.record(by, "mode.ask", subject=asked.reference, controller=held.code, detail={"to": LIVE})
    except IntegrityError as error:
        raise Refused((_WAITS,)) from error
    return asked


def agree(asked: ModeChange, *, by: Actor) -> None:
    """Agree to what another asked for: from then on what is approved is destroyed. All has to hold still."""
    may(asked.controller, by).require()
    with transaction.atomic():
        controller = _turn(asked.controller)
        held = _waits(asked)
        unless(held.asked_by != by.name, "You asked for this: someone else has to agree.").require()
        unless(controller.mode == ADVISORY, f"{controller.name} is not in advisory mode.").require()
        leaving.may_leave(controller).require()
        held.agreed_by, held.settled_at = by.name, timezone.now()
        held.figures = leaving.figures(controller)
        held.save(update_fields=["agreed_by", "settled_at", "figures"])
        _follow(held)
        audit.record(by, "mode.live", subject=held.reference, controller=controller.code, detail=held.figures)


def refuse(asked: ModeChange, why: str, *, by: Actor) -> None:
    """Refuse what was asked for, or take back what one asked for oneself."""
    may(asked.controller, by).require()
    reasons.is_given(why, WHY_NOT).require()
    with transaction.atomic():
        _turn(asked.controller)
        held = _waits(asked)
        held.refused_by, held.refused_why, held.settled_at = by.name, why, timezone.now()
        held.save(update_fields=["refused_by", "refused_why", "settled_at"])
        audit.record(by, "mode.refuse", subject=held.reference, controller=asked.controller.code)


def go_back(controller: Controller, why: str, *, by: Actor) -> ModeChange:
    """Have a controller go back to advisory mode, at once: nothing more of its records is destroyed."""
    may(controller, by).require()
    reasons.is_given(why, WHY_BACK).require()
    with transaction.atomic():
        held = _turn(controller)
        unless(held.mode == LIVE, f"{held.name} is in advisory mode already.").require()
        done = ModeChange.objects.create(
            controller=held, to=ADVISORY, why=why, asked_by=by.name, settled_at=timezone.now()
        )
        _follow(done)
        audit.record(by, "mode.advisory", subject=done.reference, controller=held.code)
    return done


def _turn(controller: Controller) -> Controller:
    """Return a controller as it is now, whose mode nobody else changes until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_MODE_LOCK, controller.pk])
    return Controller.objects.get(pk=controller.pk)


def _waits(asked: ModeChange) -> ModeChange:
    held = ModeChange.objects.select_related("controller").get(pk=asked.pk)
    unless(held.waits, "This has been agreed to or refused already.").require()
    return held


def _follow(change: ModeChange) -> None:
    """Bring the controller to the mode, and enter it in the ledger: a restored copy must not destroy then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.follow_mode(%s)", [change.controller_id])
        row = cursor.fetchone()
    unless(bool(row) and row[0] == change.to, "The mode could not be changed: you do not work for it.").require()
    ledger.record("mode", {"change": change.pk})
