"""The life of a disposal: every state, every refusal, and what is left when it is over."""

from datetime import date

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import NO, WHY, WORKER, answered, approved, by, decide, place, propose
from muniment.core.models import AuditEvent, Content, ContentKey, Controller
from muniment.core.verdicts import Refused
from muniment.people.models import Belonging, MatchEdge, PrimePerson, SearchToken
from muniment.records.models import Involvement, Nominal, Record, SourceRow
from muniment.retention import rules
from muniment.retention.actions import destruction, disposal, hold
from muniment.retention.actions import review as reviewing
from muniment.retention.disposals import stops
from muniment.retention.models import (
    Certificate,
    DisposalOrder,
    Hold,
    HoldController,
    PersonDecision,
    RecordDecision,
    Review,
)
from muniment.retention.reviews import assessment

pytestmark = pytest.mark.django_db(databases="__all__")


def test_two_systems_are_one_person_with_one_review(life):
    assert PrimePerson.objects.count() == 1
    assert Belonging.objects.filter(until=None).count() == 2
    assert life.review.controller.code == "northshire"
    decision = PersonDecision.objects.get()
    assert (decision.group, decision.outcome) == (3, "review")
    assert decision.due == date(2021, 3, 1)


def test_from_a_decision_to_a_certificate(life):
    order = answered(life)
    keys = [item.record_key for item in order.items.all()]
    assert ContentKey.objects.filter(owner__startswith="record:").count() == 2
    assert destruction.work(by=WORKER) == {"instructed": 0, "destroyed": 1, "certified": 1, "refused": 0}
    for model in (Record, Nominal, Involvement, Belonging, SearchToken, MatchEdge, RecordDecision, PersonDecision):
        assert not model.objects.exists(), model
    assert not SourceRow.objects.exists()
    assert not Content.objects.filter(owner__startswith="record:").exists()
    assert not ContentKey.objects.filter(owner__startswith="record:").exists()
    certificate = Certificate.objects.get()
    assert not certificate.is_provisional
    assert {each["reference"] for each in certificate.body["destroyed"]} == {"C1", "CU1"}
    assert "Fictional" not in str(certificate.body)
    assert AuditEvent.objects.filter(action="record.destroy").count() == len(keys) == 2


def test_a_review_needs_every_answer_a_reason_and_an_outcome(life):
    with pytest.raises(Refused) as refusal:
        reviewing.decide(life.review, reviewing.Answers({}), reviewing.Conclusion("", ""), by=by(life, "rowan"))
    assert len(refusal.value.reasons) == len(assessment.asked(life.review.prime_id)) + 3
    assert life.review.state == "open"


def test_a_review_of_another_force_is_refused(life):
    with pytest.raises(Refused, match="Northshire"):
        reviewing.save(life.review, reviewing.Answers(NO, WHY), by=by(life, "wren"))


def test_part_saved_answers_stay_and_a_second_writer_is_told(life):
    first = life.review
    reviewing.save(first, reviewing.Answers({"other": "yes"}, {"other": "A pattern"}), by=by(life, "rowan"), version=1)
    with pytest.raises(Refused, match="Someone else saved"):
        reviewing.save(first, reviewing.Answers({"other": "no"}), by=by(life, "ash"), version=1)
    assert life.review.answers.get().answer == "yes"


def test_a_reason_that_was_altered_is_asked_for_again(life):
    reviewing.save(life.review, reviewing.Answers({"other": "yes"}, {"other": "A pattern"}), by=by(life, "rowan"))
    client = sign_in(life.cast["rowan"])
    page = reverse("review", args=[life.review.reference])
    assert "A pattern" in client.get(page).text
    Content.objects.update(ciphertext=b"x" * 40)
    assert "A pattern" not in client.get(page).text
    assert "was altered" in client.get(reverse("record", args=[Record.objects.get(reference="C1").pk])).text


def test_who_proposed_cannot_approve(life):
    order = propose(life)
    with pytest.raises(Refused):
        disposal.approve(order, by=by(life, "rowan"))
    order.refresh_from_db()
    assert order.state == "proposed"


def test_nothing_is_instructed_before_the_cooling_off_ends(life, settings):
    settings.COOLING_OFF_MINUTES = 60
    order = approved(life)
    with pytest.raises(Refused, match="can be undone until"):
        disposal.instruct(order, by=WORKER)
    assert destruction.work(by=WORKER)["instructed"] == 0


def test_undone_the_review_is_open_again_and_the_records_are_free(life):
    order = approved(life)
    disposal.undo(order, by=by(life, "rowan"), note="Found a live enquiry")
    assert life.review.state == "started"
    assert Record.objects.count() == 2
    decide(life)


def test_returned_the_review_is_open_again(life):
    disposal.return_(propose(life), by=by(life, "ash"), note="Look at custody")
    assert life.review.state == "started"


