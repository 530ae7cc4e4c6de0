"""A workbook holds what its tables show, and nothing else: no hidden sheet, no formula, nobody's name beside it."""

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest

from factories.spreadsheets import nothing_beside, open_rows, parts
from muniment.core import opendocument, workbooks
from muniment.core.workbooks import Sheet

MADE = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
NASTY = ("=HYPERLINK(\"http://x/\"&A1)", "+1", "-1+2", "@SUM(A1)", "\t=1", "a\x00b")  # fmt: skip
ROWS = [
    ("2026", 1234, 0.5, date(2028, 2, 29)),
    ("May", None, None, workbooks.Month(2028, 5, 1)),
    *((text, -7, None, None) for text in NASTY),
]
SHEETS = [
    Sheet("What falls due", ("", "People", "Share", "On"), ROWS, "Read it so."),
    Sheet("What falls due: all of it, month after month [1]", ("A",), [("x",)]),
    Sheet("what falls due", ("A",), []),
    Sheet("About", ("A",), [("y",)]),
]


@pytest.fixture(scope="module")
def made():
    return workbooks.workbook("Falls due", [("Policy", "2026.1"), ("As on", date(2026, 11, 22))], SHEETS, made_at=MADE)


def test_each_table_is_a_sheet_with_real_numbers_and_days_and_its_head_stands(made):
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert book.sheetnames == [
        "About", "What falls due", "What falls due  all of it", "what falls due 2", "About 2"
    ]  # fmt: skip
    page = book["What falls due"]
    assert [cell.value for cell in page[1]] == ["Name", "People", "Share", "On"]
    name, people, share, day = page[2]
    assert (name.value, people.value, share.value, day.value) == ("2026", 1234, 0.5, datetime(2028, 2, 29))
    assert (name.data_type, people.data_type, share.data_type, day.is_date) == ("s", "n", "n", True)
    assert (people.number_format, day.number_format, page.freeze_panes) == ("#,##0", "yyyy-mm-dd", "A2")
    assert (page["D3"].value, page["D3"].number_format) == (datetime(2028, 5, 1), "mmmm yyyy")
    assert page.column_dimensions["A"].width > 20
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert (about["Marking"], about["Policy"], about["As on"]) == (
        "OFFICIAL-SENSITIVE", "2026.1", datetime(2026, 11, 22)
    )  # fmt: skip
    assert about["Sheet What falls due"] == "Read it so."
    assert "OFFICIAL-SENSITIVE" in page.oddHeader.center.text


def test_no_text_is_a_formula(made):
    page = openpyxl.load_workbook(io.BytesIO(made))["What falls due"]
    cells = [row[0] for row in page.iter_rows(min_row=4)]
    assert [cell.value for cell in cells] == [*NASTY[:-1], "ab"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True] * 5 + [False]
    assert "<f>" not in parts(made)["xl/worksheets/sheet2.xml"]


def test_nothing_is_hidden_and_nothing_beside_the_cells_names_anybody(made):
    nothing_beside(made)


def test_what_a_sheet_cannot_take_is_refused(monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_ROWS", 3)
    with pytest.raises(ValueError, match="narrow it"):
        workbooks.workbook("Long", [], [Sheet("Long", ("A",), [("1",)] * 3)], made_at=MADE)


def test_the_open_format_holds_the_same_cells_and_no_text_is_a_formula_there():
    about = [("Policy", "2026.1"), ("As on", date(2026, 11, 22))]
    given = opendocument.workbook("Falls due", about, SHEETS, made_at=MADE)
    heads, first, month, *texts = open_rows(given, "What falls due")
    assert heads == ["Name", "People", "Share", "On"]
    assert first == ["2026", 1234, 0.5, "2028-02-29"]
    assert month == ["May", None, None, "2028-05-01"]
    assert [row[0] for row in texts] == [*NASTY[:-1], "ab"]
    assert ["Sheet What falls due", "Read it so."] in open_rows(given, "About")
    assert ["Marking", "OFFICIAL-SENSITIVE"] in open_rows(given, "About")
    assert open_rows(given, "what falls due 2") == [["A"]]
    named = parts(given)
    assert "<style:header><text:p>OFFICIAL-SENSITIVE</text:p>" in named["styles.xml"]
    assert 'style:master-page-name="Default"' in named["content.xml"]
    assert given == opendocument.workbook("Falls due", about, SHEETS, made_at=MADE), "the same bytes each time"
