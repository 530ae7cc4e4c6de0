"""What waits in quarantine stops the destruction of the record and of everybody that it names, and goes with them."""

import pytest

from factories.deeds import WORKER, answered
from factories.exports import LINKS, Source, row
from muniment.core.models import Content, ContentKey
from muniment.records.models import Quarantine, Record
from muniment.retention.actions import destruction
from muniment.retention.deciding import letting_go
from muniment.retention.models import Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
TANSY = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02"}
GRAVE = {"CJS": "SX03001", "REPORTED": "2026-10-01", "ROLE": "SUSPECT", "RESULT": ""}


def unready(*references):
    keys = Record.objects.filter(reference__in=references).values_list("pk", "reference")
    said = letting_go.unready([key for key, _ in keys])
    return {reference: said[key] for key, reference in keys if key in said}


def named():
    return list(Quarantine.objects.get().named.order_by("kind", "name").values_list("kind", "name"))


def test_a_graver_row_of_a_person_waits_and_nothing_of_them_goes(own_life):
    order = answered(own_life)
    assert own_life.crime.send([row("C9", "P1", **HOME, **GRAVE, OUTCOME="NONSENSE")], on="2026-11-01").quarantined == 1
    assert named() == [("nominal", "P1"), ("record", "C9")]
    said = "A row about someone on it waits in quarantine: have its source mend that first."
    assert unready("C1", "CU1") == {"C1": said, "CU1": said}
    destruction.work(by=WORKER)
    assert Record.objects.count() == 2
    assert all(said in item.kept_because for item in order.items.all())


def test_a_row_that_tells_a_shared_record_otherwise_speaks_of_it_and_of_whom_it_names(own_life, tmp_path):
    shared = Source(tmp_path / "shared", system="intelligence", kind="delta", duplicates="same_record")
    shared.send([row("N1", "P5", **TANSY), row("N1", "P6", **HOME, TITLE="Something graver")])
    own_life.run()
    waiting = Quarantine.objects.get()
    assert (waiting.reference, named()) == ("N1/P6", [("nominal", "P6"), ("record", "N1")])
    assert unready("N1") == {"N1": "Another row of it waits in quarantine: have its source mend that first."}


def test_a_refused_row_that_was_mended_goes_with_its_record_and_everybody_on_it(own_life, tmp_path):
    shared = Source(tmp_path / "shared", system="intelligence", kind="delta", duplicates="same_record")
    shared.send([row("N1", "T1", **HOME), row("N1", "P2", **TANSY, TITLE="Something graver")])
    shared.send([row("N1", "T1", **HOME), row("N1", "P2", **HOME)], on="2026-06-02")
    assert Quarantine.objects.get().resolved_by is not None
    Review.objects.all().delete()
    own_life.run()
    answered(own_life)
    assert destruction.work(by=WORKER)["certified"] == 1
    assert not Record.objects.exists()
    assert not Quarantine.objects.exists()
    assert not Content.objects.filter(owner__startswith="quarantine:").exists()
    assert not ContentKey.objects.filter(owner__startswith="quarantine:").exists()


def test_a_link_to_what_was_not_sent_names_both_of_its_ends(own_life):
    own_life.crime.beside(LINKS)
    sent = own_life.crime.send([row("C77", "P1", ROLE="SUSPECT")], on="2026-11-01", name="links")
    assert sent.quarantined == 1
    assert named() == [("nominal", "P1"), ("record", "C77")]
    assert set(unready("C1", "CU1")) == {"C1", "CU1"}


def test_a_record_that_is_numbered_as_a_person_is_waits_by_itself(own_life):
    """Systems number crimes and people from 1 each."""
    assert own_life.crime.send([row("P1", "P2", OUTCOME="NONSENSE")], on="2026-11-01").quarantined == 1
    assert named() == [("nominal", "P2"), ("record", "P1")]
    assert unready("C1", "CU1") == {}
    answered(own_life)
    assert destruction.work(by=WORKER)["certified"] == 1
    assert named() == [("nominal", "P2"), ("record", "P1")], (
        "it goes with the crime of that number, not with the person"
    )


@pytest.mark.parametrize(("entity", "kinds"), [("nominal", ["nominal"]), ("", ["nominal", "record"])])
def test_an_event_that_does_not_say_readably_what_it_is_about_may_be_about_either(own_life, entity, kinds):
    event = row("P1", ACTION="M", ENTITY=entity, INTO="", REPORTED="")
    assert own_life.crime.send([event], on="2026-11-01").quarantined == 1
    assert named() == [(kind, "P1") for kind in kinds]
    assert set(unready("C1")) == {"C1"}


def test_a_row_that_waits_again_names_what_it_names_now(own_life):
    bad = row("C9", "P1", OUTCOME="NONSENSE")
    own_life.crime.send([bad], on="2026-11-01")
    Quarantine.objects.get().named.filter(kind="nominal").delete()
    own_life.crime.send([bad], on="2026-11-02")
    assert named() == [("nominal", "P1"), ("record", "C9")]
