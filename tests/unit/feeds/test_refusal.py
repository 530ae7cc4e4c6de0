"""A file that is not what its feed says is refused as a whole, with a sentence that says what to do."""

import gzip
import zipfile
from datetime import date

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_feed import GOOD, HEADER

from muniment import feeds


def refused(feed, path, *words):
    """Check that a file is refused by both ways in, with these words."""
    problems = feeds.check(feed, path)
    assert problems, f"{path.name} was not refused"
    for word in words:
        assert word in problems[0]
    with pytest.raises(feeds.BadFile):
        feeds.read(feed, path)


def test_a_good_file_is_not_refused(load, small, write):
    assert feeds.check(load(small), write(GOOD)) == []


def test_a_header_that_lacks_a_mapped_column_names_it_and_one_like_it(load, small, write):
    path = write(GOOD)
    path.write_text(path.read_text().replace("SUS_SURNAME", "sus_surname"))
    refused(load(small), path, "'SUS_SURNAME'", "it has 'sus_surname'")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (HEADER.encode() + b"\n", "no rows"),
        (b"PAR1" + b"\x00" * 50, "Parquet"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xff\xfe" + HEADER.encode("utf-16-le"), "utf-16"),
        (HEADER.encode("utf-16-le"), "binary or UTF-16"),
        (gzip.compress(f"{HEADER}\n{GOOD}\n".encode() * 400, mtime=0)[:-60], "damaged or cut off"),
    ],
)
def test_a_file_of_another_kind_or_cut_off_is_refused(load, small, write, content, word):
    path = write(GOOD)
    path.write_bytes(content)
    refused(load(small), path, word)


def test_a_wrong_encoding_is_refused_when_most_lines_say_so(load, small, write):
    lines = [GOOD.replace("C1", f"C{number}").replace("Ashdown", "Ébène") for number in range(20)]
    refused(load(small), write(*lines, encoding="cp1252"), "not utf-8", "cp1252")
    small["tables"]["crimes"]["dialect"] = {"encoding": "cp1252"}
    refused(load(small), write(*lines), "UTF-8")
    assert feeds.read(load(small), write(*lines, encoding="cp1252")).nominals["surname"].to_pylist()[0] == "Ébène"


@pytest.mark.parametrize(
    ("declared", "written", "word"),
    [
        ("utf-16", "utf-8", "utf-8 or cp1252"),
        ("utf-16", "utf-16-le", "utf-16-le"),
        ("UTF_16", "utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-be", "utf-32-be"),
    ],
)
def test_a_file_without_the_mark_that_its_encoding_needs(load, small, write, declared, written, word):
    small["tables"]["crimes"]["dialect"] = {"encoding": declared}
    path = write(GOOD, encoding=written)
    refused(load(small), path, "does not begin with the mark", word)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-be"])
def test_wide_encodings_are_read(load, small, write, encoding):
    small["tables"]["crimes"]["dialect"] = {"encoding": encoding}
    assert feeds.read(load(small), write(GOOD, encoding=encoding)).rows.num_rows == 1


def test_a_gzipped_file_is_read_as_what_it_holds(load, small, write):
    path = write(GOOD)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert feeds.read(load(small), path).rows.num_rows == 1


def test_a_name_that_no_table_takes(load, small, write):
    refused(load(small), write(GOOD, name="people.csv"), "crimes_*.csv")


def test_a_name_without_the_day(load, small, write):
    refused(load(small), write(GOOD, name="crimes_new.csv"), "day of its export")


def test_a_day_that_has_not_come_is_refused(load, small, write):
    feed, path = load(small), write(GOOD)
    for today in (date(2026, 11, 7), date(2026, 11, 8), date(2030, 1, 1)):
        assert feeds.check(feed, path, today=today) == []
    (problem,) = feeds.check(feed, path, today=date(2026, 11, 6))
    assert problem == (
        "crimes_2026-11-08.csv is as of 2026-11-08 and today is 2026-11-06: correct the name of the file, or as_of in"
        " the table crimes of the feed."
    )


