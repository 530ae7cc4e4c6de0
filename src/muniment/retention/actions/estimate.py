"""Say within seconds about how much another schedule would change, from a sample; the exact figures take its place."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.retention import foresight, sampled
from muniment.batch.retention.sampled import Size
from muniment.batch.retention.touching import relabels, touched
from muniment.core import audit, places, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun, Controller
from muniment.engine.policy import Policy
from muniment.records import staging
from muniment.retention.actions.foresee import FORESIGHT_LOCK
from muniment.retention.deciding import around, schedule_tables
from muniment.retention.foresight import counted, foreseen_tables
from muniment.retention.foresight.replacing import forget_earlier
from muniment.retention.schedule.other_schedules import Against

_SAME = """
INSERT INTO retention_foreseencount (run_id, side, subject, controller_id, area, scopes, "group", class_id, term, month,
    kind, kind_other, class_other, term_other, moved, under_way, number, bytes, measured)
SELECT %(run)s, side, subject, controller_id, area, scopes, "group", class_id, term, month, kind, kind_other, '', '',
    moved, under_way, number, bytes, measured
FROM retention_foreseencount WHERE run_id = %(of)s AND side = 'now'
"""

_INSERT = """
INSERT INTO retention_foreseencount (run_id, side, subject, controller_id, area, scopes, "group", class_id, term, month,
    kind, group_other, class_other, term_other, month_other, kind_other, moved, under_way, number, measured)
SELECT %(run)s, 'sample', f.subject, c.id, CASE WHEN f.subject = 'record' THEN coalesce(scope.area, '') ELSE '' END,
    coalesce(string_to_array(nullif(f.scopes, ''), ',')::bigint[], '{{}}'), f."group", f.class_id, f.term, f.month,
    f.kind, f.group_other, f.class_other, f.term_other, f.month_other, f.kind_other, f.moved, f.under_way, f.number, 0
FROM {pairs} f JOIN core_controller c ON c.code = f.controller
LEFT JOIN core_scope scope ON f.subject = 'record' AND scope.id::text = f.scopes
"""


def estimate(policy: Policy, *, by: Actor, against: Against, size: Size | None = None) -> BatchRun | None:
    """Decide a sample under another schedule, and keep what it comes to beside the counts of the last forecast.

    Drawn is of the controllers alone whose decisions it can change. None where all are decided as soon: fewer than
    `size` has, or no forecast of the last schedule by the policy in force is there to stand beside. Nothing is decided,
    and nothing goes, by an estimate.
    """
    began, base = timezone.now(), _base(policy)
    if base is None:
        return None
    day = counted.first_day(base)
    whose = touched(policy, against.policy, day, Controller.objects.values_list("code", flat=True))
    drawn = foreseen_tables.draw(base, whose, size or Size())
    if drawn is None:
        return None
    here = around.read(drawn)
    given, only = here.given, here.only
    made = foreseen_tables.published(given)
    doubtful = schedule_tables.with_possible(given, made.persons, only, day) or given
    now = foresight.side(doubtful, policy, made, asked_on=day, plans_in=places.home() / "plans")
    then = schedule_tables.decide_given(given, against.policy, day, only)
    doubtful = schedule_tables.with_possible(given, then.persons, only, day) or given
    other = foresight.side(doubtful, against.policy, then, asked_on=day, plans_in=places.home() / "plans")
    pairs = sampled.pairs(drawn, foreseen_tables.told_of(drawn), day, now, other)
    versions = base.versions | {
        "against": against.words,
        "against_policy": against.policy.version,
        "estimated": {"person": sorted(whose.person), "record": sorted(whose.record)},
        "relabels": relabels(policy, against.policy, day),
    }
    return _keep(base, versions, pairs, began=began, by=by)


def _keep(base: BatchRun, versions: dict[str, Any], pairs: Any, *, began: Any, by: Actor) -> BatchRun:
    with staging.staged({"pairs": pairs}) as names, transaction.atomic(), connection.cursor() as cursor:
        turns.beside_others()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FORESIGHT_LOCK])
        run = BatchRun.objects.create(kind=counted.KIND, started_at=began, versions=versions)
        cursor.execute(_SAME, {"run": run.pk, "of": base.pk})
        cursor.execute(_INSERT.format(pairs=names["pairs"]), {"run": run.pk})
        run.state, run.ended_at, run.counts = "done", timezone.now(), {"rows": cursor.rowcount}
        run.save(update_fields=["state", "ended_at", "counts"])
        forget_earlier(run)
        audit.record(by, "retention.estimate", subject=f"run {run.pk}", detail=versions)
    return run


def _base(policy: Policy) -> BatchRun | None:
    """Return the forecast of the last schedule by the policy in force, None where there is none."""
    last = foreseen_tables.last_schedule()
    if last is None:
        return None
    of = {"against": "", "schedule": last.run, "policy": policy.version, "on": last.on.isoformat()}
    return counted.runs().filter(**{f"versions__{name}": value for name, value in of.items()}).first()
