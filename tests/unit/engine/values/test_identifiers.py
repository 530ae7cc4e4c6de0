"""Identifiers: published test vectors, and what must not pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.values import identifiers


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("1979/0163001B", "1979/0163001B"),
        ("67/9893091d", "1967/9893091D"),
        ("1981/34U", "1981/0000034U"),
        ("2000 0000223R", "2000/0000223R"),
        ("02/73319Z", "2002/0073319Z"),
        ("2003/0062845E", "2003/0062845E"),
        ("2001/0171310S", None),
        ("2012/0052494O", None),
        ("PNC unknown", None),
    ],
)
def test_pncid(text, stored):
    assert identifiers.pncid(text, this_year=2026) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("65656/91H", "065656/91H"),
        ("SF05/482703J", "SF05/482703J"),
        ("SF83/50058Z", "SF83/50058Z"),
        ("265416/21G", "265416/21G"),
        ("85227/65G", None),
        ("000000/00Z", None),
    ],
)
def test_cro(text, stored):
    assert identifiers.cro(text) == stored


@given(st.integers(0, 99), st.integers(1, 9_999_999), st.sampled_from("ZABCDEFGHJKLMNPQRTUVWXY"))
def test_one_check_letter_in_twenty_three_passes(year, serial, letter):
    right = identifiers.check_letter(int(f"{year:02d}{serial:07d}"))
    read = identifiers.pncid(f"20{year:02d}/{serial}{letter}", this_year=2026)
    assert (read is not None) == (letter == right)


@pytest.mark.parametrize("text", ["1101ZD0100000448754K", "1401ZD0100000449846U", "9700000000000123456K"])
def test_asn(text):
    assert identifiers.asn(text) == text
    assert identifiers.asn(text[:-1] + "O") is None


@pytest.mark.parametrize(
    ("text", "stored"),
    [("aa 00 00 00 a", "AA000000"), ("AA000000", "AA000000"), ("BG123456A", None), ("QQ123456C", None)],
)
def test_ni_number(text, stored):
    assert identifiers.ni_number(text) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("XXXXX 711015 X99XX", "XXXXX711015X99XX"),
        ("XX999 761015 X99XX", "XX999761015X99XX"),
        ("XXXXX 719915 X99XX", None),
        ("XXXXX 711000 X99XX", None),
        ("9XXXX 711015 X99XX", None),
    ],
)
def test_driver_number(text, stored):
    assert identifiers.driver_number(text) == stored
