"""Keep the list of records that each hold covers current: who places a hold sees less than it is to cover."""

from collections.abc import Collection

from django.db import connection, transaction
from django.utils import timezone

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.records.models import Record
from muniment.retention.disposals import gate
from muniment.retention.holds import held_words
from muniment.retention.holds.reach import DECIDED, parameters, wanted
from muniment.retention.models import DisposalOrder, Hold

_BRING_UP = """, gone AS (
    DELETE FROM retention_heldrecord h WHERE h.hold_id = %(hold)s AND h.record_id NOT IN (SELECT id FROM wanted)
        AND (%(some)s::bigint[] IS NULL OR h.record_id = ANY(%(some)s))
    RETURNING 1
), come AS (
    INSERT INTO retention_heldrecord AS h (hold_id, record_id, by_words) SELECT %(hold)s, id, by_words FROM wanted
    ON CONFLICT (hold_id, record_id) DO UPDATE SET by_words = excluded.by_words WHERE h.by_words <> excluded.by_words
    RETURNING xmax = 0 AS is_new
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM come WHERE is_new)
"""


def expand(hold: Hold) -> int:
    """Bring a hold's list of records up to its scope; return how many it covers."""
    _expand(hold, DECIDED)
    return hold.held.count()


def _expand(
    hold: Hold, decided: str, some: Collection[int] | None = None, worded: Collection[int] | None = None
) -> int:
    """Bring a hold's list of records, or the place of some records on it, up to its scope; return how many changed.

    `decided` is the table of the classes that records came to, with record_id and resolved_class; `worded` are the
    records whose narratives have a word of the hold: by default those that were found before.
    """
    controllers = [controller.pk for controller in hold.controllers.all()]
    if worded is None:
        worded = list(hold.held.filter(by_words=True).values_list("record_id", flat=True))
    given = parameters(hold.scope, controllers, placed_at=hold.placed_at, some=some, worded=worded) | {"hold": hold.pk}
    with connection.cursor() as cursor:
        cursor.execute(wanted(hold.scope, decided=decided) + _BRING_UP, given)
        return int(cursor.fetchone()[0])


def expand_all(*, by: Actor, fresh_only: bool = False) -> None:
    """Bring standing holds up to their scope: new records come under old holds.

    Who places a hold on the web sees only their own scope, so the worker, who sees everything, expands each again;
    `fresh_only` takes those that it has not expanded yet.
    """
    standing = Hold.objects.filter(released_at__isnull=True)
    for hold in standing.filter(expanded_at__isnull=True) if fresh_only else standing:
        _bring_up(hold, DECIDED, by=by)


def expand_for(records: Collection[int], *, by: Actor, by_class: bool = False) -> int:
    """Bring the place of some records on standing holds up to their scope; return how many came or went.

    With `by_class` only holds that name classes are asked.
    """
    bound = Record.objects.filter(pk__in=records).values("system__controller")
    binding = Hold.objects.filter(controllers__in=bound) | Hold.objects.filter(held__record__in=records)
    standing = Hold.objects.filter(released_at__isnull=True, pk__in=binding.values("pk"))
    standing = standing.filter(scope__has_key="classes") if by_class else standing
    holds = list(standing.prefetch_related("controllers").order_by("pk"))
    # Of a class that a record came to, no narrative tells.
    worded = not by_class and any(hold.scope.get("keywords") for hold in holds)
    said = held_words.narratives(records) if worded else None
    with transaction.atomic():
        gate.pass_alone()
        holds = list(standing.prefetch_related("controllers").order_by("pk"))
        return sum(_bring_up_within(hold, DECIDED, by=by, some=records, said=said) for hold in holds)


def follow_classes(decided: str, *, by: Actor) -> int:
    """Bring the standing holds that name classes up to the classes of a run that is not published yet.

    `decided` is a table of our own with record_id and resolved_class. Return how many records came or went.
    """
    standing = Hold.objects.filter(released_at__isnull=True)
    return sum(_bring_up(hold, decided, by=by) for hold in standing if hold.scope.get("classes"))


def _bring_up(
    hold: Hold, decided: str, *, by: Actor, some: Collection[int] | None = None, said: held_words.Said | None = None
) -> int:
    with transaction.atomic():
        gate.pass_alone()
        if not Hold.objects.filter(pk=hold.pk, released_at__isnull=True).exists():
            return 0  # released since somebody looked: it stops nothing any more
        return _bring_up_within(hold, decided, by=by, some=some, said=said)


def _bring_up_within(
    hold: Hold, decided: str, *, by: Actor, some: Collection[int] | None, said: held_words.Said | None = None
) -> int:
    changed = _expand(hold, decided, some, None if said is None else held_words.with_words(hold, said))
    # Whoever proposes an order asks for holds: of some records it is stopped by what has come under this one.
    if (changed or some is None) and (stopped := stop_orders(hold)):
        audit.record(by, "disposal.stop", subject=hold.reference, detail={"orders_stopped": stopped})
    if some is None:
        Hold.objects.filter(pk=hold.pk).update(expanded_at=timezone.now())
    return changed


def add_worded(hold: Hold, said: held_words.Said, *, by: Actor) -> int:
    """Put on a hold's list those of some records whose narratives have a word of it; return how many came."""
    found = held_words.with_words(hold, said)
    return _bring_up(hold, DECIDED, by=by, some=found, said={key: said[key] for key in found}) if found else 0


def stop_orders(hold: Hold) -> int:
    """Stop every disposal that touches a held record and has not happened; return how many."""
    return DisposalOrder.objects.filter(
        state__in=["proposed", "approved", "instructed"],
        items__record__holds__hold=hold,
        items__destroyed_at__isnull=True,
    ).update(state="stopped", stopped_by=f"{hold.reference} {hold.title}"[:200])
