"""Part of a person is behind a wall: what one reader binds to the person, another and the worker find the same."""

import re

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import NO, WORKER, by, prime_of
from factories.exports import Source, row
from muniment.records.models import Nominal
from muniment.retention.actions import destruction, disposal
from muniment.retention.models import DisposalOrder, Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
REASON = "No longer necessary for any policing purpose."


@pytest.fixture
def known_elsewhere(own_life, tmp_path):
    """A life whose person is known to a force as well that works with none of the reviewer's."""
    Source(tmp_path, controller="cheshire", system="street-level", kind="delta").send([row("W1", "WP1", **HOME)])
    Review.objects.all().delete()
    own_life.run()
    assert prime_of("WP1") == prime_of("P1")
    return own_life


def decided(life):
    """Have a reviewer decide on the page to dispose of everything; return the page before and the order."""
    review = Review.objects.get(controller__code="northshire", state="open")
    client, page = sign_in(life.cast["rowan"]), reverse("review", args=[review.reference])
    before = client.get(page).text
    fields = {name: re.search(rf'name="{name}" value="([^"]*)"', before)[1] for name in ("version", "seen")}
    fields |= {f"answer_{key}": said for key, said in NO.items()}
    assert client.post(page, fields | {"do": "decide", "outcome": "dispose", "reason": REASON}).status_code == 302
    return before, DisposalOrder.objects.get()


def test_what_a_reviewer_decides_of_a_person_whom_they_see_in_part_goes(known_elsewhere):
    before, order = decided(known_elsewhere)
    assert "This person has changed" not in before
    sign_in(known_elsewhere.cast["ash"]).post(reverse("approve", args=[order.reference]))
    assert destruction.work(by=WORKER)["instructed"] == 1
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(known_elsewhere, "rowan"), said="done", note="")
    assert destruction.work(by=WORKER)["certified"] == 1
    assert list(Nominal.objects.values_list("reference", flat=True)) == ["WP1"]


def test_who_joins_unseen_stops_it_all_the_same(known_elsewhere, tmp_path):
    _, order = decided(known_elsewhere)
    bedford = Source(tmp_path, controller="bedfordshire", system="street-level", kind="delta")
    bedford.send([row("B1", "B1", **HOME)], on="2026-07-01")
    known_elsewhere.run()
    approved = sign_in(known_elsewhere.cast["ash"]).post(reverse("approve", args=[order.reference]), follow=True)
    assert "have changed since the proposal" in approved.text
