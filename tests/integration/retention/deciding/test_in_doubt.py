"""A person is made up otherwise: what was answered, decided, proposed or held about them is in doubt, and says so."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import NO, WHY, by, carried_out, decide, place, prime_of, say
from factories.exports import row
from factories.lives import BY
from muniment.core.models import AuditEvent, Controller
from muniment.core.verdicts import Refused
from muniment.engine import policy
from muniment.people.queries import life_digest
from muniment.records.models import Record
from muniment.retention.actions import disposal, schedule
from muniment.retention.actions import hold as holding
from muniment.retention.actions import review as reviewing
from muniment.retention.deciding import doubt, explaining
from muniment.retention.models import DisposalOrder, Hold, PersonDecision, Review
from muniment.workbench import arrivals

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

OTHER = {"FORENAME": "Tansy", "SURNAME": "Quite", "BORN": "1961-07-08"}
GRAVE = {"CJS": "OF61016", "TITLE": "Wounding", "OUTCOME": "CHARGED", "ROLE": "SUSPECT", "RESULT": "pending"}
CHANGED = "In doubt. This person has changed"


@pytest.fixture
def two(own_life):
    """Two people: a shop thief, whose review is due, and somebody else with a wounding."""
    own_life.crime.send([row("C7", "P7", REPORTED="2014-03-01", **OTHER, **GRAVE)], on="2026-07-02")
    own_life.run()
    return own_life


def join(life, verdict="same"):
    say("P1", "P7", verdict, by=by(life, "sorrel"))
    arrivals.follow_judgements(by=BY)


def review_of(reference):
    waiting = Review.objects.exclude(state__in=["decided", "closed"])
    return waiting.get(prime=prime_of(reference), controller__code="northshire")


def text(life, name, page, *given):
    return " ".join(sign_in(life.cast[name]).get(reverse(page, args=given)).text.split())


def settle(life, review, **more):
    conclusion = reviewing.Conclusion("retain", "Still necessary for a policing purpose.", **more)
    answers = reviewing.Answers(NO, WHY, seen=life_digest(review.prime_id))
    return reviewing.decide(review, answers, conclusion, by=by(life, "rowan"))


def in_a_year():
    return timezone.localdate() + timedelta(days=300)


def test_a_review_that_somebody_has_begun_is_in_doubt_until_it_is_read_again(two):
    review = reviewing.save(review_of("P1"), reviewing.Answers({"serious_harm": "no"}), by=by(two, "rowan"))
    assert doubt.of_review(review, timezone.localdate()) is None
    join(two)
    page = text(two, "rowan", "review", review.reference)
    assert CHANGED in page
    assert "Joined, until then" in page
    assert "Tansy Quite" in page
    assert "The person is made up otherwise since." in sign_in(two.cast["rowan"]).get(reverse("reviews")).text
    assert "review in doubt" in text(two, "rowan", "home")
    assert "review in doubt" not in text(two, "wren", "home")
    review.refresh_from_db()
    seen = reviewing.Answers(seen=life_digest(review.prime_id))
    assert reviewing.save(review, seen, by=by(two, "rowan")).doubted_at is None
    assert CHANGED not in text(two, "rowan", "review", review.reference)
    assert "review in doubt" not in text(two, "rowan", "home")


def test_a_decision_is_in_doubt_until_the_person_as_they_are_now_is_decided(two):
    done = settle(two, review_of("P1"), next_review=in_a_year())
    assert CHANGED not in text(two, "rowan", "review", done.reference)
    join(two)
    page = text(two, "rowan", "review", done.reference)
    assert CHANGED in page
    assert "open a review of the person as they are now" in page
    assert "review in doubt" in text(two, "rowan", "home")
    asked = sign_in(two.cast["rowan"]).post(
        reverse("ask_review", args=[prime_of("P1").reference]),
        {
            "controller": Controller.objects.get(code="northshire").pk,
            "need": "other_need",
            "why": "The person is made up otherwise now.",
        },
        follow=True,
    )
    assert "is open, of the person as they are made up now" in asked.text
    again = review_of("P1")
    assert again.kind == "explicit"
    two.run()
    assert review_of("P1") == again, "a run closes nothing that somebody asked for"
    settle(two, again, next_review=in_a_year())
    assert CHANGED not in text(two, "rowan", "review", done.reference)
    assert "review in doubt" not in text(two, "rowan", "home")
    two.run()
    assert not Review.objects.filter(doubt.reviews()).exists()


def test_who_leaves_puts_a_decision_in_doubt_too(two):
    join(two)
    done = settle(two, review_of("P1"), next_review=in_a_year())
    join(two, "different")
    assert [each.what for each in doubt.of_review(done, timezone.localdate()).changes] == ["left"]
    assert Review.objects.filter(doubt.reviews()).get() == done


def test_a_disposal_in_doubt_says_so_and_can_be_returned_but_not_approved(two):
    done = decide(_Of(two))
    going = tuple(Record.objects.filter(reference__in=["C1", "CU1"]).values_list("pk", flat=True))
    order = disposal.propose(disposal.Proposal(done.prime, done.controller, going, done), by=by(two, "rowan"))
    join(two)
    page = text(two, "ash", "disposal", order.reference)
    assert CHANGED in page
    assert "Return it, or undo it: the review is open again then" in page
    listed = sign_in(two.cast["ash"]).get(reverse("disposals"), {"state": "doubt"}).text
    assert order.reference in listed
    assert "In doubt (1)" in listed
    assert "disposal in doubt" in text(two, "ash", "home")
    with pytest.raises(Refused, match="have changed since the proposal"):
        disposal.approve(order, by=by(two, "ash"))
    disposal.return_(order, by=by(two, "ash"), note="The person is another now: read it anew.")
    assert not doubt.orders().exists()
    assert CHANGED in text(two, "rowan", "review", review_of("P1").reference)


class _Of:
    """The life of the one person whose review a deed is about."""

    def __init__(self, life):
        self.cast, self.review = life.cast, review_of("P1")


def test_a_hold_on_a_person_is_in_doubt_until_it_is_confirmed(two):
    hold = place(two, people=[prime_of("P1").pk])
    assert doubt.holds() == []
    join(two)
    page = text(two, "hazel", "hold", hold.reference)
    assert "In doubt. Its people have changed" in page
    assert "Joined, until then" in page
    assert "Its people are made up otherwise since." in text(two, "hazel", "holds")
    assert "hold in doubt" in text(two, "hazel", "home")
    client = sign_in(two.cast["hazel"])
    client.post(reverse("confirm_hold", args=[hold.reference]))
    assert doubt.holds() == []
    assert AuditEvent.objects.filter(action="hold.confirm", subject=hold.reference, actor="hazel").exists()
    assert "hazel, " in text(two, "hazel", "hold", hold.reference)
    with pytest.raises(Refused, match="not in doubt"):
        holding.confirm(Hold.objects.get(), by=by(two, "hazel"))
    join(two, "different")
    assert doubt.holds() == [hold]


def test_people_in_different_groups_who_are_joined_are_in_the_stricter_at_once_until_somebody_looks(two):
    """By what is worked out at once, by a run over everybody, and by the reference that explains it."""
    groups = {name: PersonDecision.objects.get(prime=prime_of(name)).group for name in ("P1", "P7")}
    assert groups == {"P1": 3, "P7": 1}
    notice = "The stricter group counts until a review"
    assert notice not in text(two, "rowan", "person", prime_of("P1").reference)
    join(two)
    prime = prime_of("P1")
    assert PersonDecision.objects.get(prime=prime).group == 1
    assert [each.group for each in explaining.explain_person(prime).values()] == [1]
    at_once = PersonDecision.objects.values("prime", "group", "due", "outcome", "rule").get()
    schedule.schedule(policy.load(), by=BY, on=timezone.localdate())
    assert PersonDecision.objects.values("prime", "group", "due", "outcome", "rule").get() == at_once
    assert notice in text(two, "rowan", "person", prime.reference)
    assert notice in text(two, "hazel", "person", prime.reference)
    asking = text(two, "rowan", "ask_review", prime.reference)
    assert "in group 1 for Northshire" in asking
    assert "who was in group 3" in asking
    settle(
        two,
        reviewing.ask(prime, Controller.objects.get(code="northshire"), by=by(two, "rowan")),
        next_review=in_a_year(),
    )
    assert notice not in text(two, "rowan", "person", prime.reference)
    join(two, "different")
    assert notice not in text(two, "rowan", "person", prime_of("P1").reference)
    assert {name: PersonDecision.objects.get(prime=prime_of(name)).group for name in groups} == groups


def test_what_a_review_let_go_puts_it_in_no_doubt(two):
    keys = tuple(Record.objects.filter(reference="CU1").values_list("pk", flat=True))
    order = carried_out(two, review_of("P1"), ["C1"], "part", kept_records=keys, next_review=in_a_year())
    assert DisposalOrder.objects.get(pk=order.pk).nominals_destroyed == 1
    two.run()
    assert Review.objects.filter(state="decided").count() == 1
    assert not Review.objects.filter(doubt.reviews()).exists()
