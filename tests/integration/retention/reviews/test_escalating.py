"""Reviews that wait too long are put before those whom policy names, once at each step."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import WORKER, by
from muniment.core.models import AuditEvent
from muniment.core.verdicts import Refused
from muniment.retention.actions import allocating, escalating
from muniment.retention.models import Review, ReviewEscalation

pytestmark = pytest.mark.django_db(databases="__all__")


def old(days):
    Review.objects.update(made_at=timezone.now() - timedelta(days=days))


def escalate():
    return escalating.escalate(by=WORKER, on=timezone.localdate())


def states():
    return list(ReviewEscalation.objects.order_by("step").values_list("step", "state"))


def test_each_step_is_taken_once_and_the_last_that_is_reached_at_once(life):
    old(119)
    assert escalate() == 0
    old(121)
    assert (escalate(), escalate(), states()) == (1, 0, [(1, "waiting")])
    event = AuditEvent.objects.get(action="review.escalate")
    assert (event.subject, event.detail["step"]) == (life.review.reference, 1)
    old(151)
    assert (escalate(), escalate(), states()) == (1, 0, [(1, "passed"), (2, "waiting")])
    ReviewEscalation.objects.all().delete()
    assert (escalate(), states()) == (1, [(2, "waiting")])


def test_it_waits_for_whom_policy_says_and_for_who_stands_in(life):
    old(121)
    escalate()
    with pytest.raises(Refused, match="not escalated to you"):
        escalating.take_up(life.review, by=by(life, "ash"))  # of another role
    with pytest.raises(Refused):
        escalating.take_up(life.review, by=by(life, "wren"))  # of another force
    today = timezone.localdate()
    allocating.stand_in(
        life.cast["rowan"], life.cast["ash"], by=by(life, "rowan"), start=today, until=today + timedelta(days=7)
    )
    escalating.take_up(life.review, by=by(life, "ash"))
    assert (life.review.allocated_to, states()) == ("ash", [(1, "taken")])
    with pytest.raises(Refused):
        escalating.send_back(life.review, by=by(life, "rowan"), reason="It is with the right person.")


def test_the_pages_show_it_and_it_is_taken_up_or_left_with_a_reason(life):
    old(121)
    escalate()
    client, address = sign_in(life.cast["rowan"]), reverse("review", args=[life.review.reference])
    assert "old review escalated to me" in client.get(reverse("home")).text
    assert (
        "to Records manager or Corporate records officer" in client.get(reverse("reviews"), {"state": "escalated"}).text
    )
    assert "Take it up" in client.get(address).text
    other = sign_in(life.cast["ash"])
    assert life.review.reference not in other.get(reverse("reviews"), {"state": "escalated"}).text
    page = other.get(address).text
    assert "Escalated to Records manager" in page and "Take it up" not in page
    leave = reverse("send_back_escalated", args=[life.review.reference])
    assert "Say why the review stays" in client.post(leave, {"note": ""}, follow=True).text
    page = client.post(leave, {"note": "It waits for the paper file, which is promised for Monday."}, follow=True).text
    assert "Escalation sent back by rowan" in page and "promised for Monday" in page
    assert "escalated to me" not in client.get(reverse("home")).text
    assert "promised" not in str(ReviewEscalation.objects.values().get())


def test_what_is_decided_is_escalated_to_nobody(life):
    from factories.deeds import decide

    decide(life, "retain", next_review=date(2030, 1, 1))
    Review.objects.update(made_at=timezone.now() - timedelta(days=400))
    assert escalate() == 0
