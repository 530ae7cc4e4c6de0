"""A request is refused or charged for without its review, where that is shown, by two people and a letter."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.asking import ANSWERS, WORDS, asks, decided, drafted, kept_until_next_year, sent
from factories.cast import sign_in
from factories.deeds import WORKER, by, decide
from factories.tags import tree_of
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.retention.actions import replying, request_times
from muniment.retention.models import PersonRequest, RequestReply, Review, SubjectEvent
from muniment.retention.requests import attached, replies, reply_print
from muniment.retention.requests.letters import About, Written
from muniment.workbench import arrivals

pytestmark = pytest.mark.django_db(databases="__all__")

EVIDENCE = "It repeats what Tansy Other was told about on 3 October."  # stays inside, where others may be named
STATED = "You asked the same on 3 October and were answered. Nothing has changed since."
REFUSE = Written(About.REFUSAL, STATED, "excessive", shown=dict.fromkeys(("repeats", "interval", "rather"), EVIDENCE))
CHARGE = replace(REFUSE, about=About.FEE, amount=Decimal("12.50"))
PASSPORT = Written(About.IDENTITY, "A copy of your passport, please.")


def days_ago(number):
    return timezone.localdate() - timedelta(days=number)


def posted(life, request, written, *, looked=True):
    draft = request_times.write(request, written, by=by(life, "hazel"))
    if looked:
        replying.look(draft, by=by(life, "ash"))
    replying.send(draft, by=by(life, "hazel"), sent_on=timezone.localdate())
    request.refresh_from_db()
    return draft


def test_a_refusal_ends_a_request_and_only_a_review_that_was_due_anyway_goes_on(life):
    decide(life, "retain", **kept_until_next_year())
    request = asks(life, "erasure_request")
    arrivals.follow_events(by=WORKER)
    opened = life.review
    assert opened.trigger == "erasure_request"
    with pytest.raises(Refused, match="look at it first"):
        posted(life, request, REFUSE, looked=False)
    assert not PersonRequest.objects.exclude(refused_because="").exists()
    sent(life, RequestReply.objects.get())
    request.refresh_from_db()
    assert (request.closed_on, request.refused_because) == (timezone.localdate(), "excessive")
    assert attached.standing(request, request.replies.all()) == "Refused" and not attached.unanswered().exists()
    assert not request.has_lapsed and SubjectEvent.objects.get(pk=request.event_id).closed == timezone.localdate()
    arrivals.follow_events(by=WORKER)
    opened.refresh_from_db()
    assert opened.state == Review.State.CLOSED, "nothing else asked for it"
    assert AuditEvent.objects.filter(action="request.refuse", subject=request.reference).count() == 1
    with pytest.raises(Refused, match="over"):
        request_times.write(request, REFUSE, by=by(life, "hazel"))


def test_a_review_that_is_due_is_decided_without_an_answer_to_what_was_refused(life):
    due = life.review
    request = asks(life, "erasure_request")
    with pytest.raises(Refused, match=request.reference):
        decide(life)
    reviewer = sign_in(life.cast["rowan"])
    page, told = reverse("review", args=[due.reference]), "A letter that refuses it is drafted"
    assert told not in reviewer.get(page).text
    request_times.write(request, REFUSE, by=by(life, "hazel"))
    assert told in reviewer.get(page).text
    posted(life, request, REFUSE)
    arrivals.follow_events(by=WORKER)
    due.refresh_from_db()
    assert due.state == Review.State.OPEN
    assert decide(life, "retain", **kept_until_next_year()).state == Review.State.DECIDED


def test_what_a_decision_has_answered_is_not_refused_as_unfounded_nor_is_that_a_reason_to_keep(life):
    request = asks(life, "erasure_request")
    draft = request_times.write(request, REFUSE, by=by(life, "hazel"))
    unfounded = replace(ANSWERS["erasure_request"], keeping="unfounded")
    with pytest.raises(Refused, match="Choose why whatever stays"):
        decide(life, "retain", requests={request.pk: unfounded}, **kept_until_next_year())
    decide(life, "retain", requests={request.pk: ANSWERS["erasure_request"]}, **kept_until_next_year())
    with pytest.raises(Refused, match="any more for this reason"):
        replying.look(draft, by=by(life, "ash"))
    with pytest.raises(Refused, match="Choose why the request is refused"):
        request_times.write(request, REFUSE, by=by(life, "hazel"))


def test_the_letter_says_why_and_what_can_be_done_and_nothing_of_what_shows_it(life):
    request = asks(life, "erasure_request")
    for wrong, why in (
        (replace(REFUSE, shown={**REFUSE.shown, "interval": ""}), "too little time has passed"),
        (replace(REFUSE, words="Our intelligence shows that you mean to disrupt."), "intelligence"),
        (replace(REFUSE, reason="not_established"), "Choose why the request is refused"),
        (replace(REFUSE, amount=Decimal(5)), "asks for no fee"),
    ):
        with pytest.raises(Refused, match=why):
            request_times.write(request, wrong, by=by(life, "hazel"))
    body = replies.body_of(posted(life, request, REFUSE))
    assert body["shown"][0][2] == EVIDENCE
    told = " ".join((*body["sentences"], body["words"], *body["rights"]))
    for part in ("manifestly excessive (section 53", "neither confirms nor denies", "Commissioner", "court", "again"):
        assert part in told
    assert "Tansy" not in told
    paper = tree_of(reply_print.as_pdf(body, is_draft=False))
    written = " ".join(each.words for each in paper.below)
    assert STATED in written and "Tansy" not in written
    assert [each.words for each in paper.below if each.kind == "/P"][-3:] == [f"- {each}" for each in body["rights"]]


def test_a_fee_begins_the_time_when_it_is_paid_and_ends_the_request_when_it_never_is(life):
    request = asks(life, "erasure_request", received_on=days_ago(10))
    first = request.due_on
    with pytest.raises(Refused, match="at most"):
        request_times.write(request, replace(CHARGE, amount=Decimal(1000)), by=by(life, "hazel"))
    with pytest.raises(Refused, match="look at it first"):
        posted(life, request, CHARGE, looked=False)
    body = replies.body_of(posted(life, request, CHARGE))
    assert "The fee is £12.50." in body["sentences"] and first is not None
    assert (request.due_on, request.fee, request.fee_asked_on) == (None, Decimal("12.50"), timezone.localdate())
    assert list(attached.waiting_for_fee()) == [request] and not attached.late().exists()
    with pytest.raises(Refused, match="asked for already"):
        request_times.write(request, CHARGE, by=by(life, "hazel"))
    with pytest.raises(Refused, match="waited for until"):
        request_times.close_unpaid(request, by=by(life, "hazel"))
    other = asks(life, "erasure_request", received_on=days_ago(90))
    late = sign_in(life.cast["hazel"]).get(reverse("request", args=[other.reference])).text
    assert "no fee asked for. Its time has run out" in late and 'name="amount"' not in late
    with pytest.raises(Refused, match="run out"):
        request_times.write(other, CHARGE, by=by(life, "hazel"))
    PersonRequest.objects.filter(pk=request.pk).update(received_on=days_ago(70), fee_asked_on=days_ago(61))
    assert list(attached.unpaid(timezone.localdate())) == [request]
    assert "whose fee is not paid" in sign_in(life.cast["hazel"]).get(reverse("home")).text
    with pytest.raises(Refused, match="lies between"):
        request_times.pay(request, by=by(life, "hazel"), paid_on=days_ago(62))
    paid = request_times.pay(request, by=by(life, "rowan"), paid_on=days_ago(2))
    assert (paid.fee_paid_on, paid.fee_settled_by) == (days_ago(2), "rowan") and paid.due_on > timezone.localdate()
    assert request_times.recount(by=WORKER) == {"requests_recounted": 0}
    with pytest.raises(Refused, match="Choose why"):
        request_times.write(paid, REFUSE, by=by(life, "hazel"))
    PersonRequest.objects.filter(pk=request.pk).update(fee_paid_on=None, fee_settled_by="", due_on=None)
    request_times.close_unpaid(request, by=by(life, "hazel"))
    request.refresh_from_db()
    assert attached.standing(request, request.replies.all()) == "Closed: the fee was not paid"
    assert SubjectEvent.objects.get(pk=request.event_id).closed == timezone.localdate()


def test_a_reply_may_go_without_the_fee(life):
    _, request = decided(life, "erasure_request", outcome="retain", **kept_until_next_year())
    PersonRequest.objects.update(fee=5, fee_asked_on=timezone.localdate(), due_on=None)
    request.refresh_from_db()
    sent(life, drafted(life, request)[0])
    request.refresh_from_db()
    assert attached.standing(request, request.replies.all()) == "Answered" and not request.is_unpaid
    assert not attached.waiting_for_fee().exists()


def test_who_asks_is_never_established_and_the_request_is_refused_for_that_alone(life):
    request = asks(life, "erasure_request")
    posted(life, request, PASSPORT, looked=False)
    with pytest.raises(Refused, match="Choose why"):
        request_times.write(request, REFUSE, by=by(life, "hazel"))
    shown = dict.fromkeys(("doubt", "came"), "The letter came without any proof, and nothing followed.")
    posted(life, request, Written(About.REFUSAL, WORDS, "not_established", shown=shown))
    assert attached.standing(request, request.replies.all()) == "Refused" and not request.has_lapsed


def test_the_page_refuses_charges_and_withdraws(life):
    hazel, ash = (sign_in(life.cast[name]) for name in ("hazel", "ash"))
    request = asks(life, "erasure_request", received_on=days_ago(9))
    address = reverse("request", args=[request.reference])
    refuse = reverse("refuse_request", args=[request.reference, "excessive"])
    today = timezone.localdate()
    day = f"{today.day} {today.month} {today.year}"
    shown = hazel.get(address).text
    assert "Refuse it, or ask for a fee, without waiting for the review" in shown
    assert "It is manifestly excessive" in shown and "Other requests about this person" not in shown
    other = asks(life, "image_deletion", received_on=days_ago(40))
    listed = f"{other.reference}</a> (Deletion of custody images), received"
    assert listed in hazel.get(address).text, "what it may repeat stands beside it"
    typed = {**{f"shown_{code}": EVIDENCE for code in REFUSE.shown}, "words": STATED}
    for sent_, why in (
        ({**typed, "way": "refusal", "shown_interval": "no"}, "too little time has passed, or too little"),
        (typed, "Choose whether it is refused"),
        ({**typed, "way": "fee"}, "Enter a fee in pounds and pence"),
        ({**typed, "way": "fee", "amount": "12.505"}, "Enter a fee in pounds and pence"),
        ({**typed, "way": "fee", "amount": "26"}, "of £25 at most"),
    ):
        answer = hazel.post(refuse, sent_)
        assert answer.status_code == 422 and why in answer.text and STATED in answer.text
    assert hazel.post(reverse("refuse_request", args=[request.reference, "none"]), typed).status_code == 404
    assert hazel.post(refuse, {**typed, "way": "fee", "amount": "12.50"}).status_code == 302
    assert "Tansy Other" in ash.get(address).text, "who looks at it reads what shows it"
    ash.post(reverse("look_at_reply", args=[request.reference]))
    hazel.post(reverse("send_reply", args=[request.reference]), {"sent_on": day})
    shown = hazel.get(address).text
    assert "£12.50, asked for on" in shown and "not paid yet" in shown and "Its time has not begun" in shown
    assert request.reference in hazel.get(reverse("requests"), {"which": "fee"}).text
    assert hazel.post(reverse("pay_fee", args=[request.reference]), {"paid_on": ""}).status_code == 422
    hazel.post(reverse("pay_fee", args=[request.reference]), {"paid_on": day})
    shown = hazel.get(address).text
    assert "(recorded by hazel)" in shown and "Refuse it without waiting for the review" in shown
    assert "It is manifestly excessive" not in shown
    assert "The request is withdrawn" in shown
    hazel.post(reverse("withdraw_request", args=[request.reference]))
    assert "Withdrawn" in hazel.get(address).text
    assert AuditEvent.objects.filter(action="request.pay", subject=request.reference).count() == 1
