"""Release a run of linkage that waits because it would change too many prime records."""

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content, reasons
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.people.models import RunHold

WHY = "Say why so many prime records may change"


def release(hold: RunHold, *, by: Actor, reason: str) -> RunHold:
    """Let the next run publish what this one would have changed.

    That run waits again if by then it would change more besides than policy lets a run change.
    """
    if by.user:
        access.may(by.user, "linkage.release", on=timezone.localdate()).require()
    with transaction.atomic():
        held = RunHold.objects.select_for_update().get(pk=hold.pk)
        check = unless(held.settled_at is None, "Another run has taken its place: release that one.")
        check &= unless(held.released_at is None, f"{held.released_by} has released it already.")
        check &= reasons.is_given(reason, WHY)
        check.require()
        held.reason = content.store(f"run:{held.run_id}", "release", reason.strip())
        held.released_at, held.released_by = timezone.now(), by.name
        held.save(update_fields=["reason", "released_at", "released_by"])
        audit.record(by, "linkage.release", subject=f"run {held.run_id}", detail={"digest": held.digest})
    return held
