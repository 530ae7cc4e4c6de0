"""Keep the list of records that each hold covers current: who places a hold sees less than it is to cover."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import connection, transaction
from django.utils import timezone

from muniment.core import audit, planned
from muniment.core.actors import Actor
from muniment.people.handing_over import array
from muniment.retention.disposals import gate
from muniment.retention.holds import held_words, reach
from muniment.retention.holds.reach import DECIDED
from muniment.retention.models import DisposalOrder, Hold, HoldVersion, hold_versions

_BRING_UP = """, covered AS ({covered}){gone}, come AS (
    INSERT INTO retention_heldrecord AS h (hold_id, record_id, by_words) SELECT %(hold)s, id, by_words FROM covered
    ON CONFLICT (hold_id, record_id) DO UPDATE SET by_words = excluded.by_words WHERE h.by_words <> excluded.by_words
    RETURNING xmax = 0 AS is_new
)
SELECT {count} + (SELECT count(*) FROM come WHERE is_new)
"""
_GONE = """, gone AS (
    DELETE FROM retention_heldrecord h WHERE h.hold_id = %(hold)s AND h.record_id NOT IN (SELECT id FROM covered)
        AND (%(some)s::bigint[] IS NULL OR h.record_id = ANY(%(some)s))
    RETURNING h.record_id
)"""
_LET_GO = """, let_go AS (
    INSERT INTO retention_letgorecord (hold_id, record_id, at) SELECT %(hold)s, record_id, %(narrowed_at)s FROM gone
    ON CONFLICT (hold_id, record_id) DO UPDATE SET at = excluded.at
)"""
_ONE = "SELECT id, by_words FROM wanted"
_SEVERAL = """SELECT id, bool_or(by_words) AS by_words FROM (
    SELECT id, by_words FROM wanted UNION ALL SELECT * FROM unnest(%(more)s::bigint[], %(more_worded)s::boolean[])
) found (id, by_words) GROUP BY id"""


def expand(hold: Hold, *, adding: bool = False) -> int:
    """Bring a hold's list of records up to its scope; return how many it covers.

    With `adding` nothing is taken off it: who sees a part of what is held cannot say what is out of scope.
    """
    _expand(hold, DECIDED, adding=adding)
    return hold.held.count()


def _expand(
    hold: Hold,
    decided: str,
    some: Collection[int] | None = None,
    worded: Collection[int] | None = None,
    *,
    adding: bool = False,
) -> int:
    """Bring a hold's list of records, or the place of some records on it, up to its scope; return how many changed.

    `decided` is the table of the classes that records came to, with record_id and resolved_class; `worded` are the
    records whose narratives have a word of the hold: by default those that were found before. What goes off the list of
    a hold that was narrowed is kept as let go, so that a person looks at it.
    """
    if worded is None:
        has_words = bool(held_words.words_of(hold))
        worded = list(hold.held.filter(by_words=True).values_list("record_id", flat=True)) if has_words else []
    first, *others = hold_versions.in_force(hold)
    more: dict[int, bool] = {}
    for each in others:
        for key, by_words in reach.found_by(each, decided=decided, some=some, worded=worded):
            more[key] = more.get(key, False) or by_words
    given = reach.parameters_of(first, some=some, worded=worded) | {"hold": hold.pk, "narrowed_at": hold.narrowed_at}
    given |= {"more": list(more), "more_worded": list(more.values())}
    query = reach.wanted(first.scope, decided=decided) + _BRING_UP.format(
        covered=_SEVERAL if others else _ONE,
        gone="" if adding else _GONE + (_LET_GO if hold.narrowed_at else ""),
        count="0" if adding else "(SELECT count(*) FROM gone)",
    )
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return int(cursor.fetchone()[0])


def expand_all(*, by: Actor, fresh_only: bool = False) -> None:
    """Bring standing holds up to their scope: new records come under old holds.

    Who places a hold on the web sees only their own scope, so the worker, who sees everything, expands each again;
    `fresh_only` takes those that it has not expanded yet.
    """
    standing = Hold.objects.filter(released_at__isnull=True)
    for hold in standing.filter(expanded_at__isnull=True) if fresh_only else standing:
        _bring_up(hold, DECIDED, by=by)


# What the standing holds that bind some records, or have one of them on their lists, cover now.
_STANDING = """
SELECT h.id AS hold_id, v.number, v.since, coalesce(v.scope, h.scope) AS scope, coalesce(v.controllers, (
    SELECT jsonb_agg(c.controller_id ORDER BY c.controller_id) FROM retention_holdcontroller c WHERE c.hold_id = h.id
), '[]') AS controllers
FROM retention_hold h LEFT JOIN retention_holdversion v ON v.hold_id = h.id AND v.until IS NULL
WHERE h.released_at IS NULL AND (
    h.id IN (SELECT hold_id FROM retention_heldrecord WHERE record_id = ANY(%(records)s))
    OR h.id IN (SELECT c.hold_id FROM records_record r JOIN records_sourcesystem s ON s.id = r.system_id
        JOIN retention_holdcontroller c ON c.controller_id = s.controller_id WHERE r.id = ANY(%(records)s)))
