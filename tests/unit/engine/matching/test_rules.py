"""Hard rules: what no weight can buy."""

import pytest

from muniment.engine.matching.rules import (
    IDENTIFIERS,
    REASONS,
    STANDING,
    PairFacts,
    are_twins,
    forbids,
    reason,
    tell_of_two,
)

PLAIN = PairFacts(
    born_is_known=True,
    postcode_is_crowded=False,
    address_is_crowded=False,
    phone_is_crowded=False,
    email_is_crowded=False,
    shares_rare_name=False,
    names_are_exchanged=False,
    initials_differ=False,
    forename_is_initial=False,
    forenames_are_listed=False,
    forenames_are_two=False,
    house_numbers_differ=False,
)
NAMESAKES = {"forename": "same", "surname": "same", "born": "same"}


def facts(**changed):
    return PairFacts(**{**PLAIN.__dict__, **changed})


def test_name_and_date_of_birth_alone_never_join():
    assert forbids(NAMESAKES, PLAIN) == "support"


@pytest.mark.parametrize("feature", ["sex", "ethnicity", "occupation", "birth_place"])
def test_what_namesakes_share_never_counts(feature):
    assert forbids({**NAMESAKES, feature: "same"}, PLAIN) == "support"


@pytest.mark.parametrize(
    ("feature", "level"),
    [
        *((name, "same") for name in IDENTIFIERS),
        ("phone", "same"),
        ("email", "same"),
        ("postcode", "same"),
        ("address", "most"),
    ],
)
def test_one_telling_fact_is_enough(feature, level):
    assert forbids({**NAMESAKES, feature: level}, PLAIN) is None


def test_a_rare_middle_name_is_a_telling_fact():
    assert forbids(NAMESAKES, facts(shares_rare_name=True)) is None


def test_a_crowded_place_is_not():
    crowded = facts(postcode_is_crowded=True, address_is_crowded=True)
    assert forbids({**NAMESAKES, "postcode": "same", "address": "same"}, crowded) == "support"


@pytest.mark.parametrize("feature", ["phone", "email"])
def test_a_number_or_an_e_mail_address_of_many_is_not(feature):
    crowded = facts(phone_is_crowded=True, email_is_crowded=True)
    assert forbids({**NAMESAKES, feature: "same"}, crowded) == "support"
    assert forbids({**NAMESAKES, feature: "same", "pncid": "same"}, crowded) is None


@pytest.mark.parametrize("level", ["close", "exchanged", "year", "parts", "different", None])
def test_the_date_of_birth_must_be_the_same(level):
    assert forbids({**NAMESAKES, "born": level, "pncid": "same"}, PLAIN) == "born"


def test_first_of_january_needs_an_identifier():
    assert forbids({**NAMESAKES, "postcode": "same"}, facts(born_is_known=False)) == "born"
    assert forbids({**NAMESAKES, "pncid": "same"}, facts(born_is_known=False)) is None


@pytest.mark.parametrize("name", ["forename", "surname"])
def test_both_names_must_agree(name):
    for level in ("similar", "different", None):
        assert forbids({**NAMESAKES, name: level, "cro": "same"}, PLAIN) == "name"


@pytest.mark.parametrize("kind", ["pncid", "cro"])
def test_two_unique_identifiers_are_two_people(kind):
    assert forbids({**NAMESAKES, "postcode": "same", kind: "different"}, PLAIN) == "identifier"


def test_twins():
    pair = {"forename": "different", "surname": "same", "born": "same", "postcode": "same"}
    assert are_twins(pair, PLAIN)
    assert forbids(pair, PLAIN) == "twins"
    assert not are_twins({**pair, "forename": "nickname"}, PLAIN)
    assert not are_twins({**pair, "pncid": "same"}, PLAIN)
    assert not are_twins({**pair, "postcode": "district"}, PLAIN)


@pytest.mark.parametrize(
    ("names", "changed"),
    [
        ({"forename": "close"}, {"forenames_are_listed": True}),  # Jane and Jade
        ({"forename": "nickname"}, {"forenames_are_two": True}),  # Jack and John
        ({"forename": "same", "other_names": "different"}, {}),  # Mohammed Ibrahim and Mohammed Yusuf
    ],
)
def test_twins_whose_forenames_agree(names, changed):
    pair = {**NAMESAKES, **names, "sex": "same", "postcode": "same"}
    told = facts(**changed)
    assert are_twins(pair, told)
    assert forbids({**pair, "postcode": None, "phone": "same"}, told) == "family"
    assert forbids({**pair, "pncid": "same"}, told) is None
    agreeing = {**pair, "other_names": None}
    assert names["forename"] == "same" or not are_twins(agreeing, PLAIN)


def test_an_initial_is_no_forename():
    assert forbids({**NAMESAKES, "postcode": "same"}, facts(forename_is_initial=True)) == "name"


@pytest.mark.parametrize(("level", "reason_found"), [("same", None), ("most", "support")])
def test_another_house_number_is_another_house(level, reason_found):
    assert forbids({**NAMESAKES, "address": level}, facts(house_numbers_differ=True)) == reason_found
    assert forbids({**NAMESAKES, "address": level}, PLAIN) is None


def test_a_couple_or_twins_with_one_short_name_differ_by_sex():
    assert forbids({**NAMESAKES, "sex": "different", "postcode": "same"}, PLAIN) == "family"


def test_every_reason_has_its_words():
    assert {"name", "born", "support", "twins", "identifier"} <= set(REASONS)


@pytest.mark.parametrize("shared", ["postcode", "address", "phone"])
@pytest.mark.parametrize(
    "names",
    [
        {"forename": "elsewhere", "surname": "elsewhere"},  # a surname in the column of forenames is all they share
        {"forename": "elsewhere"},  # a twin's forename as a middle name
        {"forename": "close", "sex": "different"},  # a brother and a sister, named alike
        {"forename": "close"},
        {"forename": "nickname", "sex": "different"},
    ],
)
def test_what_a_family_shares_does_not_tell_its_members_apart(names, shared):
    pair = {**NAMESAKES, **names, shared: "same"}
    assert forbids(pair, PLAIN) == "family"
    assert forbids({**pair, "email": "same"}, facts(shares_rare_name=True)) == "family", "of a mother, and of all"
    assert forbids({**pair, "cro": "same"}, PLAIN) is None


def test_names_in_each_others_columns_and_one_slip_of_the_pen_agree():
    exchanged = {**NAMESAKES, "forename": "elsewhere", "surname": "elsewhere", "postcode": "same"}
    assert forbids(exchanged, facts(names_are_exchanged=True)) is None
    slip = {**NAMESAKES, "forename": "close", "sex": "same", "postcode": "same"}
    assert forbids(slip, PLAIN) is None
    assert forbids(slip, facts(initials_differ=True)) == "family", "twins whose names rhyme"


@pytest.mark.parametrize("name", ["forename", "surname"])
def test_another_name_and_another_birthday_tell_of_two(name):
    pair = {**NAMESAKES, name: "different", "born": "different"}
    assert tell_of_two(pair)
    assert not tell_of_two({**pair, "pncid": "same"})
    assert not tell_of_two({**pair, "born": "parts"})
    assert not tell_of_two({**pair, "born": None})
    assert not tell_of_two({**pair, name: "similar"})


def test_a_reason_says_first_that_two_stand():
    assert reason("support") == REASONS["support"]
    assert reason("") == REASONS["weight"]
    assert reason("support", stand=True) == f"{STANDING} {REASONS['support']}"
