"""What a refused row names and where it waits, as far as it could be read."""

import json

import pytest
from small_feed import GOOD, HEADER, tree

from muniment import feeds

BAD = GOOD.replace("NFA", "BANANA")


@pytest.fixture
def told(tmp_path):
    """Return the lines of quarantine of a file, whose feed may be changed."""

    def read(*rows, change=lambda table: None, name="crimes", suffix="csv", header=HEADER):
        feed = tree()
        table = feed["tables"]["crimes"] | {"files": f"{name}_*.{suffix}", "format": suffix}
        change(table)
        feed["tables"] = {name: table}
        (tmp_path / "feed.json").write_text(json.dumps(feed))
        file = tmp_path / f"{name}_2026-01-31.{suffix}"
        file.write_text("\n".join([header, *rows] if header else rows) + "\n")
        return feeds.read(feeds.load(tmp_path / "feed.json"), file).quarantine.to_pylist()

    return read


def names(line):
    return [f"{each['kind']} {each['name']}" for each in line["names"]]


def test_its_record_and_every_person_on_it(told):
    def second(table):
        table["persons"].append({"label": "victim", "reference": "PLACE", "role": {"value": "VICTIM"}})

    (line,) = told(BAD.replace('"12 High Street, Norbridge"', "V9"), change=second)
    assert names(line) == ["nominal N1", "nominal V9", "record C1"]
    assert (line["partition"], line["area"], line["restriction"]) == ("policing", "CRIME", "")


def test_what_could_be_read_of_a_row_without_a_reference(told):
    (line,) = told(BAD.replace("C1,", ","))
    assert (line["reference"], names(line)) == (None, ["nominal N1"])


def test_both_ends_of_a_link_and_of_a_merge(told):
    def links(table):
        del table["record"], table["dates"]
        person = {"label": "party", "reference": "SUS_ID", "record": "REF", "role": {"from": "OUTCOME"}}
        table |= {"persons": [person], "event": {"kind": {"from": "PURPOSE", "map": {"4": "data", "M": "merge"}}}}
        table["event"] |= {"entity": "REF", "reference": "SUS_ID", "into": "PLACE"}

    lines = told(BAD, "nominal,BANANA,,N2,M,,,", "no such,,,N2,M,N1,,", change=links)
    assert [names(line) for line in lines] == [
        ["nominal N1", "record C1"],
        ["nominal N2"],
        ["nominal N1", "nominal N2", "record N1", "record N2"],  # of what could not be read
    ]


def test_of_a_row_above_the_tier_its_own_reference_alone(told):
    (line,) = told(
        GOOD.replace("NFA", "SECRET"),
        change=lambda table: table["record"].update(marking="OUTCOME", outcome={"value": "NFA"}),
    )
    assert [reason["code"] for reason in line["reasons"]] == ["above_tier"]
    assert names(line) == ["record C1"]


def test_a_row_that_could_not_be_taken_apart_names_nobody(told):
    def restricted(table):
        table["record"]["restriction"] = {"from": "PLACE"}
        table["persons"][0]["partition"] = {"from": "SUS_SURNAME", "map": {"Y": "sealed"}, "unknown": "blank"}

    assert [line["names"] for line in told("C1,31/01/2019")] == [[]]
    (line,) = told("C1,31/01/2019", change=restricted)
    assert (line["names"], line["partition"], line["restriction"]) == ([], "sealed", "UNREAD")


def test_a_restriction_that_every_row_has_needs_no_reading(told):
    (line,) = told("C1,31/01/2019", change=lambda table: table["record"].update(restriction={"value": "COVERT"}))
    assert line["restriction"] == "COVERT"


@pytest.mark.parametrize(("several", "expected"), [(["COVERT", "PSD"], "UNREAD"), ("COVERT", "COVERT")])
def test_several_restrictions_where_one_is_taken_are_none_that_could_be_read(told, several, expected):
    row = {"REF": "C1", "REPORTED": "31/01/2019", "OUTCOME": "BANANA", "PURPOSE": "4", "PLACE": several}
    (line,) = told(
        json.dumps(row),
        change=lambda table: table.update(format="jsonl", record=table["record"] | {"restriction": "PLACE"}),
        suffix="jsonl",
        header="",
    )
    assert line["restriction"] == expected
