"""New facts, and another make-up of the person, between a proposal and a destruction stop it."""

from pathlib import Path
from unittest.mock import ANY

import pytest
from django.db.models import Q
from django.utils import timezone

from factories.deeds import NO, WHY, WORKER, answered, approved, ask, by, place, propose
from factories.exports import row
from muniment.core.verdicts import Refused
from muniment.people.actions import judge as judging
from muniment.people.actions.resolve import resolve
from muniment.people.models import MatchEdge, PrimePerson
from muniment.records.models import Record
from muniment.retention.actions import destruction, disposal, subject_event
from muniment.retention.actions import review as reviewing
from muniment.retention.actions.schedule import schedule
from muniment.retention.models import Certificate, DisposalOrder, RecordDecision, Review
from muniment.retention.policies import policy_now

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
ADOPTED = Path(__file__).parents[4] / "examples" / "demonstration" / "adoptions"


def state(order):
    return DisposalOrder.objects.get(pk=order.pk).state


def test_the_access_request_of_someone_else_on_a_record_stops_it(own_life):
    own_life.crime.send(
        [row("C1", "P1", **HOME), row("C8", "P8", FORENAME="Tansy", SURNAME="Other", BORN="1950-01-02")],
        on="2026-06-02",
    )
    own_life.run()
    other = PrimePerson.objects.get(belongings__nominal__reference="P8")
    # The other person is on the first person's record as well.
    link = other.belongings.get().nominal.involvements.get()
    link.pk, link.record, link.role = None, Record.objects.get(reference="C1"), "VICTIM"
    link.save()
    first = PrimePerson.objects.get(belongings__nominal__reference="P1", retired_at__isnull=True)
    ask(own_life, person=other)
    records = tuple(Record.objects.filter(reference="C1").values_list("pk", flat=True))
    controller = Record.objects.get(reference="C1").system.controller
    with pytest.raises(Refused, match="is open"):
        disposal.propose(disposal.Proposal(first, controller, records), by=by(own_life, "rowan"))


def test_new_facts_between_approval_and_instruction_stop_it(own_life):
    order = approved(own_life)
    # The same nominal is charged with robbery: no new member, and no run of the schedule in between.
    fresh = row("C9", "P1", CJS="TH68023", ROLE="CHARGED", REPORTED="2026-06-10", RESULT="pending", **HOME)
    own_life.crime.send([row("C1", "P1", **HOME), fresh], on="2026-06-11")
    counts = destruction.work(by=WORKER)
    assert (counts["instructed"], counts["refused"]) == (0, 1)
    assert state(order) == "stopped"
    assert not order.instructions.exists(), "no source may be told to delete"


def test_a_record_that_comes_under_an_old_hold_meanwhile_stops_it(own_life):
    placed = place(own_life, keywords=["Operation Larch"])
    destruction.work(by=WORKER)
    order = approved(own_life)
    own_life.crime.send([row("C1", "P1", **HOME, TITLE="Theft from a shop, Operation Larch")], on="2026-06-11")
    assert not placed.held.exists(), "only the worker's own look can find it"
    assert destruction.work(by=WORKER)["instructed"] == 0
    assert state(order) == "stopped"
    assert "Inquest" in DisposalOrder.objects.get(pk=order.pk).stopped_by


def test_new_facts_after_the_sources_answered_keep_the_records(own_life):
    order = answered(own_life)
    fresh = row("C9", "P1", CJS="TH68023", ROLE="CHARGED", REPORTED="2026-06-10", RESULT="pending", **HOME)
    own_life.crime.send([row("C1", "P1", **HOME), fresh], on="2026-06-11")
    destruction.work(by=WORKER)
    assert Record.objects.count() == 3
    assert all(item.kept_because for item in order.items.all())
    assert Certificate.objects.get().body["destroyed"] == []


def test_another_make_up_of_the_person_stops_it(own_life):
    order = approved(own_life)
    own_life.custody.send([row("CU7", "D7", **HOME, ROLE="DETAINEE")], on="2026-06-12")
    resolve(by=WORKER)
    assert destruction.work(by=WORKER)["refused"] == 1
    assert state(order) == "stopped"
    assert "make up this person" in DisposalOrder.objects.get(pk=order.pk).stopped_by


def test_the_nightly_run_between_approval_and_destruction_changes_nothing(own_life):
    """The review that let the records go must not count as one after which they are kept for years."""
    answered(own_life)
    own_life.run()
    assert destruction.work(by=WORKER)["destroyed"] == 1
    assert not Record.objects.exists()


NAMESAKE = {"ROLE": "CONVICTED", "RESULT": "convicted", "CJS": "TH68023", "REPORTED": "2024-03-01"}


def judge(life, verdict):
    said = judging.Said(verdict, "document", "Passports seen by the desk.")
    for edge in MatchEdge.objects.filter(Q(left__reference="P7") | Q(right__reference="P7")):
        judging.judge(edge.left, edge.right, said, by=by(life, "sorrel"))


