"""Nominals attached to prime records within a transaction, as a run would: see `people.actions.attach`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg.sql import Literal

from muniment.engine.matching.features import Nominal
from muniment.engine.matching.grouping import Grouped
from muniment.people import advice, neighbourhood, pairs, publishing, reopening, search_tokens
from muniment.people.linkage_models import Published
from muniment.people.models import Belonging, Judgement
from muniment.people.neighbourhood import Neighbourhood

_RESOLVE_LOCK = 7_130_003


@dataclass(frozen=True)
class Attached:
    """What came of it: how many nominals were looked at, how many prime records changed, and which people it touches.

    `primes` are the keys of everyone whose make-up or whose own facts are not as they were, or who was in doubt with
    one of them.
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
    return publish_around(neighbourhood.around(keys, published), published)


def publish_around(near: Neighbourhood, published: Published) -> Attached:
    """Publish who is one person in a neighbourhood."""
    before = _primes(near)
    doubtful = _primes_of(pairs.near(set(before.values())))
    grouped = near.grouped(published)
    changed = _publish(near, _as_tables(near, grouped, published), published)
    within = near.members.keys()
    judged = reopening.standing(within)
    changed["reopened"] = reopening.reopen(judged, near.members, published.scales.model, published.run)
    advice.ask_for_merges_back()
    Judgement.objects.filter(left__in=within, right__in=within, is_followed=False).update(is_followed=True)
    after = _primes(near)
    moved = {key for key in near.members if before.get(key) != after.get(key)}
    touched = {side.get(key) for key in (*near.changed, *moved) for side in (before, after)} | doubtful
    return Attached(len(near.changed), **changed, primes=frozenset(prime for prime in touched if prime is not None))


def _publish(near: Neighbourhood, names: dict[str, str], published: Published) -> dict[str, int]:
    parameters = {
        "model": published.scales.model.version,
        "run": published.run.pk,
        "automatic": published.scales.points.automatic,
    }
    with connection.cursor() as cursor:
        part = publishing.Around(near.changed, near.members.keys())
        changed = publishing.publish(cursor, names, parameters, part)
        told = [row for key, row in near.members.items() if key in near.changed]
        keys = {"keys": sorted(near.changed)}
        search_tokens.publish(cursor, _tokens(told), "SELECT unnest(%(keys)s::bigint[])", keys)
    return changed


def _primes_of(keys: Iterable[int]) -> set[int]:
    found = Belonging.objects.filter(nominal_id__in=keys, until__isnull=True)
    return set(found.values_list("prime_id", flat=True))


def _primes(near: Neighbourhood) -> Mapping[int, int]:
    keys = [*near.members, *near.changed]
    found = Belonging.objects.filter(nominal_id__in=keys, until__isnull=True)
    return dict(found.values_list("nominal_id", "prime_id"))


def _as_tables(near: Neighbourhood, grouped: Grouped, published: Published) -> dict[str, str]:
    """Return what is to be published as tables of the statement itself: a few rows need no staging."""
    anchors: dict[int, int] = {}
    clusters = []
    for key in sorted(near.members, key=lambda key: str(near.members[key]["source_key"])):
        clusters.append((key, anchors.setdefault(grouped.groups.find(key), key)))
    automatic, find = published.scales.points.automatic, grouped.groups.find
    speak = [each for each in near.weighed if each.tells(automatic, are_one=find(each.left) == find(each.right))]
    outside = {key for each in speak for key in (each.left, each.right)} | _asked_with(near.changed)
    # Whoever is not decided here is in a group of their own, whichever it is: nobody here is in it.
    placed = [*clusters, *((key, -key) for key in sorted(outside - near.members.keys()))]
    asked = [each for each in grouped.refused if each.were_one and grouped.is_asked(each)]
    return {
        "clusters": _table(clusters, person_id="bigint", anchor_id="bigint"),
        "placed": _table(placed, person_id="bigint", anchor_id="bigint"),
        "edges": _table(
            [(each.left, each.right, each.weight, each.automatic, each.blocked_by) for each in speak],
            left="bigint",
            right="bigint",
            weight="float8",
            automatic="boolean",
            blocked_by="text",
        ),
        "asked": _table(
            [(*sorted((each.left, each.right)), each.weight, each.reason) for each in asked],
            left="bigint",
            right="bigint",
            weight="float8",
            reason="text",
        ),
    }


def _asked_with(keys: Collection[int]) -> set[int]:
    """Return with whom some nominals are in a pair that came apart and waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT left_id, right_id FROM people_matchedge"
            " WHERE blocked_by = 'parted' AND (left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s))",
            {"keys": sorted(keys)},
        )
        return {key for pair in cursor.fetchall() for key in pair}


def _table(rows: Iterable[tuple[Any, ...]], **columns: str) -> str:
    """Return rows as a table expression of PostgreSQL, with columns of these names and types."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = ", ".join(
        f"{Literal(list(column)).as_string()}::{kind}[]" for column, kind in zip(values, columns.values(), strict=True)
    )
    names = ", ".join(f'"{name}"' for name in columns)
    return f"(SELECT * FROM unnest({arrays}) AS given ({names}))"  # noqa: S608


def _tokens(rows: list[Nominal]) -> str:
    found = [(row["person_id"], *token) for row in rows for token in sorted(search_tokens.tokens_of(row))]
    return _table(found, nominal_id="bigint", kind="text", token="text")  # noqa: S106 -- a word that is searched for
