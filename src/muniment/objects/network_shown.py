"""The links of a person as a page shows them: a table with each path in words, and a chart."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from muniment.core import words
from muniment.objects.kinds import PLACE, THINGS, VEHICLE
from muniment.objects.network import ENOUGH, PERSON, Asked, Leg, Node, Reached, Walk
from muniment.objects.queries import members_of, name
from muniment.people import guarded as people
from muniment.people.models import PrimePerson
from muniment.people.queries import called
from muniment.records import guarded as records

MOST = ENOUGH  # what one page shows
TOLD = 3  # ways to one of them
_WHO = {PERSON: "who", PLACE.name: "where", VEHICLE.name: "with which"}


@dataclass(frozen=True)
class Line:
    """What is linked, for the table."""

    node: Node
    name: str
    born: str
    reference: str
    steps: int
    how: tuple[str, ...]
    more: int  # further ways
    too_many: str


@dataclass(frozen=True)
class Network:
    """Everything that is shown of the links of a person, and how much is not."""

    lines: tuple[Line, ...]
    nodes: tuple[dict[str, Any], ...]
    edges: tuple[dict[str, Any], ...]
    left_out: int
    earlier: int  # records of the person that were not followed
    hubs: tuple[tuple[str, int], ...]  # records and telephones that were not followed, and how many people share each
    stopped: bool  # whether there are so many direct links that none was followed
    withheld: bool  # whether something is left out because its use is restricted


def network(prime: PrimePerson, own_name: str, asked: Asked, purpose: str) -> Network:
    """Return what a prime person is linked to, as far as it opens to who looks for an access purpose."""
    walk = Walk(Node(PERSON, prime.pk), asked)
    walk.go()
    withheld = _leave_out(walk, purpose)
    found = sorted(walk.found.values(), key=lambda each: (each.steps, -len(each.ways), each.node))
    shown = found[:MOST]
    names = _Names(shown, walk.centre, own_name)
    lines = [names.line(each) for each in shown]
    known = [line for line in lines if line is not None]
    nodes, edges = _chart(shown, walk.centre, names)
    hubs = tuple((name, count) for name, count in walk.hubs.items() if isinstance(name, str))
    return Network(tuple(known), nodes, edges, len(found) - len(shown), walk.earlier, hubs, walk.stopped, withheld)


def _leave_out(walk: Walk, purpose: str) -> bool:
    """Take out of what was reached each way that leads by a person or a record whose use is restricted."""
    legs = [leg for each in walk.found.values() for way in each.ways for leg in way]
    shut_people = people.closed({end.key for leg in legs for end in _ends(leg) if end.kind == PERSON}, purpose)
    shut_records = records.closed({leg.record for leg in legs if leg.record}, purpose)
    if not shut_people and not shut_records:
        return False
    shut = {Node(PERSON, key) for key in shut_people}
    for node, each in list(walk.found.items()):
        ways = [way for way in each.ways if not any(leg.record in shut_records or shut & {*_ends(leg)} for leg in way)]
        if ways:
            each.ways = ways
        else:
            del walk.found[node]
    return True


class _Names:
    """The names of everything on a page, and each link in words."""

    def __init__(self, found: Iterable[Reached], centre: Node, own_name: str) -> None:
        nodes = {centre} | {each.node for each in found}
        nodes |= {end for each in found for way in each.ways[:TOLD] for leg in way for end in _ends(leg)}
        people = PrimePerson.objects.in_bulk([node.key for node in nodes if node.kind == PERSON])
        self._who = called(people.values())
        self.names = {Node(PERSON, key): who.name for key, who in self._who.items()} | {centre: own_name}
        self.references = {Node(PERSON, key): who.reference for key, who in self._who.items()}
        for thing in THINGS.values():
            members = members_of(thing, [node.key for node in nodes if node.kind == thing.name])
            self.names |= {Node(thing.name, key): name(held) for key, held in members.items()}
            primes = thing.prime._default_manager.in_bulk(list(members))
            self.references |= {Node(thing.name, key): each.reference for key, each in primes.items()}  # type: ignore[attr-defined]

    def line(self, each: Reached) -> Line | None:
        """Return what is told of something that was reached; nothing of what the reader sees no name of."""
        node = each.node
        ways = [way for way in each.ways[:TOLD] if all(end in self.names for leg in way for end in _ends(leg))]
        if node not in self.references or node not in self.names or not ways:
            return None
        who = self._who.get(node.key) if node.kind == PERSON else None
        return Line(
            node=node,
            name=self.names[node],
            born=((who.born if who else "") or "not known") if node.kind == PERSON else "",
            reference=self.references[node],
            steps=each.steps,
            how=tuple(dict.fromkeys(self.way(way) for way in ways)),
            more=max(0, len(each.ways) - TOLD),
            too_many=each.too_many,
        )

    def way(self, way: tuple[Leg, ...]) -> str:
        """Return a path in words, from the person that the page is about."""
        first, *rest = way
        text = self._leg(first)
        for leg in rest:
            text += f", {_WHO[leg.source.kind]} {self._leg(leg)}"
        return text[:1].upper() + text[1:]

    def _leg(self, leg: Leg) -> str:
        to = self.names[leg.target]
        part, theirs = (words.say("role", code).lower() if code else "" for code in (leg.part, leg.their_part))
        if leg.source.kind != PERSON:
            return f"{to} was {theirs} on {leg.reference}"
        if leg.how == "record":
            return f"was {part} on {leg.reference} with {to} ({theirs})"
        if leg.record:
            return (
                f"was {part} on {leg.reference}, {'at' if leg.target.kind == PLACE.name else 'with the vehicle'} {to}"
            )
        given = {"telephone": f"gives the telephone {leg.shared}", "address": f"gives the address {self._place(leg)}"}
        if leg.how not in given:
            return f"{words.say(f'{leg.target.kind}_role', leg.part).lower()}: {to}"
        return given[leg.how] + (f", as does {to}" if leg.target.kind == PERSON else "")

    def _place(self, leg: Leg) -> str:
        return self.names[leg.place or leg.target]


def _ends(leg: Leg) -> tuple[Node, ...]:
    return (leg.source, leg.target, *((leg.place,) if leg.place else ()))


def _chart(
    found: list[Reached], centre: Node, names: _Names
) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    """Return the nodes and edges of the chart: what is linked, and the records between, as many as it can show."""
    nodes: dict[str, dict[str, Any]] = {_id(centre): _node(centre, names, 0)}
    edges: dict[tuple[str, str], dict[str, Any]] = {}
    for each in found:
        for way in each.ways[:TOLD]:
            if any(end not in names.names for leg in way for end in _ends(leg)):
                continue
            for leg in way:
                chain = [leg.source, *([_Between(leg)] if _is_between(leg) else []), leg.target]
                fresh = [node for node in chain if _id(node) not in nodes]
                if len(nodes) + len(fresh) > MOST:
                    break
                for node in fresh:
                    nodes[_id(node)] = _node(node, names, way.index(leg) + 1)
                for one, two in pairwise(chain):
                    edges.setdefault((_id(one), _id(two)), {"source": _id(one), "target": _id(two), "how": leg.how})
    return tuple(nodes.values()), tuple(edges.values())


class _Between(NamedTuple):
    """What stands between two in the chart: a record, an address that both give, a telephone."""

    leg: Leg


def _is_between(leg: Leg) -> bool:
    return bool(leg.record or leg.shared or leg.place)


def _id(node: Any) -> str:
    if not isinstance(node, _Between):
        return f"{node.kind}{node.key}"
    leg = node.leg
    return f"record{leg.record}" if leg.record else _id(leg.place) if leg.place else f"telephone{leg.shared}"


def _node(node: Any, names: _Names, step: int) -> dict[str, Any]:
    if isinstance(node, _Between) and node.leg.place:
        node = node.leg.place
    if isinstance(node, _Between):
        kind = "record" if node.leg.record else "telephone"
        return {"id": _id(node), "label": node.leg.reference or node.leg.shared, "kind": kind, "step": step}
    return {
        "id": _id(node),
        "label": names.names[node],
        "kind": node.kind,
        "reference": names.references.get(node, ""),
        "step": step,
    }
