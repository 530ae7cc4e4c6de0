"""Orders that wait for the same step are decided together, and each for itself."""

import pytest
from django.db import OperationalError

from factories.deeds import NO, WHY, WORKER, by, place
from factories.exports import Source, row
from muniment.core import content
from muniment.core.models import AuditEvent, Content, ContentKey
from muniment.records.models import Record
from muniment.retention.actions import destruction, disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.deciding import afresh, schedule_tables
from muniment.retention.disposals import sweeping
from muniment.retention.models import DisposalOrder, Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
TANSY = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02"}
SORREL = {"FORENAME": "Sorrel", "SURNAME": "Third", "BORN": "1977-07-07"}


@pytest.fixture
def decisions(monkeypatch):
    """The parts that were decided about."""
    asked, decide = [], schedule_tables.decide
    monkeypatch.setattr(
        schedule_tables,
        "decide",
        lambda *given, part=None, **more: asked.append(part) or decide(*given, part=part, **more),
    )
    return asked


def order_everything(life, proposer="rowan", approver="ash", controller="northshire"):
    conclusion = reviewing.Conclusion("dispose", "No longer necessary for any policing purpose.")
    for review in Review.objects.filter(state="open", controller__code=controller):
        done = reviewing.decide(review, reviewing.Answers(NO, WHY), conclusion, by=by(life, proposer))
        records = Record.objects.filter(involvements__nominal__belongings__prime=done.prime)
        chosen = tuple(records.filter(system__controller=done.controller).values_list("pk", flat=True))
        order = disposal.propose(disposal.Proposal(done.prime, done.controller, chosen, done), by=by(life, proposer))
        disposal.approve(order, by=by(life, approver))


def answer_everything(life, name="rowan", controller="northshire"):
    for order in DisposalOrder.objects.filter(state="instructed", controller__code=controller):
        for instruction in order.instructions.all():
            disposal.answer(instruction, by=by(life, name), said="done", note="")


def test_one_that_is_overtaken_stops_no_other(own_life, decisions):
    own_life.crime.send([row("C2", "P2", **TANSY), row("C3", "P3", **SORREL)], on="2026-07-01")
    own_life.run()
    order_everything(own_life)
    own_life.crime.send([row("C9", "P2", **TANSY, REPORTED="2026-10-01")], on="2026-11-01")
    decisions.clear()
    assert destruction.work(by=WORKER) == {"instructed": 2, "destroyed": 0, "certified": 0, "refused": 1}
    assert len(decisions) == 1
    answer_everything(own_life)
    assert destruction.work(by=WORKER) == {"instructed": 0, "destroyed": 2, "certified": 2, "refused": 0}
    assert len(decisions) == 2
    assert set(Record.objects.values_list("reference", flat=True)) == {"C2", "C9"}
    assert DisposalOrder.objects.get(state="stopped").items.get().reference == "C2"


def test_two_that_share_a_person_are_decided_one_after_the_other(own_life, tmp_path, decisions):
    """What the first destroys is seen by the second: here both forces hold records of one person."""
    same = {**SORREL, "POSTCODE": "NH2 2AA", "PHONE": "07700900124", "ADDRESS": "2 Invented Street"}
    Source(tmp_path, controller="westvale", kind="delta").send([row("W3", "WP3", **same)])
    own_life.crime.send([row("C3", "P3", **same)], on="2026-07-01")
    own_life.run()
    assert Review.objects.values("prime").distinct().count() == 2
    assert Review.objects.count() == 3
    order_everything(own_life)
    order_everything(own_life, "wren", "linden", "westvale")
    decisions.clear()
    assert destruction.work(by=WORKER)["instructed"] == 3
    assert len(decisions) == 2
    assert not set(decisions[0].primes) <= set(decisions[1].primes)
    answer_everything(own_life)
    answer_everything(own_life, "wren", "westvale")
    assert destruction.work(by=WORKER)["certified"] == 3
    assert not Record.objects.exists()


