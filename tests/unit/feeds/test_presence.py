"""A column that a feed maps and that no row of a nested file has: refused where it was renamed, told otherwise."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from muniment import feeds
from muniment.feeds.presence import alike

ROW = {
    "REF": "C1", "REPORTED": "31/01/2019", "OUTCOME": "NFA", "PLACE": "Here", "PURPOSE": "4",
    "SUS_ID": "N1", "SUS_SURNAME": "Ashdown", "SUS_DOB": "1990",
}  # fmt: skip


@pytest.fixture
def nested(load, small, tmp_path):
    """Return a function that loads the small feed for JSON and writes rows of it."""

    def made(*rows, kind="full", each=False):
        table = small["tables"]["crimes"]
        table |= {"format": "jsonl", "files": "crimes_*.jsonl", "kind": kind}
        if each:
            table["persons"] = [
                {"label": "s", "each": "PEOPLE", "reference": "ID", "role": {"value": "SUSPECT"}, "surname": "SURNAME"}
            ]
        path = tmp_path / "crimes_2026-11-08.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return load(small), path

    return made


def but(*names, **more):
    """Return a row without some names, and with others."""
    return {name: value for name, value in ROW.items() if name not in names} | more


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (but("SUS_SURNAME", SUS_SURENAME="Ashdown"), ["'SUS_SURNAME' (it has 'SUS_SURENAME')"]),
        (but("SUS_SURNAME", susSurname="Ashdown"), ["'SUS_SURNAME' (it has 'susSurname')"]),
        (but("REPORTED"), ["'REPORTED'"]),
        (but("REF", NUMBER="C1"), ["'REF'"]),
    ],
)
def test_a_column_that_was_renamed_or_is_required_refuses_the_file(nested, row, words):
    feed, path = nested(row, row)
    (problem,) = feeds.check(feed, path)
    for word in [*words, "in every row"]:
        assert word in problem


@pytest.mark.parametrize("more", [{}, {"SUS_SURNAME_2": "Other"}, {"VEHICLE": "Van"}])
def test_a_column_that_no_row_has_is_told(nested, more):
    feed, path = nested(but("SUS_SURNAME", "OUTCOME", **more))
    assert feeds.check(feed, path) == []
    assert set(feeds.read(feed, path).never_seen) == {"SUS_SURNAME", "OUTCOME"}


def test_a_column_that_one_row_has_is_not(nested):
    feed, path = nested(but("SUS_SURNAME"), ROW, but("SUS_ID"))
    assert feeds.read(feed, path).never_seen == ()


def test_a_sparse_delta_is_read(nested):
    feed, path = nested({"REF": "C1", "PLACES": "x"}, {"REF": "C2", "OUTCOME": "NFA"}, kind="delta")
    assert feeds.check(feed, path) == []
    assert "REPORTED" in feeds.read(feed, path).never_seen


def test_a_delta_all_of_whose_rows_have_another_name_is_refused(nested):
    feed, path = nested(but("SUS_SURNAME", SUS_SURENAME="A"), kind="delta")
    assert "SUS_SURENAME" in feeds.check(feed, path)[0]


def test_the_columns_of_a_repeated_part_count_where_it_has_entries(nested):
    feed, path = nested(ROW | {"PEOPLE": [{"ID": "N1", "SURENAME": "Ashdown"}]}, each=True)
    assert "'PEOPLE.SURNAME' (it has 'PEOPLE.SURENAME')" in feeds.check(feed, path)[0]
    feed, path = nested(ROW | {"PEOPLE": []}, each=True)
    assert feeds.check(feed, path) == []
    feed, path = nested(ROW | {"PEOPLE": [{"ID": "N1"}]}, each=True)
    assert feeds.read(feed, path).never_seen == ("PEOPLE.SURNAME",)


def test_a_repeated_part_under_another_name_refuses_the_file(nested):
    feed, path = nested(ROW | {"PEOPLES": [{"ID": "N1", "SURNAME": "Ashdown"}]}, each=True)
    assert "'PEOPLE' (it has 'PEOPLES')" in feeds.check(feed, path)[0]


def test_parquet_tells_of_the_columns_of_a_repeated_part_by_its_schema(nested, load, small, tmp_path):
    nested(each=True)
    small["tables"]["crimes"] |= {"format": "parquet", "files": "crimes_*.parquet"}
    path = tmp_path / "crimes_2026-11-08.parquet"
    pq.write_table(pa.Table.from_pylist([ROW | {"PEOPLE": [{"ID": "N1", "SURENAME": "A"}]}]), path)
    assert "'PEOPLE.SURNAME' (it has 'PEOPLE.SURENAME')" in feeds.check(load(small), path)[0]


def test_xml_is_looked_through_too(load, small, tmp_path):
    small["tables"]["crimes"] |= {"format": "xml", "files": "crimes_*.xml", "rows_at": "export/row"}
    path = tmp_path / "crimes_2026-11-08.xml"
    cells = "".join(f"<{name}>{value}</{name}>" for name, value in but("SUS_SURNAME", SURNAME="A").items())
    path.write_text(f"<export><row>{cells}</row></export>")
    assert "'SUS_SURNAME' (it has 'SURNAME')" in feeds.check(load(small), path)[0]


@pytest.mark.parametrize(
    ("name", "other", "like"),
    [
        ("Person.Surname", "Person.Surename", True),
        ("Person.DOB", "Person.Sex", False),
        ("Officer.Name", "Informant.Name", False),
        ("@status", "status", True),
        ("surname", "person.surname", False),
    ],
)
def test_names_are_alike_step_by_step(name, other, like):
    assert (alike(name, [other]) == other) is like


def test_what_nothing_maps_is_told_where_it_says_something(nested):
    row = but(PEOPLE=[{"ID": "N2", "SURNAME": "Birch", "SHOE": "9", "HAT": ""}], NOTE="seen", EMPTY=None, BLANK="")
    feed, path = nested(row, ROW, each=True)
    known = {"OUTCOME", "PLACE", "PURPOSE", "SUS_ID", "SUS_SURNAME", "SUS_DOB"}
    assert set(feeds.read(feed, path).unmapped) - known == {"NOTE", "PEOPLE.SHOE"}


def test_what_is_kept_as_the_rest_is_taken(load, small, tmp_path):
    table = small["tables"]["crimes"]
    table["record"]["attributes"] = "rest"
    path = tmp_path / "crimes_2026-11-08.csv"
    names = [*ROW, "NOTE"]
    path.write_text(f"{','.join(names)}\n{','.join([*ROW.values(), 'seen'])}\n")
    assert feeds.read(load(small), path).unmapped == ()
    table["record"]["attributes"] = []
    assert feeds.read(load(small), path).unmapped == ("NOTE",)


def test_a_text_that_is_mapped_beside_its_attributes_is_not_told(load, small, tmp_path):
    table = small["tables"]["crimes"]
    table |= {"format": "xml", "rows_at": "crimes/crime", "files": "crimes_*.xml"}
    table["record"]["title"] = "PLACE.#text"
    path = tmp_path / "crimes_2026-11-08.xml"
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in ROW.items())
    path.write_text(f"<crimes><crime>{fields}</crime></crimes>")
    assert "PLACE" not in feeds.read(load(small), path).unmapped
