"""Every row of a file is in exactly one of rows and quarantine, with its reason and its text."""

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_feed import GOOD, SIGNED, reasons

from muniment import feeds
from muniment.feeds import canonical

ZONED = {
    "2024-06-30T23:30Z": "2024-07-01",
    "2024-07-01T00:30:00+01:00": "2024-07-01",
    "2024-01-31T23:30:00Z": "2024-01-31",
    "2024-06-30T23:30": "2024-06-30",
    **dict.fromkeys(
        [
            "2024-06-30 23:30Z",
            "2024-06-30 23:30:00 Z",
            "2024-06-30 23:30:00 UTC",
            "2024-06-30 23:30:00.000 +00:00",
            "2024-06-30T23:30:00+00",
            "2024-06-30 23:30:00 GMT",
            "2024-07-01 00:30:00 BST",
            "2024-06-30 18:30:00 -0500",
            "20240630T233000Z",
            "30/06/2024 23:30:00 UTC",
            "30-Jun-2024 11:30 PM GMT",
            "30/06/2024 23:30 +00:00",
        ],
        "2024-07-01",
    ),
    "1999-12-31Z": "1999-12-31",
    "30/06/2024 22:30-23:30": "2024-06-30",
    "2024-06-30 23:30": "2024-06-30",
}


def test_a_row_becomes_a_record_a_date_a_person_and_their_part(load, small, write):
    batch = feeds.read(load(small), write(GOOD))
    assert batch.rows_read == batch.rows.num_rows == 1
    assert (batch.as_of, batch.kind, batch.table) == (date(2026, 11, 8), "full", "crimes")
    record = batch.records.to_pylist()[0]
    assert record["reference"] == "C1"
    assert record["location"] == "12 High Street, Norbridge"
    assert (record["class_id"], record["purposes"], record["purpose_from"]) == ("CRIME", ["PP4"], "source")
    assert batch.record_dates.to_pylist() == [
        {
            "row": 1,
            "reference": "C1",
            "kind": "reported_date",
            "earliest": date(2019, 1, 31),
            "latest": date(2019, 1, 31),
        }
    ]
    assert batch.nominals.to_pylist()[0] | {"aliases": None} == batch.nominals.to_pylist()[0]
    assert batch.nominals["born"].to_pylist() == ["1990"]
    involvement = batch.involvements.to_pylist()[0]
    assert (involvement["record"], involvement["nominal"], involvement["role"]) == ("C1", "N1", "SUSPECT")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (GOOD.replace("31/01/2019", ""), ["required"]),
        (GOOD.replace("31/01/2019", "99/99/2019"), ["bad_date"]),
        (GOOD.replace("31/01/2019", "01/01/1066"), ["absurd_date"]),
        (GOOD.replace("31/01/2019", "01/01/2027"), ["absurd_date"]),
        (GOOD.replace(",4,", ",,"), ["no_purpose"]),
        (GOOD.replace("NFA", "???"), ["unknown_code"]),
        (GOOD.replace("C1,", ","), ["required"]),
        (GOOD + ",more", ["wrong_fields"]),
        (GOOD.rpartition(",")[0], ["wrong_fields"]),
        (GOOD.replace("High", "H" * 300), ["too_long"]),
        (GOOD.replace("High", "H" * 1_000_000), ["too_long"]),
        (GOOD.replace("High", "H\udc81gh"), ["undecodable"]),
    ],
)
def test_a_faulty_row_is_quarantined_with_its_reason_and_its_text(load, small, write, line, expected):
    batch = feeds.read(load(small), write(line, GOOD.replace("C1", "C2")))
    assert batch.rows["key"].to_pylist() == ["C2"]
    assert reasons(batch) == {1: expected}
    original = batch.quarantine["original"].to_pylist()[0]
    assert original == line.replace("\udc81", "\\x81")


NOTHING = {"from": "PLACE", "convert": [{"pattern": "^X"}], "invalid": "blank", "required": "true"}
EMPTY = "PLACE is empty once it is converted, and is required."


