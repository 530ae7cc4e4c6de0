"""Postcodes, telephone numbers, e-mail addresses and registration marks."""

import pytest

from muniment.engine.values import contacts, postcodes, registrations


@pytest.mark.parametrize(
    ("text", "unit", "sector", "district", "area"),
    [
        ("pe1  1aa", "PE11AA", "PE1 1", "PE1", "PE"),
        ("SW1A 2AA", "SW1A2AA", "SW1A 2", "SW1A", "SW"),
        ("PE1 IAA", "PE11AA", "PE1 1", "PE1", "PE"),
        ("BS2 OEL", "BS20EL", "BS2 0", "BS2", "BS"),
        ("3165", "3165", None, None, None),
    ],
)
def test_postcode(text, unit, sector, district, area):
    postcode = postcodes.parse(text)
    assert (postcode.unit, postcode.sector, postcode.district, postcode.area) == (unit, sector, district, area)


def test_postcode_as_written():
    assert str(postcodes.parse("sw1a2aa")) == "SW1A 2AA"
    assert str(postcodes.parse("3165")) == "3165"
    assert postcodes.parse(" - ") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("07700 900123", "07700900123"),
        ("+44 (0)7700 900123", "07700900123"),
        ("0044 7700 900123", "07700900123"),
        ("447700900123", "07700900123"),
        ("7700900123", "07700900123"),
        ("+33 1 99 00 12 34", "0033199001234"),
        ("00000000000", None),
        ("11111111", None),
        ("999", None),
        ("none", None),
    ],
)
def test_phone(text, number):
    assert contacts.phone(text) == number


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Some.One+x@Example.ORG ", "some.one+x@example.org"),
        ("<mailto>", None),
        ("someone at example.org", None),
    ],
)
def test_email(text, address):
    assert contacts.email(text) == address


def test_mailbox():
    assert contacts.mailbox("some.one+x@example.org") == "some.one"


@pytest.mark.parametrize(
    ("text", "mark"), [("ab12 cde", "AB12CDE"), ("A1 BCD", "A1BCD"), ("ABC 1", "ABC1"), ("AB12CD", None)]
)
def test_mark(text, mark):
    assert registrations.mark(text) == mark


def test_vin():
    assert registrations.vin("1m8gdm9axkp042788") == "1M8GDM9AXKP042788"
    assert registrations.vin("1M8GDM9AXKP04278O") is None
