"""What has to be put right at a recipient: everything given is built anew and compared with what was given.

So nothing has to tell this of a change: a corrected name, a judgement, a split, a destruction, a seal, a narrower
agreement all come out alike. Whoever runs it, what is read is what may be given, by explicit scopes; of what is no
longer there nothing says whether it was destroyed, sealed or restricted.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from muniment.core import policy_in_force, references
from muniment.core.access import MARKINGS
from muniment.core.models import Controller
from muniment.supply import building, policy_now, reach, register
from muniment.supply.building import events, gathering, people, things
from muniment.supply.building.gathering import BATCH, Selection
from muniment.supply.building.rows import Asked, Item
from muniment.supply.digests import digest
from muniment.supply.models import Given, Notice, Supply
from muniment.supply.recipients import Recipient

Act = Notice.Act


@dataclass(frozen=True)
class Change:
    """Something given that is no longer as it was given, and what the recipient has to do."""

    what: str
    key: int
    reference: str
    act: str
    into: tuple[str, ...] = ()


def asked_again(controller: Controller, recipient: Recipient) -> Asked:
    """Return within what things that were given before can still be given.

    Corrections are owed as long as a recipient has anything: also when the agreement has ended, by its last terms.
    """
    on = timezone.localdate()
    given = Supply.objects.filter(controller=controller, recipient=recipient.code, state=Supply.State.GIVEN)
    areas = {area for areas in given.values_list("areas", flat=True) for area in areas}
    marking = max(given.values_list("marking", flat=True), key=MARKINGS.index, default=MARKINGS[0])
    terms = recipient.last(on)
    within = reach.again(controller, terms, areas, marking)
    return Asked(within, terms, policy_now.on(on), recipient.code, policy_in_force.births(on), on)


def find(asked: Asked) -> Iterator[Change]:
    """Yield every change; makes the temporary tables of all that was given, as it is now."""
    gathering.gather(Selection(again=True), asked.reach, asked.terms, asked.rules, asked.recipient)
    with connection.cursor() as cursor:
        for statement in _TABLES:
            cursor.execute(statement)
    yield from _people(asked)
    for entity in ("event", "location", "object"):
        yield from _of(entity, asked)
    yield from _links(asked)


_TABLES = (
    "DROP TABLE IF EXISTS pg_temp.supply_end, pg_temp.supply_link_now",
    # What a recipient is to have once it has put everything right: both ends of a link have to be in it.
    "CREATE TEMPORARY TABLE supply_end (reference text PRIMARY KEY) ON COMMIT DROP",
    "CREATE TEMPORARY TABLE supply_link_now (reference text PRIMARY KEY) ON COMMIT DROP",
)


def _ends(references_: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO supply_end SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [references_])


def _had(asked: Asked, what: str) -> Iterator[list[tuple[int, str, str]]]:
    """Yield (key, reference, digest) of what the recipient has of a kind, by the batch."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT key, reference, digest FROM supply_given WHERE is_current AND controller_id = %s"
            " AND recipient = %s AND what = %s ORDER BY key, reference",
            [asked.reach.controller.pk, asked.recipient, what],
        )
        while rows := cursor.fetchmany(BATCH):
            yield rows


_WHERE_NOW = """
SELECT g.whole, p.prime_id FROM supply_given g JOIN supply_part p ON p.nominal_id = g.key
WHERE g.is_current AND g.controller_id = %s AND g.recipient = %s AND g.what = 'nominal' AND g.whole = ANY (%s)
"""


def _people(asked: Asked) -> Iterator[Change]:
    """Yield the changes of people: each is followed by the nominals that were given of them."""
    added: set[int] = set()
    for had in _had(asked, Given.What.PERSON):
        keys = [key for key, *_ in had]
        now = {item.key: item for item in people.rows(keys, asked)}
        where: dict[int, set[int]] = defaultdict(set)
        with connection.cursor() as cursor:
            cursor.execute(_WHERE_NOW, [asked.reach.controller.pk, asked.recipient, keys])
            for whole, prime in cursor.fetchall():
                where[whole].add(prime)
        _ends([reference for key, reference, _ in had if key in now])
        for key, reference, known in had:
            item, elsewhere = now.get(key), sorted(where[key] - {key})
            if change := _of_person(Change("person", key, reference, ""), item, elsewhere, known):
                yield change
            added |= set(elsewhere)
    yield from _added(asked, added)


def _of_person(plain: Change, item: Item | None, elsewhere: list[int], known: str) -> Change | None:
    into = tuple(references.make("prime", prime) for prime in elsewhere)
    if item is None:
        act = Act.WITHDRAW if not into else Act.MERGED if len(into) == 1 else Act.SPLIT
        return Change(plain.what, plain.key, plain.reference, act, into)
    if into:
        return Change(plain.what, plain.key, plain.reference, Act.SPLIT, (plain.reference, *into))
    if digest("person", item.row) != known:
        return Change(plain.what, plain.key, plain.reference, Act.AMEND)
    return None


