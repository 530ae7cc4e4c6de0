"""What a hold would cover before it is placed: how many records and people, which classes, and some of them to look at.

As far as whoever asks may see: the walls of the database leave out the rest, and the worker takes it in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from muniment.core import words
from muniment.records import sensitivity
from muniment.records.models import Record
from muniment.retention.holds import gone, held_words, reach
from muniment.retention.holds.narratives_ahead import Narratives, ahead
from muniment.retention.models import Hold, HoldVersion, hold_versions

_EXAMPLES = 8
_LOOK = """
, classes AS (
    SELECT class_id, count(*) AS number FROM wanted JOIN records_record r ON r.id = wanted.id GROUP BY class_id
), people AS (
    SELECT DISTINCT b.prime_id FROM wanted JOIN records_involvement i ON i.record_id = wanted.id
    JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL
), orders AS (
    SELECT DISTINCT d.order_id FROM wanted JOIN retention_disposalitem d ON d.record_id = wanted.id
    JOIN retention_disposalorder o ON o.id = d.order_id
    WHERE o.state IN ('proposed', 'approved', 'instructed') AND d.destroyed_at IS NULL
)
SELECT (SELECT count(*) FROM wanted), (SELECT count(*) FROM people), (SELECT count(*) FROM orders),
    (SELECT coalesce(jsonb_object_agg(class_id, number), '{{}}') FROM classes),
    ARRAY(SELECT id FROM wanted ORDER BY id DESC LIMIT {examples})
"""


@dataclass(frozen=True)
class Preview:
    """What a scope covers now, of what whoever asks may see."""

    records: int
    people: int
    orders: int  # disposals under way that it would stop
    classes: Sequence[tuple[str, int]]  # by title, the most first
    examples: Sequence[Record]  # the last that came
    closed: frozenset[int]  # of these, what is distressing: named by reference alone
    too_late: Sequence[gone.Went]
    narratives: Narratives | None  # where the scope has words


def look(scope: Mapping[str, Any], controllers: list[int], *, opening: bool = False) -> Preview:
    """Return what a scope would cover of some controllers; with `opening` narratives are opened for its words."""
    with connection.cursor() as cursor:
        cursor.execute(
            reach.wanted(scope) + _LOOK.format(examples=_EXAMPLES),
            reach.parameters(scope, controllers),
        )
        records, people, orders, classes, keys = cursor.fetchone()
    counts = sorted(json.loads(classes).items(), key=lambda each: (-each[1], each[0]))
    examples = list(Record.objects.filter(pk__in=keys).select_related("system", "decision").order_by("-pk"))
    return Preview(
        records,
        people,
        orders,
        [(words.class_title(name), number) for name, number in counts],
        examples,
        frozenset(r.pk for r in examples if any(mark.kind == "distressing" for mark in sensitivity.marks(r))),
        gone.too_late(gone.Scope.of(scope, controllers)),
        ahead(scope, controllers, opening=opening),
    )


_CHANGE = """
, held AS (
    SELECT record_id FROM retention_heldrecord WHERE hold_id = %(hold)s
), newly AS (
    SELECT id FROM wanted WHERE id NOT IN (SELECT record_id FROM held)
)
SELECT (SELECT count(*) FROM newly), (SELECT count(*) FROM held WHERE record_id NOT IN (SELECT id FROM wanted)),
    (SELECT count(DISTINCT d.order_id) FROM newly JOIN retention_disposalitem d ON d.record_id = newly.id
        JOIN retention_disposalorder o ON o.id = d.order_id
        WHERE o.state IN ('proposed', 'approved', 'instructed') AND d.destroyed_at IS NULL)
"""


@dataclass(frozen=True)
class Change:
    """What another scope would change of what a hold covers now, of what whoever asks may see."""

    newly: int
    no_more: int
    orders: int  # disposals under way that it would stop
    too_late: Sequence[gone.Went]  # besides what its hold came too late for
    narratives: Narratives | None  # where the scope has words that the worker has not looked for


def change(
    hold: Hold, stood: HoldVersion, scope: Mapping[str, Any], controllers: list[int], *, opening: bool = False
) -> Change:
    """Return what another scope, of some controllers, would change of what a hold covers by a version.

    Words that were found in narratives count for the words that both have.
    """
    both = {*(stood.scope.get("keywords") or ())} & {*(scope.get("keywords") or ())}
    worded = list(hold.held.filter(by_words=True).values_list("record_id", flat=True)) if both else []
    # Who was named before is meant as they were made up then too.
    people = hold_versions.people_now(
        HoldVersion(hold=hold, number=stood.number + 1, scope=scope, since=timezone.now())
    )
    given = reach.parameters(scope, controllers, people=people, worded=worded) | {"hold": hold.pk}
    with connection.cursor() as cursor:
        cursor.execute(reach.wanted(scope) + _CHANGE, given)
        newly, no_more, orders = cursor.fetchone()
    late = gone.too_late(gone.Scope.of(scope, controllers, people=people), [gone.Scope.of_version(stood)])
    held = hold.held.values_list("record_id", flat=True) if opening else ()
    new = {*held_words.folded(scope.get("keywords") or ())} - {*held_words.folded(stood.scope.get("keywords") or ())}
    was_read = bool(hold.words_read_to) and not new and not opening
    said = None if was_read else ahead(scope, controllers, people=people, opening=opening, but=list(held))
    return Change(newly, no_more, orders, late, said)


@dataclass(frozen=True)
class Covered:
    """What a hold covered on a day: its versions in force then, what is here still of that, and what has gone since."""

    on: date
    versions: Sequence[HoldVersion]
    records: int
    gone: int


def covered_on(hold: Hold, day: date) -> Covered:
    """Return what a hold covered at the end of a day, of the records that the reader sees.

    They are asked as they are today, those that came since as well: what their sources have written over is not kept.
    """
    ends = datetime.combine(day + timedelta(days=1), time(), timezone.get_current_timezone())
    versions = [each for each in hold.versions.all() if each.stood_at(ends - timedelta(microseconds=1))]
    worded = list(hold.held.filter(by_words=True).values_list("record_id", flat=True))
    found = {key for each in versions for key, _ in reach.found_by(each, worded=worded)}
    scopes = [gone.Scope.of_version(each) for each in versions]
    bound = {key for each in versions for key in each.controllers}
    since = gone.rows(bound, since=day) if versions else iter(())
    went = sum(row.at >= ends and any(gone.fits(scope, row) for scope in scopes) for row in since)
    return Covered(day, versions, len(found), went)
