"""Rows of links: what somebody was in an event, which place or vehicle is of whom and of what.

A link is given only where both its ends are. Suspects, convicted, victims and witnesses are told apart on the link of
a person to an event, because one person may be all of them (Data Protection Act 2018 s.38(3)).
"""

import hashlib
from typing import Any

from django.db import connection

from muniment.core import references
from muniment.engine import policy
from muniment.supply.building.gathering import BATCH
from muniment.supply.building.rows import Asked, Batches, Item, between, complete, identifier, kept, withhold

# The same part told by several rows is several links: they are numbered in an order that lasts.
_OF_PEOPLE = """
SELECT i.id, t.prime_id, ns.code, n.reference, rs.code, r.reference, i.role, i.dated, i.happened_earliest,
    i.happened_latest, i.cjs, i.ho_class, i.result, i.sentence_custodial, i.sentence_months, i.released,
    row_number() OVER (PARTITION BY i.nominal_id, i.record_id, i.role
        ORDER BY i.dated, i.happened_earliest, i.cjs, i.result, i.id)
FROM supply_telling t JOIN records_involvement i ON i.id = t.involvement_id
JOIN records_nominal n ON n.id = i.nominal_id JOIN records_sourcesystem ns ON ns.id = n.system_id
JOIN records_record r ON r.id = i.record_id JOIN records_sourcesystem rs ON rs.id = r.system_id
"""
# What a source says of a place at a record of somebody is a link of each to it; either is told once.
_TO_PEOPLE = """
SELECT DISTINCT ON (m.prime_id, p.nominal_id, l.role) l.id, m.prime_id, p.prime_id, s.code, n.reference, l.role,
    l.start, l.until
FROM records_{name}link l JOIN supply_{name} m ON m.member_id = l.{name}_id
JOIN supply_part p ON p.nominal_id = l.nominal_id
JOIN records_nominal n ON n.id = p.nominal_id JOIN records_sourcesystem s ON s.id = n.system_id
WHERE l.withdrawn_on IS NULL
    AND (l.record_id IS NULL OR EXISTS (SELECT 1 FROM supply_event e WHERE e.record_id = l.record_id))
ORDER BY m.prime_id, p.nominal_id, l.role, l.start DESC NULLS LAST, l.id
"""
_TO_EVENTS = """
SELECT DISTINCT ON (m.prime_id, e.record_id, l.role) l.id, m.prime_id, NULL, s.code, r.reference, l.role,
    l.start, l.until
FROM records_{name}link l JOIN supply_{name} m ON m.member_id = l.{name}_id
JOIN supply_event e ON e.record_id = l.record_id
JOIN records_record r ON r.id = e.record_id JOIN records_sourcesystem s ON s.id = r.system_id
WHERE l.withdrawn_on IS NULL
    AND (l.nominal_id IS NULL OR EXISTS (SELECT 1 FROM supply_part p WHERE p.nominal_id = l.nominal_id))
ORDER BY m.prime_id, e.record_id, l.role, l.start DESC NULLS LAST, l.id
"""


def all_of(asked: Asked) -> Batches:
    """Yield the rows of all links of a supply, from cursors on the server."""
    if asked.gives("event"):
        yield from _built(_OF_PEOPLE, _Involved(asked))
    for name, entity in (("place", "location"), ("vehicle", "object")):
        if asked.gives(entity):
            build = _Linked(asked, name, entity)
            yield from _built(_TO_PEOPLE.format(name=name), build)
            if asked.gives("event"):
                yield from _built(_TO_EVENTS.format(name=name), build)


def _built(sql: str, build: Any) -> Batches:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(BATCH):
            yield [build(row) for row in rows]


def made_id(*parts: object) -> str:
    """Return the id of a link, made from what it links."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


class _Involved:
    """Builds links of people to events."""

    def __init__(self, asked: Asked) -> None:
        self.controller = asked.reach.controller.code
        self.withheld = asked.terms.withheld("link")
        self.categories = {code: role.dpa38 for code, role in policy.load().codes.roles.items()}

    def __call__(self, told: tuple[Any, ...]) -> Item:
        key, prime, system, nominal, of, reference, role, dated, first, last, *offence, number = told
        cjs, ho_class, result, custodial, months, released = offence
        person, part = references.make("prime", prime), identifier(self.controller, system, nominal)
        event = identifier(self.controller, of, reference)
        row = {
            "id": made_id(person, part, event, role, number),
            "from_type": "person",
            "from_id": person,
            "to_type": "event",
            "to_id": event,
            "part": part,
            "role": role,
            "category": self.categories.get(role, "none"),
            "start": dated,
            "happened": between(first, last),
            "cjs": kept(cjs),
            "ho_class": kept(ho_class),
            "result": kept(result),
            "custodial": custodial,
            "months": months,
            "released": released,
        }
        return Item("link", key, withhold(complete("link", row), self.withheld))


class _Linked:
    """Builds links of places and vehicles to people and to events."""

    def __init__(self, asked: Asked, name: str, entity: str) -> None:
        self.name, self.entity = name, entity
        self.controller = asked.reach.controller.code
        self.withheld = asked.terms.withheld("link")

    def __call__(self, told: tuple[Any, ...]) -> Item:
        key, thing, prime, system, reference, role, start, until = told
        of, to = identifier(self.controller, system, reference), references.make(self.name, thing)
        from_id = references.make("prime", prime) if prime else of
        row = {
            "id": made_id(from_id, of, to, role),
            "from_type": "person" if prime else "event",
            "from_id": from_id,
            "to_type": self.entity,
            "to_id": to,
            "part": of if prime else None,
            "role": role,
            "start": start,
            "until": until,
        }
        return Item("link", key, withhold(complete("link", row), self.withheld))
