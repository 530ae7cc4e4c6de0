"""Whether what sources say of two vehicles is of one.

The vehicle identification number (VIN) tells. A registration mark is of one vehicle at a time and can be moved to
another (cherished transfer), so the same mark is not the same vehicle where VIN, make, model or colour differ.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import jellyfish

from muniment.engine.matching.objects import Grouping, Level, Pair, Told, candidates, group
from muniment.engine.values.registrations import Mark

LEVELS = (
    Level("vin", "The vehicle identification number (VIN) is the same.", joins=True),
    Level("mark", "The registration mark is the same, and nothing that is told differs.", joins=True),
    Level("unclear", "The registration mark is the same and has been on more than one vehicle; what is told does not "
          "say which.", asks=True),
    Level("transfer", "The registration mark is the same; make, model or colour differ, so it may have been moved.",
          asks=True),
    Level("foreign", "The mark is the same and of no British form; no make says more.", asks=True),
    Level("vin_slip", "The registration mark is the same and the VINs differ in one sign.", asks=True),
    Level("look_alike", "The registration marks differ only in signs that are misread for each other.", asks=True),
    Level("other_vin", "The VINs differ: two vehicles."),
    Level("none", "Nothing that tells a vehicle agrees."),
)  # fmt: skip
BY_NAME = {level.name: level for level in LEVELS}
_TOLD = ("make", "model", "colour")


@dataclass(frozen=True)
class Vehicle:
    """What one source says of a vehicle: a key, its mark, its VIN, and make, model and colour in capitals."""

    key: int
    mark: Mark | None
    vin: str = ""
    make: str = ""
    model: str = ""
    colour: str = ""


def agree(one: Vehicle, two: Vehicle) -> str:
    """Return the name of the level at which two agree."""
    same_mark = one.mark is not None and two.mark is not None and one.mark.text == two.mark.text
    if one.vin and two.vin:
        if one.vin == two.vin:
            return "vin"
        is_slip = jellyfish.damerau_levenshtein_distance(one.vin, two.vin) == 1
        return "vin_slip" if same_mark and is_slip and not _differ(one, two) else "other_vin"
    if one.mark is None or two.mark is None or not (one.mark.names_a_vehicle and two.mark.names_a_vehicle):
        return "none"
    if same_mark:
        if _differ(one, two):
            return "transfer"
        is_told = one.mark.form != "other" or (one.make and one.make == two.make)
        return "mark" if is_told else "foreign"
    return "look_alike" if one.mark.folded == two.mark.folded and not _differ(one, two) else "none"


def _differ(one: Vehicle, two: Vehicle) -> bool:
    told = [(getattr(one, name), getattr(two, name)) for name in _TOLD]
    return any(a and b and a != b for a, b in told)


def keys(vehicle: Vehicle) -> Iterator[Hashable]:
    """Yield what two share that can agree at a level which joins or asks."""
    if vehicle.vin:
        yield "vin", vehicle.vin
    if vehicle.mark:
        yield "mark", vehicle.mark.folded


def put_together(vehicles: Sequence[Vehicle], told: Told | None = None) -> Grouping:
    """Put vehicles together, which come in the order of their sources."""
    by_key = {vehicle.key: vehicle for vehicle in vehicles}
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for each in vehicles:
        alike[each.mark, each.vin, each.make, each.model, each.colour].append(each.key)
    firsts = [by_key[found[0]] for found in alike.values()]
    found = [
        Pair(first, other, level)
        for first, *others in alike.values()
        if (level := agree(by_key[first], by_key[first])) in _TELLING
        for other in others
    ]
    found += [Pair(a.key, b.key, level) for a, b in candidates(firsts, keys) if (level := agree(a, b)) in _TELLING]
    pairs = _without_unclear(found, vehicles)
    vins = {each.key: each.vin for each in vehicles if each.vin}
    return group([each.key for each in vehicles], pairs, LEVELS, told or Told(), {"vin": vins})


_TELLING = frozenset(level.name for level in LEVELS if level.joins or level.asks)


def _without_unclear(pairs: Iterable[Pair], vehicles: Iterable[Vehicle]) -> Iterator[Pair]:
    """Yield pairs; where a mark was on more than one vehicle, only those join of whom all is told that tells them.

    What was told of the mark by any source decides, so no order of arrival counts.
    """
    by_key = {vehicle.key: vehicle for vehicle in vehicles}
    said: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for each in by_key.values():
        for name in ("vin", *_TOLD):
            if each.mark and (value := getattr(each, name)):
                said[each.mark.text][name].add(value)
    for pair in pairs:
        one, two = by_key[pair.left], by_key[pair.right]
        telling = [name for name, values in said[one.mark.text].items() if len(values) > 1] if one.mark else []
        is_clear = all(getattr(one, name) and getattr(one, name) == getattr(two, name) for name in telling)
        yield Pair(pair.left, pair.right, "unclear") if pair.level == "mark" and not is_clear else pair
