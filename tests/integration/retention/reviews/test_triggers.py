"""What opens a review besides the clock: an arrival, an event, a group that moves; by a run and by a call alike."""

import pytest
from django.utils import timezone

from factories.deeds import NO, WHY, WORKER, ask, by
from factories.exports import row
from muniment import feeds
from muniment.people.models import Belonging
from muniment.records.touched import named_in
from muniment.retention.actions import review as reviewing
from muniment.retention.actions import subject_event
from muniment.retention.actions.reschedule import reschedule
from muniment.retention.models import PersonDecision, Review, ReviewTrigger
from muniment.retention.policies import policy_now
from muniment.workbench import arrivals

LATER = "2026-11-10"
ARREST = {"ROLE": "ARRESTED", "RESULT": "", "OUTCOME": "", "REPORTED": "2026-11-09"}
SAME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
OTHER = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02"}


def kept_until_2028(life):
    """Let the review that is due be decided, so that the clock asks for none."""
    reviewing.decide(
        life.review,
        reviewing.Answers(NO | {"other": "yes"}, WHY),
        reviewing.Conclusion(
            "retain", "The pattern of thefts goes on.", next_review=timezone.localdate().replace(year=2028)
        ),
        by=by(life, "rowan"),
    )
    assert not Review.objects.filter(state="open").exists()


def arrives(life, rows, *, few, on=LATER):
    """Take a file in, and have it followed at once by a call, or by the next run over everybody."""
    life.crime.send(rows, on=on)
    if few:
        batch = feeds.read(life.crime.feed, life.crime.folder / f"crimes-{on}.csv")
        arrivals.follow(named_in(batch), by=WORKER)
    else:
        life.run()


@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.parametrize("few", [True, False], ids=["at once", "by a run"])
def test_an_arrest_that_arrives_opens_one_review(own_life, few):
    kept_until_2028(own_life)
    no_news = [
        row("C7", "P1", **ARREST | {"REPORTED": "2019-04-01"}, **SAME),  # a matter of long ago
        row("C6", "P1", **ARREST | {"ROLE": "WITNESS"}, **SAME),
        row("C5", "P1", **ARREST | {"ROLE": "SUSPECT"}, **SAME),  # of a small matter, information alone is no news
        row("C4", "P9", **ARREST | OTHER),  # who comes for the first time
    ]
    arrives(own_life, no_news, few=few)
    assert Belonging.objects.filter(nominal__reference="P9", until=None).exists()
    assert not ReviewTrigger.objects.exists()
    arrives(own_life, [row("C9", "P1", **ARREST, **SAME)], few=few, on="2026-11-12")
    review = own_life.review
    assert (review.kind, review.trigger, str(review.due)) == ("triggered", "arrest", "2026-11-12")
    assert [(each.code, each.record.reference) for each in review.triggers.all()] == [("arrest", "C9")]
    assert PersonDecision.objects.get(prime=review.prime).outcome == "retain"
    own_life.run()
    assert own_life.review == review, "what has opened a review opens no second, and keeps it open"
    kept_until_2028(own_life)
    ReviewTrigger.objects.all().delete()
    own_life.run()
    assert not Review.objects.filter(state="open").exists(), "what came before the last look is old"


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_group_that_moves_without_anything_new_is_looked_at(own_life):
    kept_until_2028(own_life)
    own_life.crime.send([row("C1", "P1", CJS="TH68023", **SAME)], on=LATER)  # reclassified at source: robbery
    own_life.run()
    moved = own_life.review.triggers.get()
    assert (moved.code, moved.was_group) == ("group_moved", 3)
    assert moved.now_group == PersonDecision.objects.get().group < 3


def again(life):
    """Decide about the person anew, as a call does."""
    on = timezone.localdate()
    reschedule(policy_now.policy(), people=[PersonDecision.objects.get().prime_id], records=(), by=WORKER, on=on)


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize(
    ("kind", "closes"), [("dbs_search", False), ("error_found", False), ("disclosure", False), ("sar", True)]
)
def test_an_event_opens_a_review_at_once_and_its_end_closes_what_only_it_asked_for(life, kind, closes):
    kept_until_2028(life)
    Review.objects.update(decided_at=timezone.now() - timezone.timedelta(days=40))
    event = ask(life, kind)
    assert arrivals.follow_events(by=WORKER) == {"events_followed": 1}
    assert (life.review.kind, life.review.triggers.get().event) == ("triggered", event)
    subject_event.close(event, by=by(life, "rowan"), closed=timezone.localdate())
    assert arrivals.follow_events(by=WORKER) == {"events_followed": 1}
    assert Review.objects.filter(state="open").exists() is not closes


@pytest.mark.django_db(databases="__all__")
def test_what_comes_while_a_review_waits_belongs_to_it_and_is_answered_with_it(life):
    waiting = life.review
    ask(life, "dbs_search")
    arrivals.follow_events(by=WORKER)
    assert waiting.triggers.get().code == "dbs_search"
    kept_until_2028(life)
    again(life)
    assert Review.objects.count() == 1


@pytest.mark.django_db(databases="__all__")
def test_a_changed_policy_is_no_move_of_a_group(life):
    kept_until_2028(life)
    PersonDecision.objects.update(group=1, policy_version="another")
    again(life)
    assert not ReviewTrigger.objects.exists()
    assert PersonDecision.objects.get().group == 3


@pytest.mark.django_db(databases="__all__")
def test_what_is_overdue_grows_graver_while_it_waits(life):
    Review.objects.update(risk=0)
    again(life)
    assert life.review.risk == 125, "group 3, and five years over"
