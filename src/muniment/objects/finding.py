"""Find places and vehicles: by reference, registration mark (known in part, or misread), VIN, postcode, UPRN, address.

Everything is looked up by equality, so that what the reader may not see costs nothing and reveals nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q

from muniment.batch.matching.policy import today
from muniment.engine.matching import words
from muniment.engine.values import addresses, postcodes, registrations
from muniment.objects import guarded
from muniment.objects.kinds import PLACE, VEHICLE, Thing
from muniment.objects.models import MarkToken
from muniment.objects.queries import find_by_reference, members_of, name
from muniment.records.models import Place, Vehicle

MOST = 50
_LEAST = 3  # signs in a row by which a mark that is known in part is looked up
_PARTLY = re.compile(r"^[A-Z0-9?*]{3,10}$")


@dataclass(frozen=True)
class Found:
    """A place or a vehicle found, as the reader may know it."""

    thing: Thing
    prime: Any
    name: str
    systems: tuple[str, ...]
    how: str

    @property
    def is_sure(self) -> bool:
        """Whether it is found by what nothing else is found by, so that it comes before people."""
        return self.how not in ("Its address", "Its street", "Its postcode")


def search(text: str) -> list[Found]:
    """Return the places and vehicles that fit, at most MOST of each kind; the surest first."""
    return [*_by_reference(text), *_vehicles(text), *_places(text)]


def _by_reference(text: str) -> list[Found]:
    for thing in (PLACE, VEHICLE):
        try:
            prime = find_by_reference(thing, text)
        except ValueError:
            continue
        if prime is not None:
            return _found(thing, {prime.pk: "Its reference"})
    return []


def _vehicles(text: str) -> list[Found]:
    plain = re.sub(r"[\s.\-]", "", text.upper())
    vin = registrations.vin(plain)
    if vin:
        return _of(VEHICLE, Vehicle.objects.filter(chassis=vin), "Its VIN")
    if not _PARTLY.match(plain):
        return []
    if "?" not in plain and "*" not in plain and (mark := registrations.read(plain)):
        exact = _of(VEHICLE, Vehicle.objects.filter(folded=mark.folded, mark=mark.text), "Its mark")
        alike = _of(VEHICLE, Vehicle.objects.filter(folded=mark.folded).exclude(mark=mark.text), "A mark like it")
        if exact or alike:
            return [*exact, *(each for each in alike if each.prime not in {one.prime for one in exact})]
    # Letters alone are rather a name: a part of a mark has a digit, or a sign for what is not known.
    return _in_part(plain) if re.search(r"[0-9?*]", plain) else []


def _in_part(plain: str) -> list[Found]:
    """Return vehicles whose mark holds what is known of it; ? stands for one sign, * for any number."""
    folded = registrations.fold(plain)
    runs = [run for run in re.split(r"[?*]+", folded) if len(run) >= _LEAST]
    looked_up = {run[at : at + _LEAST] for run in runs for at in range(len(run) - _LEAST + 1)}
    if not looked_up:
        return []
    hits = MarkToken.objects.filter(token__in=looked_up).values("vehicle").annotate(number=Count("token"))
    keys = hits.filter(number=len(looked_up)).values_list("vehicle", flat=True)[: MOST * 4]
    shape = "".join("." if sign == "?" else ".*" if sign == "*" else re.escape(sign) for sign in folded)
    # Without a sign for what is not known, what is typed may be any part of the mark.
    fits = re.compile(shape if {"?", "*"} & set(plain) else f".*{shape}.*")
    known = [each.pk for each in Vehicle.objects.filter(pk__in=list(keys)) if fits.fullmatch(each.folded)]
    return _of(VEHICLE, Vehicle.objects.filter(pk__in=known), "A part of its mark")


def _places(text: str) -> list[Found]:
    plain = " ".join(text.split())
    if re.fullmatch(r"\d{5,12}", plain) and (number := addresses.uprn(plain)):
        return _of(PLACE, Place.objects.filter(property_key=number), "Its UPRN")
    code = postcodes.parse(plain)
    if code and code.is_uk and len(plain) <= 8:
        return _of(PLACE, Place.objects.filter(code=code.unit), "Its postcode")
    known = words.in_force(today()).addresses
    found = addresses.parse(plain, "", known)
    if found is None or not (found.street or found.premises):
        return []
    return _of(PLACE, _at(found), "Its address" if found.premises else "Its street")


def _at(asked: addresses.Address) -> list[Place]:
    """Return the places at an address that is known as far as it is: what is not said of it is not asked."""
    by = Q()
    if asked.street:
        by &= Q(street=asked.street)
    if asked.premises:
        by &= Q(door=asked.premises)
    if asked.postcode:
        by &= Q(code=asked.postcode)
    if not (asked.street or asked.postcode):
        return []
    places = Place.objects.filter(by)[: MOST * 4]
    return [each for each in places if _fits(each.parts, asked)]


def _fits(parts: dict[str, Any], asked: addresses.Address) -> bool:
    told = {*parts.get("locality", ()), parts.get("town", "")}
    in_town = not asked.town or not (told - {""}) or asked.town in told
    return in_town and (not asked.unit or asked.unit == parts.get("unit"))


def _of(thing: Thing, members: Iterable[Any], how: str) -> list[Found]:
    keys = [member.pk for member in members]
    primes = thing.belonging._default_manager.filter(member__in=keys, until__isnull=True)
    return _found(thing, dict.fromkeys(primes.order_by("prime").values_list("prime", flat=True)[:MOST], how))


def _found(thing: Thing, primes: dict[int, str]) -> list[Found]:
    seen = members_of(thing, primes)
    every = thing.prime._default_manager.in_bulk(list(seen))
    return [
        Found(
            thing,
            every[key],
            name(members),
            tuple(dict.fromkeys(f"{each.system.title}, {each.system.controller.name}" for each in members)),
            primes[key],
        )
        for key, members in sorted(seen.items())
        if key in every
    ]


def open_to(purpose: str, every: Iterable[Found]) -> list[Found]:
    """Return what of that opens for an access purpose, named as those say who tell of it and are open themselves."""
    found = list(every)
    members = {
        (thing.name, key): held
        for thing in (PLACE, VEHICLE)
        for key, held in members_of(thing, [each.prime.pk for each in found if each.thing is thing]).items()
    }
    told = []
    for each in found:
        held = members.get((each.thing.name, each.prime.pk), [])
        shut = guarded.shut_members(each.thing, [one.pk for one in held], purpose)
        left = [one for one in held if one.pk not in shut]
        if left:
            told.append(replace(each, name=name(left)) if shut else each)
    return told
