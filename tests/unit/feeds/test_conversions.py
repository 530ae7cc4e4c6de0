"""Conversions of single values, and lengths of sentences above all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_feed import GOOD, reasons

from muniment import feeds
from muniment.engine.values import dates
from muniment.feeds.faults import BadFeed, BadValue
from muniment.feeds.feed import Field
from muniment.feeds.rows import conversions


def run(text, *steps, latest_year=None, **field):
    """Convert one text by steps."""
    convert = conversions.conversion(Field(convert=steps, **field), {"sexes": {"1": "M"}}, latest_year=latest_year)
    assert convert is not None
    return convert(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2y 6m", 30), ("18 months", 18), ("30", 30), ("1 year and 3 months", 15), ("12 weeks", 3), ("10 days", 1)],
)
def test_months(text, expected):
    assert conversions.months(text) == expected


@pytest.mark.parametrize("text", ["life", "2 lots", "", "6m or so"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(BadValue):
        conversions.months(text)


@pytest.mark.parametrize("text", ["²", "07700900123", "2000000 years", "9" * 5000, "9" * 400 + " years"])
def test_a_number_in_the_place_of_a_sentence_refuses_its_row_alone(load, small, write, text):
    small["tables"]["crimes"]["persons"][0]["involvement"] = {"sentence_months": "PLACE"}
    del small["tables"]["crimes"]["record"]["location"]
    place = '"12 High Street, Norbridge"'
    batch = feeds.read(load(small), write(GOOD.replace(place, text), GOOD.replace("C1", "C2").replace(place, "2y")))
    assert reasons(batch) == {1: ["bad_value"]}
    assert batch.involvements["sentence_months"].to_pylist() == [24]


def test_a_list_within_lists_without_end_is_none():
    with pytest.raises(BadValue, match="no JSON list"):
        run("[" * 5000, "json_list")


@given(years=st.integers(0, 99), months=st.integers(0, 11))
def test_years_and_months_add_up(years, months):
    assert conversions.months(f"{years}y {months}m") == 12 * years + months


@pytest.mark.parametrize(
    ("text", "steps", "expected"),
    [
        ("  a b ", ("squeeze", "upper"), "A B"),
        ("SMITH, John", ({"split": {"at": ",", "take": "2"}},), "John"),
        ("SMITH, John", ({"split": {"at": ",", "take": "-1"}},), "John"),
        ("SMITH", ({"split": {"at": ",", "take": "2"}},), None),
        ("a; b;;c", ({"split": ";"}, "upper"), ["A", "B", "C"]),
        ("tel 01632 960001", ("digits",), "01632960001"),
        ("ref no 42/7", ({"pattern": "([0-9]+)/"},), "42"),
        ("colour", ({"replace": {"ou": "o"}},), "color"),
        ("7", ({"prefix": "F-"},), "F-7"),
        ("1", ({"codes": "sexes"},), "M"),
        ("Y", ("boolean",), True),
        ("nein", ({"boolean": {"true": ["ja"], "false": ["nein"]}},), False),
        ("02/03/2019", ({"date": {"month_first": "true"}},), dates.parse("2019-02-03")),
        ("20190302 0915", ({"date": {"formats": ["%Y%m%d %H%M"]}},), dates.parse("2019-03-02")),
        ("30.06.2024 23:30 +0000", ({"date": {"formats": ["%d.%m.%Y %H:%M %z"]}},), dates.parse("2024-07-01")),
        ("20-Mar-2019 09:30", ("date",), dates.parse("2019-03-20")),
        ("00/05/1990", ("date",), dates.parse("1990-05")),
        ("1 JANUARY 1998", ("date",), dates.parse("1998-01-01")),
        ("March 1990", ("date",), dates.parse("1990-03")),
        ('["Ann", null, "Bea"]', ("json_list", {"join": " "}), "Ann Bea"),
        ('[{"surname": "Ash", "forename": "Ann"}]', ("json_list",), ["Ash Ann"]),
        ("43496", ("excel_date",), dates.parse("2019-01-31")),
    ],
)
def test_steps(text, steps, expected):
    assert run(text, *steps) == expected


def test_an_unknown_code_can_be_refused_kept_or_left_blank():
    table = {"Y": "sealed"}
    with pytest.raises(BadValue, match="not among the codes"):
        run("N", map=table)
    assert run("N", map=table, unknown="keep") == "N"
    assert run("N", map=table, unknown="blank") is None
    assert run(" y ", map=table) == "sealed"


def test_a_pattern_that_does_not_match_can_be_refused_kept_or_left_blank():
    number = {"pattern": "^([0-9]+)/"}
    with pytest.raises(BadValue, match="'none' does not match the pattern"):
        run("none", number)
    assert run("none", number, invalid="keep") == "none"
    assert run("none", number, invalid="blank") is None
    assert run("42/7; none", {"split": ";"}, number, invalid="blank") == ["42"]


def test_a_value_that_cannot_be_converted_can_be_kept_or_left_blank():
    assert run("about 1990", "date", invalid="keep") == "about 1990"
    assert run("about 1990", "date", invalid="blank") is None


def test_a_code_list_that_the_feed_lacks_is_a_fault_of_the_feed():
    with pytest.raises(BadFeed, match="colours"):
        run("1", {"codes": "colours"})


@pytest.mark.parametrize(
    ("text", "latest", "expected"),
    [("1-Jan-45", 2026, "1945-01-01"), ("01/02/26", 2026, "2026-02-01"), ("01/02/27", 2026, "1927-02-01"),
     ("1.2.30 10:15", 2076, "2030-02-01"), ("30/06/24 23:30 UTC", 2026, "2024-07-01"),
     ("1/3/98 to 5/6/01 09:30", 2026, "1998-03-01/2001-06-05"), ("1.2.24 10:15 - 11:15", 2026, "2024-02-01")],
)  # fmt: skip
def test_a_year_of_two_digits_is_the_last_one_up_to_the_export(text, latest, expected):
    assert run(text, "date", latest_year=latest) == dates.parse(expected)
    assert run("14/03/68", {"date": {"formats": ["%d/%m/%y"]}}, latest_year=2026) == dates.parse("1968-03-14")


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [("Mar-19", "%b-%y", "2019-03"), ("03.1968", "%m.%Y", "1968-03"), ("FY2018", "FY%Y", "2018"),
     ("2019/060", "%Y/%j", "2019-03-01"), ("2019 W10 5", "%G W%V %u", "2019-03-08")],
)  # fmt: skip
def test_a_form_that_tells_no_day_gives_the_month_or_year(text, form, expected):
    assert run(text, {"date": {"formats": [form]}}, latest_year=2026) == dates.parse(expected)


@pytest.mark.parametrize("text", ["01/03/2019 or 2020", "1-Jan-45 or 46", "1.2.19 10:15 or 2020", "about 1990"])
def test_what_follows_a_day_and_is_no_time_makes_it_no_date(text):
    with pytest.raises(BadValue, match="is not a date") as refused:
        run(text, "date", latest_year=2026)
    assert refused.value.code == "bad_date"


def test_a_moment_beyond_all_calendars_is_no_date():
    with pytest.raises(BadValue, match="is not a date"):
        conversions.partial_date("9999-12-31 23:30 -05:00")
