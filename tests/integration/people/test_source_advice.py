"""What the owner of a source is told of judgements about two of its own references, and what follows their answer."""

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import NO, WHY, WORKER, by, carried_out, keys_of, prime_of
from factories.exports import Source, row
from factories.lives import begin
from muniment.core.models import Content
from muniment.people.actions import judge as judging
from muniment.people.linking import pairs
from muniment.people.models import Judgement, SourceAdvice
from muniment.people.queries import life_digest
from muniment.people.said import advice
from muniment.records.models import Nominal, Record, SourceSystem
from muniment.retention.actions import destruction, disposal
from muniment.retention.actions import review as reviewing
from muniment.retention.models import Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
REASON = "Nothing in them tells the two apart."
PAGE = reverse("source_advice")


@pytest.fixture
def lives(db, tmp_path):
    """Two more of the same name and birth in one system, and one in another."""
    life = begin(tmp_path)
    life.crime.send([row(f"C{n}", f"P{n}", REPORTED="2023-03-01") for n in (7, 8)], on="2026-07-02")
    life.custody.send([row("CU9", "D9", ROLE="DETAINEE", REPORTED="2023-03-01")], on="2026-07-02")
    life.run()
    return life


def say(life, one, two, verdict, evidence="records"):
    pair = (Nominal.objects.get(reference=reference) for reference in (one, two))
    return judging.judge(*pair, judging.Said(verdict, evidence, REASON), by=by(life, "sorrel"))


def asked():
    return [each.asked for each in advice.waiting()]


def crime():
    return SourceSystem.objects.get(code="crime", controller__code="northshire")


def tell(client):
    return client.post(reverse("tell_source", args=[crime().pk]))


def answer(client, said, of=None):
    (told,) = advice.waiting().filter(judgement=of) if of else advice.waiting()
    return client.post(reverse("answer_advice", args=[told.reference]), {"said": said}, follow=True).text


def merge(life, action="M", on="2026-07-03"):
    life.crime.send([row("P8", ACTION=action, ENTITY="nominal", INTO="P7")], on=on)


def settle(life, record):
    """Say of every other pair of the people on a record that they are two."""
    for edge in pairs.waiting_on([record]).unsettled.get(record, ()):
        say(life, edge.left.reference, edge.right.reference, "different")


def test_the_owner_is_told_not_to_merge_and_answers(lives):
    say(lives, "P7", "P8", "different")
    client = sign_in(lives.cast["sorrel"])
    assert "What the sources are to be told</a>: 1 pair." in client.get(reverse("matches")).text
    assert "not told yet" in client.get(PAGE).text
    assert "Tell the source first" in answer(client, "done")
    lines = tell(client).content.decode("utf-8-sig").splitlines()
    (told,) = SourceAdvice.objects.all()
    assert lines[1] == f"{told.reference},crime,P7,P8,Do not merge: they are two people,"
    assert "told by sorrel" in client.get(PAGE).text
    assert "The answer is recorded." in answer(client, "done")
    assert asked() == []
    assert "No source has to be told" in client.get(PAGE).text
    assert "Nothing waits to be told" in client.post(reverse("tell_source", args=[crime().pk]), follow=True).text


def test_an_owner_who_says_otherwise_has_the_judgement_looked_at_again(lives):
    held = say(lives, "P7", "P8", "same")
    assert asked() == ["join"]
    client = sign_in(lives.cast["sorrel"])
    tell(client)
    lives.run()
    record = Record.objects.get(reference="C7").pk
    settle(lives, record)
    assert pairs.waiting_on([record]).is_settled(record)
    answer(client, "otherwise", of=held)
    assert not pairs.waiting_on([record]).is_settled(record), "before any run has followed"
    held.refresh_from_db()
    assert (held.reopened_because, held.superseded_at) == ("source", None)
    assert "The owner of their source says otherwise" in client.get(reverse("judgements")).text


def test_a_merge_in_spite_of_a_judgement_is_to_be_taken_back(lives):
    say(lives, "P7", "P8", "different")
    tell(sign_in(lives.cast["sorrel"]))
    merge(lives)
    for _ in range(2):
        lives.run()
        assert asked() == ["keep_apart", "take_back"]


def test_what_is_merged_already_is_to_be_taken_back_or_needs_no_word(lives):
    merge(lives)
    say(lives, "P7", "P8", "different")
    assert asked() == ["take_back"]
    say(lives, "P7", "P8", "same", "document")
    assert asked() == []


