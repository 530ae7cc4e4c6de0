"""Dates of birth: exact, partial, impossible and default."""

import pytest

from muniment.engine.values import births


@pytest.mark.parametrize(
    ("text", "digits", "vague", "is_date"),
    [
        ("1990-05-17", "19900517", False, True),
        ("17/05/1990", "19900517", False, True),
        ("19900517", "19900517", False, True),
        ("1990", "19900000", True, True),
        ("05/1990", "19900500", True, True),
        ("1990-01-01", "19900101", True, True),
        ("1990-05-03 to 1990-05-09", "19900500", True, True),
        ("1990-05-03/1990-06-09", "19900000", True, True),
        ("1856-86-18", "18568618", False, False),
        ("1856-86-18 00:00:00", "18568618", False, False),
        ("32/13/1990", "19901332", False, False),
    ],
)
def test_read(text, digits, vague, is_date):
    birth = births.read(text)
    assert (birth.digits, birth.is_vague, birth.interval is not None) == (digits, vague, is_date)


@pytest.mark.parametrize("text", ["", "not known", "spring", "1990-05-17 or 1991", "1990-05-17 to 1991-02-03"])
def test_what_is_no_date(text):
    assert births.read(text) is None
