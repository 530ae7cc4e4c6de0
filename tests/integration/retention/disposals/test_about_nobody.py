"""Records about nobody that have fallen due: chosen, approved by another, deleted at source, destroyed, certified."""

import pytest
from django.urls import reverse

from factories.deeds import WORKER, by
from factories.exports import row
from muniment.core.models import Content, ContentKey
from muniment.core.verdicts import Refused
from muniment.records.models import Record
from muniment.retention.actions import bulk, destruction, disposal
from muniment.retention.models import Certificate, DisposalOrder

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
REASON = "Looked at each: nothing of value is left in it."


@pytest.fixture
def old_crimes(own_life):
    undetected = {"OUTCOME": "UNDETECTED", "REPORTED": "1991-03-01"}
    own_life.crime.send([row(f"N{number}", **undetected) for number in range(3)], on="2026-06-03")
    own_life.run()
    return own_life


def keys(*references):
    return list(Record.objects.filter(reference__in=references).values_list("pk", flat=True))


def propose(life, *references, reason=REASON):
    record = Record.objects.get(reference=references[0])
    return bulk.propose_about_nobody(keys(*references), record.system.controller, by=by(life, "rowan"), reason=reason)


def test_from_a_choice_to_a_certificate(old_crimes):
    order = propose(old_crimes, "N0", "N1")
    with pytest.raises(Refused, match="someone else"):
        disposal.approve(order, by=by(old_crimes, "rowan"))
    disposal.approve(order, by=by(old_crimes, "ash"))
    assert destruction.work(by=WORKER)["instructed"] == 1
    disposal.answer(order.instructions.get(), by=by(old_crimes, "rowan"), said="done", note="")
    gone = keys("N0", "N1")
    assert destruction.work(by=WORKER)["certified"] == 1
    assert not keys("N0", "N1")
    assert keys("N2", "C1", "CU1"), "the rest stays"
    for key in gone:
        assert not Content.objects.filter(owner__startswith=f"record:{key}:").exists()
        assert not ContentKey.objects.filter(owner__startswith=f"record:{key}:").exists()
    assert {each["reference"] for each in Certificate.objects.get().body["destroyed"]} == {"N0", "N1"}
    assert old_crimes.crime.send([row("N0", OUTCOME="UNDETECTED")], on="2026-06-09").suppressed == 1


def test_a_record_that_names_someone_is_refused(old_crimes):
    with pytest.raises(Refused, match="C1 names someone"):
        propose(old_crimes, "N0", "C1")


def test_a_reason_is_needed(old_crimes):
    with pytest.raises(Refused, match="Give the reason"):
        propose(old_crimes, "N0", reason="old")


def test_someone_named_after_the_approval_stops_it(old_crimes):
    order = disposal.approve(propose(old_crimes, "N0"), by=by(old_crimes, "ash"))
    old_crimes.crime.send([row("N0", "P1", OUTCOME="CAUTIONED", REPORTED="1991-03-01")], on="2026-06-09")
    assert destruction.work(by=WORKER)["refused"] == 1
    order.refresh_from_db()
    assert order.state == "stopped"
    assert "names someone" in order.stopped_by


def test_on_the_screen_all_of_a_class_become_one_order(old_crimes, signed_in):
    client = signed_in(old_crimes.cast["rowan"], purpose="RETENTION_REVIEW")
    record = Record.objects.get(reference="N0")
    page = reverse("due_records", args=["northshire", record.decision.resolved_class])
    shown = client.get(page).content.decode()
    assert all(reference in shown for reference in ("N0", "N1", "N2"))
    assert "C1" not in shown
    assert client.post(page, {"records": keys("N0"), "reason": ""}).status_code == 422
    assert client.post(page, {"records": keys("N0", "C1"), "all": "yes", "reason": REASON}).status_code == 302
    order = DisposalOrder.objects.get()
    assert set(order.items.values_list("reference", flat=True)) == {"N0", "N1", "N2"}
    assert order.note == REASON
    other = signed_in(old_crimes.cast["wren"], purpose="RETENTION_REVIEW")
    assert other.get(page).status_code in {403, 404}