def test_a_possible_match_that_would_change_it_is_judged_first(own_life):
    own_life.crime.send([row("C7", "P7", **NAMESAKE)], on="2026-06-02")
    own_life.run()
    assert "possible_match" in RecordDecision.objects.get(record__reference="C1").because
    done = decide_first(own_life)
    with pytest.raises(Refused, match="No record can go today"):
        disposal.propose(done, by=by(own_life, "rowan"))
    judge(own_life, "different")
    order = disposal.approve(disposal.propose(done, by=by(own_life, "rowan")), by=by(own_life, "ash"))
    assert destruction.work(by=WORKER)["instructed"] == 1
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(own_life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    assert set(Record.objects.values_list("reference", flat=True)) == {"C7"}


def test_what_a_doubt_kept_from_the_clock_goes_once_it_is_judged(own_life, monkeypatch):
    monkeypatch.setenv("MUNIMENT_ADOPTIONS", str(ADOPTED))
    own_life.crime.send([row("C7", "P7", **NAMESAKE)], on="2026-06-02")
    own_life.run()
    schedule(policy_now.policy(), by=WORKER, on=timezone.localdate())
    assert {"PER-G3B", "possible_match"} <= set(RecordDecision.objects.get(record__reference="C1").because)
    done = decide_first(own_life)
    judge(own_life, "different")
    disposal.approve(disposal.propose(done, by=by(own_life, "rowan")), by=by(own_life, "ash"))
    assert destruction.work(by=WORKER)["instructed"] == 1


def test_a_possible_match_that_comes_up_after_the_approval_stops_it(own_life):
    order = approved(own_life)
    own_life.crime.send([row("C7", "P7", **NAMESAKE)], on="2026-06-02")
    resolve(by=WORKER)
    assert destruction.work(by=WORKER)["refused"] == 1
    assert state(order) == "stopped"
    assert "judge the possible match" in DisposalOrder.objects.get(pk=order.pk).stopped_by


def test_what_was_judged_one_stops_it_until_a_run_has_followed(own_life):
    order = approved(own_life)
    own_life.crime.send([row("C7", "P7", **NAMESAKE)], on="2026-06-02")
    resolve(by=WORKER)
    judge(own_life, "same")
    assert destruction.work(by=WORKER)["refused"] == 1
    assert state(order) == "stopped"
    own_life.run()
    reasons = RecordDecision.objects.values_list("because", flat=True)
    assert all("PER-G1" in each and "possible_match" not in each for each in reasons), "they are one, and in group 1"


def decide_first(life):
    review = Review.objects.get(prime__belongings__nominal__reference="D1", state="open")
    conclusion = reviewing.Conclusion("dispose", "No longer necessary for any policing purpose.")
    done = reviewing.decide(review, reviewing.Answers(NO, WHY), conclusion, by=by(life, "rowan"))
    keys = tuple(Record.objects.filter(reference__in=["C1", "CU1"]).values_list("pk", flat=True))
    return disposal.Proposal(done.prime, done.controller, keys, done)


def test_a_stopped_order_is_undone_though_a_run_has_opened_another_review_since(own_life):
    order, event = approved(own_life), ask(own_life)
    subject_event.close(event, by=by(own_life, "rowan"), closed=timezone.localdate())
    own_life.run()
    assert sorted(Review.objects.values_list("pk", "state")) == [(order.review_id, "decided"), (ANY, "open")]
    disposal.undo(order, by=by(own_life, "rowan"), note="Answered: look again")
    assert sorted(Review.objects.values_list("pk", "state")) == [(order.review_id, "started"), (ANY, "closed")]
    assert propose(own_life).items.count() == 2


def test_a_review_that_somebody_asked_for_since_goes_on_when_a_stopped_order_is_undone(own_life):
    order, event = approved(own_life), ask(own_life)
    subject_event.close(event, by=by(own_life, "rowan"), closed=timezone.localdate())
    own_life.run()
    Review.objects.filter(state="open").update(kind="explicit")
    disposal.undo(order, by=by(own_life, "rowan"), note="Answered: look again")
    assert sorted(Review.objects.values_list("pk", "state")) == [(order.review_id, "decided"), (ANY, "open")]


def test_a_review_that_somebody_began_since_goes_on_when_a_stopped_order_is_undone(own_life):
    order, event = approved(own_life), ask(own_life)
    subject_event.close(event, by=by(own_life, "rowan"), closed=timezone.localdate())
    own_life.run()
    reviewing.save(own_life.review, reviewing.Answers({}), by=by(own_life, "rowan"))
    disposal.undo(order, by=by(own_life, "rowan"), note="Answered: look again")
    assert sorted(Review.objects.values_list("pk", "state")) == [(order.review_id, "decided"), (ANY, "started")]
    assert propose(own_life).items.count() == 2
