"""Places and vehicles attached within a transaction, as a run would have them: see `objects.actions.attach`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from muniment.batch.matching.policy import today
from muniment.core import scratch
from muniment.core.models import BatchRun
from muniment.engine.matching import words
from muniment.engine.matching.words import ObjectWords
from muniment.objects import deciding, forgetting, reading, told
from muniment.objects.kinds import THINGS, Thing
from muniment.people.handing_over import Rows, array, tables
from muniment.records import staging
from muniment.records.touched import Touched

_OBJECTS_LOCK = 7_130_009
_CHANGES = ("made", "retired", "revived", "moved")

Members = Mapping[str, Collection[int]]  # by the name of their kind

# Who shares a key, by which two are compared at all; a key of a place is of one partition.
_SHARING = {
    "place": """
    SELECT other.place_id FROM objects_placekey own JOIN objects_placekey other ON other.key = own.key
    WHERE own.place_id = ANY(%(keys)s)
    """,
    "vehicle": """
    SELECT other.id FROM records_vehicle own
    JOIN records_vehicle other ON other.folded = own.folded AND other.folded <> '' AND other.partition = own.partition
    WHERE own.id = ANY(%(keys)s)
    UNION SELECT other.id FROM records_vehicle own
    JOIN records_vehicle other ON other.chassis = own.chassis AND other.chassis <> ''
        AND other.partition = own.partition
    WHERE own.id = ANY(%(keys)s)
    """,
}
# What was shown as one comes along: what parted them may not have been followed yet.
_NEAR = """
{sharing}
UNION SELECT right_id FROM {judgement} WHERE left_id = ANY(%(keys)s) AND superseded_at IS NULL AND verdict = 'same'
UNION SELECT left_id FROM {judgement} WHERE right_id = ANY(%(keys)s) AND superseded_at IS NULL AND verdict = 'same'
UNION SELECT other.member_id FROM {belonging} own
    JOIN {belonging} other ON other.prime_id = own.prime_id AND other.until IS NULL
    WHERE own.member_id = ANY(%(keys)s) AND own.until IS NULL
"""
_NEW_JUDGEMENTS = """
SELECT id FROM {judgement} WHERE NOT is_followed AND left_id = ANY(%(inside)s) AND right_id = ANY(%(inside)s)
"""
_FOLLOWED = "UPDATE {judgement} SET is_followed = true WHERE id = ANY(%(judgements)s)"


class NoRun(Exception):
    """No run has resolved places and vehicles by the words in force; the message says what to do."""


@dataclass(frozen=True)
class Published:
    """By what those who are published were read: the words, and the run that has read everything by them."""

    known: ObjectWords
    run: int


@dataclass(frozen=True)
class Attached:
    """What came of it: how many ways of writing were decided about, and how many prime records changed."""

    places: int
    vehicles: int
    made: int
    retired: int
    revived: int
    moved: int


def published() -> Published:
    """Return by what the last run has read everything. Raise NoRun when there was none, or it read by other words."""
    run = BatchRun.objects.filter(kind="objects", state="done").order_by("-pk").first()
    known = words.in_force(today())
    if run is None:
        raise NoRun("No places and vehicles have been resolved yet: run `muniment resolve`.")
    if run.versions["standard"] != known.standard:
        raise NoRun(
            "The words by which places and vehicles are read have changed since the last run: run `muniment resolve`."
        )
    return Published(known, run.pk)


def take_turn(cursor: Any) -> None:
    """Let one publish at a time which places and vehicles are one, until the end of the transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_OBJECTS_LOCK])


def attach_within(touched: Touched, published: Published) -> tuple[Attached, list[str]]:
    """Attach what some records and nominals tell of, and some members, within the transaction of a caller whose turn it
    is; return what came of it, and the owners of content that went, whose keys must go."""
    with connection.cursor() as cursor:
        changed = _read(cursor, touched, published.known)
        changed["place"] |= touched.places
        changed["vehicle"] |= touched.vehicles
        return decide_around(cursor, changed, published)


def let_go(taken: Members) -> list[str]:
    """Decide anew about those that were decided with members of which links were taken away, as `attach_within`.

    Without a run to follow nothing is decided; what nothing tells of any more goes all the same. Return the owners of
    content that went.
    """
    if not any(taken.values()):
        return []  # nothing that was taken had a link
    with connection.cursor() as cursor:
        take_turn(cursor)
        try:
            by = published()
        except NoRun:
            return forgetting.forget(taken)
        return decide_around(cursor, taken, by)[1]


