"""What a person is linked to in two steps: people, places and vehicles, through records, addresses and telephones.

Each link is told as a path in words. What very many share is shown and not followed: a station's address or a shop
links everybody with everybody. Everything is read as the reader sees it.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from muniment.objects import network_rows as sql
from muniment.objects.kinds import PLACE, THINGS, VEHICLE

HUB = 25  # people or records of one record, place, vehicle or telephone, past which it is not followed
LONG = 60  # records of a linked person, past which they are not followed
ENOUGH = 150  # direct links, past which nothing is followed: a page shows no more
LATEST = 1000  # records of the person themselves that are followed, the last first

PERSON = "person"
KINDS = {
    "record": "Being on one record",
    "address": "Giving one address",
    "telephone": "Giving one telephone number",
    "vehicle": "A vehicle",
    "scene": "A place where something happened",
}


@dataclass(frozen=True)
class Asked:
    """What a reader narrows the links to: kinds, the person's part in the records, and when those happened."""

    kinds: frozenset[str] = frozenset(KINDS)
    role: str = ""
    since: date | None = None
    until: date | None = None
    steps: int = 2
    with_objects: bool = True


class Node(NamedTuple):
    """A person, place or vehicle: `kind` and key."""

    kind: str
    key: int


@dataclass(frozen=True)
class Leg:
    """One link: how, through which record if it is one, and each one's part in it."""

    source: Node
    target: Node
    how: str
    record: int = 0
    reference: str = ""
    part: str = ""
    their_part: str = ""
    shared: str = ""  # the address or number that both give, where it has no page
    place: Node | None = None  # that both give, or where it happened


@dataclass
class Reached:
    """What is reached, in how many steps, by which paths; and what it is too much of to be followed."""

    node: Node
    steps: int
    ways: list[tuple[Leg, ...]] = field(default_factory=list)
    too_many: str = ""


