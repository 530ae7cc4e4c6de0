"""Nominals attached to prime records within a transaction, as a run would: see `people.actions.attach`."""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from muniment.batch.matching.grouping import CLUSTERS
from muniment.engine.matching.grouping import Grouped, Pair
from muniment.people import handing_over
from muniment.people.handing_over import Rows
from muniment.people.linking import neighbourhood, nominal_tables, publishing, search_tokens
from muniment.people.linking.held_pairs import HeldPair
from muniment.people.linking.linkage_models import Published
from muniment.people.linking.neighbourhood import Neighbourhood
from muniment.people.said import advice, reopening

_RESOLVE_LOCK = 7_130_003

_FOLLOWED = """
UPDATE people_judgement SET is_followed = true
WHERE NOT is_followed AND left_id = ANY(%(keys)s) AND right_id = ANY(%(keys)s)
"""
# What was said and has to be said anew: by the one side and by the other, as the indexes are.
_REOPENED = " UNION ".join(
    f"SELECT left_id, right_id FROM people_judgement WHERE {side} = ANY(%(keys)s)"  # noqa: S608
    " AND superseded_at IS NULL AND reopened_at IS NOT NULL"
    for side in ("left_id", "right_id")
)


@dataclass(frozen=True)
class Attached:
    """What came of it: how many nominals were looked at, how many prime records changed, and which people it touches.

    `primes` are the keys of everyone whose make-up or whose own facts are not as they were, or who may be somebody
    that they could not be, or no longer may.
    """

    nominals: int
    made: int
    retired: int
    revived: int
    moved: int
    reopened: int
    primes: frozenset[int]

    def numbers(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}


