"""What sources were told cannot be untold: an order that is stopped or undone after it says what each of them did."""

import re

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import WORKER, approved, by, place
from muniment.retention.actions import disposal
from muniment.retention.elsewhere import told

pytestmark = pytest.mark.django_db(databases="__all__")


def halved(life):
    """Return an order of which one source has deleted and the other has not answered, and the titles of the two."""
    order = disposal.instruct(approved(life), by=WORKER)
    first, second = order.instructions.select_related("system").order_by("system__title")
    disposal.answer(first, by=by(life, "rowan"), said="done", note="")
    return order, first, second


def page_of(life, order, who="rowan"):
    text = sign_in(life.cast[who]).get(reverse("disposal", args=[order.reference])).text
    return re.sub(r"\s+", " ", text)


def undone(life, order):
    undoing = reverse("undo", args=[order.reference])
    note = {"note": "The inquest needs them"}
    return sign_in(life.cast["rowan"]).post(undoing, note, follow=True).text


def stated(order):
    return {item.system.title: item.kept_because for item in order.items.select_related("system")}


def says(first, second):
    return (
        "Nothing was destroyed here by it.",
        f"Deleted at source already, which cannot be undone: {first.system.title}.",
        f"Told to delete and not answered yet: {second.system.title}; recall its work file.",
    )


def test_undoing_says_what_cannot_be_undone(life):
    order, first, second = halved(life)
    place(life)
    said = undone(life, order)
    assert "Undone. " + " ".join(says(first, second)) in said
    assert "Nothing was destroyed.<" not in said
    review = sign_in(life.cast["rowan"]).get(reverse("review", args=[life.review.reference])).text
    assert "<strong>1 deleted at source already, 1 to recall from a source.</strong>" in review
    assert stated(order) == {
        first.system.title: "Undone, but its source has deleted it",
        second.system.title: "Undone; its source was told to delete it and has not answered",
    }


@pytest.mark.parametrize("then", ["stopped", "undone"])
def test_the_page_says_so_for_as_long_as_it_is_so(life, then):
    order, first, second = halved(life)
    place(life)
    if then == "undone":
        undone(life, order)
    page = page_of(life, order)
    assert f"This disposal is {then}, after its sources were told to delete." in page
    assert all(each in page for each in says(first, second))
    assert "No answer yet: recall its work file." in page
    assert "When all have answered, the records are destroyed here" not in page
    assert "its source has deleted it<" in page and "its source was told to delete it and has not answered<" in page
    assert "1 deleted at source already, 1 to recall from a source" in page
    listed = sign_in(life.cast["ash"]).get(reverse("disposals")).text
    assert "1 deleted at source already, 1 to recall from a source" in listed
    disposal.answer(second, by=by(life, "rowan"), said="supplier", note="Recalled by telephone, ticket 12")
    page = page_of(life, order)
    assert "not answered yet" not in page and "to recall from a source" not in page
    assert f"Could not delete: {second.system.title}; see that it is not done later." in page


def test_an_answer_after_the_undoing_is_told_of_the_record(life):
    order, first, second = halved(life)
    place(life)
    undone(life, order)
    disposal.answer(second, by=by(life, "rowan"), said="done", note="")
    assert set(stated(order).values()) == {"Undone, but its source has deleted it"}
    page = page_of(life, order)
    assert f"cannot be undone: {', '.join(sorted([first.system.title, second.system.title]))}." in page
    assert "recall" not in page


def test_an_order_of_which_no_source_was_told_says_that(life):
    order = approved(life)
    said = undone(life, order)
    assert "Undone. Nothing was destroyed here by it. No source was told to delete anything." in said
    assert set(stated(order).values()) == {"Undone"}
    assert "after its sources were told" not in page_of(life, order)


def test_an_order_that_runs_says_what_is_to_come(life):
    order, *_ = halved(life)
    page = page_of(life, order)
    assert "Each source deletes first. When all have answered, the records are destroyed here." in page
    assert "Here; its source has deleted it" in page
    assert "recall" not in page


def test_what_is_kept_when_others_go_is_not_whole_where_its_source_has_deleted_it():
    assert told.kept_whole("It is recent.", "done") == "Its source has deleted it. It is recent."
    assert told.kept_whole("It is recent.", "supplier") == told.kept_whole("It is recent.", None) == "It is recent."
    assert len(told.kept_whole("x" * 300, "done")) == 200
