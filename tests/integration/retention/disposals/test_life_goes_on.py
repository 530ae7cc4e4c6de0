"""What comes in after a decision: the same again, more, or what was destroyed."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import NO, WHY, WORKER, answered, approved, by, carried_out, decide, place, propose
from factories.exports import LINK, Source, apart, row
from muniment.core import content
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, Content, ContentKey
from muniment.core.verdicts import Refused
from muniment.people.actions import judge as judging
from muniment.people.actions.resolve import resolve
from muniment.people.models import PrimePerson
from muniment.records.models import Involvement, Nominal, Quarantine, Record, SourceRow, Tombstone
from muniment.retention.actions import destruction, disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.elsewhere import told
from muniment.retention.models import Certificate, DisposalOrder, RecordDecision, Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}


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
    assert not Nominal.objects.exists()
    assert Tombstone.objects.filter(entity="record").exclude(certificate="").count() == 2


def test_what_was_destroyed_does_not_come_back_as_the_text_of_a_row_that_goes_wrong(own_life):
    answered(own_life)
    destruction.work(by=WORKER)
    counts = own_life.crime.send([row("C1", "P1", SURNAME="Keepsake", OUTCOME="Keepsake")], on="2026-12-01")
    assert counts.quarantined == 1
    waiting = Quarantine.objects.get()
    assert waiting.named.exists() and "Keepsake" not in json.dumps(waiting.reasons)
    assert content.opened(waiting.original).startswith("Not kept: it names a record that was destroyed here")
    own_life.crime.send([row("C9", "P1", SURNAME="Keepsake", OUTCOME="Keepsake")], on="2026-12-02")
    assert "Keepsake" in content.opened(Quarantine.objects.exclude(pk=waiting.pk).get().original)


def test_new_business_with_a_destroyed_person_is_taken_in_and_the_old_stays_away(own_life):
    answered(own_life)
    destruction.work(by=WORKER)
    today = timezone.localdate().isoformat()
    counts = own_life.crime.send([row("C3", "P1", REPORTED=today), row("C1", "P1")], on=today)
    assert (counts.accepted, counts.suppressed) == (1, 1)
    assert list(Record.objects.values_list("reference", flat=True)) == ["C3"]
    assert Nominal.objects.get().reference == "P1"
    again = own_life.crime.send([row("C3", "P1", REPORTED=today), row("C1", "P1")], on=today)
    assert (again.unchanged, again.suppressed) == (1, 1)
    assert Tombstone.objects.filter(entity="nominal").count() == 1, "custody is told of nothing new"


COLD = {"CJS": "SX03001", "REPORTED": "2012-01-01", "RESULT": "", "TITLE": "Rape"}
SOLVED = {**COLD, "ROLE": "SUSPECT", "OUTCOME": "CHARGED"}


@pytest.mark.parametrize("held", [True, False])
def test_an_old_crime_that_names_a_destroyed_person_is_new_business(own_life, held):
    if held:
        victim = {"ROLE": "VICTIM", "FORENAME": "Vera", "SURNAME": "Harmed", "BORN": "1990-01-01"}
        own_life.crime.send([row("C50", "V9", **COLD, **victim, OUTCOME="")], on="2026-06-05")
        own_life.run()
        Review.objects.exclude(prime__belongings__nominal__reference="P1").delete()
    destroy_all_of_p1(own_life)
    assert not Nominal.objects.filter(reference="P1").exists()
    counts = own_life.crime.send([row("C50", "P1", **SOLVED), row("C1", "P1")], on="2027-01-01")
    assert (counts.accepted + counts.updated, counts.suppressed) == (1, 1)
    assert "1 person who was destroyed here is on a record that was not" in " ".join(counts.notes)
    assert list(Involvement.objects.values_list("record__reference", "nominal__reference", "role")) == [
        ("C50", "P1", "SUSPECT")
    ]
    again = own_life.crime.send([row("C50", "P1", **SOLVED), row("C1", "P1")], on="2027-01-02")
    assert (again.unchanged, again.suppressed, again.notes) == (1, 1, ())


def destroy_all_of_p1(life):
    done = decide(life)
    keys = tuple(Record.objects.filter(reference__in=["C1", "CU1"]).values_list("pk", flat=True))
    order = disposal.propose(disposal.Proposal(done.prime, done.controller, keys, done), by=by(life, "rowan"))
    disposal.approve(order, by=by(life, "ash"))
    destruction.work(by=WORKER)
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    assert not Record.objects.filter(pk__in=keys).exists()


def test_who_is_left_on_a_restricted_record_alone_is_restricted(own_life):
    own_life.crime.amend(("      outcome: OUTCOME\n", "      outcome: OUTCOME\n      restriction: INTO\n"))
    home = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
    own_life.crime.send([row("C1", "P1", **home), row("C9", "P1", **home, INTO="COVERT")], on="2026-06-02")
    assert Nominal.objects.get(reference="P1").scope.restriction == ""
    own_life.run()
    destroy_all_of_p1(own_life)
    assert list(Record.objects.values_list("reference", flat=True)) == ["C9"]
    assert Nominal.objects.get().scope.restriction == "COVERT"


APART = (
    apart("persons", "full", forename="FORENAME", surname="SURNAME", born="{from: BORN, convert: [date]}"),
    apart("links", "full", **LINK),
)


def test_people_and_links_of_their_own_files_stay_away_until_a_record_that_was_not_destroyed_links(own_life):
    own_life.crime.beside(*APART)
    own_life.crime.send([row("C60", **COLD, OUTCOME="UNDETECTED")], on="2026-06-05")
    destroy_all_of_p1(own_life)
    people, old, link = [row("", "P1")], row("C1", "P1"), row("C60", "P1", ROLE="SUSPECT")
    assert own_life.crime.send(people, on="2027-01-01", name="persons").suppressed == 1
    assert own_life.crime.send([old], on="2027-01-01", name="links").suppressed == 1
    to_nothing = row("C61", "P1", ROLE="SUSPECT")
    assert own_life.crime.send([to_nothing], on="2027-01-01", name="links").quarantined == 1
    assert own_life.crime.send(people, on="2027-01-02", name="persons").suppressed == 1
    counts = own_life.crime.send([old, link], on="2027-01-02", name="links")
    assert (counts.suppressed, counts.quarantined) == (1, 1)
    assert own_life.crime.send(people, on="2027-01-03", name="persons").accepted == 1
    counts = own_life.crime.send([old, link], on="2027-01-03", name="links")
    assert (counts.suppressed, counts.accepted) == (1, 1)
    assert Involvement.objects.get().record.reference == "C60"
    assert not Record.objects.filter(reference="C1").exists()


def test_who_was_destroyed_stays_away_when_a_link_of_a_record_with_their_number_waits(own_life):
    """Systems number crimes and people from 1 each."""
    own_life.crime.beside(*APART)
    own_life.crime.send([row("P1", **COLD, OUTCOME="UNDETECTED")], on="2026-06-05")
    destroy_all_of_p1(own_life)
    link = row("P1", "P77", ROLE="VICTIM")
    assert own_life.crime.send([link], on="2027-01-01", name="links").quarantined == 1
    assert own_life.crime.send([row("", "P1")], on="2027-01-02", name="persons").suppressed == 1


def test_what_waited_in_quarantine_under_the_same_reference_goes_too(own_life):
    absurd = {**row("C1", "P1"), "REPORTED": "1500-01-01"}
    own_life.crime.send([absurd, {**row("C44", "P44"), "REPORTED": "1500-01-01"}], on="2026-06-05")
    assert Quarantine.objects.filter(resolved_by=None).count() == 2
    own_life.crime.send([row("C1", "P1", **HOME)], on="2026-06-06")  # mended; until then it would stay
    own_life.run()
    answered(own_life)
    destruction.work(by=WORKER)
    assert [each.reference for each in Quarantine.objects.all()] == ["C44"]
    assert Content.objects.filter(owner__startswith="quarantine:").count() == 1
    assert ContentKey.objects.filter(owner__startswith="quarantine:").count() == 1


def test_every_row_that_told_of_a_destroyed_record_goes_with_it(own_life, tmp_path):
    same = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
    several = Source(tmp_path / "several", system="intelligence", kind="delta", duplicates="same_record")
    several.send([row("I1", TEXT="A row that names nobody"), row("I1", "T1", **same)])
    Review.objects.all().delete()
    own_life.run()
    assert SourceRow.objects.filter(system__code="intelligence").count() == 2
    answered(own_life)
    assert destruction.work(by=WORKER)["certified"] == 1
    assert not SourceRow.objects.exists()
    assert not Content.objects.filter(owner__startswith="record:").exists()


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
            reviewing.Answers(NO, WHY),
            reviewing.Conclusion("dispose", "No longer necessary at all."),
            by=by(own_life, "rowan"),
        )


def decision(page):
    """Return what the form of a review sends when everything is answered, as the page lent it."""
    lent = dict(re.findall(r'name="(version|seen)" value="(\w+)"', page))
    answers = {f"{part}_{key}": said for key in NO for part, said in (("answer", "no"), ("reason", ""))}
    words = {"do": "decide", "outcome": "dispose", "reason": "No longer necessary for any policing purpose."}
    return answers | words | lent


def test_a_review_of_a_person_who_changed_is_read_again_and_decided(own_life):
    page = reverse("review", args=[own_life.review.reference])
    client = sign_in(own_life.cast["rowan"])
    before = client.get(page).text
    assert "This person has changed" not in before
    own_life.crime.send(
        [row("C5", "P5", POSTCODE="NH1 1AA", PHONE="07700900123", ADDRESS="1 Invented Street")], on="2026-07-01"
    )
    own_life.run()
    refused = client.post(page, decision(before))
    assert refused.status_code == 422
    assert "came or went after you opened this page" in refused.text
    assert "This person has changed" in refused.text
    assert client.post(page, decision(refused.text)).status_code == 302
    assert Review.objects.get().state == "decided"


def test_a_record_that_came_after_the_page_was_opened_is_not_disposed_of_unseen(own_life):
    page = reverse("review", args=[own_life.review.reference])
    client = sign_in(own_life.cast["rowan"])
    before = client.get(page).text
    own_life.crime.send([row("C6", "P1")], on="2026-07-01")
    own_life.run()
    assert client.post(page, decision(before)).status_code == 422
    assert own_life.review.state == "open"


def test_a_review_that_was_begun_goes_where_its_person_went(own_life):
    other = {"FORENAME": "Bartholomew", "SURNAME": "Elsewhere", "BORN": "1971-01-02"}
    own_life.crime.send([row("C9", "P9", **other)], on="2026-07-01")
    own_life.run()
    begun, untouched = (
        Review.objects.get(prime__anchor__reference="P9"),
        Review.objects.exclude(prime__anchor__reference="P9").get(),
    )
    reviewing.save(begun, reviewing.Answers({"other": "yes"}, {"other": "A pattern"}), by=by(own_life, "rowan"))
    one, two = Nominal.objects.get(reference="P1"), Nominal.objects.get(reference="P9")
    said = judging.Said("same", "document", "Passport seen by the desk.")
    judging.judge(one, two, said, by=by(own_life, "sorrel"))
    resolve(by=Actor("tests"))
    page = reverse("review", args=[begun.reference])
    client = sign_in(own_life.cast["rowan"])
    assert client.get(page).status_code == 200, "before the schedule has followed"
    own_life.run()
    begun.refresh_from_db()
    untouched.refresh_from_db()
    assert (begun.prime_id, begun.state, untouched.state) == (untouched.prime_id, "started", "closed")
    seen = client.get(page).text
    assert "This person has changed" in seen
    assert "A pattern" in seen


def test_a_record_that_another_person_still_needs_is_kept_whole(own_life):
    own_life.crime.send([row("C1", "P1", **HOME)], on="2026-06-02")
    other = row("C9", "P9", FORENAME="Tansy", SURNAME="Other", BORN="1999-01-02", REPORTED="2026-05-01")
    own_life.custody.send([other, row("CU1", "D1", ROLE="DETAINEE", **HOME)], on="2026-06-03")
    link = Involvement.objects.get(nominal__reference="P9")
    Involvement.objects.filter(pk=link.pk).update(record=Record.objects.get(reference="CU1"))
    own_life.run()
    order = propose(own_life)
    assert "CU1" not in {item.reference for item in order.items.all()}


def test_an_order_of_which_nothing_may_go_any_more_ends_and_keeps_everything(own_life):
    answered(own_life)
    home = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street", "REPORTED": "2026-05-01"}
    own_life.crime.send([row("C1", "P1", **home)], on="2026-06-02")
    own_life.custody.send([row("CU1", "D1", ROLE="DETAINEE", **home)], on="2026-06-02")
    own_life.run()
    assert destruction.work(by=WORKER) == {"instructed": 0, "destroyed": 1, "certified": 1, "refused": 0}
    body = Certificate.objects.get().body
    assert (len(body["destroyed"]), len(body["kept"])) == (0, 2)
    assert Record.objects.count() == 2


def test_a_final_certificate_is_issued_once(own_life):
    order = answered(own_life)
    destruction.work(by=WORKER)
    before = Certificate.objects.get()
    assert destruction.certify(order, by=WORKER) == before
    assert Certificate.objects.get().body == before.body
    assert AuditEvent.objects.filter(action="disposal.certify").count() == 1


def test_why_two_were_judged_one_goes_with_them(own_life):
    one, two = Nominal.objects.order_by("pk")
    said = judging.Said("same", "document", "Passport seen by the desk.")
    judging.judge(one, two, said, by=by(own_life, "sorrel"))
    answered(own_life)
    destruction.work(by=WORKER)
    assert not Nominal.objects.exists()
    assert not Content.objects.filter(owner__startswith="judgement:").exists()
    assert not ContentKey.objects.filter(owner__startswith="judgement:").exists()


def test_what_a_decision_rests_on_may_change_with_the_next_delta(own_life):
    """The decision points to the involvement that drives it, and the delta replaces it."""
    counts = own_life.crime.send([row("C1", "P1", ROLE="SUSPECT", RESULT="nfa")], on="2026-06-02")
    assert counts.updated == 1
    assert Involvement.objects.get(record__reference="C1").role == "SUSPECT"
    own_life.run()


def test_nothing_that_is_left_of_a_destroyed_person_names_them(own_life):
    answered(own_life)
    destruction.work(by=WORKER)
    left = PrimePerson.objects.get()
    assert "P1" not in left.anchor_key
    assert "D1" not in left.anchor_key


def left_at_custody(life):
    """Destroy everything but what custody answers of that another force is linked; return the order."""
    order = disposal.instruct(approved(life), by=WORKER)
    for each in order.instructions.select_related("system"):
        said = "linked" if each.system.code.startswith("custody") else "done"
        disposal.answer(each, by=by(life, "rowan"), said=said, note="Ticket number 12")
    destruction.work(by=WORKER)
    return order


def test_what_stayed_because_another_force_is_linked_comes_back_to_a_person(own_life):
    order = left_at_custody(own_life)
    own_life.run()
    page = sign_in(own_life.cast["rowan"]).get(reverse("review", args=[own_life.review.reference])).text
    assert "Left here by an earlier disposal:" in page
    assert re.search(rf"CU1</a> \(<a[^>]*>{order.reference}</a>\): Its source answered .*another force is linked", page)


def test_what_a_later_disposal_destroyed_is_not_said_to_be_here(own_life):
    order = left_at_custody(own_life)
    client, page = sign_in(own_life.cast["rowan"]), reverse("disposal", args=[order.reference])
    assert "Kept here: " in client.get(page).text
    assert told.standings([DisposalOrder.objects.get(pk=order.pk)]) == {order.pk: "1 kept here"}
    own_life.run()
    carried_out(own_life, own_life.review, ["CU1"])
    assert "Kept here: " not in client.get(page).text
    assert "Destroyed by another disposal since" in client.get(page).text
    assert told.standings([DisposalOrder.objects.get(pk=order.pk)]) == {}
