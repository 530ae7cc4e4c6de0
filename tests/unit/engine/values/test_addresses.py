"""UK addresses as people write them, taken apart."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.matching import words
from muniment.engine.values import addresses

WORDS = words.in_force(date(2026, 11, 28)).addresses


def read(text, postcode=""):
    return addresses.parse(text, postcode, WORDS)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("12 High Street, Norbridge", {"number": "12", "street": "HIGH STREET", "town": "NORBRIDGE"}),
        ("12 high st norbridge", {"number": "12", "street": "HIGH STREET", "town": "NORBRIDGE"}),
        ("No. 12, High St., Norbridge", {"number": "12", "street": "HIGH STREET", "town": "NORBRIDGE"}),
        ("12a High Street", {"number": "12A", "street": "HIGH STREET"}),
        ("12 A High Street", {"number": "12A", "street": "HIGH STREET"}),
        ("12 - 14 High Street", {"number": "12-14", "street": "HIGH STREET"}),
        ("Flat 2, 12 High Street", {"unit": "FLAT 2", "number": "12", "street": "HIGH STREET"}),
        ("12 High Street, Flat 02", {"unit": "FLAT 2", "number": "12", "street": "HIGH STREET"}),
        ("Apt B 12 High St", {"unit": "FLAT B", "number": "12", "street": "HIGH STREET"}),
        ("Flat 12, 1 High St", {"unit": "FLAT 12", "number": "1", "street": "HIGH STREET"}),
        ("Flat 1\n12 High St\nWick", {"unit": "FLAT 1", "number": "12", "street": "HIGH STREET", "town": "WICK"}),
        ("Ground Floor Flat, 12 High St", {"unit": "GROUND FLOOR", "number": "12", "street": "HIGH STREET"}),
        ("GFF 12 High St", {"unit": "GROUND FLOOR", "number": "12", "street": "HIGH STREET"}),
        ("Block B, Flat 2, Rose House, High St",
         {"unit": "BLOCK B FLAT 2", "building": "ROSE HOUSE", "street": "HIGH STREET"}),
        ("12 Rose Court, High Street", {"unit": "12", "building": "ROSE COURT", "street": "HIGH STREET"}),
        ("12 Rose Court, Norbridge", {"number": "12", "street": "ROSE COURT", "town": "NORBRIDGE"}),
        ("2/1, 45 High Street", {"unit": "2/1", "number": "45", "street": "HIGH STREET"}),
        ("Rose Cottage, Church Lane, Wick", {"building": "ROSE COTTAGE", "street": "CHURCH LANE", "town": "WICK"}),
        ("Acme Ltd, High St, Wick", {"organisation": "ACME LTD", "street": "HIGH STREET", "town": "WICK"}),
        ("The Red Lion 12 High St", {"building": "THE RED LION", "number": "12", "street": "HIGH STREET"}),
        ("5 St John's St", {"number": "5", "street": "ST JOHNS STREET"}),
        ("12 London Road St Albans", {"number": "12", "street": "LONDON ROAD", "town": "ST ALBANS"}),
        ("12 Rose Court, Millbeck St Mary", {"number": "12", "street": "ROSE COURT", "town": "MILLBECK ST MARY"}),
        ("12 Grove Road West", {"number": "12", "street": "GROVE ROAD WEST"}),
        ("12 The Green, Wick", {"number": "12", "street": "THE GREEN", "town": "WICK"}),
        ("12 Llys y Coed, Bangor", {"number": "12", "street": "LLYS Y COED", "town": "BANGOR"}),
        ("12 High St, Little Wick, Norbridge, Norfolk, UK",
         {"number": "12", "street": "HIGH STREET", "locality": "LITTLE WICK", "town": "NORBRIDGE"}),
        ("c/o Mrs Smith, 12 High Street", {"number": "12", "street": "HIGH STREET"}),
        ("Norbridge", {"town": "NORBRIDGE"}),
    ],
)  # fmt: skip
def test_parts(text, parts):
    assert read(text).parts() == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        " - ",
        "NFA",
        "N.F.A.",
        "No fixed abode",
        "NFA, Norbridge",
        "Unknown",
        "n/a",
        "Address not known",
        "?",
        '=HYPERLINK("http://example.org","map")',
    ],
)
def test_no_place(text):
    assert read(text, "NS1 2AB") is None


def test_the_postcode_is_the_given_one_or_that_in_the_text():
    assert read("12 High St, Norbridge NS1 2AB").postcode == "NS12AB"
    assert read("12 High St, Norbridge NS1 2AB").town == "NORBRIDGE"
    assert read("12 High St NS1 2AB", "NS1 3AB").postcode == "NS13AB"
    assert read("12 High St", "NF1 1NF").postcode == ""  # stands for no fixed abode
    assert read("12 High St", "3165").postcode == ""


@pytest.mark.parametrize("text", ["On or near High Street", "Outside 12 High Street, Wick", "Junction of Mill Road"])
def test_beside_a_place_is_no_premises(text):
    assert read(text).is_near
    assert not read(text, "NS1 2AB").is_premises


@pytest.mark.parametrize(
    ("text", "number"),
    [("100023336956", "100023336956"), ("0000123", "123"), ("123.0", "123"), ("0", None), ("1234567890123", None),
     ("12A", None), ("", None)],
)  # fmt: skip
def test_uprn(text, number):
    assert addresses.uprn(text) == number


@given(st.text(max_size=60), st.text(max_size=10))
def test_whatever_is_written_is_read(text, postcode):
    found = read(text, postcode)
    assert found is None or found == read(text, postcode)


@given(st.integers(1, 400), st.integers(1, 40), st.sampled_from(["Flat {f}, {n} High St", "{n} High St, Flat {f}"]))
def test_no_number_is_lost_or_changes_its_place(number, flat, form):
    found = read(form.format(n=number, f=flat) + ", Wick")
    assert (found.number, found.unit, found.town) == (str(number), f"FLAT {flat}", "WICK")