def test_in_advisory_mode_an_order_waits_and_nothing_is_said_of_it(own_life):
    order_everything(own_life)
    controller = Review.objects.get().controller
    controller.mode = controller.Mode.ADVISORY
    controller.save()
    assert destruction.work(by=WORKER) == {"instructed": 0, "destroyed": 0, "certified": 0, "refused": 0}
    assert DisposalOrder.objects.get().state == "approved"
    assert not AuditEvent.objects.filter(action="disposal.refused").exists()


def three(life):
    life.crime.send([row("C2", "P2", **TANSY), row("C3", "P3", **SORREL)], on="2026-07-01")
    life.run()
    order_everything(life)


def stopped():
    order = DisposalOrder.objects.get(state="stopped")
    return order.items.get().reference, order.stopped_by


def test_one_that_fails_in_its_own_step_is_stopped_whole_and_stops_no_other(own_life, monkeypatch):
    three(own_life)
    destruction.work(by=WORKER)
    answer_everything(own_life)
    sweep, fated = sweeping.sweep, Record.objects.get(reference="C2").pk

    def failing(order, gone):
        swept = sweep(order, gone)
        if any(owner.startswith(f"record:{fated}:") for owner in gone.owners):
            raise KeyError("what the record says")
        return swept

    monkeypatch.setattr(sweeping, "sweep", failing)
    done = destruction.work(by=WORKER)
    assert (done["destroyed"], done["refused"]) == (2, 1)
    assert stopped() == ("C2", "It could not be carried out (KeyError): nothing of it was changed.")
    assert set(Record.objects.values_list("reference", flat=True)) == {"C2"}
    record = Record.objects.get()
    assert record.dates
    assert record.involvements.exists()


@pytest.mark.parametrize("step", ["instruct", "destroy"])
def test_one_that_cannot_be_decided_is_found_among_the_others(own_life, monkeypatch, step):
    three(own_life)
    if step == "destroy":
        destruction.work(by=WORKER)
        answer_everything(own_life)
    decide = afresh.decide_together

    def failing(orders):
        if any(order.items.filter(reference="C2").exists() for order in orders):
            raise ValueError("what the record says")
        return decide(orders)

    monkeypatch.setattr(afresh, "decide_together", failing)
    done = destruction.work(by=WORKER)
    assert (done["instructed" if step == "instruct" else "destroyed"], done["refused"]) == (2, 1)
    assert stopped()[0] == "C2"
    assert "what the record says" not in stopped()[1]


def test_the_servers_failure_is_no_orders_failure(own_life, monkeypatch):
    three(own_life)

    def failing(orders):
        raise OperationalError

    monkeypatch.setattr(afresh, "decide_together", failing)
    with pytest.raises(OperationalError):
        destruction.work(by=WORKER)
    assert DisposalOrder.objects.filter(state="approved").count() == 3


def test_a_certificate_that_fails_keeps_no_other_waiting(own_life, monkeypatch):
    three(own_life)
    destruction.work(by=WORKER)
    answer_everything(own_life)
    body = destruction._body

    def failing(order, items):
        if items[0].reference == "C2":
            raise KeyError("reference")
        return body(order, items)

    monkeypatch.setattr(destruction, "_body", failing)
    with pytest.raises(KeyError):
        destruction.work(by=WORKER)
    assert DisposalOrder.objects.filter(state="certified").count() == 2
    monkeypatch.setattr(destruction, "_body", body)  # not undo: the ledger of this test stays its own
    assert destruction.work(by=WORKER)["certified"] == 1


@pytest.mark.parametrize("fault", ["altered", "key altered", "key gone"])
def test_a_narrative_that_cannot_be_opened_cannot_be_cleared_of_a_holds_words(own_life, fault):
    three(own_life)
    place(own_life, keywords=["a word that is nowhere"])
    owned = content.of_record(Record.objects.get(reference="C2").pk)
    if fault == "altered":
        Content.objects.filter(owned).update(ciphertext=b"x" * 40)
    elif fault == "key altered":
        ContentKey.objects.filter(owned).update(wrapped=b"x" * 60)
    else:
        ContentKey.objects.filter(owned).delete()
    done = destruction.work(by=WORKER)
    assert (done["instructed"], done["refused"]) == (2, 1)
    reference, why = stopped()
    assert reference == "C2"
    assert "a narrative cannot be opened" in why