def _added(asked: Asked, primes: set[int]) -> Iterator[Change]:
    """Yield those whom the recipient has to add, because somebody they have is now one with them, or several."""
    names = {references.make("prime", prime): prime for prime in primes}
    _ends(list(names))
    held = register.current(asked.reach.controller.pk, asked.recipient).filter(what="person", reference__in=names)
    for reference in sorted(names.keys() - set(held.values_list("reference", flat=True))):
        yield Change("person", names[reference], reference, Act.AMEND)


def _of(entity: str, asked: Asked) -> Iterator[Change]:
    """Yield the changes of events, locations or objects."""
    for had in _had(asked, entity):
        keys = [key for key, *_ in had]
        now = {item.key: item for item in rows_of(entity, keys, asked)}
        instead = _instead(entity, [key for key in keys if key not in now])
        _ends([reference for key, reference, _ in had if key in now])
        for key, reference, known in had:
            item = now.get(key)
            if item is not None:
                if digest(entity, item.row) != known:
                    yield Change(entity, key, reference, Act.AMEND)
                continue
            into = rows_of(entity, [instead[key]], asked) if key in instead else []
            yield Change(entity, key, reference, Act.MERGED if into else Act.WITHDRAW, tuple(_ids(into)))
            yield from _into(entity, into, asked)


def _into(entity: str, into: list[Item], asked: Asked) -> Iterator[Change]:
    names = {item.row["id"]: item.key for item in into}
    _ends(list(names))
    held = register.current(asked.reach.controller.pk, asked.recipient).filter(what=entity, reference__in=names)
    for reference in sorted(names.keys() - set(held.values_list("reference", flat=True))):
        yield Change(entity, names[reference], reference, Act.AMEND)


def rows_of(entity: str, keys: Sequence[int], asked: Asked) -> list[Item]:
    """Return the rows of some entities, by their keys, of what was gathered."""
    if entity == "person":
        return people.rows(keys, asked)
    if entity == "event":
        with connection.cursor() as cursor:
            cursor.execute("SELECT record_id FROM supply_event WHERE record_id = ANY (%s)", [list(keys)])
            return events.rows([key for (key,) in cursor.fetchall()], asked)
    return things.rows(entity, keys, asked)


def _ids(items: list[Item]) -> list[str]:
    return [item.row["id"] for item in items]


def _instead(entity: str, keys: list[int]) -> dict[int, int]:
    """Return by which prime place or vehicle some were replaced, by following redirects."""
    if entity == "event" or not keys:
        return {}
    prime: Any = things.THING[entity].prime
    found = {}
    for key in keys:
        held = prime.objects.filter(pk=key).first()
        while held is not None and held.redirects_to_id is not None:
            held = prime.objects.filter(pk=held.redirects_to_id).first()
        if held is not None and held.pk != key:
            found[key] = held.pk
    return found


def _links(asked: Asked) -> Iterator[Change]:
    """Yield the changes of links whose both ends the recipient is to have: those that came with a merge as well."""
    controller = asked.reach.controller.pk
    for every in building.all_of("link", asked):
        items = _within(every)
        known = dict(
            register.current(controller, asked.recipient)
            .filter(what="link", reference__in=[item.row["id"] for item in items])
            .values_list("reference", "digest")
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO supply_link_now SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [_ids(items)]
            )
        for item in items:
            if known.get(item.row["id"]) != digest("link", item.row):
                yield Change("link", item.key, item.row["id"], Act.AMEND)
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT g.key, g.reference FROM supply_given g WHERE g.is_current AND g.controller_id = %s AND"
            " g.recipient = %s AND g.what = 'link'"
            " AND NOT EXISTS (SELECT 1 FROM supply_link_now n WHERE n.reference = g.reference) ORDER BY g.id",
            [controller, asked.recipient],
        )
        while gone := cursor.fetchmany(BATCH):
            yield from (Change("link", key, reference, Act.WITHDRAW) for key, reference in gone)


def _within(items: list[Item]) -> list[Item]:
    """Return the links both of whose ends the recipient is to have."""
    ends = {item.row[f"{end}_id"] for item in items for end in ("from", "to")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT reference FROM supply_end WHERE reference = ANY (%s)", [list(ends)])
        held = {reference for (reference,) in cursor.fetchall()}
    return [item for item in items if {item.row["from_id"], item.row["to_id"]} <= held]


def links_now(notices: QuerySet[Notice], asked: Asked) -> Iterator[list[Item]]:
    """Yield those links of what was gathered that some notices are about."""
    for items in building.all_of("link", asked):
        wanted = set(notices.filter(reference__in=_ids(items)).values_list("reference", flat=True))
        if found := [item for item in items if item.row["id"] in wanted]:
            yield found
