"""Issue a controlled version of the procedure, which two people do."""

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.core.verdicts import Refused, unless
from muniment.retention.actions import adopting
from muniment.retention.models import Procedure
from muniment.retention.schedule import procedure

_NUMBERS_LOCK = 7_130_016
_WAITS = "A draft waits already: issue or withdraw that first."
_STALE = "The policy says otherwise since this was drafted: withdraw it and draft it anew."


def draft(controller: Controller, *, by: Actor) -> Procedure:
    """Draft a version of the procedure as the policy has it today; somebody else has to issue it."""
    adopting.may(controller, by).require()
    made = procedure.document(controller, timezone.localdate())
    try:
        with transaction.atomic():
            drafted = Procedure.objects.create(
                controller=controller,
                day=made.on,
                policy_version=made.policy_version,
                body=made.body,
                digest=made.digest,
                drafted_by=by.name,
            )
            drafted.refresh_from_db(fields=["drafted_at"])
            audit.record(by, "procedure.draft", subject=drafted.reference, detail=_told(drafted))
    except IntegrityError as error:
        raise Refused((_WAITS,)) from error
    return drafted


def issue(drafted: Procedure, *, by: Actor) -> None:
    """Issue a version that another drafted, if the policy says today what it says."""
    adopting.may(drafted.controller, by).require()
    with transaction.atomic():
        held = _waiting(drafted)
        unless(held.drafted_by != by.name, "You drafted this: someone else has to issue it.").require()
        now = procedure.document(held.controller, timezone.localdate())
        unless(now.digest == held.digest, _STALE).require()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS_LOCK])  # numbers follow one another
        last = Procedure.objects.filter(controller=held.controller).aggregate(last=Max("number"))["last"]
        Procedure.objects.filter(pk=held.pk).update(number=(last or 0) + 1, issued_by=by.name, issued_at=timezone.now())
        audit.record(by, "procedure.issue", subject=held.reference, detail=_told(held))


def withdraw(drafted: Procedure, *, by: Actor) -> None:
    """Withdraw a draft that nobody has issued."""
    adopting.may(drafted.controller, by).require()
    with transaction.atomic():
        held = _waiting(drafted)
        Procedure.objects.filter(pk=held.pk).update(withdrawn_by=by.name, withdrawn_at=timezone.now())
        audit.record(by, "procedure.withdraw", subject=held.reference, detail=_told(held))


def _waiting(drafted: Procedure) -> Procedure:
    """Return a draft as it is now, locked until this ends. Raise Refused when it does not wait any more."""
    held = Procedure.objects.select_for_update(of=("self",)).select_related("controller").get(pk=drafted.pk)
    unless(held.waits, "This has been issued or withdrawn already.").require()
    return held


def _told(drafted: Procedure) -> dict[str, object]:
    return {"controller": drafted.controller.code, "policy": drafted.policy_version, "digest": drafted.digest}