@pytest.mark.parametrize(
    ("put", "field"),
    [
        (lambda table: table["record"].update(location=NOTHING), "record.location"),
        (lambda table: table["record"].update(purposes=NOTHING), "record.purposes"),
        (lambda table: table["dates"].update(case_closed=NOTHING), "dates.case_closed"),
        (lambda table: table["persons"][0].update(surname=NOTHING), "persons.suspect.surname"),
        (lambda table: table["persons"][0].update(aliases=NOTHING), "persons.suspect.aliases"),
        (
            lambda table: table["persons"][0].update(involvement={"sentence_months": NOTHING}),
            "persons.suspect.sentence",
        ),
    ],
)
def test_a_required_field_that_is_empty_once_converted_is_told(load, small, write, put, field):
    small["declarations"]["purposes"] = {"codes": ["PP4"], **SIGNED}
    put(small["tables"]["crimes"])
    batch = feeds.read(load(small), write(GOOD, GOOD.replace("C1", "C2").replace("12 High", "X 12 High")))
    told = batch.quarantine.to_pylist()[0]
    assert (told["row"], told["reasons"]) == (1, [{"code": "required", "field": field, "message": EMPTY}])


def test_a_required_field_that_cannot_be_converted_is_told_once(load, small, write):
    small["tables"]["crimes"]["record"]["location"] = {
        "from": "PLACE",
        "convert": [{"pattern": "^X"}],
        "required": "true",
    }
    batch = feeds.read(load(small), write(GOOD))
    assert reasons(batch) == {1: ["bad_value"]}


def test_a_reference_that_cannot_be_converted_is_not_called_empty(load, small, write):
    small["tables"]["crimes"]["record"]["reference"] = {"from": "REF", "convert": [{"pattern": "^C([0-9]+)$"}]}
    assert reasons(feeds.read(load(small), write(GOOD.replace("C1", "X1"), GOOD))) == {1: ["bad_value"]}


def test_a_declared_purpose_stands_in_only_where_the_source_gives_none(load, small, write):
    signed = {"authority": "Asset register", "signed_by": "Head of crime", "signed_on": "2026-01-31"}
    small["declarations"]["purposes"] = {"codes": ["PP1", "PP3"], **signed}
    batch = feeds.read(load(small), write(GOOD, GOOD.replace("C1", "C2").replace(",4,", ",,")))
    assert batch.records["purposes"].to_pylist() == [["PP4"], ["PP1", "PP3"]]
    assert batch.records["purpose_from"].to_pylist() == ["source", "declaration"]


def test_a_row_of_a_corporate_area_is_not_taken_as_policing(load, small, write):
    small["tables"]["crimes"]["record"]["area"] = {"from": "OUTCOME", "map": {"NFA": "CRIME", "CHG": "COMPLAINTS"}}
    batch = feeds.read(load(small), write(GOOD, GOOD.replace("C1", "C2").replace("NFA", "CHG")))
    assert batch.records["area"].to_pylist() == ["CRIME"]
    assert batch.quarantine["reasons"].to_pylist()[0][0]["field"] == "record.partition"


def test_administration_is_no_policing_purpose(load, small, write):
    small["tables"]["crimes"]["record"]["purposes"] = {"value": "ADMIN"}
    assert reasons(feeds.read(load(small), write(GOOD))) == {1: ["no_purpose"]}
    small["tables"]["crimes"] |= {"partition": "corporate", "area": "HR"}
    assert feeds.read(load(small), write(GOOD)).rows.num_rows == 1


@pytest.mark.parametrize(("marking", "kept"), [("official sensitive", True), ("Top Secret", False), ("SECRET", False)])
def test_what_is_marked_above_the_tier_is_refused_and_its_text_is_not_kept(load, small, write, marking, kept):
    small["tables"]["crimes"]["record"]["marking"] = "PLACE"
    batch = feeds.read(load(small), write(GOOD.replace('"12 High Street, Norbridge"', marking)))
    if kept:
        assert batch.records["marking"].to_pylist() == ["OFFICIAL-SENSITIVE"]
    else:
        assert reasons(batch) == {1: ["above_tier"]}
        assert "Ashdown" not in batch.quarantine["original"].to_pylist()[0]


def test_cells_that_a_spreadsheet_would_execute_are_kept_as_text(load, small, write):
    batch = feeds.read(load(small), write(GOOD.replace('"12 High Street, Norbridge"', "=cmd|' /C calc'!A0")))
    assert batch.records["location"].to_pylist() == ["=cmd|' /C calc'!A0"]


