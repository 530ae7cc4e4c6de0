"""Names: spellings of one name meet, and words for "not known" are no names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.engine.values import names

JUNK = frozenset({"NOT ENTERED", "MIG_ERROR_", "UNKNOWN"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zoë O'Testname-Example", ("ZOE", "OTESTNAME", "EXAMPLE")),
        ("mc Testname", ("MCTESTNAME",)),
        ("O Testname", ("OTESTNAME",)),
        ("Łukasz Straße", ("LUKASZ", "STRASSE")),
        ("Testname, John A.", ("TESTNAME", "JOHN", "A")),
        ("Not  entered", ()),
        ("MIG_ERROR_TESTNAME", ("TESTNAME",)),
        ("UNKNOWNE", ("UNKNOWNE",)),
        ("", ()),
        (None, ()),
    ],
)
def test_tokens(text, words):
    assert names.tokens(text, junk=JUNK) == words


def test_noise_words_are_left_out():
    assert names.tokens("Mr John of Testname", noise={"MR", "OF"}) == ("JOHN", "TESTNAME")


@given(st.text(max_size=30))
def test_folding_what_is_folded_changes_nothing(text):
    assert names.fold(names.fold(text)) == names.fold(text)


def test_sounds():
    assert names.sound("STEPHEN") == names.sound("STEVEN") == "STFN"
    assert names.sound("X") is None
    assert names.sound("محمد") is None


def test_address_words_keep_house_numbers():
    assert names.address_words("12a Example Road") == ("12A", "EXAMPLE", "ROAD")
