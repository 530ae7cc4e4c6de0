"""Rows of people: the nominals of each prime person that the recipient may have, and how sure it is that they are one.

What others say of the same person (number of sources, of judgements) counts only what is in the row itself.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from django.db import connection

from muniment.core import references
from muniment.people.models import Judgement
from muniment.records.models import Nominal, NominalFlag
from muniment.retention.models import PersonDecision
from muniment.supply import form
from muniment.supply.building import findings, gathering
from muniment.supply.building.rows import Asked, Batches, Item, Row, identifier, kept, withhold

_PARTS = "SELECT prime_id, nominal_id FROM supply_part WHERE prime_id = ANY (%s)"
_TELLINGS = """
SELECT DISTINCT t.nominal_id, s.code, r.reference, r.seen_first, r.seen_last FROM supply_telling t
JOIN records_record r ON r.id = t.record_id JOIN records_sourcesystem s ON s.id = r.system_id
WHERE t.nominal_id = ANY (%s) ORDER BY t.nominal_id, s.code, r.reference, r.seen_first, r.seen_last
"""
# Of pairs with somebody of whom no record may be given nothing is said: not even that there is such a pair.
_TOLD_OF = f"""
({{end}}.id = ANY (%(keys)s) OR EXISTS (
    SELECT 1 FROM records_involvement i
    JOIN records_record r ON r.id = i.record_id JOIN core_scope s ON s.id = r.scope_id
    WHERE i.nominal_id = {{end}}.id AND i.withdrawn_on IS NULL AND {gathering.MAY_BE_GIVEN}))
"""  # noqa: S608
_EDGES = f"""
SELECT e.left_id, e.right_id, e.model, e.needs_person, EXISTS (
    SELECT 1 FROM people_judgement j WHERE j.left_id = least(e.left_id, e.right_id)
        AND j.right_id = greatest(e.left_id, e.right_id) AND j.superseded_at IS NULL AND j.reopened_at IS NULL
        AND j.verdict <> 'unsure')
FROM people_matchedge e JOIN records_nominal one ON one.id = e.left_id JOIN records_nominal two ON two.id = e.right_id
WHERE (e.left_id = ANY (%(keys)s) OR e.right_id = ANY (%(keys)s))
    AND one.scope_id = ANY (%(scopes)s) AND two.scope_id = ANY (%(scopes)s)
    AND one.withdrawn_on IS NULL AND two.withdrawn_on IS NULL
    AND {_TOLD_OF.format(end="one")} AND {_TOLD_OF.format(end="two")}
