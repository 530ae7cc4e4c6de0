"""Which addresses are one place, which are asked about, and which never meet."""

from datetime import date
from itertools import permutations

import pytest

from muniment.engine.matching import places, words
from muniment.engine.matching.objects import Told
from muniment.engine.matching.places import Place, agree
from muniment.engine.values import addresses

WORDS = words.in_force(date(2026, 11, 28)).addresses


def place(key, text, postcode="", uprn=""):
    return Place(key, addresses.parse(text, postcode, WORDS), uprn)


def level(one, two):
    a, b = place(1, *one), place(2, *two)
    assert agree(a, b) == agree(b, a)
    return agree(a, b)


HERE = "NS1 2AB"


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (("12 High Street", HERE), ("12 High St., Norbridge", HERE), "same"),
        (("Flat 2, 12 High Street", HERE), ("12 High St, Apt 2", HERE), "same"),
        (("12 Rose Court, High Street", HERE), ("Flat 12 Rose Court, High Street", HERE), "same"),
        (("The Red Lion, 12 High Street", HERE), ("12 High Street", HERE), "same"),
        (("12 High Street, Wick", ""), ("12 High St, Wick", HERE), "same_in_town"),
        (("12 High Street, Wick", ""), ("12 High St, Wick, Norbridge", ""), "same_in_town"),
        # Without a postcode the town has to agree.
        (("12 High Street", ""), ("12 High Street", ""), "none"),
        (("12 High Street", HERE), ("12 High Street", ""), "none"),
        (("12 High Street, Wick", ""), ("12 High Street, Norbridge", ""), "none"),
        (("12 High Street, Wick, Norbridge", ""), ("12 High Street, Ash, Norbridge", ""), "none"),
        # A flat is never its house, nor another flat.
        (("Flat 2, 12 High Street", HERE), ("12 High Street", HERE), "building"),
        (("Flat 2, 12 High Street", HERE), ("Flat 3, 12 High Street", HERE), "building"),
        (("Flat 1, 12 High Street", HERE), ("Flat 12, 1 High Street", HERE), "street"),
        (("2/1, 45 High Street", HERE), ("2/1, 47 High Street", HERE), "street"),
        (("Flat 4, 12 High Street", HERE), ("Unit 4, 12 High Street", HERE), "unit_kind"),
        (("Flat A, 12 High Street", HERE), ("12A High Street", HERE), "suffix"),
        (("12 High Street", HERE), ("12A High Street", HERE), "street"),
        # A range holds its numbers and is none of them.
        (("12-14 High Street", HERE), ("12 High Street", HERE), "contains"),
        (("12-14 High Street", HERE), ("13 High Street", HERE), "street"),
        (("12-14 High Street", HERE), ("Flat 1, 12 High Street", HERE), "building"),
        # The name of a business is not enough.
        (("Acme Stores Ltd, High Street", HERE), ("Acme Stores Ltd, High Street", HERE), "business"),
        (("Acme Stores Ltd, Wick", ""), ("Acme Stores Ltd, Wick", ""), "none"),
        (("Rose Cottage, Church Lane", HERE), ("Rose Cottage, Church Lane", HERE), "same"),
        (("Rose Cottage", HERE), ("Rose Cottage, Church Lane", HERE), "no_street"),
        (("Rose Cottage, Church Lane", HERE), ("12 Church Lane", HERE), "street"),
        # A slip is for a person.
        (("12 Highfeild Road", HERE), ("12 Highfield Road", HERE), "spelling"),
        (("12 Rose Close", HERE), ("12 Rose Court", HERE), "postcode"),
        (("12 High Street, Wick", HERE), ("12 High Street, Wick", "NS1 2AD"), "slip"),
        (("12 High Street, Wick", HERE), ("12 High Street, Wick", "NS9 9ZZ"), "none"),
        (("14 High Street, Wick", HERE), ("12 High Street, Wick", "NS1 2AD"), "none"),
        (("", HERE), ("12 High Street", HERE), "none"),
        (("NFA", HERE), ("NFA", HERE), "none"),
        (("Outside 12 High Street", HERE), ("12 High Street", HERE), "none"),
        # The property reference decides.
        (("12 High Street", HERE, "10"), ("Rose Cottage", "", "10"), "uprn"),
        (("12 High Street", HERE, "10"), ("12 High Street", HERE, "11"), "none"),
    ],
)
def test_levels(one, two, expected):
    assert level(one, two) == expected


