"""Foresee what falls due in ten years, and what another schedule would change; no decision and no review changes."""

from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from muniment.batch.retention import foresight
from muniment.batch.retention.moves import Moves, moves
from muniment.core import access, audit, turns
from muniment.core.actors import Actor
from muniment.core.models import BatchRun, Controller
from muniment.core.verdicts import unless
from muniment.engine.policy import Policy
from muniment.records import staging
from muniment.retention.deciding import schedule_tables
from muniment.retention.disposals import due
from muniment.retention.foresight import foreseen_tables
from muniment.retention.foresight.counted import KIND
from muniment.retention.foresight.replacing import forget_earlier
from muniment.retention.models import ForeseenCount, ForesightAsked, KeptForecast
from muniment.retention.policies import policy_now
from muniment.retention.schedule import other_schedules
from muniment.retention.schedule.other_schedules import Against

WAITING = 5  # each takes as long as a schedule and more
_KEPT = timedelta(days=400)  # forecasts of so many days stay to hold a batch against
FORESIGHT_LOCK = 7_130_014

_INSERT = """
INSERT INTO retention_foreseencount (run_id, side, subject, controller_id, area, scopes, "group", class_id, term, month,
    kind, kind_other, moved, under_way, number, bytes, measured)
SELECT %(run)s, f.side, f.subject, c.id, CASE WHEN f.subject = 'record' THEN coalesce(scope.area, '') ELSE '' END,
    coalesce(string_to_array(nullif(f.scopes, ''), ',')::bigint[], '{{}}'), f."group", f.class_id, f.term, f.month,
    f.kind, f.kind_other, f.moved, f.under_way, f.number, f.bytes, f.measured
FROM {counts} f JOIN core_controller c ON c.code = f.controller
LEFT JOIN core_scope scope ON f.subject = 'record' AND scope.id::text = f.scopes
"""

# What was destroyed meanwhile is left out.
_INSERT_MOVES = """
INSERT INTO retention_foreseenmove (run_id, place, look, controller_id, prime_id, record_id, "group", class_id, due,
    kind, rule, due_other, kind_other, rule_other, moved, because, missing)
SELECT %(run)s, m.place, m.look, %(controller)s, m.person_id, m.record_id, m."group", m.class_id, m.due, m.kind, m.rule,
    m.due_other, m.kind_other, m.rule_other, m.moved, m.because, m.missing
FROM {moves} m LEFT JOIN records_record r ON r.id = m.record_id LEFT JOIN people_primeperson p ON p.id = m.person_id
WHERE r.id IS NOT NULL OR p.id IS NOT NULL
"""

# A review that was decided since the day before that was kept counts for the group in which its person was then.
_KEEP_BACKLOG = """
DELETE FROM retention_keptbacklog WHERE made_on = %(day)s OR made_on < %(oldest)s;
INSERT INTO retention_keptbacklog (made_on, controller_id, scopes, "group", waiting, decided)
SELECT %(day)s, r.controller_id, seen.scopes,
    CASE WHEN r.state = 'decided' THEN r.decided_group ELSE d."group" END AS of_group,
    count(*) FILTER (WHERE r.state <> 'decided'), count(*) FILTER (WHERE r.state = 'decided')
FROM retention_review r
JOIN LATERAL (
    SELECT array_agg(DISTINCT n.scope_id ORDER BY n.scope_id) AS scopes FROM people_belonging b
    JOIN records_nominal n ON n.id = b.nominal_id WHERE b.prime_id = r.prime_id
) seen ON seen.scopes IS NOT NULL
LEFT JOIN retention_persondecision d ON d.prime_id = r.prime_id AND d.controller_id = r.controller_id
WHERE r.state NOT IN ('decided', 'closed') OR r.state = 'decided' AND r.decided_at::date <= %(day)s
    AND r.decided_at::date > (SELECT coalesce(max(made_on), %(day)s) FROM retention_keptbacklog)
GROUP BY r.controller_id, seen.scopes, of_group
"""