def test_a_footer_shows_that_the_file_is_whole(load, small, write):
    small["tables"]["crimes"]["dialect"] = {"footer_rows": "1", "footer": "^END ([0-9]+)"}
    feed = load(small)
    assert feeds.read(feed, write(GOOD, "END 1")).rows.num_rows == 1
    for lines, word in (((GOOD, GOOD), "does not end"), ((GOOD, "END 2"), "footer says 2")):
        refused(feed, write(*lines), word)


def archive(path, **members):
    """Write a zip of members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in members.items():
            target.writestr(name, text)


def test_a_zip_is_checked_for_members_damage_and_bombs(load, small, tmp_path):
    small["tables"]["crimes"] |= {"format": "zip-of-csv", "files": "crimes_*.zip", "member": "*-north.csv"}
    feed, path = load(small), tmp_path / "crimes_2026-11-08.zip"
    text = f"{HEADER}\n{GOOD}\n"
    archive(path, **{"1-north.csv": text, "2-north.csv": text.replace("C1", "C2"), "1-south.csv": "x"})
    assert feeds.read(feed, path).rows["row"].to_pylist() == [1, 2]
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    refused(feed, path, "not a complete zip")
    archive(path, **{"1-south.csv": text})
    refused(feed, path, "*-north.csv")
    archive(path, **{"1-north.csv": text + "0" * 9_000_000})
    refused(feed, path, "zip bomb")


def test_parquet_that_is_cut_off_or_none(load, small, tmp_path):
    small["tables"]["crimes"] |= {"format": "parquet", "files": "crimes_*.parquet"}
    feed, path = load(small), tmp_path / "crimes_2026-11-08.parquet"
    row = dict(zip(HEADER.split(","), ["C1", "2019-01-31", "NFA", "Here", "4", "N1", "Ashdown", "1990"], strict=True))
    pq.write_table(pa.Table.from_pylist([row]), path)
    assert feeds.read(feed, path).records["location"].to_pylist() == ["Here"]
    path.write_bytes(path.read_bytes()[:-10])
    refused(feed, path, "damaged or cut off")
    path.write_bytes(b"REF,...")
    refused(feed, path, "not Parquet")


def test_a_workbook_with_rows_on_several_sheets_of_which_none_is_named(load, small, tmp_path):
    table = small["tables"]["crimes"]
    table |= {"format": "xlsx", "files": "crimes_*.xlsx"}
    path = tmp_path / "crimes_2026-11-08.xlsx"
    book = openpyxl.Workbook()
    book.create_sheet("Empty")
    for sheet, reference in ((book.active, "C1"), (book.create_sheet("South"), "C2")):
        sheet.append(HEADER.split(","))
        sheet.append([reference, "2019-01-31", "NFA", "Here", "4", "N1", "Ashdown", "1990"])
    book.save(path)
    refused(load(small), path, "rows on the sheets Sheet, South")
    assert "Not read: what stands on the sheets South." in feeds.draft(path)
    table["sheet"] = "South"
    assert feeds.read(load(small), path).records["reference"].to_pylist() == ["C2"]


def test_a_workbook_without_the_sheet(load, small, tmp_path):
    small["tables"]["crimes"] |= {"format": "xlsx", "files": "crimes_*.xlsx", "sheet": "Crimes"}
    feed, path = load(small), tmp_path / "crimes_2026-11-08.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "Other"
    book.active.append(HEADER.split(","))
    book.save(path)
    refused(feed, path, "no sheet 'Crimes'", "Other")
    path.write_bytes(b"REF,...")
    refused(feed, path, "not a complete Excel workbook")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("<export><row id='1'/>", "cut off"),
        ("<export></export>", "no element"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><export><row id="1">&a;</row></export>', "refused"),
        ("<export>" + "<a>" * 60 + "</a>" * 60 + "</export>", "deeper"),
    ],
)
def test_xml_that_is_cut_off_empty_hostile_or_too_deep(load, small, tmp_path, text, word):
    small["tables"]["crimes"] |= {"format": "xml", "files": "crimes_*.xml", "rows_at": "export/row"}
    path = tmp_path / "crimes_2026-11-08.xml"
    path.write_text(text)
    refused(load(small), path, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [('[{"REF": "1"},', "cut off"), ("[]", "no rows"), ("REF,REPORTED", "no JSON object"), ("\n\n", "no rows")],
)
def test_what_is_not_json_lines(load, small, tmp_path, text, word):
    small["tables"]["crimes"] |= {"format": "jsonl", "files": "crimes_*.jsonl"}
    path = tmp_path / "crimes_2026-11-08.jsonl"
    path.write_text(text)
    refused(load(small), path, word)


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("cut", [1, 5, 10])
def test_json_lines_that_end_within_a_row_are_refused(load, small, tmp_path, cut, end):
    small["tables"]["crimes"] |= {"format": "jsonl", "files": "crimes_*.jsonl"}
    path = tmp_path / "crimes_2026-11-08.jsonl"
    path.write_text('{"REF": "C1"}\n{"REF": "Cé"}'[:-cut] + end)
    refused(load(small), path, "ends in the middle of a row")


@pytest.mark.parametrize("around", ["{}\n", "[{}]"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_json_in_wide_encodings_is_read(load, small, tmp_path, encoding, around):
    small["tables"]["crimes"] |= {"format": "jsonl", "files": "crimes_*.jsonl", "dialect": {"encoding": encoding}}
    path = tmp_path / "crimes_2026-11-08.jsonl"
    rows = [f'{{"REF": "C{n}", "REPORTED": "2019-01-31", "PURPOSE": "4", "PLACE": "Caf\u00e9"}}' for n in (1, 2)]
    text = around.format((", " if "[" in around else "\n").join(rows))
    path.write_text(text, encoding=encoding)
    batch = feeds.read(load(small), path)
    assert batch.records["location"].to_pylist() == ["Caf\u00e9"] * 2
    path.write_text(text.rstrip()[:-3], encoding=encoding)
    refused(load(small), path, "cut off")


def test_json_in_another_encoding_than_its_mark_says_which_to_set(load, small, tmp_path):
    small["tables"]["crimes"] |= {"format": "jsonl", "files": "crimes_*.jsonl"}
    path = tmp_path / "crimes_2026-11-08.jsonl"
    path.write_text('{"REF": "C1", "REPORTED": "2019-01-31"}', encoding="utf-16")
    refused(load(small), path, "set dialect.encoding to utf-16")


def test_one_whole_line_of_json_after_a_mark_of_its_encoding_is_not_refused(load, small, tmp_path):
    small["tables"]["crimes"] |= {"format": "jsonl", "files": "crimes_*.jsonl"}
    path = tmp_path / "crimes_2026-11-08.jsonl"
    path.write_text('{"REF": "C1", "REPORTED": "2019-01-31"}', encoding="utf-8-sig")
    assert feeds.check(load(small), path) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("cut", [3, 40])
def test_a_file_that_ends_within_a_row_is_refused(load, small, write, cut, encoding):
    small["tables"]["crimes"]["dialect"] = {"encoding": encoding}
    feed, path = load(small), write(*(GOOD.replace("C1", f"C{number}") for number in range(5)), encoding=encoding)
    whole = path.read_text(encoding)
    path.write_text(whole.rstrip(), encoding)
    assert feeds.check(feed, path) == []
    path.write_text(whole.rstrip()[:-cut].rpartition(",")[0], encoding)
    refused(feed, path, "ends in the middle of a row")


def test_a_last_row_of_several_lines_without_a_line_end_is_whole(load, small, write):
    feed, path = load(small), write(GOOD.replace("High Street, ", "High Street\n"))
    path.write_text(path.read_text().rstrip())
    assert feeds.check(feed, path) == []
    path.write_text(f"{HEADER}\n{GOOD}\n{GOOD}".replace(", Norbridge", ",\nNorbridge")[:-40])
    refused(feed, path, "ends in the middle of a row")


def test_a_member_of_a_zip_without_a_column_is_named(load, small, tmp_path):
    small["tables"]["crimes"] |= {"format": "zip-of-csv", "files": "crimes_*.zip"}
    path, text = tmp_path / "crimes_2026-11-08.zip", f"{HEADER}\n{GOOD}\n"
    archive(path, **{"1.csv": text, "2.csv": text.replace("SUS_SURNAME", "SURNAME")})
    refused(load(small), path, "crimes_2026-11-08.zip/2.csv lacks", "'SUS_SURNAME' (it has 'SURNAME')")


ROWS = '[{"REF": "C1", "REPORTED": "31/01/2019", "PURPOSE": "4"}, {"REF": "C2", "REPORTED": "2019", "PURPOSE": "4"}]'


@pytest.mark.parametrize(
    "wrapped",
    [
        f'{{"count": 2, "records": {ROWS}}}',
        f'{{\n  "made": "2026-11-08",\n  "records" :\n  {ROWS},\n "next": null\n}}\n',
        f'{{"records": {ROWS}}}',
    ],
)
def test_rows_that_lie_within_an_object_are_found_where_the_feed_says(load, small, tmp_path, wrapped):
    table = small["tables"]["crimes"]
    table |= {"format": "jsonl", "files": "crimes_*.json"}
    path = tmp_path / "crimes_2026-11-08.json"
    path.write_text(wrapped)
    refused(load(small), path, 'its rows lie under "records"; say rows_at: records')
    table["rows_at"] = "records"
    assert feeds.read(load(small), path).records["reference"].to_pylist() == ["C1", "C2"]
    path.write_text(f'{{"a": {{"x": [1]}}, "data": {wrapped}}}')
    refused(load(small), path, "no list under records")
    table["rows_at"] = "data.records"
    assert feeds.read(load(small), path).rows_read == 2
    path.write_text(path.read_text().partition("2019")[0])
    refused(load(small), path, "cut off")


@pytest.mark.parametrize(
    ("rows_at", "text", "word"),
    [
        ("", f"{ROWS}\n{{}}", "goes on behind its first array with what is no array: have it exported as one array"),
        ("", f"{ROWS},\n{ROWS}", "no array"),
        ("", f"{ROWS}\nEND 2", "no array"),
        ("", f'{ROWS}\n[{{"REF": "C3"}},', "cut off"),
        ("rows", f'{{"rows": {ROWS}}}\n{ROWS}', "goes on behind its first object with what is no object"),
        ("rows", f'{{"rows": {ROWS}}},{{"rows": {ROWS}}}', "no object"),
        ("rows", f'{{"rows": {ROWS}}}\n{{"count": 2}}', "no list under rows"),
        ("rows", f'{{"rows": {ROWS}}}\n{{"rows": {ROWS}', "cut off"),
        ("rows", f'{{"rows": {ROWS}, "next": 12', "cut off"),
        ("rows", f'{{"rows": {ROWS}, "rows": {ROWS}}}', "two values under rows"),
        ("a.rows", f'{{"a": {{"rows": {ROWS}}}, "a": {{"rows": {ROWS}}}}}', "two values under a"),
        ("a.rows", f'{{"a": {{"rows": {ROWS}}}', "cut off"),
    ],
)
def test_what_follows_rows_of_json_and_is_no_page_of_them_refuses_the_file(load, small, tmp_path, rows_at, text, word):
    small["tables"]["crimes"] |= {"format": "jsonl", "files": "crimes_*.json"}
    small["tables"]["crimes"] |= {"rows_at": rows_at} if rows_at else {}
    path = tmp_path / "crimes_2026-11-08.json"
    path.write_text(text)
    refused(load(small), path, word)
