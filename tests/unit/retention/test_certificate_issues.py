"""What a later certificate says otherwise, and which records call for which national database."""

from datetime import date

import pytest

from muniment.engine import policy
from muniment.retention.disposals import issues
from muniment.retention.elsewhere import duties
from muniment.retention.models import Duty
from muniment.retention.policies import elsewhere


def body(source="No answer yet", store="No answer yet", copies=()):
    return {
        "sources": [{"system": "Crime", "answer": source, "by": "rowan"}],
        "elsewhere": [
            {"where": "Source", "place": "Crime", "reference": "C1", "answer": source, "by": "rowan"},
            {"where": "Store", "place": "Store", "reference": "C1", "answer": store, "by": "keeper"},
        ],
        "copies": [{"holder": holder, "reference": "C1"} for holder in copies],
        "destroyed": [{"reference": "C1"}],
    }


def test_answers_and_copies_that_changed_are_named_once_each():
    changes = list(issues.changes_between(body(copies=["Index"]), body(source="Deleted at source", store="Done")))
    assert changes == [
        "Crime: 'Deleted at source' instead of 'No answer yet', by rowan.",
        "Store C1: 'Done' instead of 'No answer yet', by keeper.",
        "Index C1: the copy is withdrawn.",
    ]


def test_what_is_the_same_is_no_change():
    assert list(issues.changes_between(body(), body())) == []
    assert list(issues.changes_between({}, {})) == []


@pytest.mark.parametrize(
    ("class_id", "places"),
    [
        ("CUS-BIO-CONV", {"ndnad", "ident1"}),
        ("CUS-IMG-NC-U18", {"pnd"}),
        ("CUS-REC-N", {"pnc"}),
        ("CRI-UND-O", set()),
        ("HR-RAD", set()),
    ],
)
def test_a_class_calls_for_its_databases(class_id, places):
    settings = elsewhere.on(date(2026, 11, 22), policy.load())
    always = [each for each in settings.national if each.classes and not each.requests]
    assert {each.code for each in always if each.takes(class_id)} == places


def test_a_body_that_passes_requests_on_is_told_where_one_came_through_it_and_of_no_intelligence():
    acro = next(each for each in elsewhere.on(date(2026, 11, 22), policy.load()).national if each.code == "acro")
    assert acro.requests == {"acro_deletion"}
    assert not acro.takes("INT-G3") and acro.takes("CUS-REC-N")


def test_every_answer_has_words_and_every_one_that_leaves_something_a_next_step():
    settings = elsewhere.on(date(2026, 11, 22), policy.load())
    offered = {answer for each in settings.national for answer in each.answers}
    offered |= {*settings.shelf["answers"], *settings.source["answers"]}
    assert offered <= set(Duty.Answer.values)
    assert offered - set(duties.CLOSING) == settings.next_steps.keys()
    assert settings.chased_after_days.keys() == set(Duty.Where.values)
