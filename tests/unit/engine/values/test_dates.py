"""Dates as sources write them: one day, a month, a year, or a span; and never less than what is written."""

from datetime import date

import pytest

from muniment.engine.values import dates


@pytest.mark.parametrize(
    "behind",
    [
        "", " 09:30", " 9:30", " 09:30:00", " 09:30:00.000", " 09:30:00,123456", " 09:30:00:000AM", " 9:30 PM",
        " 9:30 p.m.", " 12.30.00.000000 AM", " 0930", " 093000", " 0930hrs", " at 09:30 hours", "  09:30", " 09:30 GMT",
        " 09:30-10:15", " 09:30 - 10:15", " 09:30 to 10:15", " 0930 - 1015", " 24:00",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "day", ["2019-02-01", "2019/02/01", "20190201", "01/02/2019", "1.2.2019", "01-Feb-2019", "1 February 2019"]
)
def test_behind_a_day_a_time_may_stand(day, behind):
    assert dates.parse(day + behind) == dates.exactly(date(2019, 2, 1))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019-02-01T09:30", "2019-02-01"),
        ("2019-02-01T093000", "2019-02-01"),
        ("2019-02-01T09:30:00.0000000Z", "2019-02-01"),
        ("2019-02-01Z", "2019-02-01"),
        ("2019-02-01+00:00", "2019-02-01"),
        ("2024-06-30T23:30Z[UTC]", "2024-07-01"),
        ("2024-07-01T00:30+01:00[Europe/London]", "2024-07-01"),
        ("2019-02 00:00:00", "2019-02"),
        ("00/02/2019 00:00", "2019-02"),
        ("2019 00:00", "2019"),
    ],
)
def test_times_of_other_forms(text, day):
    assert str(dates.parse(text)) == day


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("01/03/2019 to 05/06/2021", "2019-03-01/2021-06-05"),
        ("2019-03-01 - 2021-05-02", "2019-03-01/2021-05-02"),
        ("2019-03-01 – 2021-05-02", "2019-03-01/2021-05-02"),
        ("1 Mar 2019 TO 5 Mar 2019", "2019-03-01/2019-03-05"),
        ("01/03/2019 22:00 - 02/03/2019 01:15", "2019-03-01/2019-03-02"),
        ("2019-03-01 22:00:00 to 2019-03-02T01:15:00Z", "2019-03-01/2019-03-02"),
        ("2024-06-01 to 2024-06-30T23:30Z", "2024-06-01/2024-07-01"),
        ("01/03/2019 - 2020", "2019-03-01/2020-12-31"),
        ("1 March 2019 - 2020", "2019-03-01/2020-12-31"),
        ("2019 to 2020", "2019-01-01/2020-12-31"),
        ("March 2019 - 04/2019", "2019-03-01/2019-04-30"),
        ("01/03/2019 to 01/03/2019", "2019-03-01"),
        ("2019-03-01/2021-05-02", "2019-03-01/2021-05-02"),
    ],
)
def test_two_dates_are_the_ends_of_a_span(text, span):
    read = dates.parse(text)
    assert str(read) == span
    assert dates.parse(str(read)) == read


def test_the_ends_of_a_span_are_read_month_first_where_dates_are():
    assert str(dates.parse("03/13/2019 to 04/01/2019", month_first=True)) == "2019-03-13/2019-04-01"


@pytest.mark.parametrize(
    "text",
    [
        "01/03/2019 or 2020", "01/03/2019 or 02/03/2019", "01/03/2019 1999", "01/03/2019 (about)", "2019-03-01 approx",
        "2019-03-01T", "01/03/2019 to", "01/03/2019 -", "to 01/03/2019", "01/03/2019 to date", "5 - 9 March 2019",
        "05/06/2021 to 01/03/2019", "2021 - 2019", "2019-03-01 - 2019-04-01 - 2019-05-01", "March 2019 2020",
        "2019 2020", "01/03/2019-05/06/2021", "2019-03-01 & 2019-03-05", "2019-03-01, 2020-03-01",
    ],
)  # fmt: skip
def test_anything_else_is_no_date(text):
    with pytest.raises(ValueError, match="is not a date"):
        dates.parse(text)
