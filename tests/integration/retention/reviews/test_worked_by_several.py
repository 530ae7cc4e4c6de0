"""What a review waits for, who has to agree, to whom it is given, who stands in for whom, and why it was asked for."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import NO, by
from muniment.core import words
from muniment.core.models import AuditEvent, Content
from muniment.core.verdicts import Refused
from muniment.retention.actions import agreeing, allocating
from muniment.retention.actions import review as reviewing
from muniment.retention.models import Deputy, Review, ReviewTrigger
from muniment.retention.policies import review_policy

pytestmark = pytest.mark.django_db(databases="__all__")

KEPT = "Nothing was found, but the matter may be opened again."


@pytest.fixture
def by_two(monkeypatch):
    """Let policy ask for a second person where somebody keeps against every answer."""
    now = review_policy.on(timezone.localdate())
    asking = replace(now, second_approval={"all_no": ("retain",)})
    monkeypatch.setattr(review_policy, "on", lambda *_given: asking)


def following():
    return timezone.localdate() + timedelta(days=300)


def kept(life, answers=NO, name="rowan"):
    conclusion = reviewing.Conclusion("retain", KEPT, next_review=following())
    return reviewing.decide(life.review, reviewing.Answers(answers), conclusion, by=by(life, name))


def opened(life, name="rowan"):
    client = sign_in(life.cast[name])
    return client, client.get(reverse("review", args=[life.review.reference])).text


def sent(life, client, before, **fields):
    lent = {name: re.search(rf'name="{name}" value="([^"]*)"', before)[1] for name in ("version", "seen")}
    return client.post(reverse("review", args=[life.review.reference]), lent | fields, follow=True)


def test_what_was_asked_of_the_pnd_is_answered_before_anything_is_decided(life):
    client, page = opened(life)
    sent(life, client, page, do="park", waiting_of="pnd", waiting_for="what Westvale holds")
    ask = life.review.asks.get()
    assert (ask.of, ask.what, ask.asked_by, life.review.state) == ("pnd", "what Westvale holds", "rowan", "parked")
    with pytest.raises(Refused, match="Record what came of what you asked for: what Westvale holds"):
        kept(life, NO | {"other": "yes"})

    page = client.get(reverse("review", args=[life.review.reference])).text
    assert "What came of it: what Westvale holds" in page
    refused = sent(life, client, page, **{"do": "save", f"came_{ask.pk}": "found"})
    assert "Say what came of it: what Westvale holds" in refused.text
    told = {f"came_{ask.pk}": "found", f"said_{ask.pk}": "One caution of 2024, not ours."}
    done = sent(life, client, page, **told | {"do": "save"})
    assert "One caution of 2024, not ours." in done.text
    ask.refresh_from_db()
    assert (ask.answer, ask.answered_by, life.review.state) == ("found", "rowan", "started")
    assert "2024" not in "".join(bytes(each.ciphertext).decode("latin-1") for each in Content.objects.all())
    assert AuditEvent.objects.filter(action="review.answer", detail__of="pnd").exists()
    assert kept(life, NO | {"other": "yes"}).state == "decided"


def test_what_has_been_awaited_too_long_is_in_the_queue_of_late_answers(life):
    reviewing.refer(life.review, by=by(life, "rowan"), to="the public protection unit")
    client = sign_in(life.cast["rowan"])
    assert life.review.reference not in client.get(reverse("reviews") + "?state=chase").text
    life.review.asks.update(asked_at=timezone.now() - timedelta(days=60))
    assert life.review.reference in client.get(reverse("reviews") + "?state=chase").text
    assert "with an answer that is late" in client.get(reverse("home")).text


def test_keeping_against_every_answer_waits_for_a_second_person(life, by_two):
    assert kept(life, NO | {"other": "yes"}).state == "decided", "one yes is a reason to keep"


def test_what_waits_for_a_second_person_counts_once_they_agree(life, by_two):
    done = kept(life)
    assert (done.state, done.outcome, done.agreements.get().because) == ("agreeing", "retain", ["all_no"])
    rowan, page = opened(life)
    assert "Another person has to agree: you took this decision." in page
    rowan.post(reverse("agree_review", args=[done.reference]))
    assert life.review.state == "agreeing"
    ash, page = opened(life, "ash")
    assert "decision of reviews to agree to" in ash.get(reverse("home")).text
    assert "It is kept although every question is answered no".lower() in page.lower()
    seen = re.search(r'name="seen" value="([^"]*)"', page)[1]
    ash.post(reverse("agree_review", args=[done.reference]), {"seen": "another life"})
    assert life.review.state == "agreeing", "what came since has to be looked at first"
    ash.post(reverse("agree_review", args=[done.reference]), {"seen": seen})
    done.refresh_from_db()
    assert (done.state, done.agreements.get().by, done.next_review) == ("decided", "ash", following())


def test_a_decision_that_is_sent_back_is_open_again_with_what_was_written(life, by_two):
    done = kept(life)
    ash, _ = opened(life, "ash")
    ash.post(reverse("return_review", args=[done.reference]), {"note": "no"})
    assert life.review.state == "agreeing", "without saying why"
    ash.post(reverse("return_review", args=[done.reference]), {"note": "Say why the old theft still matters."})
    assert (life.review.state, life.review.allocated_to, life.review.decided_by) == ("started", "rowan", "")
    _, page = opened(life)
    assert "Say why the old theft still matters." in page
    assert KEPT in page, "what was decided is where it was written"
    assert kept(life).agreements.filter(agreed=None).count() == 1, "it waits again"


def test_nobody_agrees_to_their_own_decision(life, by_two):
    with pytest.raises(Refused, match="You took this decision"):
        agreeing.agree(kept(life, name="ash"), by=by(life, "ash"))


@pytest.mark.parametrize("name", ["wren", "linden", "robin", "hazel"])
def test_only_who_may_agrees(life, by_two, name):
    done = kept(life)
    sign_in(life.cast[name]).post(reverse("agree_review", args=[done.reference]), {"seen": ""})
    with pytest.raises(Refused):
        agreeing.agree(done, by=by(life, name))
    assert life.review.state == "agreeing"


def test_many_reviews_are_given_out_at_once(life):
    client = sign_in(life.cast["rowan"])
    page = client.get(reverse("reviews")).text
    assert f'name="reviews" type="checkbox" value="{life.review.pk}"' in page
    client.post(reverse("allocate_reviews"), {"to": "ash", "reviews": [life.review.pk]})
    assert (life.review.allocated_to, life.review.state) == ("ash", "open")
    Review.objects.update(allocated_to="")
    client.post(reverse("allocate_reviews") + "?group=1", {"to": "ash", "first": "10"})
    assert life.review.allocated_to == "", "the first of the queue as it is narrowed, where it is not"
    client.post(reverse("allocate_reviews"), {"to": "ash", "first": "10"})
    assert life.review.allocated_to == "ash"
    assert AuditEvent.objects.filter(action="review.allocated", detail__to="ash").count() == 2


def test_a_review_goes_to_nobody_who_may_not_work_it_and_is_taken_from_nobody(life):
    done = allocating.allocate([life.review], by=by(life, "rowan"), to="wren")
    assert "wren may not work reviews of Northshire" in " ".join(done.refused[0][1])
    reviewing.save(life.review, reviewing.Answers({}), by=by(life, "ash"))
    assert allocating.take([life.review], by=by(life, "rowan")).refused[0][1] == ("It is with ash.",)
    refused = sign_in(life.cast["robin"]).post(reverse("allocate_reviews"), {"to": "ash", "first": "1"})
    assert refused.status_code == 403


def test_a_deputy_has_what_is_with_whom_they_stand_in_for_while_it_lasts(life):
    reviewing.save(life.review, reviewing.Answers({}), by=by(life, "ash"))
    rowan, on = sign_in(life.cast["rowan"]), timezone.localdate()
    mine = reverse("reviews") + "?allocated=me"
    assert life.review.reference not in rowan.get(mine).text
    days = {"start": words.typed(on), "until": words.typed(on + timedelta(days=7))}
    rowan.post(reverse("review_deputies"), {"user": "ash", "deputy": "rowan", **days})
    assert life.review.reference in rowan.get(mine).text
    rowan.post(reverse("end_deputy", args=[Deputy.objects.get().pk]))
    assert life.review.reference not in rowan.get(mine).text


def test_who_may_not_give_reviews_out_says_only_who_stands_in_for_themselves(life):
    on = timezone.localdate()
    until = on + timedelta(days=7)
    ash, bryony = life.cast["ash"], life.cast["bryony"]
    with pytest.raises(Refused, match="allocate"):
        allocating.stand_in(ash, bryony, by=by(life, "bryony"), start=on, until=until)
    with pytest.raises(Refused, match="work reviews"):
        allocating.stand_in(ash, life.cast["robin"], by=by(life, "ash"), start=on, until=until)
    with pytest.raises(Refused, match="comes after"):
        allocating.stand_in(ash, life.cast["rowan"], by=by(life, "ash"), start=until, until=until)
    assert not Deputy.objects.exists()


def test_what_waits_too_long_for_its_group_is_aged(life):
    client = sign_in(life.cast["rowan"])
    aged = reverse("reviews") + "?waits=aged&state=undecided"
    Review.objects.update(made_at=timezone.now() - timedelta(days=100))
    assert life.review.reference not in client.get(aged).text, "group 3 has 120 days"
    Review.objects.update(made_at=timezone.now() - timedelta(days=130))
    page = client.get(aged).text
    assert life.review.reference in page
    assert "130 days open" in page
    assert "waiting too long" in client.get(reverse("home")).text


def test_a_review_that_is_asked_for_says_why_and_by_whom(life):
    client = sign_in(life.cast["rowan"])
    address = reverse("ask_review", args=[life.review.prime.reference])
    northshire = life.review.controller
    refused = client.post(address, {"controller": northshire.pk, "need": "audit", "why": ""})
    assert "Say why the review is needed" in refused.text
    client.post(address, {"controller": northshire.pk, "need": "audit", "why": "Finding 12 of the audit of May."})
    assert (ReviewTrigger.objects.get().code, ReviewTrigger.objects.get().by) == ("audit", "rowan")
    _, page = opened(life, "ash")
    assert "Finding 12 of the audit of May." in page
    with pytest.raises(Refused, match="Choose why"):
        reviewing.ask(
            life.review.prime, northshire, by=by(life, "rowan"), need=reviewing.Need("whim", "Because I want to.")
        )