def test_destroy_waits_for_every_source(life):
    order = disposal.instruct(approved(life), by=WORKER)
    with pytest.raises(Refused, match="Not every source has answered"):
        destruction.destroy(order, by=WORKER)
    assert Record.objects.count() == 2


def test_a_source_that_cannot_makes_the_certificate_provisional_until_it_can(life):
    order = disposal.instruct(approved(life), by=WORKER)
    first, second = order.instructions.order_by("pk")
    disposal.answer(first, by=by(life, "rowan"), said="done", note="")
    with pytest.raises(Refused, match="what the source told you"):
        disposal.answer(second, by=by(life, "rowan"), said="supplier", note="")
    disposal.answer(second, by=by(life, "rowan"), said="supplier", note="Ticket 12")
    destruction.work(by=WORKER)
    assert Certificate.objects.get().is_provisional
    disposal.answer(second, by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    assert not Certificate.objects.get().is_provisional


@pytest.mark.parametrize("stage", ["before", "proposed", "approved", "answered"])
def test_a_hold_stops_it_at_every_stage(life, stage):
    if stage == "before":
        place(life)
        with pytest.raises(Refused, match="Inquest"):
            propose(life)
        return
    order = {"proposed": propose, "approved": approved, "answered": answered}[stage](life)
    place(life)
    order.refresh_from_db()
    assert order.state == "stopped"
    destruction.work(by=WORKER)
    assert Record.objects.count() == 2
    assert not Certificate.objects.exists()


@pytest.mark.parametrize("stage", ["before", "answered"])
def test_a_word_of_a_hold_in_a_narrative_stops_it(life, stage):
    if stage == "before":
        place(life, keywords=["NARRATIVE of c1"])
        with pytest.raises(Refused, match="Inquest"):
            propose(life)
        return
    order = answered(life)
    place(life, keywords=["narrative of C1"])
    destruction.work(by=WORKER)
    order.refresh_from_db()
    assert order.state == "stopped"
    assert Record.objects.count() == 2


def test_a_word_is_looked_for_by_the_days_of_what_someone_did_as_well(life):
    place(life, keywords=["narrative of C1"], **{"from": "1984-01-01", "until": "1984-12-31"})
    assert stops.holds_on(Record.objects.values_list("pk", flat=True)) == []
    Involvement.objects.filter(record__reference="C1").update(happened_earliest=date(1984, 6, 18))
    with pytest.raises(Refused, match="Inquest"):
        propose(life)


def test_a_word_that_no_narrative_has_stops_nothing(life):
    place(life, keywords=["a word that is nowhere"])
    assert propose(life).state == "proposed"


def test_a_hold_placed_on_what_its_owner_cannot_see_is_widened_by_the_worker(life):
    order = answered(life)
    held = Hold.objects.create(
        title="Written", authority="x", scope={}, start=date(2026, 1, 1), placed_by="hazel", review_on=date(2027, 1, 1)
    )
    HoldController.objects.create(hold=held, controller=Controller.objects.get(code="northshire"))
    destruction.work(by=WORKER)
    order.refresh_from_db()
    assert order.state == "stopped"
    assert Record.objects.count() == 2


def test_releasing_a_hold_takes_two_and_disposes_of_nothing(life):
    order = approved(life)
    placed = place(life)
    with pytest.raises(Refused, match="Nobody has asked"):
        hold.release(placed, by=by(life, "ash"))
    hold.ask_release(placed, by=by(life, "hazel"), reason="Inquest closed, letter of 2 June")
    placed.refresh_from_db()
    with pytest.raises(Refused, match="someone else"):
        hold.release(placed, by=by(life, "hazel"))
    assert hold.release(placed, by=by(life, "ash")) == 2
    destruction.work(by=WORKER)
    order.refresh_from_db()
    assert order.state == "undone"
    assert Record.objects.count() == 2


def test_an_advisory_controller_destroys_nothing(life):
    order = approved(life)
    Controller.objects.filter(code="northshire").update(mode="advisory")
    assert destruction.work(by=WORKER)["instructed"] == 0
    with pytest.raises(Refused, match="advisory"):
        disposal.instruct(DisposalOrder.objects.get(pk=order.pk), by=WORKER)
    assert Record.objects.count() == 2


def test_states_cannot_be_skipped(life):
    order = propose(life)
    for act in (disposal.instruct, destruction.destroy):
        with pytest.raises(Refused):
            act(order, by=WORKER)


def test_every_move_leads_to_a_known_state():
    for moves, model in ((rules.REVIEW_MOVES, Review), (rules.ORDER_MOVES, DisposalOrder)):
        for table in moves.values():
            assert set(table) | set(table.values()) <= set(model.State.values)
