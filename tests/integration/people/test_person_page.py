"""The page of a person with a long life: every record of it is on some page, newest first."""

import re

import pytest
from django.urls import reverse

from factories.cast import refresh
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.people.actions.resolve import resolve
from muniment.people.models import PrimePerson
from muniment.people.views import person as views

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(cast, signed_in, tmp_path):
    """Return a function that gives the text of a page of someone with eight records."""
    days = [f"2015-03-0{day}" for day in range(1, 9)]
    Source(tmp_path).send([row(f"C{day[-1]}", "P1", REPORTED=day) for day in days])
    activate_model()
    resolve(by=Actor("tests"))
    refresh()
    client, reference = signed_in(cast["rowan"]), PrimePerson.objects.get().reference
    return lambda number: client.get(reverse("person", args=[reference]), {"page": number}).content.decode()


def records(text):
    return re.findall(r'app-reference" href="[^"]*">(C\d)<', text)


def test_every_record_is_on_one_page_newest_first(page, monkeypatch):
    monkeypatch.setattr(views, "ON_A_PAGE", 3)
    monkeypatch.setattr(views, "OPEN", 2)
    found = [records(page(number)) for number in (1, 2, 3)]
    assert found == [["C8", "C7", "C6"], ["C5", "C4", "C3"], ["C2", "C1"]]
    assert "8 records, newest first: 4 to 6." in page(2)
    assert "Show the earlier records" in page(1)
    assert "Show the earlier records" not in page(2)


def test_a_life_that_fits_on_a_page_has_no_pages(page):
    text = page(1)
    assert records(text) == [f"C{number}" for number in range(8, 0, -1)]
    assert 'aria-label="Pages"' not in text