def test_nul_and_control_characters_are_kept_visibly(load, small, write):
    batch = feeds.read(load(small), write(GOOD.replace("High", "Hi\x00g\x07h")))
    assert batch.records["location"].to_pylist() == ["12 Hi\u2400g\x07h Street, Norbridge"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_kinds_and_line_breaks_inside_quotes(load, small, write, end):
    wide = GOOD.replace("High Street, ", f"High Street{end}")
    batch = feeds.read(load(small), write(wide, GOOD.replace("C1", "C2"), end=end))
    assert batch.rows["key"].to_pylist() == ["C1", "C2"]
    assert batch.records["location"].to_pylist()[0] == f"12 High Street{end}Norbridge"


def test_a_quote_that_never_closes_costs_one_row_and_not_the_rest(load, small, write):
    stray = GOOD.replace('"12 High Street, Norbridge"', '"12 High Street')
    others = [GOOD.replace("C1", f"D{number}") for number in range(50)]
    batch = feeds.read(load(small), write(stray, *others))
    assert reasons(batch) == {1: ["wrong_fields"]}
    assert batch.quarantine["original"].to_pylist() == [stray]
    assert batch.rows.num_rows == 50


def test_the_same_mapped_values_have_the_same_hash_and_others_another(load, small, write):
    feed = load(small)
    first = feeds.read(feed, write(GOOD)).rows["hash"].to_pylist()
    again = feeds.read(feed, write(GOOD.replace("12 High", " 12 High"))).rows["hash"].to_pylist()
    other = feeds.read(feed, write(GOOD.replace("NFA", "CHG"))).rows["hash"].to_pylist()
    assert first == again != other


def test_chunks_make_no_difference(load, small, write):
    lines = [GOOD.replace("C1", f"C{number}").replace("N1", f"N{number % 7}") for number in range(40)]
    lines[11] = lines[11].replace("NFA", "???")
    feed, file = load(small), write(*lines)
    whole, parts = feeds.read(feed, file), feeds.read(feed, file, limits=feeds.Limits(chunk_rows=3))
    for name in ("rows", "records", "nominals", "involvements", "record_dates", "quarantine"):
        assert getattr(whole, name).combine_chunks() == getattr(parts, name).combine_chunks()


_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.lists(_CELLS, min_size=1, max_size=10).map(",".join), max_size=12))
def test_whatever_the_rows_hold_none_is_lost_and_none_is_counted_twice(load, small, write, lines):
    small["tables"]["crimes"]["kind"] = "delta"
    batch = feeds.read(load(small), write(*lines))
    numbers = batch.rows["row"].to_pylist() + batch.quarantine["row"].to_pylist()
    assert sorted(numbers) == list(range(1, batch.rows_read + 1))
    assert len(set(batch.rows["key"].to_pylist())) == batch.rows.num_rows
    assert all(batch.quarantine["original"].to_pylist())


def test_a_delta_without_rows_says_that_nothing_changed(load, small, write):
    small["tables"]["crimes"]["kind"] = "delta"
    batch = feeds.read(load(small), write())
    assert (batch.rows_read, batch.records.num_rows) == (0, 0)
    assert batch.records.schema == canonical.RECORDS


def test_a_loose_quote_shifts_nothing(load, small, write):
    loose = GOOD.replace('"12 High Street, Norbridge"', '"12 "High" Street, Norbridge"').replace("C1", "C2")
    batch = feeds.read(load(small), write(GOOD, loose, GOOD.replace("C1", "C3")))
    assert batch.records["reference"].to_pylist() == ["C1", "C3"]
    assert reasons(batch) == {2: ["wrong_fields"]}


def test_a_footer_counts_rows_whatever_ends_its_line(load, small, write):
    small["tables"]["crimes"]["dialect"] = {"footer_rows": 1, "footer": "^TRAILER,([0-9]+)$"}
    path = write(GOOD, "TRAILER,1")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert feeds.read(load(small), path).rows_read == 1


def test_a_time_with_its_zone_is_the_day_that_it_was_here(load, small, write):
    rows = [GOOD.replace("C1", f"C{at}").replace("31/01/2019", text) for at, text in enumerate(ZONED)]
    batch = feeds.read(load(small), write(*rows))
    assert [str(day) for day in batch.record_dates["earliest"].to_pylist()] == list(ZONED.values())


