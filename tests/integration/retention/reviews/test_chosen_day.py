"""The day that a reviewer chooses for the next review: a person looks again then, and may let go what is over."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import NO, WHY, by, prime_of, propose
from factories.exports import Source, row
from factories.lives import BY
from muniment.engine import policy
from muniment.people.queries import life_digest
from muniment.retention.actions import review as reviewing
from muniment.retention.actions.schedule import schedule
from muniment.retention.deciding import explaining
from muniment.retention.models import PersonDecision, Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
REASON = "A neighbour is still at risk from them."


def answers(review):
    return reviewing.Answers(NO, WHY, seen=life_digest(review.prime_id))


def kept(life, chosen):
    """Keep everything at a review of 100 days ago, when the clear period was over, that chose a day for the next."""
    today = timezone.localdate()
    keep = reviewing.Conclusion("retain", REASON, next_review=today + timedelta(days=90))
    review = Review.objects.get(state="open", controller__code="northshire")
    done = reviewing.decide(review, answers(review), keep, by=by(life, "rowan"))
    then = timezone.now() - timedelta(days=100)
    Review.objects.filter(pk=done.pk).update(decided_at=then, next_review=chosen)
    schedule(policy.load(), by=BY, on=today)
    return done


@pytest.fixture
def shared(own_life, tmp_path):
    """The life, known to another force too."""
    home = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
    Source(tmp_path, controller="westvale", kind="delta").send([row("W1", "WP1", **home)])
    own_life.run()
    assert prime_of("WP1") == prime_of("P1")
    return own_life


def theirs(review):
    return Review.objects.get(prime=review.prime, controller__code="westvale")


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


def test_the_review_of_another_force_is_its_own(shared):
    before = theirs(Review.objects.first())
    tomorrow = timezone.localdate() + timedelta(days=1)
    done = kept(shared, tomorrow)
    waiting = theirs(done)
    assert (waiting.pk, waiting.state, waiting.due) == (before.pk, "open", before.due)
    assert (due(done), due(waiting)) == (tomorrow, before.due)
    said = explaining.explain_person(done.prime)
    assert said[done.controller].agrees and said[waiting.controller].agrees
    assert not any("chose" in each.text for each in said[waiting.controller].sums)
    page = sign_in(shared.cast["wren"]).get(reverse("review", args=[waiting.reference])).text
    assert "New since the last review" not in page and "Earlier reviews" not in page


def test_each_force_looks_again_on_the_day_that_it_chose(shared):
    today = timezone.localdate()
    done = kept(shared, today + timedelta(days=30))
    later = reviewing.Conclusion("retain", REASON, next_review=today + timedelta(days=60))
    reviewing.decide(theirs(done), answers(done), later, by=by(shared, "wren"))
    schedule(policy.load(), by=BY, on=today)
    assert (due(done), due(theirs(done))) == (today + timedelta(days=30), today + timedelta(days=60))
