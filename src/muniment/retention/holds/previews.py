"""What a hold would cover before it is placed: how many records and people, which classes, and some of them to look at.

As far as whoever asks may see: the walls of the database leave out the rest, and the worker takes it in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from muniment.core import words
from muniment.records.models import Record
from muniment.retention.holds import gone, reach

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
    too_late: Sequence[gone.Went]
    opens_narratives: bool  # the worker will look for words where this could not


def look(scope: Mapping[str, Any], controllers: list[int]) -> Preview:
    """Return what a scope would cover of some controllers."""
    with connection.cursor() as cursor:
        cursor.execute(
            reach.wanted(scope) + _LOOK.format(examples=_EXAMPLES),
            reach.parameters(scope, controllers),
        )
        records, people, orders, classes, keys = cursor.fetchone()
    counts = sorted(json.loads(classes).items(), key=lambda each: (-each[1], each[0]))
    return Preview(
        records,
        people,
        orders,
        [(words.class_title(name), number) for name, number in counts],
        list(Record.objects.filter(pk__in=keys).select_related("system").order_by("-pk")),
        gone.too_late(gone.Scope.of(scope, controllers)),
        bool(scope.get("keywords")),
    )
