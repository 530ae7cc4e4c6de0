"""Whether two addresses are one place.

A flat is never its house, a range holds its numbers and is none of them, the name of a business is not enough, and
without a postcode the town has to agree. The same property reference (UPRN) is the same place, whatever is written
beside it; two that differ never are.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import jellyfish

from muniment.engine.matching.objects import Grouping, Level, Pair, Told, candidates, group
from muniment.engine.values.addresses import Address

LEVELS = (
    Level("uprn", "The property reference (UPRN) is the same.", joins=True),
    Level("same", "Every part of the addresses agrees, and the postcode.", joins=True),
    Level("same_in_town", "Every part of the addresses agrees, and the town; not both give a postcode.", joins=True),
    Level("town_unclear", "They agree but for the postcode that one of them lacks, and there is more than one such "
          "place in the town.", asks=True),
    Level("spelling", "They agree but for the spelling of a name.", asks=True),
    Level("slip", "They agree but for a sign of the postcode.", asks=True),
    Level("unit_kind", "They agree but for what kind of unit it is.", asks=True),
    Level("suffix", "One gives a letter with the number of the house, the other as that of a flat.", asks=True),
    Level("contains", "One is a range of numbers that holds the number of the other.", asks=True),
    Level("by_name", "The building has the same name; only one gives its number.", asks=True),
    Level("no_street", "Postcode and building agree; not both give the street.", asks=True),
    Level("business", "A business of the same name in the same street.", asks=True),
    Level("building", "Another part of the same building."),
    Level("street", "The same street."),
    Level("postcode", "The same postcode and nothing else."),
    Level("none", "Nothing that is told of both agrees."),
)  # fmt: skip
BY_NAME = {level.name: level for level in LEVELS}
_NEAR = 0.92  # likeness (Jaro-Winkler) from which two names may be one that was misspelt
_LONGEST = 40  # numbers of a range that are looked at one by one


@dataclass(frozen=True)
class Place:
    """What one source says of a place: a key, its address taken apart (None: none is told), and its UPRN."""

    key: int
    address: Address | None
    uprn: str = ""


def agree(one: Place, two: Place) -> str:
    """Return the name of the level at which two agree."""
    if one.uprn and two.uprn:
        return "uprn" if one.uprn == two.uprn else "none"
    if one.address is None or two.address is None or one.address.is_near or two.address.is_near:
        return "none"
    area = _area(one.address, two.address)
    return "none" if area is None else _within(area, one.address, two.address)


def _within(area: str, a: Address, b: Address) -> str:
    """Return the level at which two addresses agree that are of one area."""
    street = _alike(a.street, b.street)
    if street == "differ":
        return "postcode" if area == "same" else "none"
    building = _building(a, b)
    unit = "same" if building == "suffix" else _unit(a, b)
    if building == "differ" or unit == "differ":
        return _less(area, street, is_building=building in ("same", "contains"))
    doubts = [doubt for doubt in (area, street, building, unit) if doubt not in ("same", "same_in_town")]
    if not doubts:
        return area
    # A person is asked about one thing that is in doubt, and no more.
    if len(doubts) > 1 or (area == "same_in_town" and street == "untold"):
        return _less(area, street, is_building=False)
    return "no_street" if doubts[0] == "untold" else doubts[0]


def _less(area: str, street: str, *, is_building: bool) -> str:
    """Return how far two agree that are not one place."""
    if street == "same" and area != "slip":
        return "building" if is_building else "street"
    return "postcode" if area == "same" else "none"


def _area(a: Address, b: Address) -> str | None:
    if a.postcode and b.postcode:
        if a.postcode == b.postcode:
            return "same"
        is_slip = jellyfish.damerau_levenshtein_distance(a.postcode, b.postcode) == 1
        return "slip" if is_slip and _towns_agree(a, b) and a.street else None
    return "same_in_town" if _towns_agree(a, b) else None


def _towns_agree(a: Address, b: Address) -> bool:
    """Whether what one says behind the street is all said by the other, too."""
    return bool(a.town and b.town) and (a.places <= b.places or b.places <= a.places)


def _alike(one: str, two: str) -> str:
    if not (one and two):
        return "untold"
    if one == two:
        return "same"
    # Rose Close is not Rose Court misspelt: the kind of street has to be the same.
    kinds = one.rsplit(" ", 1)[-1] == two.rsplit(" ", 1)[-1]
    return "spelling" if kinds and _is_near(one.rsplit(" ", 1)[0], two.rsplit(" ", 1)[0]) else "differ"


def _is_near(one: str, two: str) -> bool:
    digits = re.findall(r"\d+", one) == re.findall(r"\d+", two)
    return digits and jellyfish.jaro_winkler_similarity(one, two) >= _NEAR


def _building(a: Address, b: Address) -> str:
    """Say whether two are one building: by number, or where that is not told of both, by name."""
    if a.number and b.number:
        if (a.number, a.number_to) == (b.number, b.number_to):
            return "same"
        if _is_suffix(a, b) or _is_suffix(b, a):
            return "suffix"
        return "contains" if _holds(a, b) or _holds(b, a) else "differ"
    named = {a.building, a.organisation} & {b.building, b.organisation} - {""}
    if a.number or b.number:
        return "by_name" if named else "differ"
    if a.building and b.building:
        name = a.building == b.building
        return "same" if name else "spelling" if _is_near(a.building, b.building) else "differ"
    return "business" if named else "differ"


def _is_suffix(house: Address, flat: Address) -> bool:
    """Whether one says 12A and the other flat A of 12."""
    letter = flat.unit.rsplit(" ", 1)[-1]
    is_letter = len(letter) == 1 and letter.isalpha()
    return is_letter and not house.unit and not (house.number_to or flat.number_to) and (
        house.number == flat.number + letter
    )  # fmt: skip


def _numbers(address: Address) -> range:
    """Return the plain numbers of a range, on its side of the street; none where they are not plain."""
    if not (address.number.isdigit() and address.number_to.isdigit()):
        return range(0)
    first, last = sorted((int(address.number), int(address.number_to)))
    return range(first, last + 1, 2 if (last - first) % 2 == 0 else 1)


def _holds(wide: Address, other: Address) -> bool:
    """Whether a range holds a number, or a smaller range: 12-14 holds 12 and 14, and not 13."""
    held = _numbers(wide)
    if not held:
        return False
    if other.number_to:
        inner = _numbers(other)
        return bool(inner) and inner[0] in held and inner[-1] in held
    return other.number.isdigit() and int(other.number) in held


def _unit(a: Address, b: Address) -> str:
    if a.unit == b.unit:
        return "same"
    if not (a.unit and b.unit):
        return "differ"  # a flat is never its house
    (*kind_a, label_a), (*kind_b, label_b) = a.unit.split(), b.unit.split()
    if label_a != label_b or len(kind_a) > 1 or len(kind_b) > 1:
        return "differ"
    return "same" if not (kind_a and kind_b) else "unit_kind"  # 12 Rose Court is flat 12 of it


def keys(place: Place) -> Iterator[Hashable]:
    """Yield what two places share that can agree at a level which joins or asks."""
    if place.uprn:
        yield "uprn", place.uprn
    address = place.address
    if address is None or address.is_near:
        return
    areas = [("p", address.postcode)] if address.postcode else []
    areas += [("t", f"{town}|{address.street}") for town in address.places if address.street]
    for area in areas:
        for door in _doors(address):
            yield (*area, *door)


def _doors(address: Address) -> Iterator[tuple[str, str]]:
    label = address.unit.rsplit(" ", 1)[-1]
    if address.number:
        yield address.number, label
        for number in _numbers(address)[:_LONGEST]:
            yield str(number), label
        if address.number[-1].isalpha() and not label:
            yield address.number[:-1], address.number[-1]
    for name in (address.building, address.organisation):
        if name:
            yield name[:4], label


def put_together(places: Sequence[Place], told: Told | None = None) -> Grouping:
    """Put places together, which come in the order of their sources."""
    told = told or Told()
    members = [place.key for place in places]
    alike: dict[tuple[Address | None, str], list[int]] = defaultdict(list)
    for place in places:
        alike[place.address, place.uprn].append(place.key)
    firsts = [Place(found[0], address, number) for (address, number), found in alike.items()]
    pairs = [
        Pair(first.key, other, level)
        for first in firsts
        if (level := agree(first, first)) in _TELLING
        for other in alike[first.address, first.uprn][1:]
    ]
    by_key = {place.key: place for place in firsts}
    found = [Pair(a.key, b.key, level) for a, b in candidates(firsts, keys) if (level := agree(a, b)) in _TELLING]
    pairs += _without_unclear(found, by_key)
    return group(members, pairs, LEVELS, told, _identifiers(places))


_JOINING = frozenset(level.name for level in LEVELS if level.joins)
_TELLING = _JOINING | {level.name for level in LEVELS if level.asks}


def _without_unclear(pairs: Iterable[Pair], places: Mapping[int, Place]) -> Iterator[Pair]:
    """Yield pairs, those by town alone to be asked where a place without a postcode fits several with one."""
    every = list(pairs)
    fits: dict[int, set[str]] = defaultdict(set)
    for pair in every:
        for one, two in ((pair.left, pair.right), (pair.right, pair.left)):
            if pair.level == "same_in_town" and (code := _postcode(places[two])):
                fits[one].add(code)
    for pair in every:
        unclear = pair.level == "same_in_town" and any(
            len(fits[one]) > 1 and _postcode(places[two])
            for one, two in ((pair.left, pair.right), (pair.right, pair.left))
        )
        yield Pair(pair.left, pair.right, "town_unclear") if unclear else pair


def _postcode(place: Place) -> str:
    return place.address.postcode if place.address else ""


def _identifiers(places: Iterable[Place]) -> dict[str, dict[int, str]]:
    """Return what a group may hold one value of. Two postcodes can be one place only under one UPRN, or by word."""
    every = list(places)
    return {
        "uprn": {place.key: place.uprn for place in every if place.uprn},
        "postcode": {place.key: code for place in every if not place.uprn and (code := _postcode(place))},
    }
