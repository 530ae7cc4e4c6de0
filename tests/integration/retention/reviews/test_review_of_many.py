"""The page of a review of someone whom several forces know, or who may be someone else too."""

import re

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.exports import Source, row
from muniment.core.models import Controller
from muniment.people.models import MatchEdge, PrimePerson
from muniment.records.models import Record
from muniment.retention.deciding import afresh
from muniment.retention.models import RecordDecision, Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def test_it_says_whose_record_is_whose(own_life):
    other = Source(own_life.crime.folder.parent, controller="westvale", kind="delta")
    home = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
    other.send([row("W1", "W1", **home)])
    own_life.run()
    assert PrimePerson.objects.filter(retired_at__isnull=True).count() == 1
    review = Review.objects.get(controller__code="northshire")
    page = sign_in(own_life.cast["rowan"]).get(reverse("review", args=[review.reference])).text
    northshire, westvale = (Controller.objects.get(code=code).name for code in ("northshire", "westvale"))
    assert f"2 of 3 records are {northshire}&#x27;s; what you decide is about those. 1 is {westvale}&#x27;s." in page
    for record in Record.objects.select_related("system__controller"):
        assert f"{record.system.title}, {record.system.controller.name}" in page


def test_a_possible_match_leads_to_its_judgement_and_back(own_life):
    own_life.crime.send(
        [row("C7", "P7", BORN="1980-05-21", POSTCODE="NH1 1AA", REPORTED="2026-05-01")], on="2026-07-01"
    )
    own_life.run()
    edge = MatchEdge.objects.filter(needs_person=True).first()
    RecordDecision.objects.filter(record__reference="C1").update(because=[afresh.IN_DOUBT])
    review = Review.objects.get(prime__belongings__nominal__reference="P1")
    client, address = sign_in(own_life.cast["rowan"]), reverse("review", args=[review.reference])
    page = client.get(address).text
    link = f"{reverse('match', args=[edge.pk])}?next={address.replace('/', '%2F')}"
    assert f'href="{link}"' in page
    judging = client.get(link).text
    assert f'<a class="govuk-back-link" href="{address}">Back to the review</a>' in judging
    said = {"verdict": "different", "evidence": "document", "reason": "Two passports.", "next": address}
    assert client.post(reverse("match", args=[edge.pk]), said).url == address
    assert link not in client.get(address).text


def test_a_victim_is_not_asked_about_as_an_offender(own_life):
    victim = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02", "ROLE": "VICTIM", "RESULT": ""}
    own_life.crime.send([row("V1", "P9", **victim)], on="2026-07-01")
    own_life.run()
    review = Review.objects.get(prime__belongings__nominal__reference="P9")
    client, address = sign_in(own_life.cast["rowan"]), reverse("review", args=[review.reference])
    page = client.get(address).text
    assert "capacity to inflict serious harm" not in page
    assert "the questions about offenders are not asked" in page
    asked = re.findall(r'name="answer_(\w+)" type="radio" value="no"', page)
    assert asked == ["case_needed", "safeguarding", "part_of_pattern", "own_rights", "own_wishes", "other"]
    lent = {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("version", "seen")}
    fields = {f"answer_{key}": "no" for key in asked} | {"outcome": "dispose", "reason": "Nobody needs it any more."}
    missing = client.post(address, lent | fields | {"do": "decide", "answer_own_rights": ""})
    assert re.findall(r'href="#id_answer_(\w+)"', missing.text) == ["own_rights"]
    assert client.post(address, lent | fields | {"do": "decide"}).status_code == 302
    assert set(review.answers.values_list("criterion", flat=True)) == set(asked)


def test_an_offender_who_was_a_victim_too_is_asked_about_as_an_offender(own_life):
    own_life.crime.send([row("V1", "P1", ROLE="VICTIM", RESULT="", POSTCODE="NH1 1AA")], on="2026-07-01")
    own_life.run()
    page = sign_in(own_life.cast["rowan"]).get(reverse("review", args=[own_life.review.reference])).text
    assert "capacity to inflict serious harm" in page
    assert "own_wishes" not in page
