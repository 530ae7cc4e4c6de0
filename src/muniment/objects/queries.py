"""Reads about prime places and vehicles that more than one screen needs. What is shown is what the reader may see."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from muniment.batch.matching.policy import today
from muniment.core import references
from muniment.engine.matching import places, vehicles, words
from muniment.engine.matching.objects import Level
from muniment.engine.values.registrations import Mark
from muniment.objects import reading
from muniment.objects.kinds import PLACE, Thing
from muniment.objects.models import PropertyPoint
from muniment.people.queries import Value
from muniment.records.models import Place, Vehicle

_PARTS = {
    "organisation": "Business",
    "unit": "Flat or unit",
    "building": "Building",
    "number": "Number",
    "street": "Street",
    "locality": "Locality",
    "town": "Town",
    "postcode": "Postcode",
}
_OF_VEHICLE = {"make": "Make", "model": "Model", "colour": "Colour"}


def find_by_reference(thing: Thing, reference: str) -> Any:
    """Return the prime record that a public reference means today, following redirects; None when unknown.

    Raise ValueError when the check character is wrong.
    """
    every = thing.prime._default_manager
    prime = every.filter(pk=references.number(thing.name, reference)).first()
    while prime is not None and prime.redirects_to_id is not None:  # type: ignore[attr-defined]
        prime = every.filter(pk=prime.redirects_to_id).first()  # type: ignore[attr-defined]
    return prime


def members_of(thing: Thing, primes: Iterable[int]) -> dict[int, list[Any]]:
    """Return for each prime record what the reader may see of it, in the order of the systems."""
    belongings = (
        thing.belonging._default_manager.filter(prime_id__in=list(primes), until__isnull=True)
        .filter(Exists(thing.member._default_manager.filter(pk=OuterRef("member_id"))))
        .select_related("member__system__controller")
        .order_by("member__system__controller__name", "member__system__title", "member__key")
    )
    found: dict[int, list[Any]] = {}
    for each in belongings:
        found.setdefault(each.prime_id, []).append(each.member)  # type: ignore[attr-defined]
    return found


def source(member: Any) -> str:
    """Return who says it."""
    return f"{member.system.title}, {member.system.controller.name}"


def name(members: Sequence[Any]) -> str:
    """Return what to call a prime record: the fullest of what its sources write."""
    written: list[str] = [member.written for member in members]
    return max(written, key=lambda text: (not text.isupper(), len(text), text))


def facts(members: Sequence[Any]) -> dict[str, tuple[Value, ...]]:
    """Return every fact with each value and the sources that give it; the value that most give comes first."""
    told: dict[str, list[tuple[str, str]]] = {}
    for member in members:
        for fact, text in _told(member):
            told.setdefault(fact, []).append((text, source(member)))
    return {fact: _values(given) for fact, given in told.items()}


def _told(member: Any) -> list[tuple[str, str]]:
    if isinstance(member, Place):
        address = reading.address_of(member.parts)
        parts = address.parts() if address else {}
        said = [(_PARTS[name], _plainly(name, text)) for name, text in parts.items()]
        return said + ([("UPRN", member.property_key)] if member.property_key else [])
    mark = [("Registration mark", str(Mark(member.mark, member.form)))] if member.mark else []
    vin = member.chassis or member.vin
    said = [(words_, getattr(member, name)) for name, words_ in _OF_VEHICLE.items() if getattr(member, name)]
    return mark + ([("VIN", vin)] if vin else []) + said


def _plainly(part: str, text: str) -> str:
    return text if part in ("postcode", "number") else text.title().replace("'S", "'s")


def _values(given: Iterable[tuple[str, str]]) -> tuple[Value, ...]:
    ordered = sorted(given, key=lambda pair: pair[0].casefold())
    values = [
        (same[0][0], tuple(dict.fromkeys(sorted(who for _, who in same))))
        for _, group in groupby(ordered, key=lambda pair: pair[0].casefold())
        for same in [list(group)]
    ]
    return tuple(Value(text, who) for text, who in sorted(values, key=lambda value: (-len(value[1]), value[0])))


@dataclass(frozen=True)
class Way:
    """A way in which sources write of it, and how it agrees with the first."""

    text: str
    sources: tuple[str, ...]
    words: str


def ways(thing: Thing, members: Sequence[Any]) -> list[Way]:
    """Return each way of writing, with its sources and why it is of the same as the first of them."""
    first = members[0]
    found: dict[str, tuple[list[str], tuple[str, Any]]] = {}
    for member in members:
        text = member.written + (f" (written {member.registration})" if _was_mended(member) else "")
        sources, _ = found.setdefault(text.casefold(), ([], (text, member)))
        sources.append(source(member))
    return [
        Way(
            text,
            tuple(dict.fromkeys(sources)),
            "" if member is first else _why(thing, first, member),
        )
        for sources, (text, member) in found.values()
    ]


def _was_mended(member: Any) -> bool:
    return isinstance(member, Vehicle) and bool(member.mark) and (
        "".join(member.registration.upper().split()) != member.mark
    )  # fmt: skip


def _why(thing: Thing, one: Any, two: Any) -> str:
    level = agreement(thing, one, two)
    return level.words if level.joins else "By way of another, or because somebody said so."


def agreement(thing: Thing, one: Any, two: Any) -> Level:
    """Return the level at which two members agree."""
    if thing is PLACE:
        a, b = (places.Place(each.pk, reading.address_of(each.parts), each.property_key) for each in (one, two))
        return places.BY_NAME[places.agree(a, b)]
    known = words.in_force(today())
    rows = ({"id": each.pk, **{name: getattr(each, name) for name in _COMPARED}} for each in (one, two))
    pair = list(reading.vehicles(rows, known))
    return vehicles.BY_NAME[vehicles.agree(*pair) if len(pair) == 2 else "none"]


_COMPARED = ("mark", "form", "chassis", "make", "model", "colour")


def links_of(thing: Thing, members: Sequence[Any]) -> QuerySet[Any]:
    """Return what links some members to records and people."""
    return (
        thing.link._default_manager.filter(**{f"{thing.name}__in": [member.pk for member in members]})
        .select_related("record__system__controller", "nominal__system__controller", thing.name)
        .prefetch_related("nominal__belongings__prime")
    )


def records_of(thing: Thing, members: Sequence[Any]) -> QuerySet[Any]:
    """Return the links of some members to records, those that were held last first."""
    return links_of(thing, members).filter(record__isnull=False).order_by("-record_id", "role", "pk")


@dataclass(frozen=True)
class Person:
    """Someone linked, under one name for all their nominals: what it is to them, and who says so."""

    name: str
    prime: Any  # None where no run has resolved them yet
    roles: tuple[str, ...]
    sources: tuple[str, ...]


def people_of(
    thing: Thing, members: Sequence[Any], shut: Callable[[Sequence[Any]], Collection[int]]
) -> tuple[list[Person], bool]:
    """Return the people linked to some members, each once, in the order of their names; whether some are left out.

    `shut` says of which links, by key, nothing is told.
    """
    found: dict[object, list[Any]] = {}
    links = list(links_of(thing, members).filter(nominal__isnull=False).order_by("pk"))
    not_told = shut(links)
    for link in links:
        if link.pk in not_told:
            continue
        belongings = link.nominal.belongings.all()
        prime = next((each.prime for each in belongings if each.until is None), None)
        found.setdefault(prime or link.nominal_id, []).append((link, prime))
    people = [
        Person(
            max((link.nominal.name for link, _ in links), key=lambda text: (not text.isupper(), len(text), text)),
            links[0][1],
            tuple(dict.fromkeys(link.role for link, _ in links)),
            tuple(dict.fromkeys(source(link.nominal) for link, _ in links)),
        )
        for links in found.values()
    ]
    return sorted(people, key=lambda person: person.name.casefold()), bool(not_told)


def beside(members: Sequence[Any]) -> dict[int, list[Any]]:
    """Return, by prime place, the other parts of the same building, at most a few."""
    doors = {(each.code, each.street, each.door) for each in members if each.door and (each.code or each.street)}
    same = Q()
    for code, street, door in sorted(doors):
        same |= Q(code=code, street=street, door=door)
    if not same:
        return {}
    own = {each.pk for each in members}
    found = Place.objects.filter(same, belongings__until__isnull=True).exclude(pk__in=own)
    primes = found.exclude(belongings__prime__belongings__member__in=own).values_list("belongings__prime", flat=True)
    return members_of(PLACE, sorted({key for key in primes[:200] if key})[:20])


def point(members: Sequence[Any]) -> PropertyPoint | None:
    """Return where a place lies, where a source gives its property reference and the published file is loaded."""
    numbers = sorted({each.property_key for each in members if each.property_key})
    return PropertyPoint.objects.filter(uprn__in=numbers).order_by("uprn").first()


def pairs(thing: Thing) -> QuerySet[Any]:
    """Return the pairs that wait for a person and of which nobody could tell yet, in the order that runs found them."""
    said = thing.judgement._default_manager.filter(
        left=OuterRef("left"), right=OuterRef("right"), superseded_at__isnull=True, reopened_at__isnull=True
    )
    waiting = thing.edge._default_manager.exclude(Exists(said.exclude(verdict="unsure")))
    of_pair = ("left__system__controller", "right__system__controller")
    return waiting.select_related(*of_pair).order_by("pk")


def pairs_of(thing: Thing, members: Sequence[Any]) -> QuerySet[Any]:
    """Return the pairs of some members that wait for a person."""
    own = [member.pk for member in members]
    return pairs(thing).filter(Q(left__in=own) | Q(right__in=own))
