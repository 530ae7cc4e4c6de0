"""A batch of disposals: a closed list, a sample that somebody else looks at, an earlier forecast, and stops."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from factories.cast import sign_in
from factories.deeds import WORKER, by, place
from factories.exports import row
from factories.lives import BY
from factories.spreadsheets import rows
from muniment.core.models import AuditEvent, Controller, Scope
from muniment.core.verdicts import Refused
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging
from muniment.retention.actions import batching
from muniment.retention.actions.foresee import foresee
from muniment.retention.actions.schedule import schedule
from muniment.retention.disposals import batches, due
from muniment.retention.models import BatchPerson, DisposalBatch, DisposalItem, DisposalOrder, KeptForecast, Review
from muniment.retention.policies import policy_now

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

ADOPTED = Path(__file__).parents[4] / "examples" / "demonstration" / "adoptions"
WHY = "Clear period over, nothing stands against it."
FOUND = "The adoption of group 3 by time is new, as the board decided."
THIEVES = ("Ash", "Birch", "Cedar", "Damson", "Elder")


@pytest.fixture
def many(own_life, monkeypatch):
    """Return the life with five more old shop thieves, where group 3 goes by time."""
    monkeypatch.setenv("MUNIMENT_ADOPTIONS", str(ADOPTED))
    rows = [
        row(f"T{at}", f"Q{at}", FORENAME=f"{name}a", SURNAME=f"{name}ford", BORN=f"19{60 + at}-0{at + 1}-11")
        for at, name in enumerate(THIEVES)
    ]
    own_life.crime.send(rows, on="2026-07-01")
    resolve(by=BY)
    schedule(policy_now.policy(), by=BY, on=timezone.localdate())
    return own_life


def northshire():
    return Controller.objects.get(code="northshire")


def proposed(life):
    return batching.propose(northshire(), "PER-G3B", by=by(life, "rowan"), reason=WHY)


def looked_at(batch, life, who="ash"):
    for each in batches.sample_of(batch):
        batching.answer(each, by=by(life, who), said="goes")
    return batch


def foreseen(people, days=30):
    day, scopes = timezone.localdate() - timedelta(days=days), list(Scope.objects.values_list("pk", flat=True))
    told = {"controller": northshire(), "scopes": scopes, "rule": "PER-G3B", "month": None, "people": people}
    return KeptForecast.objects.create(made_on=day, **told)


def limited(monkeypatch, **changes):
    was = batches.limits
    monkeypatch.setattr(batches, "limits", lambda on: replace(was(on), **changes))


def test_from_proposal_to_orders_that_cool_off(many):
    foreseen(6)
    batch = proposed(many)
    assert (batch.people, batch.records, batch.foreseen) == (6, 7, 6)
    assert BatchPerson.objects.filter(sampled=True).count() == 6, "a small batch is looked at as a whole"
    with pytest.raises(Refused, match="someone else has to look"):
        batching.answer(batches.sample_of(batch).first(), by=by(many, "rowan"), said="goes")
    with pytest.raises(Refused, match="6 wait for you"):
        batching.approve(batch, by=by(many, "ash"))
    with pytest.raises(Refused, match="Another batch"):
        proposed(many)
    batch = batching.approve(looked_at(batch, many), by=by(many, "ash"))
    assert batch.state == "running"
    many.crime.send([row("T9", "Q9", FORENAME="Late", SURNAME="Comer", BORN="1970-01-02")], on="2026-07-02")
    resolve(by=BY)
    schedule(policy_now.policy(), by=BY, on=timezone.localdate())
    assert batching.carry_out(by=WORKER) == {"batch_orders": 6}
    batch.refresh_from_db()
    assert (batch.state, batch.ordered, batch.ordered_records, batch.refused) == ("done", 6, 7, 0)
    orders = DisposalOrder.objects.all()
    assert {(each.state, each.proposed_by, each.approved_by) for each in orders} == {("approved", "rowan", "ash")}
    assert not DisposalItem.objects.filter(reference="T9").exists(), "who fell due later is not in it"
    assert batching.carry_out(by=WORKER) == {"batch_orders": 0}
    with pytest.raises(Refused, match="cannot call off it now"):
        batching.call_off(batch, by=by(many, "ash"), note=WHY)


def test_one_wrong_in_the_sample_stops_all(many):
    foreseen(6)
    batch = looked_at(proposed(many), many)
    batching.answer(batches.sample_of(batch).last(), by=by(many, "ash"), said="stays")
    with pytest.raises(Refused, match="1 of the sample has to stay: return the batch"):
        batching.approve(batch, by=by(many, "ash"))
    assert (
        batching.return_(batch, by=by(many, "ash"), note="One of them is the subject of an inquest.").state
        == "returned"
    )
    assert batching.carry_out(by=WORKER) == {"batch_orders": 0}
    assert not DisposalOrder.objects.exists()


@pytest.mark.parametrize(
    ("known", "changes", "says"),
    [
        (None, {}, "No forecast is old enough"),
        (5, {}, "saw 5 due by this day: find out what has changed"),
        (6, {"signed_off_above": 6}, "7 records are more than the 6"),
    ],
)
def test_beyond_the_forecast_or_the_limit_a_third_person_signs_it_off(many, monkeypatch, known, changes, says):
    limited(monkeypatch, **changes)
    if known is not None:
        foreseen(known)
    foreseen(500, days=3), foreseen(500, days=27)  # too young: made after whatever may have changed
    batch = batching.approve(looked_at(proposed(many), many), by=by(many, "ash"))
    assert batch.state == "stopped" and says in batch.stopped_because
    assert batching.carry_out(by=WORKER) == {"batch_orders": 0}
    for who in ("rowan", "ash"):
        with pytest.raises(Refused):
            batching.sign_off(batch, by=by(many, who), reason=FOUND)
    with pytest.raises(IntegrityError), transaction.atomic():
        DisposalBatch.objects.update(state="running", signed_by="ash")
    assert batching.sign_off(batch, by=by(many, "maple"), reason=FOUND).state == "running"
    assert batching.carry_out(by=WORKER) == {"batch_orders": 6}


def test_what_comes_up_meanwhile_keeps_its_person_and_says_why(many, monkeypatch):
    foreseen(6)
    batch = batching.approve(looked_at(proposed(many), many), by=by(many, "ash"))
    held = Belonging.objects.get(nominal__reference="Q2", until=None).prime
    place(many, people=[held.pk])
    assert batching.carry_out(by=WORKER) == {"batch_orders": 5}
    kept = batch.members.get(prime=held)
    assert kept.order is None and "Inquest" in kept.refused
    page = sign_in(many.cast["ash"]).get(reverse("disposal_batch", args=[batch.reference])).text
    assert "Cedara Cedarford" in page and "Inquest" in page


def test_it_stops_when_much_stands_against_it_or_the_policy_has_changed(many, monkeypatch):
    foreseen(6)
    monkeypatch.setattr(batching, "_TRIED", 1)
    batch = batching.approve(looked_at(proposed(many), many), by=by(many, "ash"))
    place(many, areas=["CRIME"])
    assert batching.carry_out(by=WORKER) == {"batch_orders": 0}
    batch.refresh_from_db()
    assert (batch.state, batch.refused) == ("stopped", 1)
    assert "Something stood against 1 of 1 people" in batch.stopped_because
    DisposalBatch.objects.update(state="running", refused=0, policy_version="of another day")
    batching.carry_out(by=WORKER)
    batch.refresh_from_db()
    assert (batch.state, batch.stopped_because) == ("stopped", "The policy has changed since it was approved.")
    assert not DisposalOrder.objects.exists()


def test_a_day_lets_so_many_records_go_and_the_rest_waits(many, monkeypatch):
    foreseen(6)
    limited(monkeypatch, most_a_day=3)
    batch = batching.approve(looked_at(proposed(many), many), by=by(many, "ash"))
    first = batching.carry_out(by=WORKER)["batch_orders"]
    assert first in {2, 3} and batching.carry_out(by=WORKER) == {"batch_orders": 0}
    batch.refresh_from_db()
    assert batch.state == "running" and batch.left == 6 - first
    assert batching.call_off(batch, by=by(many, "rowan"), note="The board has asked for a pause.") == first
    assert set(DisposalOrder.objects.values_list("state", flat=True)) == {"undone"}
    assert batching.carry_out(by=WORKER) == {"batch_orders": 0}


def test_called_off_the_worker_undoes_what_one_page_could_not(many, monkeypatch):
    foreseen(6)
    batch = batching.approve(looked_at(proposed(many), many), by=by(many, "ash"))
    batching.carry_out(by=WORKER)
    DisposalBatch.objects.update(state="running")  # as while more are to come
    monkeypatch.setattr(batching, "TOGETHER", 2)
    assert batching.call_off(batch, by=by(many, "ash"), note="The board has asked for a pause.") == 2
    assert batching.carry_out(by=WORKER) == {"batch_orders": 0}
    assert set(DisposalOrder.objects.values_list("state", flat=True)) == {"undone"}


def test_a_forecast_stays_to_hold_a_batch_against(many):
    foresee(policy_now.policy(), by=BY)
    (kept, *others) = KeptForecast.objects.filter(month=None)
    assert (kept.controller.code, kept.rule, kept.made_on) == ("northshire", "PER-G3B", timezone.localdate())
    assert kept.people + sum(each.people for each in others) == 6
    foresee(policy_now.policy(), by=BY)
    assert KeptForecast.objects.filter(month=None).count() == 1 + len(others), "one a day"
    assert batches.foreseen(northshire(), "PER-G3B", timezone.localdate()) is None, "of today it proves nothing"
    later = timezone.localdate() + timedelta(days=40)
    assert batches.foreseen(northshire(), "", later).people == 6


def test_how_many_may_be_wrong_though_none_of_the_sample_was():
    assert batches.most_wrong(6, 6) == 0, "all were looked at"
    assert batches.most_wrong(1, 2) == pytest.approx(0.5), "the other may be"
    # Of 100 with 5 wrong, 44 drawn miss all five with a chance of 5.1%; with 6 wrong, of 2.7%.
    assert batches.most_wrong(44, 100) == pytest.approx(0.05)
    assert 0.09 < batches.most_wrong(30, 100_000) < 0.1, "1 - 0.05 ** (1 / 30) is 0.095"


def test_the_pages_from_proposal_to_approval(many):
    rowan, ash, officer = (sign_in(many.cast[name]) for name in ("rowan", "ash", "robin"))
    foreseen(6)
    listed = reverse("disposal_batches")
    assert officer.get(listed).status_code == 403
    assert "PER-G3B" not in ash.get(listed).text, "who approves does not propose"
    asked = reverse("propose_batch")
    assert rowan.post(asked, {"of": "northshire:PER-G3B", "reason": "no"}).status_code == 422
    page = rowan.post(asked, {"of": "northshire:PER-G3B", "reason": WHY}).url
    assert "someone else looks at the sample" in rowan.get(page).text
    assert "batch to look at" in ash.get(reverse("home")).text
    assert "batch to look at" not in rowan.get(reverse("home")).text
    batch = DisposalBatch.objects.get()
    look = reverse("look_at_batch", args=[batch.reference])
    assert rowan.post(look, {"approve": "yes"}).status_code == 403
    said = ash.post(look, {"approve": "yes"}, follow=True).text
    assert "Answer first for everybody in the sample" in said
    answers = {f"answer_{each.pk}": "goes" for each in batch.members.all()}
    assert "the worker makes the orders" in ash.post(look, {**answers, "approve": "yes"}, follow=True).text
    batching.carry_out(by=WORKER)
    assert "6 people with 7 records have an order" in ash.get(page).text
    assert AuditEvent.objects.filter(action="batch.look", actor="ash").count() == 6
    assert sign_in(many.cast["clover"]).get(page).status_code == 404, "another force sees no batch of this one"


def test_reviews_of_one_cause_are_listed_put_aside_and_given_to_a_file(many):
    many.crime.send([row("U1", "U1", FORENAME="Wych", SURNAME="Elmsley", BORN="")], on="2026-07-03")
    many.crime.send([row("U2", "U2", FORENAME="Alder", SURNAME="Buckthorn", CJS="")], on="2026-07-04")
    resolve(by=BY)
    schedule(policy_now.policy(), by=BY, on=timezone.localdate())
    rowan = sign_in(many.cast["rowan"])
    cause = next(
        each for each in due.exceptions([northshire()], timezone.localdate()).causes if each.code == "fact:offence"
    )
    assert cause.reviews == 1
    here = {"cause": cause.code}
    assert f"?cause={cause.code.replace(':', '%3A')}" in rowan.get(reverse("due_disposals")).text
    page = rowan.get(reverse("reviews"), here).text
    assert "Alder Buckthorn" in page and "Wych Elmsley" not in page
    lines = rowan.get(reverse("reviews_file"), here).text.splitlines()
    assert len(lines) == 2 and "U2" in lines[1] and "Alder" not in lines[1], "references, and no names"
    assert AuditEvent.objects.get(action="review.file").detail == {"reviews": 1}
    heads, listed = rows(rowan.get(reverse("reviews_workbook"), here).content, "Reviews")
    line = dict(zip(heads, listed, strict=True))
    assert "U2" in line["Source records"] and f"{line['Due']:%Y-%m-%d}" in lines[1]
    wait = f"{reverse('put_off_reviews')}?cause={cause.code}"
    given = {"of": "other", "waiting_for": "the offence, asked of the crime system's owner"}
    assert "Choose at least one review" in rowan.post(wait, given).text, "nothing is put aside that nobody chose"
    assert rowan.post(wait, given | {"upto": 5, "waiting_for": "it"}).status_code == 422
    assert rowan.post(wait, given | {"upto": 5}).status_code == 302
    put = Review.objects.get(state="parked")
    assert put.prime == Belonging.objects.get(nominal__reference="U2", until=None).prime
    assert put.waiting_for == given["waiting_for"] and put.asks.get().answer == ""
    assert sign_in(many.cast["robin"]).get(reverse("reviews_file")).status_code == 403
    elsewhere = sign_in(many.cast["wren"]).get(reverse("reviews_file")).text
    assert "U2" not in elsewhere, "another force lists its own"


def test_an_order_of_a_batch_is_stopped_like_any_other(many):
    foreseen(6)
    batching.approve(looked_at(proposed(many), many), by=by(many, "ash"))
    batching.carry_out(by=WORKER)
    order = DisposalOrder.objects.order_by("pk").first()
    place(many, areas=["CRIME", "CUSTODY"])
    order.refresh_from_db()
    assert order.state == "stopped" and "Inquest" in order.stopped_by
