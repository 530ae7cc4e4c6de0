"""What pages say is so: an offence that is recorded, an undoing that is open, a fact by what it asks."""

import re

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import approved
from muniment.core import words
from muniment.records.models import Record

pytestmark = pytest.mark.django_db(databases="__all__")


def test_an_offence_that_is_told_by_its_code_is_recorded(life):
    record = Record.objects.get(reference="C1")
    assert record.cjs and not record.offence_text
    client = sign_in(life.cast["rowan"])
    assert "none recorded" not in client.get(reverse("record", args=[record.pk])).text


def test_what_can_still_be_undone_is_not_said_to_be_over(life):
    order = approved(life)
    page = sign_in(life.cast["ash"]).get(reverse("disposal", args=[order.reference])).text
    assert "Undo the disposal" in page
    assert ", and still until its sources are told" in page
    assert "(over)" not in page


def test_an_age_that_is_wanting_is_asked_for_whatever_hangs_on_it():
    assert words.say("fact", "age_at_event") == "How old the person was at the time"


def test_a_page_that_is_gone_may_have_been_of_something_disposed_of(life):
    page = sign_in(life.cast["rowan"]).get(reverse("person", args=["P0000999-9"]))
    assert page.status_code == 404
    assert "may have been disposed of" in page.text


def test_the_schedule_says_the_whole_of_a_period(life):
    page = re.sub(r"<[^>]*>|\s+", " ", sign_in(life.cast["rowan"]).get(reverse("schedule")).text)
    page = re.sub(r" +", " ", page)
    for said in (
        "HR-RAD 75 years Date of birth and at least 30 years from last entry Dispose",
        "CUS-BIO-U18-M 5 years Biometric taken and the length of a custodial sentence Dispose",
        "CUS-BIO-MIN At once Investigation concluded Dispose",
        "CUS-BIO-CONV Indefinite Conviction date Nothing follows",
        "CRI-INC 7 years Incident closed of a child from the 18th birthday Dispose",
        "CUS-REC-G As long as the group of its person",
    ):
        assert said in page
    assert "no time" not in page
