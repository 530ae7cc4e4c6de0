"""A record that is kept for a lifetime is looked at every ten years: to be due for a look is not to be at its end."""

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import NO, WHY, by, prime_of
from factories.exports import row
from muniment.people.queries import life_digest
from muniment.records.models import Record
from muniment.retention.actions import disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.models import DisposalOrder, Review
from muniment.retention.views import due_records

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
UNSOLVED = {"CJS": "SX03002", "OUTCOME": "UNDETECTED", "RESULT": "", "REPORTED": "2013-03-01", "TITLE": "Rape"}
PERIOD = (
    "Undetected serious specified offence or murder: kept for 100 years from &#x27;reported date&#x27;"
    " and looked at every 10 years meanwhile"
)
REASON = "Looked at each: nothing of value is left in it."


def test_the_review_of_a_victim_and_the_order_say_so(own_life):
    victim = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02", "ROLE": "VICTIM"}
    own_life.crime.send([row("C9", "P9", **UNSOLVED | victim)], on="2026-07-01")
    own_life.run()
    review = Review.objects.get(prime=prime_of("P9"))
    page = sign_in(own_life.cast["rowan"]).get(reverse("review", args=[review.reference])).text
    assert "1 of 1 records" in page
    assert PERIOD in page
    answers = reviewing.Answers(NO, WHY, seen=life_digest(review.prime_id))
    done = reviewing.decide(review, answers, reviewing.Conclusion("dispose", REASON), by=by(own_life, "rowan"))
    keys = (Record.objects.get(reference="C9").pk,)
    order = disposal.propose(disposal.Proposal(done.prime, done.controller, keys, done), by=by(own_life, "rowan"))
    approver = sign_in(own_life.cast["ash"])
    assert PERIOD in approver.get(reverse("disposal", args=[order.reference])).text


def test_unsolved_crimes_about_nobody_are_chosen_one_by_one(own_life, monkeypatch):
    monkeypatch.setattr(due_records, "PAGE", 1)
    own_life.crime.send([row(f"N{number}", **UNSOLVED) for number in range(2)], on="2026-07-01")
    own_life.run()
    client = sign_in(own_life.cast["rowan"])
    page = reverse("due_records", args=["northshire", "CRI-UND-S"])
    shown = client.get(page).text
    assert PERIOD in shown
    assert "2 records about nobody have fallen due." in shown
    assert "time is over" not in shown
    assert 'name="all"' not in shown
    assert client.post(page, {"all": "yes", "reason": REASON}).status_code == 422
    assert not DisposalOrder.objects.exists()
