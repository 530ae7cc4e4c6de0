"""A value that is one in one row and several in another, or has attributes, is read or refused, and never lost."""

import json

import pytest
from small_feed import reasons

from muniment import feeds

BASE = {"REF": "C1", "REPORTED": "31/01/2019", "PURPOSE": "4", "SUS_ID": "N1"}


@pytest.fixture
def read(load, small, tmp_path):
    """Return a function that reads rows of JSON, or one of XML, through the small feed."""

    def done(*rows, xml="", **record):
        table = small["tables"]["crimes"]
        table |= {"format": "jsonl", "files": "crimes_*", "kind": "delta"}
        table |= {"format": "xml", "rows_at": "x/r"} if xml else {}
        table["record"] |= record
        table["persons"][0]["aliases"] = {"from": "AKA", "convert": ["json_list"]}
        path = tmp_path / "crimes_2026-11-08"
        base = "".join(f"<{name}>{text}</{name}>" for name, text in BASE.items())
        path.write_text(f"<x><r>{base}{xml}</r></x>" if xml else "\n".join(json.dumps(BASE | row) for row in rows))
        return feeds.read(load(small), path)

    return done


def locations(batch):
    """Return the locations of the records, and the messages of what was refused."""
    messages = [reason["message"] for line in batch.quarantine.to_pylist() for reason in line["reasons"]]
    return batch.records["location"].to_pylist() + messages


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["Here"], "Here"),
        ([None, "Here"], "Here"),
        ([], None),
        (None, None),
        ({"#text": "Here", "@grid": "TL1"}, "Here"),
        (["Here", "There"], "PLACE holds several values."),
        ({"line": "Here"}, "PLACE holds fields of its own: map one of them, such as PLACE.line."),
        ([{"line": "Here"}], "PLACE holds fields of its own: map one of them, such as PLACE.line."),
    ],
)
def test_where_the_feed_takes_one_value_several_are_refused(read, value, said):
    assert locations(read({"PLACE": value})) == [said]


def test_a_refused_row_keeps_its_reference(read):
    batch = read({"PLACE": ["Here", "There"]})
    assert reasons(batch) == {1: ["several_values"]}
    assert batch.quarantine["reference"].to_pylist() == ["C1"]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Ash", ["Ash"]),
        (["Ash"], ["Ash"]),
        (["Ash", "Oak"], ["Ash", "Oak"]),
        ('["Ash", "Oak"]', ["Ash", "Oak"]),
        (5, ["5"]),
        ({"@type": "nick", "#text": "Ash"}, ["Ash"]),
        ([{"@type": "nick", "#text": "Ash"}, "Oak"], ["Ash", "Oak"]),
        ({"first": "Ash", "last": "Oak"}, ["Ash Oak"]),
        ([], None),
    ],
)
def test_where_the_feed_takes_a_list_one_value_is_a_list_of_one(read, value, names):
    assert read({"AKA": value}).nominals["aliases"].to_pylist() == [names]


@pytest.mark.parametrize(
    ("value", "kept"),
    [("x", "x"), (["x", "y"], '["x", "y"]'), ({"c": "1"}, '{"c": "1"}'), ([{"c": "1"}, {"c": "2"}], None)],
)
def test_what_is_kept_as_it_stands_is_kept_whatever_it_is(read, value, kept):
    (said,) = read({"O": value}, attributes=["O"]).records["attributes"].to_pylist()
    assert json.loads(said)["O"] == (kept or json.dumps(value))


def test_what_is_mapped_below_a_list(read):
    one, two = {"S": [{"P": "Here"}]}, {"S": [{"P": "Here"}, {"P": "There"}]}
    assert locations(read(one, location="S.P")) == ["Here"]
    assert locations(read(two, location="S.P")) == ["S holds several values of P."]
    (said,) = read(two, attributes=["S.P"]).records["attributes"].to_pylist()
    assert json.loads(said) == {"S.P": '["Here", "There"]'}
    assert reasons(read(two, location="S.P", attributes=["S"])) == {}, "the list itself is kept"


def test_people_below_a_list_are_found(read, small):
    people = {"label": "all", "each": "S.P", "reference": "id", "role": {"value": "SUSPECT"}, "surname": "n"}
    small["tables"]["crimes"]["persons"].append(people)
    batch = read({"S": [{"P": [{"id": "A", "n": "Ash"}]}, {"P": {"id": "B", "n": "Birch"}}]})
    assert sorted(batch.nominals["reference"].to_pylist()) == ["A", "B", "N1"]


@pytest.mark.parametrize(
    ("xml", "column", "said"),
    [
        ('<PLACE grid="TL1">Here</PLACE>', "PLACE", "Here"),
        ('<PLACE grid="TL1">Here</PLACE>', "PLACE.#text", "Here"),
        ("<PLACE>Here</PLACE>", "PLACE.#text", "Here"),
        ("<PLACE>Here<br/>and there</PLACE>", "PLACE", "Here and there"),
        ("<PLACE><b>Here</b> and there</PLACE>", "PLACE", "Here and there"),
        ('<PLACE grid="TL1"/>', "PLACE", None),
        ("<PLACE>Here</PLACE><PLACE>There</PLACE>", "PLACE", "PLACE holds several values."),
    ],
)
def test_the_text_of_an_element_is_read_whatever_else_it_has(read, xml, column, said):
    assert locations(read(xml=xml, location=column)) == [said]