def foresee(
    policy: Policy,
    *,
    by: Actor,
    on: date | None = None,
    against: Against | None = None,
    listing: Controller | None = None,
) -> BatchRun:
    """Count what falls due, month by month, and keep the counts for whoever may see those who are counted.

    With `listing`, whom and what the other schedule moves of that controller is kept one by one as well, with a digest
    of it in the counts of the run.

    `on` is the day of the last schedule where it is left out. The decisions that are published are counted, where they
    are of that day and policy; otherwise everyone is decided for the forecast alone. Raises Refused before the first
    schedule.
    """
    began, last = timezone.now(), foreseen_tables.last_schedule()
    unless(last is not None, "Nothing is scheduled yet: run 'muniment schedule' first.").require()
    assert last is not None
    day = on or last.on
    is_published = (day, policy.version) == (last.on, last.policy_version)
    moved: Moves | None = None
    made = foreseen_tables.published() if is_published else schedule_tables.decide(policy, day)
    now = foreseen_tables.side(policy, day, made)
    other = None
    if against:
        other = foreseen_tables.side(against.policy, day, schedule_tables.decide(against.policy, day))
        if listing:
            moved = moves(day, now, other, controller=listing.code, policy=policy)
    counted = foresight.count(foreseen_tables.told(), day, now, other)
    versions: dict[str, Any] = {
        "policy": policy.version,
        "on": day.isoformat(),
        "until": foresight.horizon(day).isoformat(),
    }
    versions |= {"schedule": last.run if is_published else None, "against": against.words if against else ""}
    versions |= {"against_policy": against.policy.version if against else ""}
    staged = {"counts": counted} | ({"moves": moved.table} if moved else {})
    with staging.staged(staged) as names, transaction.atomic(), connection.cursor() as cursor:
        turns.beside_others()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FORESIGHT_LOCK])
        run = BatchRun.objects.create(kind=KIND, started_at=began, versions=versions)
        cursor.execute(_INSERT.format(counts=names["counts"]), {"run": run.pk})
        run.state, run.ended_at, run.counts = "done", timezone.now(), {"rows": cursor.rowcount}
        if moved and listing:
            cursor.execute(_INSERT_MOVES.format(moves=names["moves"]), {"run": run.pk, "controller": listing.pk})
            run.counts["moves"] = moved.digest
        run.save(update_fields=["state", "ended_at", "counts"])
        forget_earlier(run)
        if against is None:
            _keep_by_the_clock(run, day)
            cursor.execute(_KEEP_BACKLOG, {"day": day, "oldest": day - _KEPT})
            due.keep_counts(day)
        audit.record(by, "retention.foresee", subject=f"run {run.pk}", detail=versions)
    return run


def _keep_by_the_clock(run: BatchRun, day: date) -> None:
    """Keep how many people this forecast saw going by the clock, for the batches of later days to be held against."""
    KeptForecast.objects.filter(Q(made_on=day) | Q(made_on__lt=day - _KEPT)).delete()
    counted = ForeseenCount.objects.filter(run=run, side="now", subject="person", kind="dispose", under_way=False)
    rows = counted.filter(term__in=["overdue", "ahead"]).values_list("controller", "scopes", "class_id", "month")
    KeptForecast.objects.bulk_create(
        [
            KeptForecast(made_on=day, controller_id=controller, scopes=scopes, rule=rule, month=month, people=people)
            for controller, scopes, rule, month, people in rows.annotate(Sum("number"))
        ]
    )


def ask(*, by: Actor, as_on: date | None = None, draft: str = "") -> ForesightAsked:
    """Ask the worker for the policy as on a day, or for a draft of adoptions, beside the schedule in force.

    Raises Refused where it is asked for neither or both, waits already, or enough wait.
    """
    waiting = ForesightAsked.objects.filter(done_at__isnull=True)
    verdict = unless((as_on is None) != (not draft), "Enter a day or choose a draft, one of them.")
    verdict &= unless(not draft or draft in other_schedules.drafts(), "Choose a draft that is there.")
    verdict &= unless(not waiting.filter(as_on=as_on, draft=draft).exists(), "This has been asked for and waits.")
    verdict &= unless(waiting.count() < WAITING, f"{WAITING} wait already. Ask again when one of them is done.")
    if by.user:
        verdict &= access.may(by.user, "foresight.ask", on=timezone.localdate())
    verdict.require()
    with transaction.atomic():
        asked = ForesightAsked.objects.create(as_on=as_on, draft=draft, asked_by=by.name)
        audit.record(by, "foresight.ask", detail={"as_on": as_on.isoformat() if as_on else "", "draft": draft})
    return asked


def keep_up(*, by: Actor) -> dict[str, int]:
    """Foresee what the last schedule published, if that is of the policy in force and nobody has yet."""
    last, loaded = foreseen_tables.last_schedule(), policy_now.policy()
    if last is None or last.policy_version != loaded.version:
        return {"kept_up": 0}  # the next schedule follows the policy first
    since = BatchRun.objects.filter(kind=KIND, state="done", pk__gt=last.run, versions__against="")
    if since.filter(versions__policy=loaded.version).exists():
        return {"kept_up": 0}
    foresee(loaded, by=by)
    return {"kept_up": 1}
