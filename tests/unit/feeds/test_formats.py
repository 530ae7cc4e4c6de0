"""The same people and records out of JSON lines, XML, Parquet and workbooks."""

import json
from datetime import date
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_feed import HEADER, reasons, tree

from muniment import feeds

NESTED = {
    "id": "C1",
    "reported": "2019-01-31T09:30:00",
    "purposes": ["PP4", "PP1"],
    "parties": [
        {"no": "N1", "name": {"family": "Ashdown"}, "as": "SUSPECT", "also": ["Ash", "Down"]},
        {"no": "N2", "name": {"family": "Beech"}, "as": "VICTIM"},
    ],
}


def nested(form, **table):
    """Return a feed of nested rows."""
    content = tree()
    crimes = content["tables"]["crimes"]
    crimes |= {"format": form, "files": "crimes_*", **table}
    crimes["record"] = {"reference": "id", "purposes": {"from": "purposes", "convert": ["json_list"]}}
    crimes["dates"] = {"reported_date": "reported"}
    crimes["persons"] = [
        {
            "each": "parties",
            "reference": "no",
            "role": "as",
            "surname": "name.family",
            "aliases": "also",
            "involvement": {"dated": "../reported"},
        }
    ]
    return content


def check_nested(batch):
    """Check what the nested row says."""
    assert batch.records["purposes"].to_pylist() == [["PP4", "PP1"]]
    assert batch.nominals["surname"].to_pylist() == ["Ashdown", "Beech"]
    assert batch.nominals["aliases"].to_pylist()[0] == ["Ash", "Down"]
    assert batch.involvements["role"].to_pylist() == ["SUSPECT", "VICTIM"]
    assert set(batch.involvements["record"].to_pylist()) == {"C1"}
    assert set(batch.involvements["dated"].to_pylist()) == {date(2019, 1, 31)}


def test_json_lines(load, tmp_path):
    path = tmp_path / "crimes_2026-11-08.jsonl"
    path.write_text(json.dumps(NESTED) + "\n")
    check_nested(feeds.read(load(nested("jsonl")), path))


def test_a_line_that_is_no_object_costs_itself_alone(load, tmp_path):
    path = tmp_path / "crimes_2026-11-08.jsonl"
    lines = [json.dumps(NESTED), "{not json", "[1]", json.dumps(NESTED | {"id": "C\ud800"}), '{"id": "C\udc81"}']
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    batch = feeds.read(load(nested("jsonl")), path)
    assert reasons(batch) == {2: ["unreadable"], 3: ["unreadable"], 4: ["undecodable"], 5: ["undecodable"]}
    assert batch.quarantine["original"].to_pylist()[0] == "{not json"


def test_a_fault_in_one_person_quarantines_the_whole_row(load, tmp_path):
    path = tmp_path / "crimes_2026-11-08.jsonl"
    wrong = NESTED | {"id": "C2", "parties": [NESTED["parties"][0], {"no": "N9", "as": "BYSTANDER"}]}
    path.write_text(json.dumps(NESTED) + "\n" + json.dumps(wrong) + "\n")
    batch = feeds.read(load(nested("jsonl")), path)
    assert reasons(batch) == {2: ["unknown_code"]}
    check_nested(batch)


def test_xml_with_attributes_namespaces_and_repeated_elements(load, tmp_path):
    content = nested("xml", rows_at="export/crime")
    crimes = content["tables"]["crimes"]
    crimes["record"] = {"reference": "@id", "purposes": {"from": "purpose", "convert": ["json_list"]}}
    crimes["persons"][0] |= {"each": "people.party", "reference": "@no", "role": "@as", "surname": "family"}
    path = tmp_path / "crimes_2026-11-08.xml"
    path.write_text(
        '<export xmlns="urn:test"><crime id="C1"><reported>2019-01-31</reported><purpose>PP4</purpose>'
        '<purpose>PP1</purpose><people><party no="N1" as="SUSPECT"><family>Ashdown</family><also>Ash</also>'
        '<also>Down</also></party><party no="N2" as="VICTIM"><family>Beech</family></party></people></crime></export>'
    )
    check_nested(feeds.read(load(content), path))