def test_a_span_of_days_is_read_from_its_first_to_its_last(load, small, write):
    rows = [GOOD, GOOD.replace("C1", "C2"), GOOD.replace("C1", "C3")]
    rows[0] = rows[0].replace("31/01/2019", "01/03/2019 to 05/06/2021").replace("1990", "03/05/1990 - 09/05/1990")
    rows[1] = rows[1].replace("31/01/2019", "01/03/2019 or 2020")
    rows[2] = rows[2].replace("31/01/2019", "05/06/2021 - 01/03/2019")
    batch = feeds.read(load(small), write(*rows))
    assert reasons(batch) == {2: ["bad_date"], 3: ["bad_date"]}
    (told,) = batch.record_dates.to_pylist()
    assert (told["earliest"], told["latest"]) == (date(2019, 3, 1), date(2021, 6, 5))
    assert batch.nominals["born"].to_pylist() == ["1990-05-03/1990-05-09"]


@pytest.mark.parametrize(
    ("form", "one", "other"),
    [
        ("jsonl", '{"REF": "C1", "REPORTED": "Tuesday"}', '{"REPORTED":"Tuesday",   "REF":"C1"}'),
        ("xml", '<x><r a="1" b="2"><REF>C1</REF></r></x>', "<x><r b='2' a='1'>\n <REF>C1</REF>\n</r></x>"),
    ],
)
def test_a_refused_row_is_known_again_however_it_is_written(load, small, tmp_path, form, one, other):
    small["tables"]["crimes"] |= {"format": form, "files": "crimes_*", "kind": "delta"}
    small["tables"]["crimes"] |= {"rows_at": "x/r"} if form == "xml" else {}
    path = tmp_path / f"crimes_2026-11-08.{form}"
    known = []
    for text in (one, other):
        path.write_text(text)
        known += feeds.read(load(small), path).quarantine["known_by"].to_pylist()
    assert len(known) == 2
    assert known[0] == known[1]


def test_a_row_with_one_field_more_is_refused_though_its_last_is_empty(load, small, write):
    shifted = "C3,31/01/2019,NFA,12 High Street, Norbridge,4,N1,Ashdown,"
    batch = feeds.read(load(small), write(GOOD, GOOD.replace("C1", "C2"), shifted))
    assert reasons(batch) == {3: ["wrong_fields"]}
    assert batch.records["reference"].to_pylist() == ["C1", "C2"]


@pytest.mark.parametrize("end", [",", ",,"])
def test_a_delimiter_at_the_end_of_every_row_is_none_of_a_field(load, small, write, end):
    lines = [f"{GOOD.replace('C1', f'C{number}')}{end}" for number in range(3)]
    assert feeds.read(load(small), write(*lines)).rows.num_rows == 3
    batch = feeds.read(load(small), write(*lines, "C3,31/01/2019"))
    assert reasons(batch) == {4: ["wrong_fields"]}
    assert feeds.read(load(small), write(*lines, GOOD.replace("C1", "C9"))).rows["key"].to_pylist() == ["C9"]


def test_a_delimiter_at_the_end_of_header_and_rows_makes_a_column_without_a_name(load, small, write):
    path = write(f"{GOOD},")
    path.write_text(path.read_text().replace("SUS_DOB\n", "SUS_DOB,\n"))
    assert feeds.read(load(small), path).rows.num_rows == 1


def test_two_offences_of_one_code_in_a_row_are_two(load, small, tmp_path):
    table = small["tables"]["crimes"]
    table |= {"format": "jsonl", "files": "crimes_*", "kind": "delta"}
    details = {
        "happened": {"from": "DAY", "convert": ["date"]},
        "cjs": "CJS",
        "result": {"from": "RESULT", "map": {"A": "acquitted", "C": "convicted"}},
    }
    accused = {"label": "accused", "each": "charges", "reference": "SUS_ID", "role": {"value": "SUSPECT"}}
    table["persons"] = [accused | {"surname": "SUS_SURNAME", "involvement": details}]
    charge = {"SUS_ID": "N1", "SUS_SURNAME": "Ashdown", "CJS": "TH68010"}
    charges = [charge | {"DAY": "2009-03-01", "RESULT": "A"}, charge | {"DAY": "2019-01-30", "RESULT": "C"}]
    said = {"REF": "C1", "REPORTED": "31/01/2019", "PURPOSE": "4", "charges": [*charges, charges[1]]}
    (tmp_path / "crimes_2026-11-08").write_text(json.dumps(said))
    told = feeds.read(load(small), tmp_path / "crimes_2026-11-08")
    assert told.involvements["result"].to_pylist() == ["acquitted", "convicted"]
