"""Wherever a reason is required, a row of full stops is none."""

from datetime import date

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import NO, approved, by, place, propose
from muniment.core.models import Controller
from muniment.core.verdicts import Refused
from muniment.people.actions import judge
from muniment.records.models import Nominal
from muniment.retention.actions import bulk, disposal, hold
from muniment.retention.actions import review as reviewing
from muniment.retention.models import DisposalOrder, Hold

pytestmark = pytest.mark.django_db(databases="__all__")
STOPS = "." * 20


def review(life):
    reviewing.decide(life.review, reviewing.Answers(NO), reviewing.Conclusion("dispose", STOPS), by=by(life, "rowan"))


def hold_(life):
    force = Controller.objects.get(code="northshire")
    hold.place(hold.Proposal("Inquest", STOPS, date(2026, 1, 1), {}, (force,)), by=by(life, "hazel"))


def release(life):
    hold.ask_release(place(life), by=by(life, "hazel"), reason=STOPS)


def return_(life):
    disposal.return_(propose(life), by=by(life, "ash"), note=STOPS)


def undo(life):
    disposal.undo(approved(life), by=by(life, "rowan"), note=STOPS)


def due(life):
    bulk.propose_due([], by=by(life, "rowan"), reason=STOPS)


def judgement(life):
    one, two = Nominal.objects.order_by("pk")
    judge.judge(one, two, judge.Said("same", "document", STOPS), by=by(life, "sorrel"))


@pytest.mark.parametrize("act", [review, hold_, release, return_, undo, due, judgement])
def test_full_stops_are_no_reason(life, act):
    with pytest.raises(Refused, match="in at least two words with ten letters or more"):
        act(life)
    assert not DisposalOrder.objects.filter(state__in=["returned", "undone"]).exists()
    assert not Hold.objects.exclude(release_asked_by="").exists()


def test_the_form_of_a_hold_says_so_at_the_field(life):
    given = {"title": "Inquest", "authority": STOPS, "start": "1 1 2026", "controllers": []}
    page = sign_in(life.cast["hazel"]).post(reverse("place_hold"), given).text
    assert 'id="id_authority-error"' in page
    assert page.count("Name the letter, order or decision, in at least two words") == 2, "in the summary and there"
    assert STOPS in page, "what was typed stays"