def joined(*given, told=None):
    """Return the groups of keys, and what is asked."""
    found = places.put_together(list(given), told)
    groups = {}
    for key, anchor in found.anchors.items():
        groups.setdefault(anchor, set()).add(key)
    return sorted(map(sorted, groups.values())), {(pair.left, pair.right): pair.level for pair in found.asked}


def test_spellings_come_together_and_neighbours_stay_apart():
    groups, asked = joined(
        place(1, "12 High Street", HERE),
        place(2, "12 high st, Norbridge", HERE),
        place(3, "12 High Street", HERE),
        place(4, "14 High Street", HERE),
        place(5, "NFA"),
        place(6, "NFA"),
    )
    assert groups == [[1, 2, 3], [4], [5], [6]]
    assert asked == {}


def test_two_of_one_name_in_a_town_do_not_meet_through_one_without_a_postcode():
    groups, asked = joined(
        place(1, "12 High Street, Wick", HERE),
        place(2, "12 High Street, Wick"),
        place(3, "12 High Street, Wick", "NS9 9ZZ"),
    )
    assert groups == [[1], [2], [3]]
    assert asked == {(1, 2): "town_unclear", (2, 3): "town_unclear"}


def test_one_that_fits_one_place_alone_is_of_it():
    groups, _ = joined(place(1, "12 High Street, Wick", HERE), place(2, "12 High Street, Wick"))
    assert groups == [[1, 2]]


def test_property_references_are_never_two_in_one():
    groups, _ = joined(
        place(1, "12 High Street", HERE, "10"), place(2, "12 High Street", HERE), place(3, "12 High Street", HERE, "11")
    )
    assert [1, 3] not in groups
    assert not any({1, 3} <= set(group) for group in groups)


def test_a_property_reference_joins_what_is_written_otherwise():
    groups, _ = joined(place(1, "12 High Street", HERE, "10"), place(2, "Old Mill, Wick", "NS9 9ZZ", "10"))
    assert groups == [[1, 2]]


def test_what_people_said_beats_the_levels():
    given = place(1, "12-14 High Street", HERE), place(2, "12 High Street", HERE), place(3, "12 High St", HERE)
    groups, asked = joined(*given, told=Told(same={(1, 2)}))
    assert groups == [[1, 2, 3]]
    groups, asked = joined(*given, told=Told(different={(2, 3)}))
    assert groups == [[1], [2], [3]]
    assert (2, 3) not in asked
    assert joined(*given)[1] == {(1, 2): "contains"}
    assert joined(*given, told=Told(different={(1, 3)}))[1] == {}  # said of one of the two, it is said of both


def test_a_word_joins_two_postcodes():
    slip = place(1, "12 High Street, Wick", HERE), place(2, "12 High Street, Wick", "NS1 2AD")
    assert joined(*slip) == ([[1], [2]], {(1, 2): "slip"})
    assert joined(*slip, told=Told(same={(1, 2)})) == ([[1, 2]], {})


def test_the_order_of_arrival_changes_no_group():
    given = [
        place(1, "12 High Street, Wick", HERE),
        place(2, "12 High Street, Wick"),
        place(3, "12 High St", HERE, "10"),
        place(4, "12-14 High St", HERE),
        place(5, "Flat 1, 12 High St", HERE),
    ]
    assert len({str(joined(*order)[0]) for order in permutations(given)}) == 1
