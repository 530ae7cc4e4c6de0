"""A draft for an unseen export: signed and named, it reads the file it was made from."""

import csv
import json
import re

import openpyxl
import pytest
import yaml

from muniment import feeds

ROWS = [
    {
        "Crime Reference": f"X{number}",
        "Date Reported": f"{number % 28 + 1:02d}/03/2019",
        "Offence": "Theft",
        "Victim Surname": "Ashdown",
        "Victim First Name": "Ann",
        "Victim D.O.B.": f"{number % 28 + 1:02d}/05/1980",
        "Vic Post Code": "NH1 2AB",
        "Suspect Name": "Bob Beech" if number % 2 else "",
        "Suspect Tel": "01632 960001" if number % 2 else "",
    }
    for number in range(40)
]


def write_csv(path, delimiter=",", encoding="utf-8"):
    """Write the rows as delimited text."""
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv.DictWriter(stream, ROWS[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)
    return path


def signed(text: str) -> str:
    """Return the draft as its owner would complete it."""
    signature = ["Register", "Head of crime", "2026-01-31"]
    values = iter(["[PP4]", *signature, "CRIME", *signature, "OFFICIAL", *signature, "CRIME"])
    text = text.replace("[TO BE SIGNED]", "TO BE SIGNED").replace("to-be-named", "northshire")
    return re.sub("TO BE SIGNED(?= #)", lambda match: next(values), text)


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8-sig"), ("|", "cp1252"), ("\t", "utf-16")]
)
def test_a_draft_of_csv_reads_its_file_once_it_is_signed(tmp_path, delimiter, encoding):
    export = write_csv(tmp_path / "crimes 2026-11-08.csv", delimiter, encoding)
    path = tmp_path / "feed.yaml"
    path.write_text(feeds.draft(export))
    with pytest.raises(feeds.BadFeed, match="still to be"):
        feeds.load(path)
    path.write_text(signed(path.read_text()))
    batch = feeds.read(feeds.load(path), export)
    assert (batch.rows_read, batch.quarantine.num_rows) == (40, 0)
    assert batch.records["reference"].to_pylist()[:2] == ["X0", "X1"]
    assert batch.record_dates["kind"].unique().to_pylist() == ["reported_date"]
    assert batch.involvements["role"].to_pylist().count("VICTIM") == 40
    assert batch.involvements["role"].to_pylist().count("SUSPECT") == 20
    assert set(batch.nominals["born"].drop_null().to_pylist()) >= {"1980-05-01", "1980-05-28"}
    assert set(batch.nominals["postcode"].drop_null().to_pylist()) == {"NH1 2AB"}


def test_a_draft_shows_no_value_of_a_person(tmp_path):
    text = feeds.draft(write_csv(tmp_path / "crimes.csv"))
    assert not {"Ashdown", "Beech", "960001", "NH1"} & set(re.findall(r"\w+", text))


def test_a_draft_finds_repeated_parts(tmp_path):
    export = tmp_path / "crimes-2026-11-08.jsonl"
    row = {"reported": "2019-03-01", "people": [{"id": "N1", "surname": "Ashdown", "role": "VICTIM"}]}
    export.write_text("".join(json.dumps({"urn": f"U{number}"} | row) + "\n" for number in range(5)))
    table = yaml.load(feeds.draft(export), Loader=yaml.BaseLoader)["tables"].popitem()[1]
    assert table["format"] == "jsonl"
    assert table["record"]["reference"] == "urn"
    assert table["persons"] == [
        {"label": "people", "each": "people", "surname": "surname", "reference": "id", "role": "role"}
    ]


def test_a_draft_of_xml_finds_the_element_of_a_row(tmp_path):
    export = tmp_path / "crimes.xml"
    rows = "".join(f"<crime><ref>C{number}</ref><reported>2019-03-01</reported></crime>" for number in range(5))
    export.write_text(f"<export>{rows}</export>")
    table = yaml.load(feeds.draft(export), Loader=yaml.BaseLoader)["tables"].popitem()[1]
    assert (table["rows_at"], table["record"]["reference"]) == ("export/crime", "ref")


def test_a_draft_of_a_workbook_finds_sheet_and_header(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.create_sheet("People")
    sheet.append(["A list"])
    sheet.append(["Person no", "Surname", "Date of birth"])
    for number in range(5):
        sheet.append([f"N{number}", "Ashdown", "01/02/1980"])
    book.save(tmp_path / "people.xlsx")
    tree = yaml.load(feeds.draft(tmp_path / "people.xlsx"), Loader=yaml.BaseLoader)
    table = tree["tables"]["people"]
    assert (table["sheet"], table["dialect"]["header_row"], tree["declarations"]) == ("People", "2", {})
    assert table["persons"][0]["reference"] == "Person no"


def test_what_cannot_be_drafted(tmp_path):
    with pytest.raises(feeds.BadFile, match="no file"):
        feeds.draft(tmp_path / "nothing.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(feeds.BadFile, match="empty"):
        feeds.draft(tmp_path / "empty.csv")