def test_what_was_told_and_no_longer_stands_is_told_too(lives):
    first = say(lives, "P7", "P8", "different")
    judging.withdraw(first, by=by(lives, "sorrel"), reason="I took one for the other.")
    assert asked() == [], "nobody was told"
    second = say(lives, "P7", "P8", "different")
    client = sign_in(lives.cast["sorrel"])
    tell(client)
    say(lives, "P7", "P8", "unsure")
    assert asked() == ["forget"]
    second.refresh_from_db()
    assert "What was said of these two no longer stands" in client.get(PAGE).text
    tell(client)
    answer(client, "otherwise")
    assert Judgement.objects.get(superseded_at__isnull=True).reopened_at is None


def test_who_was_told_is_not_told_the_same_again(lives):
    say(lives, "P7", "P8", "different")
    client = sign_in(lives.cast["sorrel"])
    tell(client)
    answer(client, "done")
    say(lives, "P7", "P8", "different", "document")
    assert asked() == []
    say(lives, "P7", "P8", "same", "document")
    tell(client)
    answer(client, "otherwise")
    say(lives, "P7", "P8", "same", "document")
    assert asked() == ["join"], "somebody has looked again, and says the same"


def test_two_systems_have_nothing_to_merge(lives):
    say(lives, "P7", "D9", "different")
    assert SourceAdvice.objects.count() == 0


def test_another_force_neither_sees_nor_answers_it(lives, tmp_path):
    Source(tmp_path, controller="westvale", kind="delta").send([row("W1", "WP1")])
    say(lives, "P7", "P8", "different")
    client = sign_in(lives.cast["wren"])
    told = advice.waiting().get()
    assert "No source has to be told" in client.get(PAGE).text
    assert "What the sources are to be told</a>." in client.get(reverse("matches")).text
    assert "Your roles do not let you" in client.post(reverse("tell_source", args=[crime().pk]), follow=True).text
    refused = client.post(reverse("answer_advice", args=[told.reference]), {"said": "done"}, follow=True).text
    assert "Your roles do not let you" in refused
    told.refresh_from_db()
    assert (told.sent_at, told.answer) == (None, "")
    assert sign_in(lives.cast["hazel"]).get(PAGE).status_code == 403


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_a_judgement_that_is_reopened_stops_what_was_approved(lives, settings, verdict):
    settings.COOLING_OFF_MINUTES = 0
    grave = {"CJS": "SX03001", "RESULT": "convicted", "ROLE": "CONVICTED"}
    lives.crime.send([row("C8", "P8", **(grave if verdict == "different" else {}))], on="2026-07-04")
    for edge in pairs.unjudged():
        both = {edge.left.reference, edge.right.reference}
        say(lives, *both, verdict if both == {"P1", "P8"} else "different")
    lives.run()
    assert (prime_of("P1") == prime_of("P8")) == (verdict == "same")
    client = sign_in(lives.cast["sorrel"])
    tell(client)
    order = approved_for(lives, "P1", ["C1", "CU1", "C8"] if verdict == "same" else ["C1", "CU1"])
    answer(client, "otherwise", of=Judgement.objects.get(left__reference="P1", right__reference="P8"))
    assert destruction.work(by=WORKER)["refused"] == 1
    order.refresh_from_db()
    assert (order.state, Record.objects.filter(reference="C1").count()) == ("stopped", 1)


def approved_for(life, reference, records):
    review = Review.objects.get(prime=prime_of(reference), state="open")
    answers = reviewing.Answers(NO, WHY, seen=life_digest(review.prime_id))
    gone = reviewing.Conclusion("dispose", "No longer necessary for any policing purpose.")
    done = reviewing.decide(review, answers, gone, by=by(life, "rowan"))
    proposal = disposal.Proposal(done.prime, done.controller, keys_of(records), done)
    return disposal.approve(disposal.propose(proposal, by=by(life, "rowan")), by=by(life, "ash"))


def test_it_goes_with_the_people_that_it_is_about(lives, settings):
    settings.COOLING_OFF_MINUTES = 0
    for edge in pairs.unjudged():
        say(lives, edge.left.reference, edge.right.reference, "different")
    again = Judgement.objects.get(left__reference="P1", right__reference="P7")
    judging.withdraw(again, by=by(lives, "sorrel"), reason="I took one for the other.")
    say(lives, "P1", "P7", "different")
    lives.run()
    told = {frozenset((each.judgement.left.reference, each.judgement.right.reference)) for each in advice.waiting()}
    assert {"P1", "P7"} in told and {"P7", "P8"} in told
    order = carried_out(lives, Review.objects.get(prime=prime_of("P1"), state="open"), ["C1", "CU1"])
    assert order.state == "certified", order.stopped_by
    left = {frozenset((each.judgement.left.reference, each.judgement.right.reference)) for each in advice.waiting()}
    assert not Content.objects.filter(kind="withdrawal").exists()
    assert left == {pair for pair in told if pair.isdisjoint({"P1", "D1"})}
