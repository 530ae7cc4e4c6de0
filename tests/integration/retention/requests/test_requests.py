"""One decision answers what ACRO, custody-image and erasure requests ask; a reply tells what whoever asked may know."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.asking import ANSWERS, REGIMES, WORDS, asks, decided, drafted, kept_until_next_year, sent
from factories.cast import refresh, sign_in
from factories.deeds import NO, WHY, WORKER, answer_elsewhere, by, decide, prime_of
from factories.exports import Source, row
from factories.lives import ORGANISATION
from muniment.core.models import AuditEvent, Content, Controller, RoleAssignment
from muniment.core.verdicts import Refused
from muniment.people.queries import life_digest
from muniment.people.shown.chronology import chronology
from muniment.records.models import Record
from muniment.retention.actions import destruction, disposal, replying, subject_event
from muniment.retention.actions import requests as requesting
from muniment.retention.actions import review as reviewing
from muniment.retention.models import Duty, PersonRequest, RequestReply, SubjectEvent
from muniment.retention.policies import request_policy
from muniment.retention.requests import attached, replies, telling
from muniment.retention.requests.answers import Answer, There
from muniment.workbench import arrivals

pytestmark = pytest.mark.django_db(databases="__all__")

SAME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
SECRET = "Seen with a dealer"


def decisions(told):
    return {line["what"]: line["decision"] for line in told["decisions"]}


def with_an_image_and_intelligence(life, tmp_path):
    images = Source(tmp_path / "images", system="custody", kind="delta", area="CUSTODY", record_class="CUSTODY_IMAGE")
    images.send([row("IMG1", "D1", ROLE="DETAINEE", **SAME)], on="2026-06-02")
    notes = Source(tmp_path, system="intelligence", kind="delta", area="INTEL", record_class="INTEL")
    notes.send([row("I1", "N1", ROLE="INTEL_SUBJECT", TITLE=SECRET, RESULT="", OUTCOME="", **SAME)])
    life.run()


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_one_decision_answers_all_three_and_deleted_is_said_once_it_is_certified(own_life, tmp_path):
    life = own_life
    with_an_image_and_intelligence(life, tmp_path)
    requests = [asks(life, kind) for kind in REGIMES]
    assert arrivals.follow_events(by=WORKER) == {"events_followed": 3}
    prime = requests[0].prime
    given = {each.pk: ANSWERS[each.kind] for each in requests}
    conclusion = reviewing.Conclusion("dispose", "No longer necessary for any policing purpose.", requests=given)
    seen = reviewing.Answers(NO, WHY, seen=life_digest(prime.pk))
    done = reviewing.decide(life.review, seen, conclusion, by=by(life, "rowan"))
    records = tuple(entry.record.pk for entry in chronology(prime))
    assert len(records) == 4
    order = disposal.propose(disposal.Proposal(prime, done.controller, records, done), by=by(life, "rowan"))
    acro, image, erasure = (PersonRequest.objects.get(pk=each.pk) for each in requests)
    with pytest.raises(Refused, match="waits for a person"):
        replying.draft(erasure, WORDS, by=by(life, "hazel"))
    disposal.approve(order, by=by(life, "ash"))

    draft, told = drafted(life, erasure)
    assert {"Custody record", "Crime record", "Custody image"} == set(decisions(told))
    assert set(decisions(told).values()) == {"To be deleted"}
    assert not draft.is_final
    assert {"To be deleted"} == set(decisions(drafted(life, image)[1]).values())
    said = replies.as_text(replies.body_of(draft))
    assert SECRET not in said and "ntelligence" not in said.replace("neither confirms", ""), "it was not told of"
    sent(life, draft)
    assert PersonRequest.objects.get(pk=erasure.pk).closed_on is None
    assert list(attached.to_confirm()) == [erasure]

    destruction.work(by=WORKER)
    order.refresh_from_db()
    assert order.state == "instructed", order.stopped_by
    assert set(Duty.objects.filter(place="acro").values_list("item__reference", flat=True)) == {"C1", "CU1"}
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")
    answer_elsewhere(life, order, but="acro")
    destruction.work(by=WORKER)
    order.refresh_from_db()
    assert order.state == "certified" and order.certificate.is_provisional
    assert set(decisions(drafted(life, erasure)[1]).values()) == {"To be deleted"}, "it is not proved everywhere"
    answer_elsewhere(life, order)
    destruction.work(by=WORKER)
    draft, told = drafted(life, erasure)
    assert set(decisions(told).values()) == {"Deleted"}
    assert draft.is_final
    sent(life, draft)
    erasure.refresh_from_db()
    assert erasure.closed_on == timezone.localdate()
    assert SubjectEvent.objects.get(pk=erasure.event_id).closed == timezone.localdate()
    assert decisions(drafted(life, acro)[1]) == {
        "PNC / LEDS": "To be deleted",
        "National DNA Database": "To be deleted",
        "IDENT1": "Kept",
    }
    for code in ("pnc", "ndnad"):
        requesting.confirm_there(acro, code, by=by(life, "hazel"))
    draft, told = drafted(life, PersonRequest.objects.get(pk=acro.pk))
    assert decisions(told)["PNC / LEDS"] == "Deleted" and draft.is_final
    assert told["decisions"][2]["ground"] == "biometrics_law"


def test_a_reply_is_the_same_whether_more_is_held_or_not(life):
    prime, said = prime_of("P1"), request_policy.on(timezone.localdate())
    entries, own = chronology(prime), life.review.controller_id
    told = telling.items(entries, own, said)
    assert {item.what for item in told} == {"Crime record", "Custody record"}
    crime = next(entry for entry in entries if entry.record.reference == "C1")
    hidden = [
        _in(crime, area="INTEL"),
        _in(crime, restriction="COVERT"),
        replace(crime, parts=tuple(_role(part, "SUSPECT") for part in crime.parts)),
    ]
    assert telling.items([*entries, *hidden], own, said) == told
    assert telling.items(entries, own + 1, said) == []


def _in(entry, **scope):
    record = Record.objects.select_related("scope", "system", "decision").get(pk=entry.record.pk)
    for name, value in scope.items():
        setattr(record.scope, name, value)
    return replace(entry, record=record)


def _role(part, role):
    made = type(part).objects.get(pk=part.pk)
    made.role = role
    return made


def test_a_request_stops_disposal_but_for_the_review_that_answers_it(life):
    done, request = decided(life, "erasure_request")
    records = tuple(Record.objects.values_list("pk", flat=True))
    order = disposal.propose(disposal.Proposal(done.prime, done.controller, records, done), by=by(life, "rowan"))
    other = asks(life, "image_deletion")
    order.refresh_from_db()
    assert order.state == "stopped", "what came afterwards has not been looked at"
    assert other in attached.unanswered() and request in attached.unanswered()


def test_a_request_is_looked_at_though_a_review_was_decided_after_it_was_received(life):
    decide(life, "retain", **kept_until_next_year())
    request = asks(life, "erasure_request", received_on=timezone.localdate() - timedelta(days=9))
    arrivals.follow_events(by=WORKER)
    assert life.review.trigger == "erasure_request"
    assert attached.to_answer(life.review) == [request]


def test_a_decision_that_waits_for_a_second_person_is_not_agreed_to_past_a_new_request(life):
    review = life.review
    review.state, review.decided_by = "agreeing", "rowan"
    first = asks(life, "erasure_request")
    PersonRequest.objects.filter(pk=first.pk).update(review=review)
    assert requesting.has_answered_all(review)
    asks(life, "image_deletion")
    assert not requesting.has_answered_all(review)


def test_no_decision_leaves_a_request_unanswered(life):
    request = asks(life, "acro_deletion")
    with pytest.raises(Refused, match=request.reference):
        decide(life)
    half = Answer({"pnc": There(deletes=True, ground="no_crime")}, words=WORDS)
    with pytest.raises(Refused, match="NDNAD"):
        decide(life, requests={request.pk: half})


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Our intelligence shows more.", "intelligence"),
        ("Tansy Other has spoken to us.", "names and dates of birth of others"),
    ],
)
def test_no_reply_names_others_or_speaks_of_what_it_neither_confirms_nor_denies(life, words, why):
    _, request = decided(life, "erasure_request", outcome="retain", **kept_until_next_year())
    record = Record.objects.get(reference="C1")
    part = record.involvements.first()
    other = part.nominal
    other.pk, other.reference, other.forename, other.surname, other.full_name = None, "P8", "Tansy", "Other", ""
    other.save()
    part.pk, part.nominal = None, other
    part.save()
    with pytest.raises(Refused, match=why):
        replying.draft(request, words, by=by(life, "hazel"))


def test_a_reply_goes_only_as_another_saw_it_and_as_things_still_are(life):
    _, request = decided(life, "erasure_request", outcome="retain", **kept_until_next_year())
    draft, told = drafted(life, request)
    assert set(decisions(told).values()) == {"Kept, with its use restricted"}
    today = timezone.localdate()
    with pytest.raises(Refused, match="look at it first"):
        replying.send(draft, by=by(life, "hazel"), sent_on=today)
    with pytest.raises(Refused, match="somebody else"):
        replying.look(draft, by=by(life, "hazel"))
    with pytest.raises(Refused, match="roles"):
        replying.look(draft, by=by(life, "rowan"))
    sent(life, draft)
    request.refresh_from_db()
    assert (request.closed_on, SubjectEvent.objects.get().closed) == (today, today)
    with pytest.raises(Refused, match="over"):
        replying.draft(request, WORDS, by=by(life, "hazel"))


def test_a_late_request_is_listed_until_it_is_answered(life):
    _, request = decided(life, "image_deletion", outcome="retain", **kept_until_next_year())
    assert list(attached.late()) == []
    assert list(attached.late(request.due_on)) == []
    PersonRequest.objects.update(received_on="2026-01-05", due_on="2026-02-02")
    assert list(attached.late()) == [request]
    page = sign_in(life.cast["hazel"]).get(reverse("requests"), {"which": "late"}).text
    assert request.reference in page and "Late" in page
    sent(life, drafted(life, request)[0])
    assert list(attached.late()) == []


def test_what_is_left_of_a_request_goes_when_the_time_of_its_file_is_over(life, time_machine, monkeypatch):
    _, request = decided(life, "image_deletion", outcome="retain", **kept_until_next_year())
    sent(life, drafted(life, request)[0])
    owner, years_later = f"request:{request.pk}", timezone.now() + timedelta(days=4 * 366)
    assert requesting.forget(by=WORKER) == {"requests_forgotten": 0}
    assert Content.objects.filter(owner=owner).count() == 2
    time_machine.move_to(years_later, tick=False)
    assert requesting.forget(by=WORKER) == {"requests_forgotten": 0}, "the force has not adopted the rule"
    monkeypatch.setenv("MUNIMENT_ADOPTIONS", str(ORGANISATION.parent / "adoptions"))
    assert requesting.forget(by=WORKER) == {"requests_forgotten": 1}
    assert not Content.objects.filter(owner=owner).exists()
    request.refresh_from_db()
    assert (request.answer, request.replies.count(), request.closed_on is None) == (None, 0, False)
    assert requesting.forget(by=WORKER) == {"requests_forgotten": 0}


def test_its_event_ends_with_it_and_not_by_hand(life):
    request = asks(life, "acro_deletion")
    with pytest.raises(Refused, match=request.reference):
        subject_event.close(request.event, by=by(life, "hazel"), closed=timezone.localdate())
    requesting.withdraw(request, by=by(life, "hazel"))
    assert SubjectEvent.objects.get().closed == timezone.localdate()
    decide(life)


def test_the_pages_take_a_request_from_recording_to_its_reply_on_paper(life):
    hazel, rowan, ash = (sign_in(life.cast[name]) for name in ("hazel", "rowan", "ash"))
    prime = prime_of("P1")
    recording = reverse("record_request", args=[prime.reference])
    fields = {
        "controller": Controller.objects.get(code="northshire").pk,
        "what": "acro_deletion.rdp",
        "asker": "acro",
        "their_reference": "RDP/26/0001",
        "received_on": "20 11 2026",
        "grounds": ["alibi"],
    }
    assert "Choose which national records" in hazel.post(recording, fields).text
    answer = hazel.post(recording, fields | {"databases": ["pnc"]})
    request = PersonRequest.objects.get()
    assert answer.url == reverse("request", args=[request.reference])
    assert "18 December 2026" in hazel.get(answer.url).text
    address = reverse("review", args=[life.review.reference])
    before = rowan.get(address).text
    assert "A proven alibi" in before
    given = {f"answer_{code}": said for code, said in NO.items()} | {
        f"reason_{code}": said for code, said in WHY.items()
    }
    given |= {"do": "decide", "outcome": "retain", "reason": "Still needed: the pattern goes on.", "version": "1"}
    given |= {"next_review": "1 9 2027", "seen": life_digest(prime.pk)}
    refused = rowan.post(address, given)
    assert refused.status_code == 422 and "Decide of PNC" in refused.text
    given |= {f"there_{request.pk}_pnc": "delete.alibi", f"words_{request.pk}": WORDS}
    assert rowan.post(address, given).status_code == 302
    hazel.post(reverse("draft_reply", args=[request.reference]), {"words": WORDS})
    assert "pattern goes on" not in hazel.get(answer.url).text, "the reason of the decision stays inside"
    ash.post(reverse("look_at_reply", args=[request.reference]))
    hazel.post(reverse("send_reply", args=[request.reference]), {"sent_on": "1 1 2026"})
    assert RequestReply.objects.get().sent_on is None
    today = timezone.localdate()
    hazel.post(reverse("send_reply", args=[request.reference]), {"sent_on": f"{today.day} {today.month} {today.year}"})
    reply = RequestReply.objects.get()
    assert reply.sent_on == today
    paper = hazel.get(reverse("reply_file", args=[request.reference, reply.pk, "pdf"]))
    assert paper.content.startswith(b"%PDF") and b"DRAFT" not in paper.content
    told = hazel.get(reverse("reply_file", args=[request.reference, reply.pk, "json"])).json()
    assert told["their_reference"] == "RDP/26/0001"
    assert told["decisions"][0]["ground"] == "alibi" and told["decisions"][0]["decision"] == "To be deleted"
    events = set(AuditEvent.objects.filter(subject=request.reference).values_list("action", flat=True))
    done = {"record", "view", "decide", "draft", "look", "send", "reply_file"}
    assert {f"request.{each}" for each in done} <= events


def test_who_does_not_see_the_person_or_the_force_does_not_find_the_request(life):
    request = asks(life, "erasure_request")
    address = reverse("request", args=[request.reference])
    assert sign_in(life.cast["linden"]).get(address).status_code == 404
    assert request.reference not in sign_in(life.cast["linden"]).get(reverse("requests")).text
    assert sign_in(life.cast["robin"]).get(address).status_code == 403
    assert sign_in(life.cast["sedge"]).get(address).status_code == 200


def test_who_sees_the_person_there_in_another_role_does_not_find_the_request(life):
    request, linden = asks(life, "erasure_request"), life.cast["linden"]
    RoleAssignment.objects.create(
        user=linden, controller=request.controller, role="officer", start=timezone.localdate() - timedelta(days=1)
    )
    refresh()
    reader = sign_in(linden)
    assert reader.get(reverse("person", args=[request.prime.reference])).status_code == 200
    assert reader.get(reverse("request", args=[request.reference])).status_code == 404
    assert request.reference not in reader.get(reverse("requests"), {"which": "all"}).text