def test_parquet_with_lists(load, tmp_path):
    path = tmp_path / "crimes_2026-11-08.parquet"
    parties = [
        {"no": party["no"], "family": party["name"]["family"], "as": party["as"], "also": party.get("also")}
        for party in NESTED["parties"]
    ]
    row = NESTED | {"reported": date(2019, 1, 31), "parties": parties}
    pq.write_table(pa.Table.from_pylist([row]), path)
    content = nested("parquet")
    content["tables"]["crimes"]["persons"][0]["surname"] = "family"
    check_nested(feeds.read(load(content), path))


NUMBERS = [
    (pa.float64(), 20240012345.0, "20240012345"),
    (pa.float64(), 1e15, "1000000000000000"),
    (pa.float64(), -7.0, "-7"),
    (pa.float64(), -0.0, "0"),
    (pa.float64(), 12345678901.5, "12345678901.5"),
    (pa.float64(), 0.1, "0.1"),
    (pa.float64(), 2.0**53, "9007199254740992.0"),
    (pa.float64(), 1e22, "1e+22"),
    (pa.float64(), float("inf"), "inf"),
    (pa.float64(), float("nan"), None),
    (pa.float64(), None, None),
    (pa.float32(), 1.1, "1.1"),
    (pa.float32(), 16777216.0, "16777216"),
    (pa.float16(), 12.0, "12"),
    (pa.dictionary(pa.int32(), pa.float64()), 20240012345.0, "20240012345"),
    (pa.int64(), 2**60, "1152921504606846976"),
    (pa.decimal128(38, 10), Decimal("20240012345"), "20240012345"),
    (pa.decimal128(38, 10), Decimal(0), "0"),
    (pa.decimal128(38, 10), Decimal("0.00000001"), "0.0000000100"),
    (pa.decimal128(10, 2), Decimal("51.50"), "51.50"),
    (pa.decimal128(10, 2), None, None),
    (pa.list_(pa.float64()), [20240012345.0, None, float("nan"), 0.5], "[20240012345, null, null, 0.5]"),
    (pa.struct([("a", pa.decimal128(38, 10))]), {"a": Decimal(5)}, '{"a": "5"}'),
]


@pytest.mark.parametrize(("kind", "value", "text"), NUMBERS)
def test_a_number_of_parquet_is_read_as_that_number(load, small, tmp_path, kind, value, text):
    small["tables"]["crimes"] |= {"format": "parquet", "files": "crimes_*", "kind": "delta"}
    path = tmp_path / "crimes_2026-11-08.parquet"
    columns = {name: pa.array([None, None, None], pa.string()) for name in HEADER.split(",")}
    columns |= {"REF": pa.array(["C1", "C2", "C3"]), "REPORTED": pa.array(["2019-01-31"] * 3)}
    columns["PURPOSE"] = pa.array(["4"] * 3)
    columns["PLACE"] = pa.array([value, None, value], kind)
    pq.write_table(pa.table(columns), path)
    assert feeds.read(load(small), path).records["location"].to_pylist() == [text, None, text]


def test_a_refused_row_of_parquet_is_kept_as_json(load, small, tmp_path):
    small["tables"]["crimes"] |= {"format": "parquet", "files": "crimes_*", "kind": "delta"}
    path = tmp_path / "crimes_2026-11-08.parquet"
    row = dict.fromkeys(HEADER.split(",")) | {"REF": 20240012345.0, "REPORTED": "soon", "PLACE": float("nan")}
    pq.write_table(pa.Table.from_pylist([row]), path)
    (line,) = feeds.read(load(small), path).quarantine.to_pylist()
    assert line["reference"] == "20240012345"
    kept = json.loads(line["original"], parse_constant=pytest.fail)
    assert (kept["REF"], kept["PLACE"]) == (20240012345, None)


