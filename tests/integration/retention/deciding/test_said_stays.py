"""What was said of a person stays said when a run joins them with another, or takes them apart."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import refresh, sign_in
from factories.deeds import NO, WHY, ask, by, place, prime_of, say
from factories.exports import row
from factories.lives import BY
from muniment.core.verdicts import Refused
from muniment.people.actions.resolve import resolve
from muniment.people.queries import life_digest
from muniment.records.models import Record
from muniment.retention import queries
from muniment.retention.actions import held_records, hold
from muniment.retention.actions import review as reviewing
from muniment.retention.actions.schedule import schedule
from muniment.retention.deciding import explaining
from muniment.retention.disposals import stops
from muniment.retention.models import Hold, PersonDecision, Review, SubjectEvent
from muniment.retention.policies.policy_now import policy

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

ADOPTED = Path(__file__).parents[4] / "examples" / "demonstration" / "adoptions"
OTHER = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02"}
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}


@pytest.fixture
def two(own_life):
    """Another offender, whom somebody will judge to be the first."""
    own_life.crime.send([row("C2", "P2", **OTHER)], on="2026-07-01")
    own_life.run()
    return own_life


def run(life):
    """Run everything as on this day: what was decided lies before it."""
    resolve(by=BY)
    refresh()
    schedule(policy(), by=BY, on=timezone.localdate())
    return life


def joined(life):
    was = prime_of("P2")
    say("P1", "P2", "same", by=BY)
    run(life)
    assert prime_of("P2") == prime_of("P1") != was
    return life


@pytest.fixture
def whole(own_life):
    """A third record that a run has joined to the two of the life."""
    own_life.crime.send([row("C7", "P7", **HOME)], on="2026-07-01")
    own_life.run()
    assert prime_of("P7") == prime_of("P1")
    return own_life


def parted(life):
    for other in ("P1", "D1"):
        say(other, "P7", "different", by=BY)
    run(life)
    assert prime_of("P7") != prime_of("P1")
    return life


def keys(*references):
    return list(Record.objects.filter(reference__in=references).values_list("pk", flat=True))


def retained(life, reference):
    review = Review.objects.get(prime=prime_of(reference), state="open")
    ahead = timezone.localdate() + timedelta(days=300)
    chosen = reviewing.Conclusion("retain", "Intelligence of this year names him.", next_review=ahead)
    answers = reviewing.Answers(NO, WHY, seen=life_digest(review.prime_id))
    return reviewing.decide(review, answers, chosen, by=by(life, "rowan"))


def test_a_request_is_about_whoever_they_became_part_of(two):
    event = ask(two, person=prime_of("P2"))
    joined(two)
    assert queries.open_events(prime_of("P1")) == [event]
    assert stops.blocks_on(keys("C1")) and stops.blocks_on(keys("C2"))
    page = reverse("person_events", args=[prime_of("P1").reference])
    shown = sign_in(two.cast["rowan"]).get(page).text
    assert "Subject access request" in shown
    sign_in(two.cast["rowan"]).post(
        page, {"do": "close", "event": event.pk, "closed": f"{timezone.localdate():%d %m %Y}"}
    )
    assert queries.open_events(prime_of("P1")) == []


def test_a_request_is_about_both_when_they_are_taken_apart(whole):
    ask(whole)
    parted(whole)
    assert stops.blocks_on(keys("C1")) and stops.blocks_on(keys("C7"))


def test_a_request_is_not_about_who_left_long_before(whole):
    left = prime_of("P1")
    parted(whole)
    before = timezone.now() - timedelta(days=3)
    prime_of("P7").belongings.model.objects.filter(prime=left, until__isnull=False).update(
        start=before - timedelta(days=1), until=before
    )
    ask(whole, person=left)
    assert stops.blocks_on(keys("C1")) and not stops.blocks_on(keys("C7"))


def test_nothing_that_was_said_before_is_about_who_was_part_of_them_for_a_while(own_life):
    held, kept = place(own_life, people=[prime_of("P1").pk]), retained(own_life, "P1")
    event, before = ask(own_life), timezone.now() - timedelta(days=3)
    Hold.objects.filter(pk=held.pk).update(placed_at=before)
    held.versions.update(since=before)
    Review.objects.filter(pk=kept.pk).update(decided_at=before)
    SubjectEvent.objects.filter(pk=event.pk).update(made_at=before)
    own_life.crime.send([row("C7", "P7", **HOME)], on="2026-07-01")
    run(own_life)
    assert prime_of("P7") == prime_of("P1") and stops.blocks_on(keys("C7"))
    parted(own_life)
    assert stops.blocks_on(keys("C1")) and not stops.blocks_on(keys("C7"))
    assert {each.record.reference for each in held.held.all()} == {"C1", "CU1"}
    assert list(queries.decided_about(prime_of("P7"))) == []
    decision = PersonDecision.objects.get(prime=prime_of("P7"))
    assert (decision.outcome, decision.because) == ("review", ["PER-G3A"])
    assert list(queries.decided_about(prime_of("P1"))) == [kept]


def test_the_engine_hears_of_it_too(two):
    ask(two, person=prime_of("P2"))
    joined(two)
    decision = PersonDecision.objects.get(prime=prime_of("P1"))
    assert "sar" in decision.because
    assert (
        explaining.explain_person(decision.prime, decision.controller)[decision.controller].outcome == decision.outcome
    )


def test_a_hold_on_a_person_covers_whoever_they_became_part_of(two):
    held = place(two, people=[prime_of("P2").pk])
    joined(two)
    held_records.expand_all(by=BY)
    assert {each.record.reference for each in held.held.all()} == {"C1", "CU1", "C2"}


def test_a_hold_on_a_person_covers_both_when_they_are_taken_apart(whole):
    held = place(whole, people=[prime_of("P1").pk])
    parted(whole)
    held_records.expand_all(by=BY)
    assert {each.record.reference for each in held.held.all()} == {"C1", "CU1", "C7"}


@pytest.mark.parametrize("about", ["P1", "P2"])
def test_who_was_kept_at_a_review_is_kept_when_they_are_joined(two, about):
    kept = retained(two, about)
    joined(two)
    person = prime_of("P1")
    assert list(queries.decided_about(person)) == [kept]
    decision = PersonDecision.objects.get(prime=person)
    assert decision.outcome == "retain" and decision.due > timezone.localdate()
    assert explaining.explain_person(person, decision.controller)[decision.controller].due == decision.due


def test_who_was_kept_at_a_review_is_kept_when_they_are_taken_apart(whole):
    retained(whole, "P1")
    parted(whole)
    assert PersonDecision.objects.get(prime=prime_of("P7")).outcome == "retain"


def released(life):
    held = place(life)
    life.run()
    hold.ask_release(held, by=by(life, "hazel"), reason="Inquest over, letter of today")
    hold.release(held, by=by(life, "ash"))
    return held


def test_what_fell_due_under_a_hold_comes_to_a_person_when_it_is_released(own_life, monkeypatch):
    monkeypatch.setenv("MUNIMENT_ADOPTIONS", str(ADOPTED))
    assert run(own_life) and PersonDecision.objects.get().outcome == "dispose"
    held = released(own_life)
    Hold.objects.filter(pk=held.pk).update(released_at=timezone.now() - timedelta(days=2))
    run(own_life)
    decision = PersonDecision.objects.get()
    assert decision.outcome == "review" and "hold_released" in decision.because
    assert explaining.explain_person(decision.prime, decision.controller)[decision.controller].outcome == "review"


def test_a_hold_is_released_once(own_life):
    held = released(own_life)
    at = Hold.objects.get(pk=held.pk).released_at
    for again in (
        lambda: hold.release(held, by=by(own_life, "ash")),
        lambda: hold.ask_release(held, by=by(own_life, "hazel"), reason="Inquest over, letter of today"),
    ):
        with pytest.raises(Refused, match="has been released already"):
            again()
    assert Hold.objects.get(pk=held.pk).released_at == at