def decide_around(cursor: Any, changed: Members, published: Published) -> tuple[Attached, list[str]]:
    """Decide about members that have come, changed or gone, and about all that these bear on.

    What has none to tell of it any more goes; what it was decided with is found first.
    """
    inside = {thing.name: _around(cursor, thing, changed[thing.name]) for thing in THINGS.values()}
    owners = forgetting.forget(inside)
    done = dict.fromkeys(_CHANGES, 0)
    for thing in THINGS.values():
        if inside[thing.name]:
            for step, number in _decide(cursor, thing, inside[thing.name], published).items():
                done[step] += number
    return Attached(len(inside["place"]), len(inside["vehicle"]), **done), owners


def _read(cursor: Any, touched: Touched, known: ObjectWords) -> dict[str, set[int]]:
    """Read what some records and nominals tell of and link it; return the members that have come or lost a link."""
    given = {"records": array(touched.records), "nominals": array(touched.nominals), "standard": known.standard}
    before = {thing.name: set(_linked(cursor, thing, given)) for thing in THINGS.values()}
    for thing in THINGS.values():
        told.follow_partitions(cursor, thing, told.SOME, given)
    _read_few(cursor, given, known)
    scratch.ready(cursor, told.LINKED_NOW)
    for statement in told.LINKS:
        cursor.execute(statement.format(**told.SOME), given)
    changed = {}
    for thing in THINGS.values():
        now = _linked(cursor, thing, given)
        changed[thing.name] = {member for member, is_decided in now.items() if not is_decided} | (
            before[thing.name] - now.keys()
        )
    return changed


def _read_few(cursor: Any, given: dict[str, str], known: ObjectWords) -> None:
    unread = _rows(cursor, told.UNREAD_VEHICLES.format(standard=known.standard, **told.SOME), given)
    if unread:
        vehicles, tokens = reading.read_vehicles(unread, known)
        names = {
            "vehicles": staging.inline(reading.VEHICLES, "vehicles"),
            "tokens": staging.inline(reading.TOKENS, "tokens"),
        }
        lines = {"vehicles": staging.as_json(vehicles), "tokens": staging.as_json(tokens)}
        for statement in told.READ_VEHICLES:
            cursor.execute(statement.format(**names), given | lines)
    places = reading.read_places(_rows(cursor, told.UNREAD.format(standard=known.standard, **told.SOME), given), known)
    if places:
        names = {"places": staging.inline(reading.PLACES, "places")}
        for statement in told.READ:
            cursor.execute(statement.format(**names), given | {"places": staging.as_json(places)})


def _linked(cursor: Any, thing: Thing, given: Mapping[str, Any]) -> dict[int, bool]:
    cursor.execute(told.LINKED.format(**thing.names(), **told.SOME), given)
    return dict(cursor.fetchall())


def _around(cursor: Any, thing: Thing, changed: Collection[int]) -> set[int]:
    """Return everything that bears on some members: no pair of one of these and another outside is compared."""
    statement = _NEAR.format(sharing=_SHARING[thing.name], **thing.names())
    inside, coming = set(changed), set(changed)
    while coming:
        cursor.execute(statement, {"keys": array(coming)})
        coming = {member for (member,) in cursor.fetchall()} - inside
        inside |= coming
    return inside


def _decide(cursor: Any, thing: Thing, inside: set[int], published: Published) -> dict[str, int]:
    given = {"inside": array(inside)}
    cursor.execute(_NEW_JUDGEMENTS.format(**thing.names()), given)
    judgements = [key for (key,) in cursor.fetchall()]
    judged = deciding.JUDGED.format(
        **thing.names(), within="j.left_id = ANY(%(inside)s) AND j.right_id = ANY(%(inside)s)"
    )
    found = deciding.decide(
        thing,
        _rows(cursor, deciding.MEMBERS[thing.name].format(within="m.id = ANY(%(inside)s)"), given),
        _rows(cursor, judged, given),
        published.known,
    )
    handed = {"clusters": Rows(found.clusters, deciding.CLUSTERS), "asked": Rows(found.asked, deciding.ASKED)}
    done = deciding.publish(cursor, thing, tables(cursor, handed), published.run, given["inside"])
    cursor.execute(_FOLLOWED.format(**thing.names()), {"judgements": array(judgements)})
    return done


def _rows(cursor: Any, statement: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    cursor.execute(statement, given)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