def test_a_workbook_with_a_title_line_dates_numbers_and_formulas(load, tmp_path):
    content = tree()
    content["tables"]["crimes"] |= {
        "format": "xlsx",
        "files": "crimes_*.xlsx",
        "sheet": "Crimes",
        "dialect": {"header_row": "2"},
    }
    path = tmp_path / "crimes_2026-11-08.xlsx"
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Crimes")
    sheet.append(["OFFICIAL-SENSITIVE when complete"])
    sheet.append(["REF", "REPORTED", "OUTCOME", "PLACE", "PURPOSE", "SUS_ID", "SUS_SURNAME", "SUS_DOB"])
    sheet.append(["C1", date(2019, 1, 31), "NFA", "=cmd|' /C calc'!A0", 4, 7.0, "Ashdown", "1990"])
    sheet["D3"].data_type = "s"  # typed as text
    sheet.append([None] * 8)
    sheet.append(["C2", "31/01/2019", "NFA", "Here", "4", None, None, None, "beyond the header"])
    book.save(path)
    batch = feeds.read(load(content), path)
    assert batch.records["location"].to_pylist() == ["=cmd|' /C calc'!A0"]
    assert batch.record_dates["latest"].to_pylist() == [date(2019, 1, 31)]
    assert batch.nominals["reference"].to_pylist() == ["7"]
    assert reasons(batch) == {2: ["wrong_fields"]}


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig", "latin-1"])
def test_encodings(load, small, write, encoding):
    small["tables"]["crimes"]["dialect"] = {"encoding": encoding}
    line = "C1,31/01/2019,NFA,Café,4,N1,Núñez,1990"
    batch = feeds.read(load(small), write(line, encoding=encoding))
    assert batch.nominals["surname"].to_pylist() == ["Núñez"]


def test_a_column_that_holds_the_delimiter_without_quotes(load, small, write):
    small["tables"]["crimes"]["dialect"] = {"unquoted": "PLACE"}
    batch = feeds.read(load(small), write("C1,31/01/2019,NFA,12 High Street, Norbridge, North,4,N1,Ashdown,1990"))
    assert batch.records["location"].to_pylist() == ["12 High Street, Norbridge, North"]


def test_one_attribute_that_is_often_empty_keeps_its_lines(load, tmp_path):
    content = nested("jsonl")
    content["tables"]["crimes"]["record"]["attributes"] = ["beat"]
    rows = [{"id": "C1", "purposes": ["PP4"]}, {"id": "C2", "purposes": ["PP4"], "beat": "N1"}]
    path = tmp_path / "crimes_2026-11-08.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    assert feeds.read(load(content), path).records["attributes"].to_pylist() == [None, '{"beat": "N1"}']


def test_an_array_of_objects_reads_as_its_objects_one_a_line_do(load, tmp_path):
    rows = [NESTED | {"id": f"C{number}", "note": "[x], {y}" * 9000} for number in range(40)]
    lines, array = tmp_path / "crimes_2026-11-08.jsonl", tmp_path / "crimes_2026-11-08.json"
    lines.write_text("\n".join(map(json.dumps, rows)))
    array.write_text(json.dumps(rows, indent=2))
    feed = load(nested("jsonl"))
    one, other = feeds.read(feed, lines), feeds.read(feed, array)
    assert one.rows_read == other.rows_read == 40
    assert one.records.equals(other.records)
    assert one.nominals.equals(other.nominals)


@pytest.mark.parametrize("between", ["\n", "", "\r\n\r\n  "])
@pytest.mark.parametrize(
    ("rows_at", "around"),
    [
        ("", "{}"),
        ("rows", '{{"page": 1, "rows": {}, "more": [1, "]"], "next": {{"rows": [1]}}}}'),
        ("data.rows", '{{"data": {{"rows": {}}}, "rows": null}}'),
    ],
)
def test_rows_of_json_that_come_page_by_page_are_all_read(load, tmp_path, rows_at, around, between):
    rows = [NESTED | {"id": f"C{number}", "note": "[x], {y}]}" * 9000} for number in range(7)]
    pages = [around.format(json.dumps(page)) for page in (rows[:3], [], rows[3:6], rows[6:])]
    path = tmp_path / "crimes_2026-11-08.json"
    path.write_text(between.join(pages) + between)
    feed = load(nested("jsonl", **({"rows_at": rows_at} if rows_at else {})))
    assert feeds.check(feed, path) == []
    batch = feeds.read(feed, path)
    assert batch.rows_read == 7
    assert batch.records["reference"].to_pylist() == [f"C{number}" for number in range(7)]


