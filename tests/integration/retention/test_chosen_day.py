"""The day that a reviewer chooses for the next review: a person looks again then, and may let go what is over."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import NO, by, propose
from factories.lives import BY
from muniment.engine import policy
from muniment.retention import explaining
from muniment.retention.actions import review as reviewing
from muniment.retention.actions.schedule import schedule
from muniment.retention.models import PersonDecision, Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
REASON = "A neighbour is still at risk from them."


def kept(life, chosen):
    """Keep everything at a review of 100 days ago, when the clear period was over, that chose a day for the next."""
    today = timezone.localdate()
    keep = reviewing.Conclusion("retain", REASON, next_review=today + timedelta(days=90))
    done = reviewing.decide(life.review, reviewing.Answers(NO), keep, by=by(life, "rowan"))
    then = timezone.now() - timedelta(days=100)
    Review.objects.filter(pk=done.pk).update(decided_at=then, next_review=chosen)
    schedule(policy.load(), by=BY, on=today)
    return done


def due(review):
    return PersonDecision.objects.get(prime=review.prime, controller=review.controller).due


def test_nothing_is_opened_before_it(own_life):
    tomorrow = timezone.localdate() + timedelta(days=1)
    done = kept(own_life, tomorrow)
    assert due(done) == tomorrow
    assert list(Review.objects.filter(prime=done.prime)) == [done]


def test_a_review_is_opened_on_the_day_and_may_let_everything_go(own_life):
    today = timezone.localdate()
    done = kept(own_life, today)
    following = Review.objects.get(prime=done.prime, state="open")
    assert (following.due, following.kind) == (today, "scheduled")
    explained = explaining.explain_person(done.prime)[done.controller]
    assert any(each.text.endswith("for the next") for each in explained.sums)
    page = sign_in(own_life.cast["rowan"]).get(reverse("review", args=[following.reference])).text
    assert "0 of " not in page
    assert propose(own_life).items.count() > 0
