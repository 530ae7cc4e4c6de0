"""Placing a hold on the web: a slip is told, and nobody takes a hold that covers nothing for protection."""

import pytest
from django.urls import reverse

from factories.cast import sign_in
from muniment.core.models import AuditEvent, Controller
from muniment.records.models import Record
from muniment.retention.models import Hold

pytestmark = pytest.mark.django_db(databases="__all__")


def send(life, **given):
    plain = {
        "title": "Inquest",
        "kind": "proceedings",
        "authority": "Coroner's letter",
        "decided_by": "Chief Constable",
        "start": "1/2/2026",
        "controllers": [Controller.objects.get(code="northshire").pk],
    }
    return sign_in(life.cast["hazel"]).post(reverse("place_hold"), plain | given, follow=True).text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"classes": "CRI-G1, CP-CSB"}, ["Policy knows no record class &#x27;CP-CSB&#x27;", "CP-CSA"]),
        ({"areas": "CUSTARDY"}, ["Policy knows no business area &#x27;CUSTARDY&#x27;", "CUSTODY"]),
        ({"ho_classes": "022/99"}, ["Policy knows no Home Office offence class &#x27;022/99&#x27;", "022/"]),
        ({"cjs": "TH6801O"}, ["Policy knows no CJS offence code &#x27;TH6801O&#x27;", "TH68010"]),
        ({"start": "31/12/1899"}, ["Enter a day from 1 January 1900 on"]),
        ({"happened_from": "2/1/1984", "happened_until": "1/1/1984"}, ["Enter a day that is not before the first"]),
    ],
)
def test_what_policy_does_not_know_is_refused_with_the_nearest(life, given, told):
    page = send(life, **given).replace("&#39;", "&#x27;")
    assert [words for words in told if words not in page] == []
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ({"areas": "custody, Crime"}, {"areas": ["CUSTODY", "CRIME"]}),
        ({"classes": "custody\ncri-g1"}, {"classes": ["CUSTODY", "CRI-G1"]}),
        ({"ho_classes": "46, 22/12, 02212"}, {"ho_classes": ["046", "022/12"]}),
        ({"cjs": "th68010, TH68010C"}, {"cjs": ["TH68010", "TH68010C"]}),
    ],
)
def test_codes_are_kept_as_policy_writes_them(life, given, scope):
    send(life, ahead="on", **given)
    assert Hold.objects.get().scope == scope


def test_a_hold_that_covers_nothing_is_confirmed_first(life):
    page = send(life, keywords="a word that is nowhere")
    assert "would cover no record" in page
    assert not Hold.objects.exists()
    assert "stands, and covers 0 records." in send(life, keywords="a word that is nowhere", ahead="on")
    assert Hold.objects.get().start.isoformat() == "2026-02-01"


def test_a_hold_that_covers_something_says_how_much_and_from_when(life):
    Record.objects.filter(reference="C1").update(title="A unique title")
    page = send(life, keywords="unique title")
    assert "stands, and covers 1 record." in page
    assert "1 February 2026" in page
    assert "stands, and covers 2 records." in send(life)


def test_narratives_are_opened_when_asked_and_counted_as_far_as_the_asker_sees(life):
    page = send(life, keywords="NARRATIVE of c1", do="preview")
    assert "looked for in 2 that you may see" in page
    assert not AuditEvent.objects.filter(detail__has_key="narratives_opened").exists()
    page = send(life, keywords="NARRATIVE of c1", do="narratives")
    assert "2 narratives opened: 1 more record has one of the words there." in page
    assert "would cover no record" not in page
    assert AuditEvent.objects.get(detail__has_key="narratives_opened").detail["records_by_words"] == 1
    page = send(life, keywords="NARRATIVE of c1", areas="CUSTODY", match="all", do="narratives")
    assert "1 narrative opened: 0 more records have" in page
    stranger = Controller.objects.get(code="westvale").pk
    page = send(life, keywords="NARRATIVE of c1", do="narratives", controllers=[stranger])
    assert "more record" not in page
    assert not Hold.objects.exists()
