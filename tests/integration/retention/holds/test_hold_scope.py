"""What a hold covers: each kind of list, any of them or all, and words in narratives that only the worker opens."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import WORKER, approved, by, place, propose
from factories.exports import row
from muniment.core.models import Content, Controller
from muniment.core.verdicts import Refused
from muniment.people.models import PrimePerson
from muniment.records.models import Record
from muniment.retention.actions import disposal, held_narratives, held_records
from muniment.retention.actions import hold as holding
from muniment.retention.disposals import stops, sweeping
from muniment.retention.holds import previews, reach
from muniment.retention.models import Hold, HoldVersion, RecordDecision

pytestmark = pytest.mark.django_db(databases="__all__")


def covered(hold):
    return sorted(hold.held.values_list("record__reference", flat=True))


def would_cover(**scope):
    preview = previews.look(scope, [Controller.objects.get(code="northshire").pk])
    return sorted(each.reference for each in preview.examples)


@pytest.fixture
def told(life):
    """Two records that say something of a unit, a place and what it was about."""
    Record.objects.filter(reference="C1").update(
        location="12 Invented Street, Orgreave", postcode="NH1 1AA", attributes={"unit": "Child Exploitation Team"}
    )
    Record.objects.filter(reference="CU1").update(attributes={"note": "100%_sure"}, title="Detention")
    return life


SCOPES = [
    ({"cjs": ["TH68010"]}, ["C1", "CU1"]),
    ({"ho_classes": ["046"]}, ["C1", "CU1"]),
    ({"ho_classes": ["019"]}, []),
    ({"areas": ["CUSTODY"]}, ["CU1"]),
    ({"systems": ["crime"]}, ["C1"]),
    ({"classes": ["CUSTODY"]}, ["CU1"]),
    ({"units": ["exploitation team"]}, ["C1"]),
    ({"places": ["orgreave"]}, ["C1"]),
    ({"places": ["NH1"]}, ["C1"]),
    ({"places": ["NH2"]}, []),
    ({"keywords": ["DETENTION"]}, ["CU1"]),
    ({"keywords": ["100%_"]}, ["CU1"]),
    ({"keywords": ["1%e"]}, []),
    ({"keywords": ["detention"], "places": ["orgreave"]}, ["C1", "CU1"]),
    ({"keywords": ["detention"], "places": ["orgreave"], "match": "all"}, []),
    ({"cjs": ["TH68010"], "ho_classes": ["019"], "areas": ["CRIME"], "match": "all"}, ["C1"]),
    ({"cjs": ["TH68010"], "match": "all", "from": "2015-03-01", "until": "2015-03-01"}, ["C1", "CU1"]),
    ({"cjs": ["TH68010"], "from": "2015-03-02"}, []),
    ({}, ["C1", "CU1"]),
]


@pytest.mark.parametrize(("scope", "references"), SCOPES)
def test_lists_of_every_kind(told, scope, references):
    assert would_cover(**scope) == references
    assert covered(place(told, **scope)) == references


def test_of_some_records_every_hold_is_asked_in_one_statement(told):
    hold, keys = place(told), dict(Record.objects.values_list("pk", "reference"))
    bound = [Controller.objects.get(code="northshire").pk]
    asked = [
        HoldVersion(hold=hold, number=number, scope=scope, controllers=bound, since=hold.placed_at)
        for number, (scope, _) in enumerate(SCOPES, 2)
    ]
    found = reach.found_by_each(asked, keys, {hold.pk: ()})
    assert [sorted(keys[key] for key in each) for each in found] == [references for _, references in SCOPES]
    of_none = HoldVersion(hold=hold, number=99, scope={"keywords": ["nowhere"]}, controllers=bound)
    worded = {hold.pk: [key for key in keys if keys[key] == "C1"]}
    assert reach.found_by_each([of_none], keys, worded) == [dict.fromkeys(worded[hold.pk], True)]
    assert set(found[0].values()) == {False}


def test_the_database_refuses_to_delete_what_a_standing_hold_covers(life):
    """Whoever should try: here the code that destroys, without having asked."""
    place(life, areas=["CUSTODY"])
    with pytest.raises(IntegrityError), transaction.atomic():
        sweeping.delete_record(Record.objects.get(reference="CU1"), sweeping.Gone())
        connection.check_constraints()
    sweeping.delete_record(Record.objects.get(reference="C1"), sweeping.Gone())
    connection.check_constraints()


def test_a_hold_is_looked_at_again_on_its_day(life):
    held = place(life)
    Hold.objects.update(review_on=timezone.localdate())
    client = sign_in(life.cast["hazel"])
    assert "hold to look at again" in client.get(reverse("home")).text
    answer = client.post(reverse("look_again", args=[held.reference]), {"why": "", "review_on": "1 1 2020"})
    assert answer.status_code == 422 and "Say why the hold is needed still" in answer.text
    given = {"why": "The inquest is not over, letter of 2 June", "review_on": "1 1 2099"}
    client.post(reverse("look_again", args=[held.reference]), given)
    held.refresh_from_db()
    assert held.review_on == date(2099, 1, 1) and "The inquest is not over" in held.authority
    assert "to look at again" not in client.get(reverse("home")).text


def test_people_and_records_by_name_narrow_one_another(told):
    prime = PrimePerson.objects.get(retired_at__isnull=True)
    record = Record.objects.get(reference="C1")
    assert would_cover(people=[prime.pk]) == ["C1", "CU1"]
    assert would_cover(people=[prime.pk], records=[record.pk], match="all") == ["C1"]


def test_a_part_that_a_scope_does_not_have_is_refused(life):
    with pytest.raises(Refused, match="no part called"):
        place(life, colours=["red"])
    assert set(reach.KEYS) > {"units", "places", "systems"}


def test_the_worker_opens_narratives_for_a_word_and_puts_what_has_it_on_the_list(life):
    hold = place(life, keywords=["NARRATIVE of c1"])
    assert covered(hold) == []
    assert held_narratives.read(by=WORKER) == 1
    assert covered(hold) == ["C1"]
    held_records.expand_all(by=WORKER)
    assert covered(hold) == ["C1"], "another round does not forget what it has read"
    assert held_narratives.read(by=WORKER) == 0


def test_a_word_counts_only_where_every_list_fits(life):
    hold = place(life, keywords=["narrative of"], areas=["CUSTODY"], match="all")
    held_narratives.read(by=WORKER)
    assert covered(hold) == ["CU1"]
    keys = dict(Record.objects.values_list("reference", "pk"))
    assert stops.holds_on([keys["C1"]]) == []
    assert len(stops.holds_on([keys["CU1"]])) == 1


def test_a_hold_that_is_released_while_the_worker_reads_stops_nothing(life):
    hold = place(life, keywords=["a word that is nowhere"])
    order = propose(life)
    holding.ask_release(hold, by=by(life, "hazel"), reason="Inquest closed, letter of 2 June")
    holding.release(Hold.objects.get(pk=hold.pk), by=by(life, "ash"))
    key = Record.objects.get(reference="C1").pk
    assert held_records.add_worded(hold, {key: ["a word that is nowhere"]}, by=WORKER) == 0
    order.refresh_from_db()
    assert order.state == "proposed"


def test_a_narrative_that_nobody_can_open_is_held(life):
    Content.objects.filter(owner__startswith=f"record:{Record.objects.get(reference='C1').pk}:").update(ciphertext=b"x")
    hold = place(life, keywords=["a word that is nowhere"])
    held_narratives.read(by=WORKER)
    assert covered(hold) == ["C1"]


def test_a_disposal_that_a_narrative_is_found_against_stops(life):
    order = propose(life)
    place(life, keywords=["narrative of C1"])
    held_narratives.read(by=WORKER)
    order.refresh_from_db()
    assert order.state == "stopped"


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_comes_is_held_as_it_comes_and_the_next_run_says_the_same(own_life):
    """By a word in its narrative, by a place, by its class: at once, as the run over everybody would."""
    from muniment.records.touched import Touched
    from muniment.workbench import arrivals

    holds = [
        place(own_life, keywords=["the blue notebook"]),
        place(own_life, units=["squad nine"], places=["Orgreave"], match="any"),
        place(own_life, keywords=["the blue notebook"], areas=["CUSTODY"], match="all"),
    ]
    own_life.run()
    assert [covered(each) for each in holds] == [[], [], []]
    rows = [
        row("C7", "P7", FORENAME="Tansy", SURNAME="Other", BORN="1979-01-02", TEXT="They found The Blue Notebook."),
        row("C8", "P8", FORENAME="Wilmot", SURNAME="Quite", BORN="1960-01-02", TITLE="Theft at Orgreave"),
    ]
    own_life.crime.send(rows, on="2026-07-01")
    from muniment.records.models import Nominal

    came = Record.objects.filter(reference__in=["C7", "C8"]).values_list("pk", flat=True)
    named = Nominal.objects.filter(reference__in=["P7", "P8"]).values_list("pk", flat=True)
    arrivals.follow(Touched(frozenset(named), records=frozenset(came)), by=WORKER)
    at_once = [covered(each) for each in holds]
    assert at_once == [["C7"], ["C8"], []]
    decided = dict(RecordDecision.objects.values_list("record__reference", "outcome"))
    assert decided["C7"] == decided["C8"] == "hold"
    own_life.run()
    assert [covered(each) for each in holds] == at_once
    assert dict(RecordDecision.objects.values_list("record__reference", "outcome")) == decided
    # What a source writes over is looked at anew: the word is gone, and so is the hold on it.
    own_life.crime.send([rows[0] | {"TEXT": "They found nothing."}], on="2026-07-02")
    key = Record.objects.get(reference="C7").pk
    arrivals.follow(Touched(frozenset(named[:0]), records=frozenset([key])), by=WORKER)
    assert [covered(each) for each in holds] == [[], ["C8"], []]


def test_a_hold_that_comes_after_the_sources_were_told_says_what_they_have_deleted(life):
    order = disposal.instruct(approved(life), by=WORKER)
    first = order.instructions.order_by("pk").first()
    disposal.answer(first, by=by(life, "rowan"), said="done", note="")
    hold = place(life)
    page = sign_in(life.cast["hazel"]).get(reverse("hold", args=[hold.reference])).text
    assert order.reference in page and "our copies stay" in page
    assert f"{first.system.title} <strong>has deleted its own</strong>" in page
    assert "has not answered, so ask it to stop" in page


def test_a_preset_fills_in_a_scope_and_binds_nobody(life):
    client = sign_in(life.cast["hazel"])
    page = client.get(f"{reverse('place_hold')}?preset=HOLD-ORGREAVE").text
    assert "Orgreave" in page and "binds nobody" in page
    assert "not confirmed against its source" in page
    given = {
        "preset": "HOLD-ORGREAVE",
        "title": "Orgreave 1984",
        "kind": "anticipated",
        "authority": "Correction 21 (M); start date to be confirmed",
        "decided_by": "Chief Constable",
        "start": "1/2/2026",
        "places": "Orgreave",
        "controllers": [Controller.objects.get(code="northshire").pk],
        "ahead": "on",
    }
    page = client.post(reverse("place_hold"), given).text
    assert "Name your own chief officer" in page
    assert not Hold.objects.exists()
    given |= {"authority": "Decision of the Chief Constable of 1 February 2026"}
    client.post(reverse("place_hold"), given)
    hold = Hold.objects.get()
    assert (hold.kind, hold.preset, hold.decided_by) == ("anticipated", "HOLD-ORGREAVE", "Chief Constable")
    assert hold.review_on > date(2026, 2, 1)


def test_a_scope_is_looked_at_before_it_is_placed(told):
    propose(told)
    given = {
        "title": "Inquest",
        "kind": "proceedings",
        "authority": "Coroner's letter",
        "decided_by": "Chief Constable",
        "start": "1/2/2026",
        "controllers": [Controller.objects.get(code="northshire").pk],
        "places": "Orgreave",
        "do": "preview",
    }
    page = sign_in(told.cast["hazel"]).post(reverse("place_hold"), given).text
    assert "It would cover 1 record with 1 person on them" in page
    assert "It would stop 1 disposal." in page
    assert "C1" in page
    assert not Hold.objects.exists()
    # Whoever sees nothing of it is shown nothing of it, and is told no count.
    other = sign_in(told.cast["clover"], purpose="RETENTION_REVIEW")
    mine = Controller.objects.get(code="northshire-commissioner").pk
    page = other.post(reverse("place_hold"), given | {"controllers": [mine]}).text
    assert "It would cover 0 records" in page and "C1" not in page
