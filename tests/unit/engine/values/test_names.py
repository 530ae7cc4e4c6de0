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


@pytest.mark.parametrize(
    ("text", "surname", "given"),
    [
        ("O'NEILL-TESTNAME, Seán Patrick", "ONEILL-TESTNAME", "SEAN PATRICK"),
        ("TESTNAME, Mary Ann", "TESTNAME", "MARY ANN"),
        ("Van der Testname, Jan", "VAN DER TESTNAME", "JAN"),
        ("TESTNAME, John, Jr", "TESTNAME", "JOHN"),
        ("TESTNAME, Jr, John", "TESTNAME", "JOHN"),
        ("TESTNAME (nee EXAMPLE), Mary", "TESTNAME", "MARY"),
        ("TESTNAME née EXAMPLE, Mary", "TESTNAME", "MARY"),
        ("TESTNAME, Mary (formerly Example, Marie)", "TESTNAME", "MARY"),
        ("TESTNAME, Mary, Ann", "TESTNAME", "MARY ANN"),
        (", John", "", "JOHN"),
        ("TESTNAME,", "TESTNAME", ""),
        ("NEE, Ann", "NEE", "ANN"),
    ],
)
def test_what_stands_before_a_comma_is_the_surname(text, surname, given):
    arranged = names.arrange(text)
    assert (arranged.surname, arranged.given) == (surname, given)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("John Testname", "JOHN TESTNAME"),
        ("John Testname, Jr.", "JOHN TESTNAME"),
        ("John Testname, III, MBE", "JOHN TESTNAME"),
        ("Mary Testname (née Example)", "MARY TESTNAME"),
        ("John (Jack) Testname aka Johnny", "JOHN TESTNAME"),
        ("Ann Nee", "ANN NEE"),
        ("(Jack)", "(JACK)"),
        ("", ""),
    ],
)
def test_without_such_a_comma_a_name_is_as_it_is_spoken(text, name):
    assert names.arrange(text) == names.Arranged(name)


@given(st.text(max_size=30))
def test_folding_what_is_folded_changes_nothing(text):
    assert names.fold(names.fold(text)) == names.fold(text)


def test_sounds():
    assert names.sound("STEPHEN") == names.sound("STEVEN") == "STFN"
    assert names.sound("X") is None
    assert names.sound("محمد") is None


def test_address_words_keep_house_numbers():
    assert names.address_words("12a Example Road") == ("12A", "EXAMPLE", "ROAD")
