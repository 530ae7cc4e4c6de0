"""A draft for an unseen export: signed and named, it reads the file it was made from."""

import csv
import gzip
import json
import re
import zipfile

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


def drafted(path, name=None):
    """Return the table of a draft."""
    tables = yaml.load(feeds.draft(path), Loader=yaml.BaseLoader)["tables"]
    return tables[name] if name else next(iter(tables.values()))


def test_titles_above_the_header_and_totals_below_the_rows_are_left_out(tmp_path):
    path = tmp_path / "crimes 2026-11-08.csv"
    rows = "".join(f"42/{n};0{n % 9 + 1}/02/2020;Theft, from “shop”;Ann Ashdown\n" for n in range(40))
    path.write_text(f"Extract;;;\nRef;Reported;Offence;Victim Name\n{rows}Total: 40;;;\n", encoding="cp1252")
    table = drafted(path, "crimes")
    assert table["dialect"] == {
        "encoding": "cp1252",
        "delimiter": ";",
        "header_row": "2",
        "footer_rows": "1",
        "footer": r"(?i)\btotal\b",
    }
    assert table["record"]["reference"] == "Ref"


def test_a_row_of_data_is_not_taken_for_the_header(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("".join(f"{n},Ashdown,Ann,13/05/1980\n" for n in range(20)))
    assert not {"Ashdown", "Ann", "1980"} & set(re.findall(r"\w+", feeds.draft(path)))
    assert drafted(path)["dialect"]["columns"] == ["column_1", "column_2", "column_3", "column_4"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_wide_text_with_lines_within_fields_is_parted_where_its_rows_are_even(tmp_path, encoding):
    path = tmp_path / "fleet.csv"
    rows = "".join(f'F{n}|Oct {n}, 2020|"one\ntwo; three"\r\n' for n in range(9))
    path.write_bytes(f"Vehicle Ref|Model|Remarks\r\n{rows}".encode(encoding))
    table = drafted(path)
    assert table["dialect"] == {"encoding": encoding, "delimiter": "|"}
    assert table["texts"] == [{"kind": "narrative", "text": "Remarks"}]


def test_a_quote_escaped_within_a_field_is_seen(tmp_path):
    path = tmp_path / "property.csv"
    path.write_text(
        "ref,description,found\n" + "".join(f'P{n},"A \\"gold\\" watch, {n}",2020-01-0{n}\n' for n in "1234")
    )
    assert drafted(path)["dialect"]["escape"] == "\\"


def test_dates_of_excel_and_of_two_digits_get_their_conversion(tmp_path):
    path = tmp_path / "incidents.csv"
    path.write_text(
        "ref,Incident Date,Victim Name,Victim DOB\n" + "".join(f"I{n},4400{n},A B,{n}-Jan-45\n" for n in "1234")
    )
    table = drafted(path)
    assert table["dates"]["incident_date"] == {"from": "Incident Date", "convert": ["excel_date"]}
    assert table["persons"][0]["born"]["convert"] == ["date"]


@pytest.mark.parametrize(
    "header", ["Victim DoB;Victim ForeName;Victim SurName", "Victim_DoB;Victim_Forename;VictimSurname"]
)
def test_a_header_in_high_and_low_letters_is_read_as_its_words(tmp_path, header):
    export = tmp_path / "log_2026-10-31.csv"
    rows = [f"L{number};{number + 1}/6/1988;Ann;Ashdown{number}" for number in range(20)]
    export.write_text("\n".join([f"Log Ref;{header}", *rows, ""]))
    table = yaml.load(feeds.draft(export), Loader=yaml.BaseLoader)["tables"]["log"]
    assert {"born", "forename", "surname"} <= table["persons"][0].keys()
    assert "attributes" not in table["record"]


def test_people_numbered_in_the_header_are_told_apart(tmp_path):
    path = tmp_path / "crimes.csv"
    path.write_text("ref,victim_surname_1,victim_surname_2\n" + "".join(f"C{n},Ash,Oak\n" for n in range(5)))
    assert [(one["label"], one["surname"]) for one in drafted(path)["persons"]] == [
        ("victim-1", "victim_surname_1"),
        ("victim-2", "victim_surname_2"),
    ]


def left_out(path):
    """Return the lines of a draft that say what it does not keep."""
    _, _, rest = feeds.draft(path).partition("# Not mapped, and not kept")
    return [line.removeprefix("#   ").partition(" #")[0] for line in rest.splitlines()[1:]]


def test_all_that_a_repeated_part_holds_is_mapped_or_listed(tmp_path):
    person = {
        "pid": "P1",
        "name": {"family": "Ash", "given": ["Ann"]},
        "markers": ["WEAPONS"],
        "joined": "2020-01-01",
        "status": "open",
        "contact": {"emails": ["a@example.org", "b@example.org"]},
        "witness": {"surname": "Oak"},
    }
    export = tmp_path / "risk.jsonl"
    export.write_text("".join(json.dumps({"id": f"A{n}", "persons": [person]}) + "\n" for n in range(3)))
    one = drafted(export)["persons"][0]
    assert (one["reference"], one["surname"]) == ("pid", "name.family")
    listed = left_out(export)
    for name in ("markers", "joined", "status", "contact.emails", "witness.surname"):
        assert f'"{name}" within "persons"' in listed


def test_a_list_within_a_list_of_people_is_listed(tmp_path):
    export = tmp_path / "people.jsonl"
    row = {"surname": "Ash", "dob": "1980-05-13", "warnings": [{"code": "W", "since": "2020-01-01"}]}
    export.write_text("".join(json.dumps({"person id": f"N{n}"} | row) + "\n" for n in range(3)))
    assert [line for line in left_out(export) if "warnings" in line] == [
        '"code" within "warnings"',
        '"since" within "warnings"',
    ]


def test_short_names_of_elements_are_known(tmp_path):
    export = tmp_path / "marac.xml"
    person = '<person pid="{n}"><name><fam>Ash</fam><giv>Ann</giv></name></person>'
    cases = "".join(f'<case ref="M{n}">{person.format(n=n) * 2}</case>' for n in range(3))
    export.write_text(f"<x>{cases}</x>")
    one = drafted(export)["persons"][0]
    assert (one["surname"], one["forename"]) == ("name.fam", "name.giv")


def test_no_date_to_come_is_drafted_as_the_day_of_an_action(tmp_path):
    path = tmp_path / "certificates_2025-08-01.csv"
    rows = "".join(f"F{n},H{n},Ash,13/05/2028,1{n}/05/2026,1{n}/01/2020\n" for n in range(8))
    head = "Cert No,Holder No,Holder Surname,Expires,Decision Date,Issued"
    path.write_text(f"{head}\n{rows}")
    table = drafted(path)
    assert table["dates"]["certificate_ended"]["future"] == "true"
    assert table["persons"][0]["involvement"]["dated"]["from"] == "Issued"
    path.write_text(f"{head.replace('Issued', 'Visited')}\n{rows}")
    assert "involvement" not in drafted(path)["persons"][0]


def test_a_role_that_the_header_only_suggests_is_to_be_confirmed(tmp_path):
    path = tmp_path / "logs.csv"
    path.write_text("Log No,Subject Name,Victim Surname\n" + "".join(f"L{n},Ann Ash,Oak\n" for n in range(5)))
    text = feeds.draft(path)
    assert "role: {value: TO BE SIGNED} # what part" in text, (
        "whether a subject is an offender, the header does not say"
    )
    assert "role: {value: VICTIM} # a guess from the header, to be confirmed" in text
    assert "INTEL_SUBJECT" not in text


@pytest.mark.parametrize(
    ("name", "header", "partition", "area"),
    [
        ("hr leavers.csv", "No,Surname,Forename,Grade", "corporate", "HR"),
        ("extract.csv", "Emp No,Surname,Salary,Grade", "corporate", "HR"),
        ("extract.csv", "Invoice No,Supplier,Contact Surname,Net", "corporate", "FINANCE"),
        ("fleet_2026-01-01.csv", "Ref,Driver Surname,Model,Mileage", "corporate", "FLEET"),
        ("vehicles.csv", "Ref,Mileage,Fuel,Model", "corporate", "FLEET"),
        ("24hr-calls.csv", "Ref,Surname,Place,Time", None, None),
        ("fleet.csv", "Ref,Suspect Surname,Mileage,Fuel", None, None),
        ("crimes.csv", "Ref,Victim Surname,Salary,Employee", None, None),
        ("crimes.csv", "Ref,Surname,Place,Mileage", None, None),
    ],
)
def test_the_partition_of_what_is_of_the_organisation_itself_is_proposed(tmp_path, name, header, partition, area):
    path = tmp_path / name
    path.write_text(f"{header}\n" + "".join(f"E{n},Ash,Oak,Elm\n" for n in range(5)))
    assert drafted(path).get("partition") == partition
    assert ("by the look of it" in feeds.draft(path)) == bool(area)
    assert area is None or f"the business area, {area} by" in feeds.draft(path)


def test_a_reference_that_rows_share_makes_them_one_record(tmp_path):
    path = tmp_path / "logs.csv"
    path.write_text("Log Ref,Nominal Ref,Surname,Role\n" + "".join(f"L{n // 2},N{n % 7},Ash,W\n" for n in range(10)))
    table = drafted(path)
    assert (table["record"]["reference"], table["duplicates"]) == ("Log Ref", "same_record")
    assert table["persons"][0]["reference"] == "Nominal Ref"


def test_a_form_of_address_is_no_title_of_a_record_and_nothing_is_said_of_the_area(tmp_path):
    path = tmp_path / "staff.csv"
    path.write_text("ref,Title,Surname,Start Date,Grade\n" + "".join(f"{n},Mr,Ash,2020-01-01,NULL\n" for n in range(5)))
    table = drafted(path)
    assert "title" not in table["record"]
    assert (table["area"], table["blanks"]) == ("TO BE SIGNED", ["NULL"])


def test_nested_and_packed_exports_are_drafted_as_what_they_are(tmp_path):
    rows = [
        {"no": n, "detainee": {"surname": "Ash", "forenames": ["Ann", "Bea"], "aka": [{"f": "A"}]}} for n in range(5)
    ]
    packed = tmp_path / "custody.jsonl.gz"
    packed.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    array = tmp_path / "custody.json"
    array.write_text(json.dumps(rows, indent=1))
    for path in (packed, array):
        table = drafted(path)
        assert (table["format"], table["record"]["reference"]) == ("jsonl", "no")
        person = table["persons"][0]
        assert (person["role"], person["surname"]) == ({"value": "DETAINEE"}, "detainee.surname")
        assert person["forename"]["convert"] == ["json_list", {"join": " "}]


@pytest.mark.parametrize(
    ("wrap", "path"), [(lambda rows: rows, "assessments"), (lambda rows: {"d": rows}, "d.assessments")]
)
def test_rows_of_json_within_one_object_over_several_lines_are_found(tmp_path, wrap, path):
    rows = [{"id": f"A{n}", "date": "2025-07-01", "persons": [{"pid": "P1", "surname": "Ash"}]} for n in range(3)]
    export = tmp_path / "risk_2025-08-01.json"
    content = wrap({"count": 3, "sources": [{"name": "one"}], "assessments": rows})
    export.write_text(json.dumps(content, indent=1))
    table = drafted(export)
    assert (table["format"], table["rows_at"], table["record"]["reference"]) == ("jsonl", path, "id")
    assert table["persons"][0]["each"] == "persons"
    feed = tmp_path / "feed.yaml"
    feed.write_text(signed(feeds.draft(export)).replace("role: {value: TO BE SIGNED}", "role: {value: VICTIM}"))
    batch = feeds.read(feeds.load(feed), export)
    assert (batch.records.num_rows, batch.quarantine.num_rows) == (3, 0)


def test_what_a_packing_system_leaves_in_a_zip_is_left_out(tmp_path):
    path = tmp_path / "crimes 2026-11-08.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(write_csv(tmp_path / "crimes.csv"), "export/crimes.csv")
        for litter in ("__MACOSX/export/._crimes.csv", "export/._crimes.csv", "export/.DS_Store", "Thumbs.db"):
            archive.writestr(litter, b"\x00\x05\x16\x07")
    table = drafted(path)
    assert (table["format"], "member" in table, table["record"]["reference"]) == (
        "zip-of-csv",
        False,
        "Crime Reference",
    )
    feed = tmp_path / "feed.yaml"
    feed.write_text(signed(feeds.draft(path)))
    assert feeds.read(feeds.load(feed), path).rows_read == 40


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.csv", b"%PDF-1.4\n", "PDF"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "old Excel"),
        ("a.csv", bytes(range(32)) * 40, "binary"),
        ("a.xml", b"<a><b>1</b><b>", "well-formed"),
        ("a.xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a><b>&x;</b></a>', "document type"),
        ("a.json", b'[{"a": 1}, {"a"', "cut off"),
        ("a.json", b'{\n "a": 1\n}', "several lines"),
        ("a.json", b'{\n "rows": [{"a": 1},\n', "cut off"),
        (
            "a.json",
            b'{\n "rows": [{"a": 1}]\n}\n{\n "rows": [{"a": 2}]\n}\n',
            "write the feed yourself and say rows_at",
        ),
        ("a.json", b'[{"a": 1}]\n{"a": 2}\n', "no array"),
    ],
)
def test_what_is_no_export_is_refused_with_a_sentence(tmp_path, name, content, word):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(feeds.BadFile, match=word):
        feeds.draft(tmp_path / name)


def test_a_workbook_under_another_name_is_still_one(tmp_path):
    book = openpyxl.Workbook()
    for line in (["Ref", "Surname"], ["C1", "Ash"], ["C2", "Oak"]):
        book.active.append(line)
    book.save(tmp_path / "a.xlsx")
    assert drafted((tmp_path / "a.xlsx").rename(tmp_path / "a.csv"))["format"] == "xlsx"
