"""The file of manual decisions: wrong columns refuse it whole, a wrong row alone."""

from datetime import date

import pytest

from muniment.retention.checks.manual_rows import BadFile, ManualRow, rows

HEAD = "system,reference,decision,decided_on,next_review,decided_by,reason\n"
TODAY = date(2026, 11, 22)


def read(text, head=HEAD):
    return [row for _, row in rows((head + text).encode(), TODAY)]


def test_a_row_is_read_with_what_may_be_left_out():
    assert read("crime,C1,keep,2026-05-01,2031-05-01,Review officer,Still a risk\n") == [
        ManualRow(2, "crime", "C1", "keep", date(2026, 5, 1), date(2031, 5, 1), "Review officer", "Still a risk")
    ]
    short = read(",P0000001-X,Dispose,01/05/2026,Review officer\n", "system,reference,decision,decided_on,decided_by\n")
    assert short == [ManualRow(2, "", "P0000001-X", "dispose", date(2026, 5, 1), None, "Review officer", "")]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("crime,C1,maybe,2026-05-01,,Officer,", "keep or dispose"),
        ("crime,,keep,2026-05-01,,Officer,", "reference is empty"),
        ("crime,C1,keep,1 May,,Officer,", "decided_on is no day"),
        ("crime,C1,keep,2026-12-01,,Officer,", "after today"),
        ("crime,C1,keep,2026-05-01,2026-04-01,Officer,", "next_review is not after"),
        ("crime,C1,dispose,2026-05-01,2027-04-01,Officer,", "decided to dispose"),
        ("crime,C1,keep,2026-05-01,,,", "job title"),
        ("crime,C1,keep,2026-05-01", "fewer cells"),
        ("crime,C1,keep,2026-05-01,,Officer,because,more", "more or fewer"),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_the_others_stay(row, why):
    good = "crime,C2,keep,2026-05-01,,Officer,\n"
    wrong, right = read(f"{row}\n{good}")
    assert why in wrong
    assert "C1" not in wrong, "it repeats nothing of the row"
    assert isinstance(right, ManualRow)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("reference,decision,decided_on,decided_by\n", "lacks system"),
        (HEAD.replace("reason", "notes"), "not known"),
        (HEAD.replace("system", "System"), "small letters"),
        ("", "lacks system, reference"),
    ],
)
def test_a_file_with_other_columns_is_refused_whole(head, why):
    with pytest.raises(BadFile, match=why):
        read("crime,C1,keep,2026-05-01,,Officer,\n" if head else "", head)


def test_a_file_that_is_no_text_in_utf_8_is_refused_whole():
    with pytest.raises(BadFile, match="UTF-8"):
        list(rows(HEAD.encode("utf-16"), TODAY))
    assert [row.reason for row in read("crime,C1,keep,2026-05-01,,Officer,Größe\n", "\ufeff" + HEAD)] == ["Größe"]
