"""A record is everybody's who is on it: it does not go by one review while others wait, unless somebody looked."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import NO, WHY, WORKER, approved, by, prime_of, say
from factories.exports import Source, row
from muniment.core.models import BatchRun, Controller
from muniment.core.verdicts import Refused
from muniment.engine import policy
from muniment.people.actions.resolve import resolve
from muniment.people.models import MatchEdge
from muniment.people.queries import life_digest
from muniment.records.models import Intake, Involvement, Nominal, Quarantine, Record
from muniment.retention.actions import destruction, disposal, hold
from muniment.retention.actions import review as reviewing
from muniment.retention.actions.schedule import schedule
from muniment.retention.deciding import letting_go, others
from muniment.retention.models import DisposalOrder, PersonDecision, RecordDecision, Review

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

REASON = "No longer necessary for any policing purpose."


@pytest.fixture
def two(own_life):
    """A life, and somebody else with a record and a waiting review of their own who stands on its crime as well."""
    other = {"FORENAME": "Tansy", "SURNAME": "Other", "BORN": "1979-01-02", "REPORTED": "2014-03-01"}
    own_life.crime.send([row("C9", "P9", **other)], on="2026-07-01")
    own_life.run()
    link(own_life)
    return own_life


def link(life):
    crime, person = Record.objects.get(reference="C1"), Nominal.objects.get(reference="P9")
    return Involvement.objects.create(nominal=person, record=crime, row_id=crime.row_id, role="WITNESS")


def review_of(reference):
    return Review.objects.get(prime__belongings__nominal__reference=reference)


def decided(life):
    answers, conclusion = reviewing.Answers(NO, WHY), reviewing.Conclusion("dispose", REASON)
    return reviewing.decide(review_of("P1"), answers, conclusion, by=by(life, "rowan"))


def propose(life, done, with_others=()):
    records = tuple(Record.objects.filter(reference__in=["C1", "CU1"]).values_list("pk", flat=True))
    proposal = disposal.Proposal(done.prime, done.controller, records, done, with_others=with_others)
    return disposal.propose(proposal, by=by(life, "rowan"))


def going(order):
    return sorted(order.items.values_list("reference", flat=True))


def test_what_others_wait_on_stays_unless_somebody_looked_at_them(two):
    crime = Record.objects.get(reference="C1")
    waiting = others.waiting([crime.pk], beside=review_of("P1").prime_id)
    assert {key: [each.pk for each in found] for key, found in waiting.items()} == {crime.pk: [review_of("P9").pk]}
    done = decided(two)
    order = propose(two, done)
    assert going(order) == ["CU1"]
    disposal.undo(order, by=by(two, "rowan"), note="To look at the other person first.")
    order = propose(two, decided(two), with_others=(crime.pk,))
    assert going(order) == ["C1", "CU1"]
    assert order.items.get(reference="C1").others == [review_of("P9").reference]
    disposal.approve(order, by=by(two, "ash"))
    assert disposal.instruct(order, by=WORKER).state == "instructed"


def test_who_came_to_wait_since_stops_the_order(two):
    review_of("P9").delete()
    order = disposal.approve(propose(two, decided(two)), by=by(two, "ash"))
    assert going(order) == ["C1", "CU1"]
    person = Nominal.objects.get(reference="P9").belongings.get(until__isnull=True).prime
    Review.objects.create(prime=person, controller=order.controller, kind="triggered", due=date(2026, 1, 1))
    with pytest.raises(disposal.Overtaken, match="waits for a review of their own"):
        disposal.instruct(order, by=WORKER)


def kept_at(life, reference, outcome, *records):
    review = review_of(reference)
    ahead = timezone.localdate() + timedelta(days=300)
    chosen = reviewing.Conclusion(outcome, "She sues the force.", tuple(record.pk for record in records), ahead)
    answers = reviewing.Answers(NO, WHY, seen=life_digest(review.prime_id))
    return reviewing.decide(review, answers, chosen, by=by(life, "rowan"))


def test_what_the_review_of_someone_else_on_it_chose_to_keep_stays(two):
    crime, own = Record.objects.get(reference="C1"), Record.objects.get(reference="C9")
    kept = kept_at(two, "P9", "retain")
    order = propose(two, decided(two), with_others=(crime.pk,))
    assert going(order) == ["CU1"]
    page = sign_in(two.cast["rowan"]).get(reverse("review", args=[review_of("P1").reference])).text
    assert f"The review {kept.reference} of someone else on it keeps it until their next review, on" in page
    assert others.kept([crime.pk, own.pk], beside=kept.prime_id) == {}, "their own next review is theirs to hold early"


@pytest.mark.parametrize(("records", "goes"), [(["C1"], ["CU1"]), (["C9"], ["C1", "CU1"])])
def test_what_the_review_of_someone_else_let_go_does_not_stay(two, records, goes):
    kept_at(two, "P9", "part", *Record.objects.filter(reference__in=records))
    assert going(propose(two, decided(two))) == goes


def test_what_was_kept_stays_when_a_later_review_looks_at_another_half(own_life):
    kept = kept_at(own_life, "P1", "retain")
    say("P1", "D1", "different", by=by(own_life, "sorrel"))
    own_life.run()
    left = "CU1" if kept.prime == prime_of("P1") else "C1"
    again = Review.objects.create(
        prime=kept.prime, controller=kept.controller, kind="triggered", due=timezone.localdate()
    )
    answers = reviewing.Answers(NO, WHY, seen=life_digest(kept.prime_id))
    reviewing.decide(again, answers, reviewing.Conclusion("dispose", REASON), by=by(own_life, "rowan"))
    keys = list(Record.objects.filter(reference__in=["C1", "CU1"]).values_list("pk", flat=True))
    assert list(others.kept(keys, beside=kept.prime_id)) == [Record.objects.get(reference=left).pk]


def test_what_was_kept_stays_when_its_person_becomes_part_of_one_who_was_looked_at_since(two):
    two.crime.send([row("C3", "P2", FORENAME="Una", SURNAME="Second", BORN="1971-01-01")], on="2026-07-02")
    two.run()
    kept_at(two, "P2", "retain")
    looked_at = reviewing.Answers(NO, WHY, seen=life_digest(prime_of("P9").pk))
    reviewing.decide(review_of("P9"), looked_at, reviewing.Conclusion("dispose", REASON), by=by(two, "rowan"))
    whose = prime_of("P9")
    say("P2", "P9", "same", by=by(two, "sorrel"))
    two.run()
    assert prime_of("P2") == whose
    other = Record.objects.get(reference="C3").pk
    assert list(others.kept([other], beside=None)) == [other]


def test_what_was_kept_until_a_day_that_has_come_is_free(two):
    kept = kept_at(two, "P9", "retain")
    Review.objects.filter(pk=kept.pk).update(next_review=timezone.localdate())
    assert going(propose(two, decided(two))) == ["C1", "CU1"]


def test_a_review_that_chose_to_keep_it_since_stops_the_order(two):
    crime = Record.objects.get(reference="C1")
    order = disposal.approve(propose(two, decided(two), with_others=(crime.pk,)), by=by(two, "ash"))
    kept_at(two, "P9", "retain")
    with pytest.raises(disposal.Overtaken, match="of someone else on it keeps it until their next review"):
        disposal.instruct(order, by=WORKER)


def test_the_page_asks_for_each_of_them_and_the_order_says_so(two):
    client, crime = sign_in(two.cast["rowan"]), Record.objects.get(reference="C1")
    address = reverse("review", args=[review_of("P1").reference])
    page = client.get(address)
    assert "On 1 of them there are others whose own reviews wait" in page.text
    assert f'Witness: <a class="govuk-link" href="{reverse("review", args=[review_of("P9").reference])}' in page.text
    answers = {f"answer_{key}": "no" for key in NO} | {f"reason_{key}": "Nothing known." for key in NO}
    lent = {"version": review_of("P1").version, "seen": page.context["seen"]}
    ticked = {"with_others": [crime.pk]}
    saved = client.post(address, answers | lent | ticked | {"do": "save"}, follow=True)
    assert f'value="{crime.pk}" checked' in saved.text
    lent = {"version": review_of("P1").version, "seen": saved.context["seen"]}
    client.post(address, answers | lent | ticked | {"do": "decide", "outcome": "dispose", "reason": REASON})
    order = DisposalOrder.objects.get()
    assert going(order) == ["C1", "CU1"]
    page = sign_in(two.cast["ash"]).get(reverse("disposal", args=[order.reference])).text
    assert f"Others on it wait for reviews of their own:</strong> {review_of('P9').reference}" in page


def test_a_fact_that_is_wanting_only_makes_it_later(two):
    person = PersonDecision.objects.get(prime=review_of("P1").prime)
    PersonDecision.objects.filter(pk=person.pk).update(due=None, group=2, clear_from=date(2024, 10, 15))
    crime = Record.objects.get(reference="C1")
    RecordDecision.objects.filter(record=crime).update(due=None, missing=["conviction_date"])
    ripe = letting_go.old_enough([crime.pk])
    assert ripe == {crime.pk: date(2034, 10, 15)}
    verdict = letting_go.may_go(RecordDecision.objects.get(record=crime), ripe[crime.pk])
    assert verdict.reasons == (
        "No clock of its own has run: by what is known it stays until 15 October 2034 at least.",
    )


def test_a_hold_over_who_may_be_the_same_person_stops_it(two):
    scope = {"records": [Record.objects.get(reference="C9").pk]}
    controllers = (Controller.objects.get(code="northshire"),)
    Involvement.objects.get(nominal__reference="P9", record__reference="C1").delete()
    hold.place(
        hold.Proposal(
            "Inquiry", "Letter of the chair", date(2026, 1, 1), scope, controllers, decided_by="Chief Constable"
        ),
        by=by(two, "hazel"),
    )
    done = decided(two)
    left, right = sorted(Nominal.objects.filter(reference__in=["P1", "P9"]).values_list("pk", flat=True))
    edges = MatchEdge.objects.filter(left=left, right=right)
    edges.delete()
    run = BatchRun.objects.order_by("-pk").first()
    MatchEdge.objects.create(
        left_id=left, right_id=right, weight=9, is_automatic=False, needs_person=True, model="a", run=run
    )
    with pytest.raises(Refused, match=r"Inquiry covers someone who may be the same person.*judge the possible match"):
        propose(two, done)
    edges.update(needs_person=False)
    assert going(propose(two, done)) == ["C1", "CU1"]


def test_the_hold_of_another_force_over_who_may_be_the_same_person_is_not_named(own_life, tmp_path):
    order = approved(own_life)
    Source(tmp_path, controller="westvale", kind="delta").send([row("W7", "WP7")], on="2026-07-01")
    resolve(by=WORKER)
    title, westvale = "Inquest on Una Harmed", Controller.objects.get(code="westvale")
    inquest = hold.Proposal(
        title, "Letter of the coroner", date(2026, 1, 1), {}, (westvale,), decided_by="Chief Constable"
    )
    hold.place(inquest, by=by(own_life, "wren"))
    assert destruction.work(by=WORKER)["refused"] == 1
    order.refresh_from_db()
    assert order.stopped_by.startswith("A hold of another force or office covers someone who may be the same person")
    assert title not in order.stopped_by


def test_who_is_not_recognised_yet_keeps_it(own_life):
    done = decided(own_life)
    own_life.crime.send([row("C1", "P1", POSTCODE="NH1 1AA"), row("C8", "P8", CJS="SX03001")], on="2026-07-01")
    crime, person = Record.objects.get(reference="C1"), Nominal.objects.get(reference="P8")
    Involvement.objects.create(nominal=person, record=crime, row_id=crime.row_id, role="SUSPECT")
    assert "not been recognised yet" in letting_go.unready([crime.pk])[crime.pk]
    assert going(propose(own_life, done)) == ["CU1"]
    schedule(policy.load(), by=WORKER, on=date(2026, 11, 22))
    decision = RecordDecision.objects.get(record=crime)
    assert (decision.outcome, decision.due) == ("retain", None)
    assert "others_retained" in decision.because


@pytest.mark.parametrize(("kind", "reference"), [("record", "C1"), ("nominal", "P1")])
def test_what_waits_in_quarantine_keeps_it(own_life, kind, reference):
    done, crime = decided(own_life), Record.objects.get(reference="C1")
    waiting = Quarantine.objects.create(
        intake=Intake.objects.filter(system=crime.system).first(), system=crime.system, table="crimes", row=1,
        reasons=[], digest="0" * 64, scope=crime.scope,
    )  # fmt: skip
    waiting.named.create(system=crime.system, kind=kind, name=reference)
    assert "waits in quarantine" in letting_go.unready([crime.pk])[crime.pk]
    assert "C1" not in going_of_what_may(own_life, done)
    Quarantine.objects.update(resolved_by=Intake.objects.first())
    assert going(propose(own_life, done)) == ["C1", "CU1"]


def going_of_what_may(life, done):
    try:
        order = propose(life, done)
    except Refused:
        return []
    found = going(order)
    order.delete()
    return found
