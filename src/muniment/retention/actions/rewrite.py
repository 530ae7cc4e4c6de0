"""Have the tables written anew after a destruction, at the hours that policy leaves for it."""

import time
from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from muniment.core import audit, rewriting, turns
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, BatchRun
from muniment.retention.models import Certificate
from muniment.retention.policies import policy_now

KIND = "rewrite"


def last() -> BatchRun | None:
    """Return the last run that left nothing."""
    return BatchRun.objects.filter(kind=KIND, state="done").order_by("-pk").first()


def is_due() -> bool:
    """Whether something was proved to be destroyed, or expired, since the tables were last written anew."""
    run = last()
    gone = Certificate.objects.filter(order__destroyed_at__isnull=False).aggregate(at=Max("issued_at"))["at"]
    expired = AuditEvent.objects.filter(action=audit.EXPIRE).aggregate(at=Max("at"))["at"]
    latest = max((each for each in (gone, expired) if each), default=None)
    return latest is not None and (run is None or run.started_at <= latest)


def is_quiet(now: datetime) -> bool:
    """Whether policy lets tables be closed at this moment, for as long as it takes to write them anew."""
    here = timezone.localtime(now)
    hours = policy_now.policy().on(here.date()).settings["rewriting"]
    start, end = int(hours["from_hour"]), int(hours["until_hour"])
    return start <= here.hour < end if start < end else here.hour >= start or here.hour < end


def when_due(*, by: Actor) -> dict[str, int]:
    """Write the tables anew where that is due and the hour is quiet; return how many were."""
    if not (is_quiet(timezone.now()) and is_due()):
        return {"tables_rewritten": 0}
    return {"tables_rewritten": int(rewrite(by=by).counts["tables"])}


def rewrite(*, by: Actor) -> BatchRun:
    """Write every table anew that was written to since the last time, and leave the log; return the run.

    What was destroyed, and whose certificate was issued, before the run began is in no file of the server any more when
    its state is `done`. Otherwise it is `partly`, and `counts` says what is `left`. Raise Refused when another runs.
    """
    with rewriting.alone():
        began, before = time.monotonic(), last()
        with transaction.atomic():
            turns.alone()  # what is destroyed by now is committed
            run = BatchRun.objects.create(kind=KIND, started_at=_now())
        done = rewriting.rewrite(before.versions if before else {})
        run.versions = done.marks
        run.counts = {
            "tables": done.tables,
            "unchanged": done.unchanged,
            "bytes": done.bytes,
            "left": done.left,
            "seconds": round(time.monotonic() - began, 1),
        }
        run.state, run.ended_at = "done" if done.is_done else "partly", timezone.now()
        with transaction.atomic():
            run.save()
            detail: dict[str, Any] = {"run": run.pk, "tables": done.tables, "left": len(done.left)}
            audit.record(by, "database.rewrite", detail=detail)
    return run


def _now() -> datetime:
    """Return the time by the server's clock, which certificates bear."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast(datetime, cursor.fetchone()[0])


def of(certificate: Certificate | None) -> BatchRun | None:
    """Return the run after which nothing that a certificate names is in a file of the server; None before there is."""
    if certificate is None:
        return None
    runs = BatchRun.objects.filter(kind=KIND, state="done", started_at__gt=certificate.issued_at)
    return runs.order_by("pk").first()
