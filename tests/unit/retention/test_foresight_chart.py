"""Columns of the forecast: as high as what falls due, each number in words, short ones above."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.retention.foresight.foresight_chart import HEIGHT, Both, beside, chart, short

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


def test_two_schedules_stand_beside_each_other_on_one_scale():
    columns = [Both("Now", (60, 40), (30, 20)), Both("2027", (0, 0), (0, 200))]
    drawn = beside("beside-people", "People", columns, KINDS, "Other")
    assert [bar.kind for bar in drawn.bars] == ["person", "clock", "other-person", "other-clock", "other-clock"]
    here, above, there, _, later = drawn.bars
    assert there.x >= here.x + here.width, "beside, not over it"
    assert later.height == 2 * (here.height + above.height) == 4 * (there.height + drawn.bars[3].height)
    assert above.y + above.height == here.y and here.y + here.height == HEIGHT
    assert later.words == "2027, other: 200 by the clock"
    assert [line.text for line in drawn.lines] == ["50", "100", "150", "200"]
    assert drawn.lines[-1].y == later.y, "the scale is that of the columns"
    assert [words for _, words in drawn.kinds] == [
        "In force: for a review",
        "In force: by the clock",
        "Other: for a review",
        "Other: by the clock",
    ]
    assert drawn.said == (
        "People. In force 100 in all, other 250. They differ most in 2027: in force 0 for a review and 0 by the clock,"
        " other 0 and 200. The same numbers are in the table below."
    )


def test_schedules_that_do_not_differ_say_so_and_nothing_due_is_no_chart():
    same = [Both("Now", (3, 4), (3, 4))]
    assert "They are the same each time." in beside("b", "People", same, KINDS, "Other").said
    turned = beside("b", "People", [Both("Now", (3, 4), (4, 3))], KINDS, "Other").said
    assert "in force 3 for a review and 4 by the clock, other 4 and 3." in turned, "as many, and not the same"
    assert beside("b", "People", [Both("Now", (0, 0), (0, 0))], KINDS, "Other") is None
    assert beside("b", "People", [], KINDS, "Other") is None


@given(st.integers(1, 10**9))
def test_a_scale_reaches_above_the_highest_by_few_even_steps(most):
    drawn = beside("b", "People", [Both("Now", (most, 0), (0, 0))], KINDS, "Other")
    tops = [line.y for line in drawn.lines]
    assert 1 <= len(tops) <= 5 and tops == sorted(tops, reverse=True)
    assert tops[-1] <= drawn.bars[0].y <= HEIGHT and tops[-1] >= 0
