"""Wherever a reason is required, a row of full stops is none."""

import re
from datetime import date

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import NO, WHY, approved, by, place, propose
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
    reviewing.decide(
        life.review, reviewing.Answers(NO, WHY), reviewing.Conclusion("dispose", STOPS), by=by(life, "rowan")
    )


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


@pytest.mark.parametrize(
    ("who", "view", "reach", "field", "says"),
    [
        ("ash", "send_back", propose, "return-note", "Say what is wrong with the proposal"),
        ("rowan", "undo", approved, "undo-note", "Say why the disposal is undone"),
        ("hazel", "ask_release", place, "id_note", "Give the reason, and the paper that releases the hold"),
    ],
)
@pytest.mark.parametrize("typed", ["", STOPS])
def test_what_goes_back_without_a_reason_says_so_at_its_field(life, who, view, reach, field, says, typed):
    about = reach(life)
    answer = sign_in(life.cast[who]).post(reverse(view, args=[about.reference]), {"note": typed})
    assert answer.status_code == 422
    assert f'href="#{field}">{says}' in answer.text, "the summary leads to the field"
    control = re.search(rf"<textarea[^>]*id=\"{field}\"[^>]*>([^<]*)", answer.text)
    assert f'aria-describedby="{field}-error"' in control[0]
    assert control[1].strip() == typed, "what was typed stays"
    folded = re.findall(r"<details class=\"govuk-details\"([^>]*)>", answer.text.partition(f'id="{field}"')[0])
    assert view != "undo" or folded[-1] == " open", "the form that is wrong stands open"
    about.refresh_from_db()
    assert getattr(about, "state", "") in {"", "proposed", "approved"}


def test_an_empty_note_on_an_order_that_cannot_go_back_says_why_not(life):
    order = approved(life)
    said = sign_in(life.cast["ash"]).post(reverse("send_back", args=[order.reference]), {"note": ""}, follow=True).text
    assert "This disposal is &#x27;approved, cooling off&#x27;: you cannot return it now." in said
