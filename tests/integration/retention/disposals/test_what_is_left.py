"""Part of a person is destroyed: what is left keeps the reference, and whatever hangs on it."""

from datetime import timedelta

import pytest
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import ask, by, carried_out, keys_of, place, prime_of, say
from factories.exports import row
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.people.actions import sampling
from muniment.people.models import HeldChange, Label, PrimePerson, ReservePair, RunHold, SamplePair
from muniment.people.queries import find_by_reference
from muniment.records.models import Nominal
from muniment.retention.disposals import stops
from muniment.retention.models import Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def keep(life, kept, gone):
    """Destroy part of the life, and let the review look again in a year."""
    later = timezone.localdate() + timedelta(days=365)
    carried_out(life, life.review, gone, "part", kept_records=keys_of(kept), next_review=later)


def test_what_is_left_keeps_its_reference_its_request_its_hold_and_its_next_review(own_life):
    was = prime_of("P1")
    assert was.anchor.reference == "P1"
    keep(own_life, ["CU1"], ["C1"])
    ask(own_life, person=was)
    held = place(own_life, people=[was.pk])
    assert own_life.run().reviews_opened == 1, "they chose to keep it for a year, but a request has it looked at"
    assert Review.objects.get(state="open").trigger == "sar"
    assert prime_of("D1") == was
    assert PrimePerson.objects.get().anchor.reference == "D1"
    assert stops.blocks_on(keys_of(["CU1"]))
    assert [each.record.reference for each in held.held.all()] == ["CU1"]
    page = reverse("person", args=[was.reference])
    assert sign_in(own_life.cast["rowan"]).get(page).status_code == 200


def test_a_reference_that_was_retired_gives_its_anchor_up_and_leads_on(own_life):
    own_life.crime.send([row("C2", "P2", FORENAME="Tansy", SURNAME="Other", BORN="1979-01-02")], on="2026-07-01")
    own_life.run()
    was, other = prime_of("P1"), prime_of("P2")
    say("P1", "P2", "same", by=by(own_life, "sorrel"))
    own_life.run()
    own_life.run()
    assert prime_of("P2") == was
    keep(own_life, ["C2"], ["C1", "CU1"])
    own_life.run()
    assert prime_of("P2") == was
    assert find_by_reference(was.reference) == find_by_reference(other.reference) == was
    was, other = PrimePerson.objects.get(pk=was.pk), PrimePerson.objects.get(pk=other.pk)
    assert (was.anchor.reference, was.retired_at) == ("P2", None)
    assert (other.anchor, other.redirects_to) == (None, was)
    assert "P2" not in other.anchor_key
    counts = own_life.run()
    assert (counts.changed_people, counts.changed_records) == (0, 0)


def test_the_anchor_is_the_one_that_a_run_would_choose(own_life):
    home = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
    own_life.custody.send([row("CU2", "D2", ROLE="DETAINEE", **home)], on="2026-07-01")
    own_life.crime.send([row("C2", "P2", **home)], on="2026-07-01")
    own_life.run()
    was = prime_of("P1")
    assert prime_of("D2") == prime_of("P2") == was
    keep(own_life, ["C2", "CU1", "CU2"], ["C1"])
    was.refresh_from_db()
    assert was.anchor_key == "northshire|crime|P2"
    own_life.run()
    assert prime_of("D1") == prime_of("D2") == prime_of("P2") == was


def test_samples_and_runs_that_wait_forget_who_was_destroyed(own_life):
    sample = sampling.draw("policing", 20, by=Actor("tests"))
    gone = Nominal.objects.get(reference="P1").pk
    assert sample.pairs.filter(Q(left=gone) | Q(right=gone)).exists()
    sampling.label(sample.pairs.get(), by=Actor("tests"), said="same")
    hold = RunHold.objects.create(run=BatchRun.objects.latest("pk"), digest="0" * 64)
    HeldChange.objects.create(hold=hold, nominal_id=gone, was=prime_of("P1"), anchor_id=gone)
    keep(own_life, ["CU1"], ["C1"])
    assert not Nominal.objects.filter(pk=gone).exists()
    for model in (SamplePair, ReservePair):
        assert not model.objects.filter(Q(left=gone) | Q(right=gone)).exists()
    assert not Label.objects.exists()
    assert not HeldChange.objects.exists()
