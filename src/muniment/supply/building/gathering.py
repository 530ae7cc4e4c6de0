"""What is in a supply, as temporary tables of keys: so a million people need no memory.

Everything is read within one transaction, under the walls of whoever asked, and besides by explicit lists of scopes:
what the recipient may not have stays out although the reader sees it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from muniment.core import places
from muniment.people import carried
from muniment.supply.policy_now import Rules
from muniment.supply.reach import Reach
from muniment.supply.recipients import Terms

BATCH = 500


@dataclass(frozen=True)
class Selection:
    """Who is asked for: some prime people by key, those of whom something has come since a day, or everybody.

    With `again`, whoever was given to the recipient before, as they are made up now, and of the events those alone
    that were given.
    """

    primes: tuple[int, ...] | None = None
    since: date | None = None
    again: bool = False


# Whose use is restricted is not given, with all who are one with them now: whoever has it is told to take it out, as of
# everything that goes. So with those for whom a restored copy waits, by the digests of their references.
_RESTRICTED = f"""
CREATE TEMPORARY TABLE supply_restricted ON COMMIT DROP AS
WITH stands AS (
    SELECT * FROM (
        SELECT * FROM retention_restriction
        UNION SELECT * FROM muniment.restrictions(ARRAY(SELECT DISTINCT restriction_id FROM retention_restrictedname))
    ) every WHERE controller_id = %(controller)s AND (ended_on IS NULL OR ended_on >= %(on)s)
), about AS (
    SELECT b.nominal_id FROM stands x JOIN {carried.joined("x", "made_at")}
    UNION SELECT n.id FROM stands x JOIN retention_restrictedname w ON w.restriction_id = x.id
    JOIN core_controller c ON c.code = w.force
    JOIN records_sourcesystem s ON s.controller_id = c.id AND s.code = w.system
    JOIN records_nominal n ON n.system_id = s.id
        AND encode(sha256(convert_to(%(pepper)s || n.reference, 'UTF8')), 'hex') = w.digest
)
SELECT nominal_id FROM about
UNION SELECT beside.nominal_id FROM about JOIN people_belonging mine USING (nominal_id)
JOIN people_belonging beside ON beside.prime_id = mine.prime_id AND beside.until IS NULL WHERE mine.until IS NULL
"""  # noqa: S608
# Who asks for some people looks up their nominals; who asks for everybody reads them all.
_PARTS = """
CREATE TEMPORARY TABLE supply_part ON COMMIT DROP AS
SELECT b.prime_id, n.id AS nominal_id, b.start FROM people_belonging b JOIN records_nominal n ON n.id = b.nominal_id
WHERE b.until IS NULL AND n.withdrawn_on IS NULL AND n.scope_id = ANY (%(scopes)s)
    AND n.id NOT IN (SELECT nominal_id FROM supply_restricted)
"""
_SOME = " AND b.prime_id = ANY (%(primes)s)"
_GIVEN = "g.is_current AND g.controller_id = %(controller)s AND g.recipient = %(recipient)s"
_THOSE_GIVEN = f"""
AND b.prime_id IN (
    SELECT g.key FROM supply_given g WHERE g.what = 'person' AND {_GIVEN}
    UNION SELECT now.prime_id FROM supply_given g
    JOIN people_belonging now ON now.nominal_id = g.key AND now.until IS NULL WHERE g.what = 'nominal' AND {_GIVEN})
"""  # noqa: S608
# Intelligence is given only with a handling code that the recipient may receive.
MAY_BE_GIVEN = """
r.state = 'held' AND r.withdrawn_on IS NULL AND r.scope_id = ANY (%(scopes)s)
    AND CASE WHEN coalesce(r.attributes ->> 'grading', '') = '' THEN s.area <> ALL (%(graded)s)
        ELSE coalesce(r.attributes ->> 'grading_scheme', '') || ':' || right(r.attributes ->> 'grading', 1)
            = ANY (%(handling)s) END