class Walk:
    """Goes from a person over what links them, and from there once more.

    `found` is what is reached, `records` the person's own: reference and part; `earlier` how many were not
    followed, `stopped` whether the direct links alone were enough.
    """

    def __init__(self, centre: Node, asked: Asked) -> None:
        self.centre, self.asked = centre, asked
        self.found: dict[Node, Reached] = {}
        self.records: dict[int, tuple[str, str]] = {}
        self.earlier = 0
        self.stopped = False
        self.hubs: dict[Node | str, int] = {}  # places, and references and numbers as they are written: how many people

    def go(self) -> None:
        """Find everything, into `found`."""
        first = self._legs({self.centre.key}, own=True)
        things = self._things_of_own() if self.asked.with_objects else []
        for leg in [*first, *things]:
            self._reach(leg.target, 1, (leg,))
        for node, count in self.hubs.items():
            if isinstance(node, Node) and node in self.found:
                self.found[node].too_many = f"{count:,} people, not followed"
        self.stopped = len(self.found) >= ENOUGH
        if self.asked.steps == 1 or self.stopped:
            return
        people = [node.key for node in self.found if node.kind == PERSON]
        followed = set(people) - self._mark_long(people)
        before = {node: each.ways[0] for node, each in self.found.items()}
        for leg in self._legs(followed, own=False):
            self._reach(leg.target, 2, (*before[leg.source], leg))
        for leg in self._at_things():
            self._reach(leg.target, 2, (*before[leg.source], leg))

    def _reach(self, node: Node, steps: int, way: tuple[Leg, ...]) -> None:
        if node == self.centre or any(leg.source == node for leg in way):
            return
        reached = self.found.setdefault(node, Reached(node, steps))
        if reached.steps == steps:
            reached.ways.append(way)

    def _legs(self, people: Collection[int], *, own: bool) -> list[Leg]:
        if not people:
            return []
        found = []
        if "record" in self.asked.kinds or own:
            found += self._by_record(people, own=own)
        if "address" in self.asked.kinds and self.asked.with_objects:
            found += _by_address(people, self.hubs)
        if "telephone" in self.asked.kinds:
            found += _by_telephone(people, self.hubs if own else {})
        return found

    def _by_record(self, people: Collection[int], *, own: bool) -> list[Leg]:
        parts: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
        rows = sql.rows(sql.RECORDS, people=sorted(people), role=self.asked.role if own else "", **self._period())
        for prime, record, reference, role in rows[:LATEST] if own else rows:
            parts[record].append((prime, reference, role))
            if own:
                self.records[record] = (reference, role)
        self.earlier += max(0, len(rows) - LATEST) if own else 0
        if "record" not in self.asked.kinds:
            return []
        others: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for record, prime, role in sql.rows(sql.ON, records=sorted(parts)):
            others[record].append((prime, role))
        if own:
            self.hubs |= {parts[key][0][1]: len(on_it) for key, on_it in others.items() if len(on_it) > HUB}
        return [
            Leg(Node(PERSON, prime), Node(PERSON, other), "record", record, reference, part, role)
            for record, on_it in parts.items()
            if len(others[record]) <= HUB
            for prime, reference, part in on_it
            for other, role in others[record]
            if other != prime
        ]

    def _period(self) -> dict[str, Any]:
        return {"since": self.asked.since, "until": self.asked.until}

    def _things_of_own(self) -> list[Leg]:
        """Return the places and vehicles of the person, and of the records that they are on."""
        legs = []
        for thing, how in ((PLACE, "scene"), (VEHICLE, "vehicle")):
            if how not in self.asked.kinds and not (thing is PLACE and "address" in self.asked.kinds):
                continue
            own = sql.things(thing, "nominal", people=[self.centre.key])
            way = "address" if thing is PLACE else "vehicle"
            if way in self.asked.kinds:
                legs += [Leg(self.centre, Node(thing.name, key), way, part=role) for _, key, role in own]
            if how in self.asked.kinds:
                for record, key, _ in sql.things(thing, "record", records=sorted(self.records)):
                    reference, part = self.records[record]
                    legs.append(Leg(self.centre, Node(thing.name, key), how, record, reference, part))
        return legs

    def _mark_long(self, people: Collection[int]) -> set[int]:
        """Mark the people with so many records that following them would tell nothing; return their keys."""
        many = dict(sql.rows(sql.LONG, people=sorted(people), most=LONG))
        for key, count in many.items():
            self.found[Node(PERSON, key)].too_many = f"{count:,} records, not followed"
        return set(many)

    def _at_things(self) -> list[Leg]:
        """Return who else is on records at the places and with the vehicles that were reached, where they are few."""
        legs = []
        for thing in THINGS.values():
            how = "scene" if thing is PLACE else "vehicle"
            keys = [node.key for node in self.found if node.kind == thing.name]
            counts = dict(sql.rows(sql.of_thing(sql.COUNT, thing), things=keys)) if keys else {}
            for key, count in counts.items():
                if count > HUB:
                    self.found[Node(thing.name, key)].too_many = f"{count:,} records, not followed"
            few = [key for key in keys if counts.get(key, 0) <= HUB]
            if how in self.asked.kinds and few:
                rows = sql.rows(sql.of_thing(sql.AT, thing), things=few, known=sorted(self.records), **self._period())
                for key, record, reference, prime, role in rows:
                    at = Node(thing.name, key)
                    legs.append(Leg(at, Node(PERSON, prime), how, record, reference, their_part=role))
        return legs


def _by_address(people: Collection[int], hubs: dict[Node | str, int]) -> list[Leg]:
    given: dict[int, set[int]] = defaultdict(set)
    for prime, place, _ in sql.things(PLACE, "nominal", people=sorted(people)):
        given[place].add(prime)
    living: dict[int, set[int]] = defaultdict(set)
    for place, prime in sql.rows(sql.LIVING, places=sorted(given)):
        living[place].add(prime)
    hubs.update({Node(PLACE.name, place): len(primes) for place, primes in living.items() if len(primes) > HUB})
    return [
        Leg(Node(PERSON, prime), Node(PERSON, other), "address", place=Node(PLACE.name, place))
        for place, primes in given.items()
        if len(living[place]) <= HUB
        for prime in primes
        for other in living[place] - {prime}
    ]


def _by_telephone(people: Collection[int], hubs: dict[Node | str, int]) -> list[Leg]:
    given: dict[str, set[int]] = defaultdict(set)
    for phone, prime in sql.rows(sql.PHONES, people=sorted(people)):
        given[phone].add(prime)
    calling: dict[str, set[int]] = defaultdict(set)
    for phone, prime in sql.rows(sql.CALLED, phones=sorted(given)):
        calling[phone].add(prime)
    hubs.update({phone: len(primes) for phone, primes in calling.items() if len(primes) > HUB})
    return [
        Leg(Node(PERSON, prime), Node(PERSON, other), "telephone", shared=phone)
        for phone, primes in given.items()
        if len(calling[phone]) <= HUB
        for prime in primes
        for other in calling[phone] - {prime}
    ]
