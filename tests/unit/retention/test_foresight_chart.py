"""Columns of the forecast: as high as what falls due, each number in words, short ones above."""

from muniment.retention.foresight.foresight_chart import HEIGHT, chart, short

KINDS = ("For a review", "By the clock")


def test_parts_stand_on_each_other_and_the_highest_fills_the_room():
    drawn = chart("people", "People", [("Now", 60, 40), ("2027", 50, 0), ("2028", 0, 0)], KINDS)
    first, above, second = drawn.bars
    assert (first.words, above.words) == ("Now: 60 for a review", "Now: 40 by the clock")
    assert (first.kind, above.kind) == ("person", "clock")
    assert first.y + first.height == HEIGHT
    assert above.y + above.height == first.y
    assert second.height == (first.height + above.height) / 2
    assert [mark.text for mark in drawn.marks] == ["Now", "100", "2027", "50", "2028", "0"]


def test_nothing_due_is_no_chart():
    assert chart("people", "People", [("Now", 0, 0)], KINDS) is None
    assert chart("people", "People", [], KINDS) is None


def test_numbers_above_columns_are_short():
    written = [short(number) for number in (0, 999, 1000, 12_345, 456_789, 1_250_000, 123_000_000)]
    assert written == ["0", "999", "1.0k", "12.3k", "456k", "1.2m", "123m"]