"""
_TELLINGS = f"""
CREATE TEMPORARY TABLE supply_telling ON COMMIT DROP AS
SELECT p.prime_id, p.nominal_id, r.id AS record_id, i.id AS involvement_id, r.seen_first FROM supply_part p
JOIN records_involvement i ON i.nominal_id = p.nominal_id AND i.withdrawn_on IS NULL
JOIN records_record r ON r.id = i.record_id JOIN core_scope s ON s.id = r.scope_id
WHERE {MAY_BE_GIVEN}
"""  # noqa: S608
_EVENTS_GIVEN = f" AND r.id IN (SELECT g.key FROM supply_given g WHERE g.what = 'event' AND {_GIVEN})"  # noqa: S608
# Somebody is given only as far as a record that is given tells of them: a name alone says that there is another.
_UNTOLD = (
    "DELETE FROM supply_part p WHERE NOT EXISTS (SELECT 1 FROM supply_telling t WHERE t.nominal_id = p.nominal_id)"
)
_UNCHANGED = (
    """
    DELETE FROM supply_part WHERE prime_id NOT IN (
        SELECT prime_id FROM supply_part WHERE start >= %(since)s
        UNION SELECT prime_id FROM supply_telling WHERE seen_first >= %(since)s)
    """,
    "DELETE FROM supply_telling t WHERE NOT EXISTS (SELECT 1 FROM supply_part p WHERE p.nominal_id = t.nominal_id)",
)
_EVENTS = "CREATE TEMPORARY TABLE supply_event ON COMMIT DROP AS SELECT DISTINCT record_id FROM supply_telling"
# A place or vehicle is a row of its own, which takes the place of what the recipient has of it: it must not lose what
# somebody who was given before has to do with it.
_KNOWN = (
    f"""
    CREATE TEMPORARY TABLE supply_known_event ON COMMIT DROP AS
    SELECT record_id FROM supply_event UNION
    SELECT r.id FROM supply_given g JOIN records_record r ON r.id = g.key JOIN core_scope s ON s.id = r.scope_id
    WHERE g.what = 'event' AND {_GIVEN} AND {MAY_BE_GIVEN}
    """,  # noqa: S608
    "CREATE INDEX ON supply_known_event (record_id)",
    f"""
    CREATE TEMPORARY TABLE supply_known_part ON COMMIT DROP AS
    SELECT nominal_id FROM supply_part UNION
    SELECT n.id FROM supply_given g JOIN records_nominal n ON n.id = g.key
    WHERE g.what = 'nominal' AND {_GIVEN} AND n.withdrawn_on IS NULL AND n.scope_id = ANY (%(scopes)s)
        AND EXISTS (SELECT 1 FROM records_involvement i JOIN supply_known_event e ON e.record_id = i.record_id
            WHERE i.nominal_id = n.id AND i.withdrawn_on IS NULL)
    """,  # noqa: S608
    "CREATE INDEX ON supply_known_part (nominal_id)",
    "ANALYZE supply_known_event",
    "ANALYZE supply_known_part",
)
_OF_THINGS = """
FROM records_{name}link l
JOIN objects_{name}belonging b ON b.member_id = l.{name}_id AND b.until IS NULL
WHERE l.withdrawn_on IS NULL
    AND (l.record_id IS NULL OR EXISTS (SELECT 1 FROM supply_{known}event e WHERE e.record_id = l.record_id))
    AND (l.nominal_id IS NULL OR EXISTS (SELECT 1 FROM supply_{known}part p WHERE p.nominal_id = l.nominal_id))
"""
_THINGS = (
    "CREATE TEMPORARY TABLE supply_{name} ON COMMIT DROP AS SELECT DISTINCT b.prime_id, l.{name}_id AS member_id"
    + _OF_THINGS.replace("{known}", "known_")
    + "AND b.prime_id IN (SELECT b.prime_id"
    + _OF_THINGS.replace("{known}", "")
    + ")"
)
TABLES = (
    "supply_restricted",
    "supply_part",
    "supply_telling",
    "supply_event",
    "supply_known_event",
    "supply_known_part",
    "supply_place",
    "supply_vehicle",
)


def gather(selection: Selection, reach: Reach, terms: Terms, rules: Rules, recipient: str) -> int:
    """Make the temporary tables of a supply; return how many people are in it.

    `supply_part` names the nominals of each person, `supply_telling` the parts that they have in records,
    `supply_event` those records, `supply_place` and `supply_vehicle` the members of prime places and vehicles.
    """
    asked: dict[str, Any] = {
        "scopes": reach.scopes,
        "primes": list(selection.primes or ()),
        "graded": sorted(rules.graded_areas),
        "handling": sorted(terms.handling),
        "since": selection.since,
        "controller": reach.controller.pk,
        "recipient": recipient,
        "on": timezone.localdate(),
        "pepper": places.derived("tombstones", "references"),
    }
    events_are_given = "event" in terms.gives
    with connection.cursor() as cursor:
        for statement in _statements(selection, events_are_given=events_are_given):
            cursor.execute(statement, asked if "%(" in statement else None)
        cursor.execute("SELECT count(DISTINCT prime_id) FROM supply_part")
        return int(cursor.fetchone()[0])


def _statements(selection: Selection, *, events_are_given: bool) -> Iterator[str]:
    # All of each cursor is read: a plan for its first rows took 25 seconds where one for all takes a tenth of one.
    yield "SET LOCAL cursor_tuple_fraction = 1"
    yield from (f"DROP TABLE IF EXISTS pg_temp.{name}" for name in TABLES)
    yield _RESTRICTED
    yield _PARTS + (_SOME if selection.primes is not None else _THOSE_GIVEN if selection.again else "")
    yield from ("CREATE INDEX ON supply_part (prime_id)", "CREATE INDEX ON supply_part (nominal_id)")
    yield "ANALYZE supply_part"
    yield _TELLINGS + (_EVENTS_GIVEN if selection.again and events_are_given else "")
    yield from ("CREATE INDEX ON supply_telling (nominal_id)", "ANALYZE supply_telling", _UNTOLD)
    yield from _UNCHANGED if selection.since else ()
    yield from ("ANALYZE supply_part", "ANALYZE supply_telling")  # a plan by the numbers before would take minutes
    yield from (_EVENTS, "CREATE INDEX ON supply_event (record_id)", "ANALYZE supply_event", *_KNOWN)
    for name in ("place", "vehicle"):
        yield _THINGS.format(name=name)
        yield from (f"CREATE INDEX ON supply_{name} ({column})" for column in ("prime_id", "member_id"))


def keys_of(table: str, column: str) -> Iterator[list[int]]:
    """Yield the keys in a temporary table, each once and in order, by the batch, from a cursor on the server."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column} FROM {table} ORDER BY {column}")  # noqa: S608
        while rows := cursor.fetchmany(BATCH):
            yield [key for (key,) in rows]