"""  # noqa: S608


def all_of(asked: Asked) -> Batches:
    """Yield the rows of all people of a supply."""
    for keys in gathering.keys_of("supply_part", "prime_id"):
        yield rows(keys, asked)


def rows(primes: Collection[int], asked: Asked) -> list[Item]:
    """Return the rows of some people, in the order of their keys; who is not in the supply is left out."""
    members: dict[int, list[int]] = defaultdict(list)
    for prime, nominal in _asked(_PARTS, [list(primes)]):
        members[prime].append(nominal)
    every = [key for keys in members.values() for key in keys]
    nominals = Nominal.objects.select_related("system__controller", "scope").in_bulk(every)
    told = _Told(every, asked)
    decided = {
        each.prime_id: each
        for each in PersonDecision.objects.filter(prime__in=members, controller=asked.reach.controller)
    }
    withheld = asked.terms.withheld("person")
    found = []
    for prime in sorted(members):
        own = sorted((nominals[key] for key in members[prime]), key=lambda each: (each.system.code, each.reference))
        row = {
            "id": references.make("prime", prime),
            "parts": [told.part(each) for each in own],
            "agreement": _agreement(own),
            "assessments": [flag for each in own for flag in told.flags(each)],
            "linkage": told.linkage([each.pk for each in own]),
            "retention": _retention(decided.get(prime)),
        }
        found.append(Item("person", prime, withhold(row, withheld), tuple(each.pk for each in own)))
    return found


def _asked(sql: str, values: Any) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()


class _Told:
    """What is said of some nominals beside what they say themselves."""

    def __init__(self, keys: list[int], asked: Asked) -> None:
        self.asked = asked
        self.events: dict[int, list[tuple[str, str, Any, Any]]] = defaultdict(list)
        for nominal, *event in _asked(_TELLINGS, [keys]):
            self.events[nominal].append(tuple(event))
        self.warnings: dict[int, list[NominalFlag]] = defaultdict(list)
        for flag in NominalFlag.objects.filter(nominal__in=keys).order_by("flag", "start", "pk"):
            self.warnings[flag.nominal_id].append(flag)
        within = {
            "keys": keys,
            "scopes": asked.reach.scopes,
            "graded": sorted(asked.rules.graded_areas),
            "handling": sorted(asked.terms.handling),
        }
        self.edges: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for edge in _asked(_EDGES, within):
            for key in set(edge[:2]):
                self.edges[key].append(edge)
        self.judged: dict[int, list[Judgement]] = defaultdict(list)
        for each in Judgement.objects.filter(left__in=keys, right__in=keys, superseded_at__isnull=True):
            self.judged[each.left_id].append(each)

    def part(self, nominal: Nominal) -> Row:
        """Return a nominal as a part of a person."""
        system, controller = nominal.system, nominal.system.controller.code
        events, asked = self.events[nominal.pk], self.asked
        last_seen = max(last for *_, last in events)
        return {
            "id": _id(nominal),
            "controller": controller,
            "system": system.code,
            "reference": nominal.reference,
            "marking": nominal.scope.marking,
            **{name: kept(getattr(nominal, name)) for name in form.IDENTITY},
            "aliases": sorted(nominal.aliases) or None,
            "born": {
                "text": kept(nominal.born),
                "earliest": nominal.born_earliest,
                "latest": nominal.born_latest,
            }
            if nominal.born or nominal.born_earliest
            else None,
            "events": [identifier(controller, code, reference) for code, reference, *_ in events]
            if asked.gives("event")
            else [],
            "first_seen": min(first for *_, first, _ in events),
            "last_seen": last_seen,
            "findings": findings.of_nominal(nominal, asked.births, asked.on.year),
            "currency": findings.currency(last_seen, asked.on, asked.rules.stale_after),
        }

    def flags(self, nominal: Nominal) -> list[Row]:
        """Return the warnings about a nominal, each with what it rests on."""
        facts = self.asked.rules.facts_among_flags
        return [
            {
                "flag": each.flag,
                "part": _id(nominal),
                "nature": "fact" if each.flag in facts else "assessment",
                "start": each.start,
                "until": each.until,
            }
            for each in self.warnings[nominal.pk]
        ]

    def linkage(self, keys: list[int]) -> Row:
        """Return how sure it is that some nominals are one person, and nobody else is."""
        own = set(keys)
        edges = {edge[:2]: edge for key in keys for edge in self.edges[key]}.values()
        judged = [each for key in keys for each in self.judged[key] if each.right_id in own]
        waits = any(needs_person and not settled for *_, needs_person, settled in edges)
        waits |= any(each.reopened_at or each.verdict != "same" for each in judged)
        if waits:
            confidence = "doubtful"
        elif len(keys) == 1:
            confidence = "single"
        else:
            confidence = "judged" if judged else "automatic"
        model = max((edge[2] for edge in edges if own.issuperset(edge[:2])), default=None)
        return {"confidence": confidence, "judgements": len(judged), "model": model}


def _id(nominal: Nominal) -> str:
    return identifier(nominal.system.controller.code, nominal.system.code, nominal.reference)


def _agreement(nominals: list[Nominal]) -> list[Row]:
    """Return for each fact that some parts give how many give it, and how many of them say the same."""
    said = []
    for name in ("born", *form.IDENTITY):
        given = [" ".join(text.casefold().split()) for each in nominals if (text := _value(each, name))]
        if given:
            counted = Counter(given)
            said.append({"field": name, "told": len(given), "values": len(counted), "agree": max(counted.values())})
    return said


def _value(nominal: Nominal, name: str) -> str:
    if name == "born" and nominal.born_earliest:
        return f"{nominal.born_earliest}/{nominal.born_latest}"
    return str(getattr(nominal, name))


def _retention(decision: PersonDecision | None) -> Row | None:
    return {"group": decision.group, "due": decision.due} if decision else None
