"""What comes in after a decision: the same again, more, or what was destroyed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from factories.deeds import NO, WORKER, answered, by, decide, place, propose
from factories.exports import row
from muniment.core.verdicts import Refused
from muniment.records.models import Involvement, Nominal, Record, Tombstone
from muniment.retention.actions import destruction
from muniment.retention.actions import review as reviewing
from muniment.retention.models import RecordDecision

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def test_running_again_changes_nothing(own_life):
    counts = own_life.run()
    assert (counts.changed_people, counts.changed_records, counts.reviews_opened) == (0, 0, 0)


def test_a_hold_on_a_class_reaches_a_new_record_in_the_run_that_finds_its_class(own_life):
    of_class = RecordDecision.objects.get(record__reference="C1").resolved_class
    assert of_class != Record.objects.get(reference="C1").class_id, "the class has to be one that a run works out"
    placed = place(own_life, classes=[of_class])
    own_life.crime.send([row("C8", "P8", FORENAME="Tansy", SURNAME="Other", BORN="1979-01-02")], on="2026-07-01")
    own_life.run()
    assert {"C1", "C8"} <= set(placed.held.values_list("record__reference", flat=True))
    assert RecordDecision.objects.get(record__reference="C8").outcome == "hold"
    counts = own_life.run()
    assert (counts.changed_people, counts.changed_records) == (0, 0)


def test_tonights_export_brings_nothing_back(own_life):
    answered(own_life)
    destruction.work(by=WORKER)
    counts = own_life.crime.send([row("C1", "P1")], on="2026-12-01")
    assert (counts.suppressed, counts.accepted) == (1, 0)
    assert not Record.objects.exists()
    counts = own_life.crime.send([row("C2", "P1")], on="2026-12-02")
    assert counts.suppressed == 1, "a destroyed person must not come back by another record's old link"
    assert not Nominal.objects.exists()
    assert Tombstone.objects.filter(entity="record").exclude(certificate="").count() == 2


def test_keeping_needs_a_next_review(own_life):
    with pytest.raises(Refused, match="next review"):
        decide(own_life, "retain")
    done = decide(own_life, "retain", next_review=timezone.localdate() + timedelta(days=365))
    assert done.state == "decided"
    assert own_life.run().reviews_opened == 0


def test_new_records_put_a_review_in_doubt(own_life):
    review = own_life.review
    own_life.crime.send(
        [row("C5", "P5", POSTCODE="NH1 1AA", PHONE="07700900123", ADDRESS="1 Invented Street")], on="2026-07-01"
    )
    own_life.run()
    with pytest.raises(Refused, match="changed since the review began"):
        reviewing.decide(
            review,
            reviewing.Answers(NO),
            reviewing.Conclusion("dispose", "No longer necessary at all."),
            by=by(own_life, "rowan"),
        )


def test_a_record_that_another_person_still_needs_is_kept_whole(own_life):
    own_life.crime.send(
        [row("C1", "P1", POSTCODE="NH1 1AA", PHONE="07700900123", ADDRESS="1 Invented Street")], on="2026-06-02"
    )
    other = row("C9", "P9", FORENAME="Tansy", SURNAME="Other", BORN="1999-01-02", REPORTED="2026-05-01")
    own_life.custody.send([other, row("CU1", "D1", ROLE="DETAINEE")], on="2026-06-03")
    link = Involvement.objects.get(nominal__reference="P9")
    Involvement.objects.filter(pk=link.pk).update(record=Record.objects.get(reference="CU1"))
    own_life.run()
    order = propose(own_life)
    assert "CU1" not in {item.reference for item in order.items.all()}