def take_turn() -> None:
    """Let one publish at a time who is one person, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_RESOLVE_LOCK])


def attach_within(keys: Collection[int], published: Published) -> Attached:
    """Attach nominals within the transaction of a caller whose turn it is."""
    with _uncollected():
        return publish_around(neighbourhood.around(keys, published), published)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Have Python look for no cycles of garbage meanwhile.

    Rows are made by the ten thousand and none is in a cycle; each look goes through whatever the process holds, which
    was a fifth of the time of a batch.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@dataclass(frozen=True)
class _Changes:
    """What differs from the pairs that are kept: those to write (`publishing.TOLD`), the keys of those that may go."""

    told: list[tuple[Any, ...]]
    outworn: list[int]

    def waiting(self, held: Iterable[HeldPair]) -> set[Pair]:
        """Return the pairs that are left for a person once this is written."""
        waits = {(left, right): waits for left, right, *_, waits, _ in self.told}
        gone = set(self.outworn)
        stays = {
            each.pair for each in held if each.needs_person and each.key not in gone and waits.get(each.pair, True)
        }
        return stays | {pair for pair, does in waits.items() if does}


def publish_around(near: Neighbourhood, published: Published) -> Attached:
    """Publish who is one person in a neighbourhood."""
    before, again = _primes(near), _reopened(near)
    changes, changed = _publish(near, near.grouped(published), published)
    within = sorted(near.members)
    reopened = _reopen(near, published)
    changed["reopened"] = len(reopened)
    advice.ask_for_merges_back(sorted({*within, *near.changed}))
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWED, {"keys": handing_over.array(within)})
    after = _primes(near)
    moved = {key for key in near.members if before.get(key) != after.get(key)}
    touched = {side.get(key) for key in (*near.changed, *moved) for side in (before, after)}
    was, now = {held.pair for held in near.held if held.needs_person}, changes.waiting(near.held)
    touched |= _in_doubt_otherwise((before, was | again), (after, now | again | reopened))
    return Attached(len(near.changed), **changed, primes=frozenset(prime for prime in touched if prime is not None))


def _reopen(near: Neighbourhood, published: Published) -> set[Pair]:
    """Reopen what identifiers speak against now, also of pairs with somebody whom nothing else leads to."""
    judged = reopening.standing(sorted(near.members))
    beside = {key for each in judged for key in (each.left_id, each.right_id)} - near.members.keys()
    forms = {row["person_id"]: row for row in nominal_tables.held(beside, on=published.scales.on)} if beside else {}
    return reopening.reopen(judged, {**near.members, **forms}, published.scales.model, published.run)


def _reopened(near: Neighbourhood) -> set[Pair]:
    with connection.cursor() as cursor:
        cursor.execute(_REOPENED, {"keys": handing_over.array(near.members)})
        return set(cursor.fetchall())


def _in_doubt_otherwise(*moments: tuple[Mapping[int, int], Set[Pair]]) -> set[int | None]:
    """Return the people in whose pairs that are left for a person there is one more, or one less, than before.

    Each of the two moments is of whom nominals are that may have changed, and which pairs of nominals are left then.
    """
    known: Set[int] = moments[0][0].keys() | moments[1][0].keys()
    outside = _primes_of({key for _, pairs in moments for pair in pairs for key in pair} - known)
    was, now = (
        {frozenset((primes.get(one, outside.get(one)), primes.get(two, outside.get(two)))) for one, two in pairs}
        for primes, pairs in moments
    )
    return {prime for pair in was ^ now for prime in pair}


def _publish(near: Neighbourhood, grouped: Grouped, published: Published) -> tuple[_Changes, dict[str, int]]:
    parameters = {"model": published.scales.model.version, "run": published.run.pk}
    changes = _changes(near, grouped, published)
    with connection.cursor() as cursor:
        handed = handing_over.tables(cursor, _to_publish(near, grouped, changes))
        publishing.work_out(cursor, handed)
        changed = publishing.publish(cursor, handed.names, parameters | handed.rows, changes.outworn)
        keys = handed.rows | {"keys": handing_over.array(near.changed)}
        search_tokens.publish(cursor, handed.names["tokens"], "SELECT unnest(%(keys)s::bigint[])", keys)
    return changes, changed


def _changes(near: Neighbourhood, grouped: Grouped, published: Published) -> _Changes:
    points, version = published.scales.points, published.scales.model.version
    group = {key: grouped.groups.find(key) for key in near.members}  # whoever is not decided here is in none of them
    asked = [each for each in grouped.refused if each.were_one and grouped.is_asked(each)]
    told: list[tuple[Any, ...]] = [
        (*sorted((each.left, each.right)), each.weight, False, each.reason, True, True) for each in asked
    ]
    named = {(left, right) for left, right, *_ in told}
    for each in near.weighed:
        pair = (each.left, each.right)
        are_one = group.get(each.left, each.left) == group.get(each.right, each.right)
        if pair in named or not each.tells(points.automatic, are_one=are_one):
            continue
        named.add(pair)
        held = near.held.get(pair)
        if held is None or not (are_one and held.says(each, version)):
            waits = each.waits(points.automatic, are_one=are_one)
            told.append((*pair, each.weight, each.automatic, each.blocked_by or "", waits, False))
    outworn = [
        held.key
        for held in near.held
        if (held.blocked_by == "parted" or held.pair not in named) and near.decides(held.left, held.right)
    ]
    return _Changes(told, outworn)


def _primes_of(keys: Iterable[int]) -> dict[int, int]:
    """Return of which prime record some nominals are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nominal_id, prime_id FROM people_belonging WHERE nominal_id = ANY(%s) AND until IS NULL",
            [handing_over.array(keys)],
        )
        return dict(cursor.fetchall())


def _primes(near: Neighbourhood) -> Mapping[int, int]:
    return _primes_of({*near.members, *near.changed})


def _to_publish(near: Neighbourhood, grouped: Grouped, changes: _Changes) -> dict[str, Rows]:
    anchors: dict[int, int] = {}
    clusters = []
    for key in sorted(near.members, key=lambda key: str(near.members[key]["source_key"])):
        clusters.append((key, anchors.setdefault(grouped.groups.find(key), key)))
    outside = {key for held in near.held if held.blocked_by == "parted" for key in (held.left, held.right)}
    # Whoever is not decided here is in a group of their own, whichever it is: nobody here is in it.
    placed = [*clusters, *((key, -key) for key in sorted(outside - near.members.keys()))]
    told = (near.members[key] for key in near.changed if key in near.members)
    return {
        "clusters": Rows(clusters, CLUSTERS),
        "placed": Rows(placed, CLUSTERS),
        "told": Rows(changes.told, publishing.TOLD),
        "tokens": Rows(
            [(row["person_id"], *token) for row in told for token in sorted(search_tokens.tokens_of(row))],
            search_tokens.TOKENS,
        ),
    }
