"""What goes with a place or a vehicle that nothing is said of any more, wherever what said it went.

Within the transaction of whoever took the last link away: a destruction, or a run.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection

from muniment.core import scratch
from muniment.core.models import Content
from muniment.objects.kinds import THINGS, Thing
from muniment.people.handing_over import array

_SCRATCH = {
    "loose": "id bigint",
    "anew": "id bigint, member_id bigint, anchor_key text STORAGE PLAIN",
}
_LOOSE = """
INSERT INTO loose (id)
SELECT m.id FROM {member} m WHERE {within} AND NOT EXISTS (SELECT 1 FROM {link} l WHERE l.{column} = m.id)
"""
_UNLINK = """
DELETE FROM {link} WHERE record_id = ANY(%(records)s) OR nominal_id = ANY(%(nominals)s) RETURNING {column}
"""
_REASONS = """
SELECT reason_id, withdrawal_id FROM {judgement}
WHERE left_id IN (SELECT id FROM loose) OR right_id IN (SELECT id FROM loose)
"""
_DELETE = (
    "DELETE FROM {judgement} WHERE left_id IN (SELECT id FROM loose) OR right_id IN (SELECT id FROM loose)",
    # Its key in its source may say something of it; what is left says nothing.
    "UPDATE {prime} SET anchor_id = NULL, anchor_key = 'gone|' || id WHERE anchor_id IN (SELECT id FROM loose)",
    "DELETE FROM {edge} WHERE left_id IN (SELECT id FROM loose) OR right_id IN (SELECT id FROM loose)",
    "DELETE FROM {belonging} WHERE member_id IN (SELECT id FROM loose)",
    "DELETE FROM {looked_up} WHERE {column} IN (SELECT id FROM loose)",
)
# Who lost the founding member and has others keeps the reference: it is anchored at the one that a run would choose,
# which a retired reference that stood on it gives up.
_ANEW = (
    """
    INSERT INTO anew (id, member_id, anchor_key)
    SELECT DISTINCT ON (p.id) p.id, n.id AS member_id,
        ctl.code || '|' || s.code || '|' || n.partition || ':' || n.key AS anchor_key
    FROM {prime} p JOIN {belonging} b ON b.prime_id = p.id AND b.until IS NULL
    JOIN {member} n ON n.id = b.member_id
    JOIN records_sourcesystem s ON s.id = n.system_id JOIN core_controller ctl ON ctl.id = s.controller_id
    WHERE p.anchor_id IS NULL ORDER BY p.id, 3
    """,
    """
    UPDATE {prime} p SET anchor_id = NULL, anchor_key = 'given up|' || p.id FROM anew
    WHERE p.anchor_key = anew.anchor_key AND p.id <> anew.id
    """,
    "UPDATE {prime} p SET anchor_id = anew.member_id, anchor_key = anew.anchor_key FROM anew WHERE p.id = anew.id",
)


def forget(only: Mapping[str, Collection[int]] | None = None) -> list[str]:
    """Delete every place and vehicle without a link, and what is derived and was said of it.

    `only` are members by the name of their kind, of which those go that have none left. Return the owners of content
    that went with them, whose keys must go.
    """
    with connection.cursor() as cursor:
        return [
            owner
            for thing in THINGS.values()
            for owner in _forget(thing, cursor, None if only is None else array(only[thing.name]))
        ]


def unlink(*, records: Collection[int] = (), nominals: Collection[int] = ()) -> dict[str, set[int]]:
    """Take the links of some records and nominals away; return of which members they were, by the name of the kind."""
    taken = {}
    with connection.cursor() as cursor:
        for thing in THINGS.values():
            cursor.execute(_UNLINK.format(**thing.names()), {"records": array(records), "nominals": array(nominals)})
            taken[thing.name] = {member for (member,) in cursor.fetchall()}
    return taken


def _forget(thing: Thing, cursor: Any, only: str | None) -> list[str]:
    names = thing.names()

    def run(*statements: str) -> None:
        for statement in statements:
            cursor.execute(statement.format(**names))

    scratch.ready(cursor, _SCRATCH)
    within = "true" if only is None else "m.id = ANY(%(only)s)"
    cursor.execute(_LOOSE.format(**names, within=within), {"only": only})
    owners: list[str] = []
    if cursor.rowcount:
        if only is None:
            cursor.execute("ANALYZE loose")
        cursor.execute(_REASONS.format(**names))
        keys = [key for row in cursor.fetchall() for key in row if key]
        run(*_DELETE)
        kept = Content.objects.filter(pk__in=keys)
        owners = sorted(set(kept.values_list("owner", flat=True)))
        kept.delete()
        run("DELETE FROM {member} WHERE id IN (SELECT id FROM loose)", *_ANEW)
    return owners
