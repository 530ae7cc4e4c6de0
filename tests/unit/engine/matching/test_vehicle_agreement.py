"""Which vehicles are one: the VIN tells, a mark can be moved, and look-alike signs are for a person."""

from itertools import permutations

import pytest

from muniment.engine.matching import vehicles
from muniment.engine.matching.objects import Told
from muniment.engine.matching.vehicles import Vehicle, agree
from muniment.engine.values import registrations

VIN, OTHER = "1M8GDM9AXKP042788", "WVWZZZ1JZXW000001"


def vehicle(key, mark="", vin="", make="", colour=""):
    return Vehicle(key, registrations.read(mark), vin, make, "", colour)


@pytest.mark.parametrize(
    ("text", "mark", "form", "written"),
    [
        ("ab12 cde", "AB12CDE", "current", "AB12 CDE"),
        ("A1 BCD", "A1BCD", "prefix", "A1 BCD"),
        ("Q123 ABC", "Q123ABC", "unknown_age", "Q123 ABC"),
        ("abc 123d", "ABC123D", "suffix", "ABC 123D"),
        ("1 ABC", "1ABC", "undated", "1 ABC"),
        ("BIZ 1234", "BIZ1234", "northern_ireland", "BIZ 1234"),
        ("101-D-234", "101D234", "diplomatic", "101 D234"),
        ("12345", "12345", "trade", "12345"),
        ("12 AB 34", "12AB34", "military", "12 AB34"),
        ("WX 12345", "WX12345", "other", "WX12345"),  # foreign: as it is
    ],
)
def test_forms(text, mark, form, written):
    found = registrations.read(text)
    assert (found.text, found.form, str(found), found.is_mended) == (mark, form, written, False)


@pytest.mark.parametrize(
    ("text", "mark"),
    [("AB1Z CDE", "AB12CDE"), ("BD5I SMR", "BD51SMR"), ("AI23 BCD", "A123BCD"), ("A812 CDE", "A812CDE"),
     ("PLAB123", "PLAB123"), ("AB12 CD", "AB12CD"), ("0O12CDE", "OO12CDE")],
)  # fmt: skip
def test_a_sign_is_put_right_only_where_one_reading_is_left(text, mark):
    """A812 CDE has a form as it stands, so it is not AB12 CDE; a foreign mark is never made British."""
    assert registrations.read(text).text == mark
    assert registrations.read(" - ") is None


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (("AB12 CDE",), ("ab12cde",), "mark"),
        (("AB12 CDE", VIN), ("XY12 ABC", VIN), "vin"),
        (("AB12 CDE", VIN), ("AB12 CDE", OTHER), "other_vin"),
        (("AB12 CDE", VIN), ("AB12 CDE", VIN[:-1] + "9"), "vin_slip"),
        (("AB12 CDE", "", "FORD"), ("AB12 CDE", "", "AUDI"), "transfer"),
        (("AB12 CDE", "", "FORD", "RED"), ("AB12 CDE", "", "FORD", "BLUE"), "transfer"),
        (("AB12 CDE", "", "FORD"), ("A812 CDE", "", ""), "look_alike"),
        (("AB12 CDE", "", "FORD"), ("A812 CDE", "", "AUDI"), "none"),
        (("WX 12345",), ("WX12345",), "foreign"),
        (("WX 12345", "", "FORD"), ("WX12345", "", "FORD"), "mark"),
        (("12345",), ("12345",), "none"),  # a trade plate goes from vehicle to vehicle
        (("AB12 CDE",), ("AB12 CDF",), "none"),
        (("",), ("",), "none"),
    ],
)
def test_levels(one, two, expected):
    a, b = vehicle(1, *one), vehicle(2, *two)
    assert agree(a, b) == agree(b, a) == expected


def joined(*given, told=None):
    found = vehicles.put_together(list(given), told)
    groups = {}
    for key, anchor in found.anchors.items():
        groups.setdefault(anchor, set()).add(key)
    return sorted(map(sorted, groups.values())), {(pair.left, pair.right): pair.level for pair in found.asked}


def test_a_mark_that_was_moved_does_not_join_two_vehicles():
    given = [
        vehicle(1, "AB12 CDE", VIN, "FORD"),
        vehicle(2, "AB12 CDE", OTHER, "AUDI"),
        vehicle(3, "AB12 CDE"),
        vehicle(4, "AB12 CDE", VIN),
        vehicle(5, "AB12 CDE", "", "AUDI"),
    ]
    groups, asked = joined(*given)
    assert groups == [[1, 4], [2], [3], [5]]
    assert asked[1, 3] == asked[2, 3] == "unclear"
    assert len({str(joined(*order)[0]) for order in permutations(given)}) == 1


def test_one_vin_is_one_vehicle_under_whatever_mark():
    groups, _ = joined(vehicle(1, "AB12 CDE", VIN, "FORD", "RED"), vehicle(2, "A1 BCD", VIN, "FORD", "BLUE"))
    assert groups == [[1, 2]]


def test_a_word_joins_look_alikes_and_parts_a_mark():
    given = vehicle(1, "AB12 CDE"), vehicle(2, "A812 CDE"), vehicle(3, "AB12 CDE")
    assert joined(*given) == ([[1, 3], [2]], {(1, 2): "look_alike"})
    assert joined(*given, told=Told(same={(1, 2)}))[0] == [[1, 2, 3]]
    assert joined(*given, told=Told(different={(1, 3)}))[0] == [[1], [2], [3]]