def test_no_column_hides_another(load, small, tmp_path):
    small["tables"]["crimes"]["record"] |= {"title": "PLACE_2", "attributes": ["column_4"]}
    path = tmp_path / "crimes_2026-11-08.csv"
    head = "REF,REPORTED,OUTCOME,,PURPOSE,SUS_ID,SUS_SURNAME,SUS_DOB,PLACE,PLACE"
    path.write_text(f"{head}\nC1,31/01/2019,NFA,kept,4,N1,Ash,1990,here,there\n")
    record = feeds.read(load(small), path).records.to_pylist()[0]
    assert (record["location"], record["title"], record["attributes"]) == ("here", "there", '{"column_4": "kept"}')


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("800000.0", "800000"), ("800000", "800000"), ("8E5", "800000"), ("-7.0", "-7"), ("51.50", "51.50"),
        ("123456789012345678.0", "123456789012345678.0"), ("1e999", "1e999"), ("00", None),
    ],
)  # fmt: skip
def test_a_whole_number_of_json_is_read_as_such(load, small, tmp_path, number, text):
    small["tables"]["crimes"] |= {"format": "jsonl", "files": "crimes_*"}
    path = tmp_path / "crimes_2026-11-08.jsonl"
    line = f'{{"REF": {number}, "REPORTED": "31/01/2019", "PURPOSE": 4.0, "SUS_ID": {number}}}\n'
    path.write_text(line + line.replace(number, "1"))
    batch = feeds.read(load(small), path)
    assert batch.records["reference"].to_pylist() == [text, "1"][text is None :]
    assert batch.nominals["reference"].to_pylist() == [text, "1"][text is None :]


@pytest.fixture
def book(load, small, tmp_path):
    """Return a function that reads a workbook of the small feed after a change to its sheet."""

    def changed(change, **table):
        small["tables"]["crimes"] |= {"format": "xlsx", "files": "crimes_*.xlsx", **table}
        path = tmp_path / "crimes_2026-11-08.xlsx"
        workbook = openpyxl.Workbook()
        workbook.active.append([*HEADER.split(","), "REMARK"])
        for number in range(1, 5):
            workbook.active.append([f"C{number}", "31/01/2019", "NFA", f"Place {number}", "4", "N1", "Ashdown", "1990"])
        change(workbook.active)
        workbook.save(path)
        return feeds.read(load(small), path)

    return changed


@pytest.mark.parametrize(
    ("cell", "word"),
    [("#N/A", "D3"), ("#REF!", "D3"), ("#VALUE!", "D3"), ("=A1&B1", "D3"), ("#N/A", "I3")],
)
def test_a_cell_of_a_workbook_without_a_value_refuses_its_row(book, cell, word):
    batch = book(lambda sheet: sheet.__setitem__(word, cell))
    if word == "I3":
        assert batch.rows.num_rows == 4, "nothing is made of that column"
        return
    (line,) = batch.quarantine.to_pylist()
    (reason,) = line["reasons"]
    assert (line["row"], line["reference"], reason["code"], reason["field"]) == (2, "C2", "bad_value", "PLACE")
    assert ("formula without its result" if cell.startswith("=") else f"error {cell}") in reason["message"]
    assert json.loads(line["original"])[3] == cell


def test_an_error_that_the_feed_lists_as_blank_is_one(book):
    batch = book(lambda sheet: sheet.__setitem__("D3", "#N/A"), blanks=["#N/A"])
    assert batch.records["location"].to_pylist() == ["Place 1", None, "Place 3", "Place 4"]


def test_cells_that_are_merged_downwards_give_their_value_to_every_row(book):
    def merge(sheet):
        sheet.merge_cells("D3:D5")
        sheet.merge_cells("F2:G2")
        sheet.merge_cells("E6:E9")

    batch = book(merge)
    assert batch.records["location"].to_pylist() == ["Place 1", "Place 2", "Place 2", "Place 2"]
    assert batch.rows_read == 4
