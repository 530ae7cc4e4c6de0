"""Rows of objects and locations: prime vehicles and places, as each source writes them."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db import connection

from muniment.core import references
from muniment.objects.kinds import PLACE, VEHICLE, Thing
from muniment.supply.building import findings, gathering
from muniment.supply.building.rows import Asked, Batches, Item, Row, kept, withhold

ENTITY = {"place": "location", "vehicle": "object"}
THING = {"location": PLACE, "object": VEHICLE}


def all_of(entity: str, asked: Asked) -> Batches:
    """Yield the rows of all objects, or of all locations, of a supply."""
    for keys in gathering.keys_of(f"supply_{THING[entity].name}", "prime_id"):
        yield rows(entity, keys, asked)


def rows(entity: str, primes: Collection[int], asked: Asked) -> list[Item]:
    """Return the rows of some objects or locations, in the order of their keys."""
    thing = THING[entity]
    members: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT prime_id, member_id FROM supply_{thing.name} WHERE prime_id = ANY (%s)",  # noqa: S608
            [list(primes)],
        )
        for prime, member in cursor.fetchall():
            members[prime].append(member)
    every = [key for keys in members.values() for key in keys]
    held: dict[int, Any] = thing.member._default_manager.select_related("system__controller").in_bulk(every)
    withheld = asked.terms.withheld(entity)
    found = []
    for prime in sorted(members):
        parts = sorted((held[key] for key in members[prime]), key=lambda each: (each.system.code, each.key))
        found.append(Item(entity, prime, withhold(_row(thing, prime, parts), withheld)))
    return found


def _row(thing: Thing, prime: int, parts: list[Any]) -> Row:
    row: Row = {"id": references.make(thing.name, prime)}
    if thing is VEHICLE:
        row["type"] = "vehicle"
    row["parts"] = [(_vehicle if thing is VEHICLE else _place)(each) for each in parts]
    return row


def _told(member: Any) -> Row:
    controller, system = member.system.controller.code, member.system.code
    return {"id": f"{controller}/{system}/{member.key}", "controller": controller, "system": system}


def _vehicle(member: Any) -> Row:
    names = ("registration", "mark", "vin", "make", "model", "colour")
    values = {name: kept(getattr(member, name)) for name in names}
    return {**_told(member), **values, "findings": findings.of_vehicle(member)}


def _place(member: Any) -> Row:
    return {
        **_told(member),
        "address": kept(member.text),
        "postcode": kept(member.postcode),
        "uprn": kept(member.property_key or member.uprn),
        "building": kept(member.door),
        "street": kept(member.street),
        "findings": findings.of_place(member),
    }
