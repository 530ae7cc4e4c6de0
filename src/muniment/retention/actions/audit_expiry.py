"""Let the bodies of audit events expire, under the class of audit logs (IG-LOG) as each controller has adopted it.

A body goes when the class may act without a person for every controller that the event belongs to: adopted or
evidenced, in live mode, past the period, under no hold. An event belongs to the controller that it names; else to
those at which its actor has held a role; else to all. Its number and salted digest stay, so that the seals verify.

An event of expiry names every leaf first and is sealed; the database then removes what a sealed expiry names, and
nothing else. Without one, a missing body is a fault to whoever verifies. The time runs from the seal, which is kept
outside the database, and not from what the event says of itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, Controller, CovertEvent
from muniment.core.verdicts import unless
from muniment.engine.policy import Policy
from muniment.engine.values.dates import add_months
from muniment.retention.disposals import gate
from muniment.retention.holds import reach
from muniment.retention.models import Hold, hold_versions

CLASS = "IG-LOG"
_AT_ONCE = 20_000  # leaves in one event of expiry

# Rows of terms: every controller with the moment before which its events may go (none: never) and the days under hold.
_EXPIRABLE = """
WITH terms AS (
    SELECT * FROM unnest(%(keys)s::bigint[], %(codes)s::text[], %(befores)s::timestamptz[], %(held)s::datemultirange[])
        AS t (controller_id, code, before, held)
), aged AS (
    SELECT l.number, e.at, e.controller, e.actor_id, s.sealed_at FROM {events} e
    JOIN {leaves} l ON l.event_id = e.id
    JOIN (SELECT r.first_leaf, r.last_leaf, a.sealed_at::timestamptz AS sealed_at FROM {runs} r
          JOIN core_auditseal a ON a.number = r.number) s ON l.number BETWEEN s.first_leaf AND s.last_leaf
    WHERE e.action <> 'audit.expire' AND s.sealed_at < (SELECT max(before) FROM terms)
)
SELECT g.number, min(t.before) FROM aged g JOIN terms t ON CASE
    WHEN g.controller <> '' THEN t.code = g.controller
    WHEN EXISTS (SELECT 1 FROM core_roleassignment a WHERE a.user_id = g.actor_id)
        THEN t.controller_id IN (SELECT a.controller_id FROM core_roleassignment a WHERE a.user_id = g.actor_id)
    ELSE true END
GROUP BY g.number
HAVING bool_and(coalesce(g.sealed_at < t.before AND NOT t.held @> (g.at AT TIME ZONE 'Europe/London')::date, false))
ORDER BY min(t.before), g.number
"""


@dataclass(frozen=True)
class _Part:
    """A part of the audit: its tables, and the function that removes what a sealed expiry of it names."""

    events: type[AuditEvent | CovertEvent]
    leaves: str
    runs: str
    function: str


_PARTS = (
    _Part(AuditEvent, "core_auditleaf", "core_auditseal", "muniment.expire_audit"),
    _Part(CovertEvent, "core_covertleaf", "core_covertseal", "muniment.expire_covert_audit"),
)


@dataclass(frozen=True)
class Term:
    """How far a controller lets its audit expire: before a moment, or never, and not on the days under hold."""

    controller: Controller
    before: datetime | None
    held: str  # a datemultirange


def terms(policy: Policy, on: date) -> list[Term]:
    """Return what each controller's adopted policy, mode and holds let expire on a day."""
    return [
        Term(each, _before(policy, each, on), _held(Hold.objects.filter(controllers=each, released_at__isnull=True)))
        for each in Controller.objects.all()
    ]


def _before(policy: Policy, controller: Controller, on: date) -> datetime | None:
    rules = policy.on(on, controller.code)
    value = rules.terms[CLASS]
    acts = controller.mode == Controller.Mode.LIVE and value.action == "dispose" and rules.is_automatic(CLASS)
    if not acts or value.length is None:
        return None
    day = add_months(on, -value.length.months) - timedelta(days=value.length.days)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _held(holds: Iterable[Hold]) -> str:
    """Return the days of the audit that holds cover: of those that name its class, and of those that cover all."""
    ranges = []
    for scope in (each.scope for hold in holds for each in hold_versions.in_force(hold)):
        lists = reach.given_lists(scope)
        if not lists or CLASS in lists.get("classes", ()):
            ranges.append(f"[{scope.get('from') or ''},{scope.get('until') or ''}]")
    return "{" + ",".join(ranges) + "}"


def expire(policy: Policy, *, by: Actor, on: date) -> int:
    """Remove the bodies whose time is over; return how many went from the ordinary audit.

    Raise Refused when no controller's policy lets any body go. What went from the covert audit is said there alone.
    """
    found = terms(policy, on)
    unless(
        any(term.before for term in found),
        "No controller in live mode has adopted a period for its audit: nothing expires. Adopt the class"
        f" {CLASS} in the controller's adoption file, with its period, paper and two adopters.",
    ).require()
    named = [_name(part, found, by=by) for part in _PARTS]
    audit.seal()
    with transaction.atomic():
        gate.pass_alone()
        if terms(policy, on) != found:  # a hold, or another policy, came between: what was named is not removed
            audit.record(by, "audit.expire_stopped", subject=CLASS)
            return 0
        gone = [_remove(part, keys) for part, keys in zip(_PARTS, named, strict=True)]
    return gone[0]


def _name(part: _Part, found: Sequence[Term], *, by: Actor) -> list[int]:
    """Write the events of expiry that name every leaf whose body is to go; return their keys.

    The ordinary audit says so when there is nothing to name, too: a run leaves the same trace there, and the same
    event to seal, whatever it finds in the covert audit.
    """
    covert = part.events is CovertEvent
    with transaction.atomic(), connection.cursor() as cursor:
        gate.pass_alone()
        cursor.execute(
            _EXPIRABLE.format(events=part.events._meta.db_table, leaves=part.leaves, runs=part.runs),
            {
                "keys": [term.controller.pk for term in found],
                "codes": [term.controller.code for term in found],
                "befores": [term.before for term in found],
                "held": [term.held for term in found],
            },
        )
        last = part.events.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        found_rows = cursor.fetchall()
        if not found_rows and not covert:
            audit.record(by, audit.EXPIRE, subject=CLASS, detail=_detail(timezone.now(), []))
        for before, rows in groupby(found_rows, key=lambda row: row[1]):
            numbers = [number for number, _ in rows]
            for start in range(0, len(numbers), _AT_ONCE):
                detail = _detail(before, numbers[start : start + _AT_ONCE])
                audit.record(by, audit.EXPIRE, subject=CLASS, detail=detail, covert=covert)
        written = part.events.objects.filter(pk__gt=last, action=audit.EXPIRE, actor=by.name)
        return list(written.values_list("pk", flat=True))


def _detail(before: datetime, numbers: Sequence[int]) -> dict[str, Any]:
    return {"before": before.astimezone(UTC).isoformat(), "leaves": ranges(numbers), "bodies": len(numbers)}


def ranges(numbers: Sequence[int]) -> list[list[int]]:
    """Return ascending numbers as ranges [first, last]."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def _remove(part: _Part, named: Sequence[int]) -> int:
    """Remove what sealed events of expiry name; return how many bodies went."""
    gone = 0
    with connection.cursor() as cursor:
        for key in named:
            cursor.execute(f"SELECT {part.function}(%s)", [key])
            gone += cursor.fetchone()[0]
    return gone