ORDER BY h.id, v.number
"""
_HELD = """
SELECT held.hold_id, held.record_id, held.by_words FROM retention_heldrecord held
JOIN retention_hold h ON h.id = held.hold_id WHERE h.released_at IS NULL AND held.record_id = ANY(%(records)s)
"""
_Versions = Mapping[int, Sequence[HoldVersion]]  # in force, by the key of the hold


def expand_for(records: Collection[int], *, by: Actor, by_class: bool = False) -> int:
    """Bring the place of some records on standing holds up to their scope; return how many came or went.

    With `by_class` only holds that name classes are asked.
    """
    with transaction.atomic():
        gate.pass_alone()
        with planned.for_few():
            differing, said = _look_at(records, by_class=by_class)
        again = Hold.objects.filter(pk__in=differing).prefetch_related("controllers", "versions").order_by("pk")
        return sum(_bring_up_within(hold, DECIDED, by=by, some=records, said=said) for hold in again)


def _look_at(records: Collection[int], *, by_class: bool) -> tuple[list[int], held_words.Said | None]:
    """Return the holds on whose lists some records do not stand as they should, and the narratives that were read."""
    found = planned.every({"standing": _STANDING, "held": _HELD}, {"records": array(sorted(records))})
    versions: dict[int, list[HoldVersion]] = defaultdict(list)
    for row in found["standing"]:
        lists = {name: json.loads(row[name]) for name in ("scope", "controllers")}
        versions[row["hold_id"]].append(HoldVersion(**row | lists))
    if by_class:
        versions = {key: each for key, each in versions.items() if any(one.scope.get("classes") for one in each)}
    # Of a class that a record came to, no narrative tells.
    worded = not by_class and any(map(held_words.words_in, versions.values()))
    said = held_words.narratives(records) if worded else None
    held: dict[int, dict[int, bool]] = {key: {} for key in versions}
    for row in found["held"]:
        held.get(row["hold_id"], {})[row["record_id"]] = row["by_words"]
    return _differing(versions, held, records, said), said


def _differing(
    versions: _Versions, held: Mapping[int, dict[int, bool]], records: Collection[int], said: held_words.Said | None
) -> list[int]:
    """Return those holds on whose lists some records do not stand as they should: of few records that is few holds."""
    worded: dict[int, Collection[int]] = {
        key: [record for record, by_words in held[key].items() if by_words]
        if said is None
        else held_words.with_words(held_words.words_in(each), said)
        for key, each in versions.items()
    }
    asked = [one for each in versions.values() for one in each]
    covered: dict[int, dict[int, bool]] = {key: {} for key in versions}
    for version, found in zip(asked, reach.found_by_each(asked, records, worded), strict=True):
        for record, by_words in found.items():
            covered[version.hold_id][record] = covered[version.hold_id].get(record, False) or by_words
    return [key for key in versions if covered[key] != held[key]]


def follow_classes(decided: str, *, by: Actor) -> int:
    """Bring the standing holds that name classes up to the classes of a run that is not published yet.

    `decided` is a table of our own with record_id and resolved_class. Return how many records came or went.
    """
    standing = Hold.objects.filter(hold_versions.names("classes"), released_at__isnull=True)
    return sum(_bring_up(hold, decided, by=by) for hold in standing)


def _bring_up(
    hold: Hold, decided: str, *, by: Actor, some: Collection[int] | None = None, said: held_words.Said | None = None
) -> int:
    with transaction.atomic():
        gate.pass_alone()
        now = Hold.objects.filter(pk=hold.pk, released_at__isnull=True).first()
        # Released since somebody looked, it stops nothing any more; amended since, it covers what it covers now.
        return _bring_up_within(now, decided, by=by, some=some, said=said) if now else 0


def _bring_up_within(
    hold: Hold, decided: str, *, by: Actor, some: Collection[int] | None, said: held_words.Said | None = None
) -> int:
    worded = None if said is None else held_words.with_words(held_words.words_of(hold), said)
    changed = _expand(hold, decided, some, worded)
    # Whoever proposes an order asks for holds: of some records it is stopped by what has come under this one.
    if (changed or some is None) and (stopped := stop_orders(hold)):
        audit.record(by, "disposal.stop", subject=hold.reference, detail={"orders_stopped": stopped})
    if some is None:
        # What is on the list by words that are no more of it goes when the narratives have been opened again.
        is_to_read = not hold.words_read_to and held_words.words_of(hold)
        kept = hold.narrowed_at if is_to_read else None
        Hold.objects.filter(pk=hold.pk).update(expanded_at=timezone.now(), narrowed_at=kept)
    return changed


def add_worded(hold: Hold, said: held_words.Said, *, by: Actor) -> int:
    """Put on a hold's list those of some records whose narratives have a word of it; return how many came."""
    found = held_words.with_words(held_words.words_of(hold), said)
    return _bring_up(hold, DECIDED, by=by, some=found, said={key: said[key] for key in found}) if found else 0


def read_again(hold: Hold, said: held_words.Said, *, by: Actor) -> int:
    """Look anew at records that are on a hold's list by a word; return how many went off it."""
    return _bring_up(hold, DECIDED, by=by, some=said, said=said) if said else 0


def stop_orders(hold: Hold) -> int:
    """Stop every disposal that touches a held record and has not happened; return how many."""
    return DisposalOrder.objects.filter(
        state__in=["proposed", "approved", "instructed"],
        items__record__holds__hold=hold,
        items__destroyed_at__isnull=True,
    ).update(state="stopped", stopped_by=f"{hold.reference} {hold.title}"[:200])
