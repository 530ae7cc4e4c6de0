"""Whom a changed nominal touches: who may be the same, and everyone whose membership depends on that."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import combinations

from django.db.models import Q

from muniment.batch.matching.blocking import CEILING, MANY_KEYS
from muniment.batch.matching.keys import number
from muniment.core.models import PARTITIONS
from muniment.engine.matching import standing as stands
from muniment.engine.matching.features import Nominal
from muniment.engine.matching.grouping import Evidence, Grouped, Pair, Sayings, group
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS
from muniment.engine.matching.weighing import CORPORATE, Weighed, contested
from muniment.people import nominal_tables, said_of_pairs
from muniment.people.linkage_models import Published, of_version
from muniment.people.models import MatchEdge


@dataclass(frozen=True)
class Neighbourhood:
    """Nominals whose memberships are decided together, by key, and the pairs that a run would weigh of them.

    It holds everyone whom evidence, somebody's word or having been shown as one leads to from a changed nominal.
    `weighed` are pairs with a changed nominal, whoever the other is, and pairs within.
    """

    changed: frozenset[int]
    members: Mapping[int, Nominal]
    near: frozenset[int]  # who shares a key with somebody who has changed
    weighed: tuple[Weighed, ...]
    said: Sayings
    shown: list[Pair]

    def grouped(self, published: Published) -> Grouped:
        """Group the members as a run would."""
        within = [each for each in self.weighed if each.left in self.members and each.right in self.members]
        scales, keys = published.scales, {key: str(row["source_key"]) for key, row in self.members.items()}
        automatic = [(each.left, each.right, each.weight) for each in within if each.automatic]
        automatic.sort(key=lambda each: (-each[2], keys[each[0]], keys[each[1]]))
        blocked = {(each.left, each.right): each.blocked_by for each in within if each.speaks and each.blocked_by}
        evidence = Evidence(
            speak=[(each.left, each.right) for each in within if each.speaks],
            automatic=lambda: automatic,
            twins=[(each.left, each.right) for each in within if each.twins],
            identifiers={
                kind: {
                    key: row[kind] for key, row in self.members.items() if row[kind] and row["partition"] != CORPORATE
                }
                for kind in UNIQUE_IDENTIFIERS
            },
            known=lambda nominals: stands.Known(scales.model, self.members, blocked),
        )
        return group(evidence, self.said, self.shown, scales.points)


def around(keys: Collection[int], published: Published) -> Neighbourhood:
    """Return the neighbourhood of nominals that have come, changed or gone; those that are there are standardised.

    Whoever else in it has changed since they were standardised, and waits for a turn of their own, has changed too:
    someone sealed a moment ago is compared with nobody who is open.
    """
    found = _as_kept(set(keys), published)
    while outdated := nominal_tables.outdated(found.members.keys() | found.near, on=published.scales.on):
        found = _as_kept({*found.changed, *outdated}, published)
    return found


def _as_kept(keys: set[int], published: Published) -> Neighbourhood:
    nominal_tables.standardise_few(keys, on=published.scales.on)
    held = partial(nominal_tables.held, on=published.scales.on)
    changed = held("held.nominal_id = ANY(%s)", [sorted(keys)])
    near = _near(changed, held, published)
    weighed = _weigh(_sharing(near, published, {row["person_id"] for row in changed}), near, published)
    inside, said, shown = _closure(set(keys), weighed)
    members = {key: near[key] for key in inside if key in near}
    missing = [*inside - members.keys()]
    members |= {row["person_id"]: row for row in held("held.nominal_id = ANY(%s)", [missing])} if missing else {}
    within = [pair for pair in _sharing(members, published) if not set(keys) & set(pair)]
    weighed = (*weighed, *_weigh(within, members, published))
    said = _within(said, members)
    if published.scales.points.hard_rules:
        # Whom evidence leads to is inside, so that everything is here that a nominal inside may be torn between.
        decisive = published.scales.points.automatic
        weighed = tuple(contested(weighed, members, said.different, decisive))
    return Neighbourhood(frozenset(keys), members, frozenset(near), weighed, said, shown)


def _near(changed: Sequence[Nominal], held: Callable[..., list[Nominal]], published: Published) -> dict[int, Nominal]:
    """Return nominals, by key, with all who share a key with one of them."""
    told = sorted({key for row in changed for key in _told(row, published)})
    found = held("held.keys && %s::bigint[]", [told]) if told else []
    return {row["person_id"]: row for row in (*changed, *found)}


def _told(row: Nominal, published: Published) -> set[int]:
    """Return the keys by which a nominal is compared: corporate ones have a rule of their own, and no key too many."""
    keys = set(row["keys"])
    return (
        keys if row["partition"] == CORPORATE else keys - _stopped(published.scales.model.version, published.overgrown)
    )


@lru_cache(maxsize=2)
def _stopped(version: str, overgrown: tuple[str, ...]) -> frozenset[int]:
    """Return the keys that a model stops, and those that have grown too far since, as they are kept."""
    stopped = (*of_version(version).stop_keys, *overgrown)
    return frozenset(number(partition, key) for partition in PARTITIONS for key in stopped)


def _sharing(
    rows: Mapping[int, Nominal], published: Published, touching: Collection[int] | None = None
) -> Iterator[Pair]:
    """Give the pairs of nominals that share as many keys as it takes; with `touching`, only pairs with one of these."""
    holders: dict[int, list[int]] = defaultdict(list)
    for key, row in rows.items():
        for shared_by in _told(row, published):
            holders[shared_by].append(key)
    shared: Counter[Pair] = Counter()
    for held in holders.values():
        if 1 < len(held) <= CEILING:
            shared.update(_pairs(held, touching))
    for (one, two), count in shared.items():
        if count >= (published.scales.model.least_keys if _are_known(rows[one], rows[two]) else 1):
            yield one, two


def _pairs(held: list[int], touching: Collection[int] | None) -> Iterator[Pair]:
    if touching is None:
        yield from combinations(sorted(held), 2)
        return
    own = [key for key in held if key in touching]
    for one in own:
        for two in held:
            if one < two or two not in touching:
                yield (one, two) if one < two else (two, one)


def _are_known(*rows: Nominal) -> bool:
    """Whether so much is known of each that it takes more than one key to compare them."""
    return all(len(row["keys"]) > MANY_KEYS for row in rows)


def _weigh(pairs: Iterable[Pair], rows: Mapping[int, Nominal], published: Published) -> tuple[Weighed, ...]:
    found = (published.scales.weigh(rows[one], rows[two]) for one, two in pairs)
    return tuple(each for each in found if each is not None)


def _closure(keys: set[int], weighed: Iterable[Weighed]) -> tuple[set[int], Sayings, list[Pair]]:
    """Return everyone to whom evidence, somebody's word or having been one leads from some nominals, with both."""
    joined: dict[int, set[int]] = defaultdict(set)
    for each in weighed:
        if each.automatic:
            joined[each.left].add(each.right)
            joined[each.right].add(each.left)
    inside, frontier = set(keys), set(keys)
    while frontier:
        pairs = {*said_of_pairs.said_of(frontier).same, *_joined_before(frontier)}
        found = {key for pair in pairs for key in pair} | {key for one in frontier for key in joined[one]}
        found |= said_of_pairs.in_one_with(frontier)
        frontier = found - inside
        inside |= frontier
    return inside, said_of_pairs.said_of(inside), said_of_pairs.shown_with(inside)


def _joined_before(keys: Collection[int]) -> Iterable[Pair]:
    """Return the pairs with some nominals that evidence joins, or would were it not torn, as weighed before."""
    of_some = Q(left_id__in=keys) | Q(right_id__in=keys)
    joined = Q(is_automatic=True) | Q(blocked_by="contested")
    return MatchEdge.objects.filter(of_some, joined).values_list("left_id", "right_id")


def _within(said: Sayings, members: Collection[int]) -> Sayings:
    return Sayings(
        *(
            tuple(pair for pair in pairs if pair[0] in members and pair[1] in members)
            for pairs in (said.same, said.different, said.taken_back)
        )
    )
