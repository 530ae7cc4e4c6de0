"""What comes in is linked and decided at once, as the next runs over everybody would have it."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories.exports import Source, row
from factories.linkage import activate_model
from factories.steps import forget_everybody
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.objects.actions import judge as judging_things
from muniment.objects.actions.resolve import resolve as resolve_objects
from muniment.objects.kinds import PLACE
from muniment.objects.models import PlaceBelonging, PlaceEdge
from muniment.people.actions import judge as judging
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging, Judgement
from muniment.records import touched
from muniment.records.models import Nominal
from muniment.retention.actions import hold as holding
from muniment.retention.actions.schedule import schedule
from muniment.retention.models import HeldRecord, PersonDecision, RecordDecision, Review
from muniment.retention.policies import policy_now
from muniment.workbench import arrivals, crowds

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
OLD = {"REPORTED": "2003-03-01"}
OTHER = {"SURNAME": "Quite", "FORENAME": "Tansy", "BORN": "1961-07-08"}
GRAVE = {"CJS": "OF61016", "TITLE": "Wounding", "OUTCOME": "CHARGED", "ROLE": "SUSPECT", "RESULT": "pending"}
EXAMPLES = max(1, int(os.environ.get("MUNIMENT_TEST_ORDERS", "8")) // 2)  # each ends with three runs
# One with another by evidence, perhaps one with another, or somebody else; on few records, so that these are shared.
ROWS = st.builds(
    lambda record, person, who, what: row(record, person, **who, **what),
    st.sampled_from(["C1", "C2", "C3", "C4"]),
    st.sampled_from(["P1", "P2", "P3", "P4", "P5"]),
    st.sampled_from([HOME, {}, OTHER, OTHER | HOME]),
    st.sampled_from([OLD, GRAVE | {"REPORTED": "2026-05-01"}]),
)
STEPS = st.lists(
    st.one_of(
        st.lists(ROWS, min_size=1, max_size=3, unique_by=lambda each: each["REF"]),
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["same", "different"])),
    ),
    min_size=4,
    max_size=8,
)


@pytest.fixture
def sources(controllers, tmp_path):
    activate_model()
    return Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")


def run():
    counts = resolve(by=BY)
    return counts, resolve_objects(by=BY), schedule(policy_now.policy(), by=BY, on=timezone.localdate())


def send(source, rows, on="2026-06-01"):
    """Hand rows in, and return what followed at once."""
    _, followed = arrivals.arrive(source.feed, source.write(rows, on), by=BY)
    return followed


def assert_runs_change_nothing():
    linked, things, decided = run()
    for each in (linked, things):
        assert (each.made, each.retired, each.revived, each.moved) == (0, 0, 0, 0)
    assert (decided.changed_people, decided.changed_records) == (0, 0)
    assert (decided.reviews_opened, decided.reviews_closed) == (0, 0)


def decided(reference):
    return RecordDecision.objects.get(record__reference=reference)


def test_a_new_record_is_linked_decided_and_reviewed_at_once(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME, **OLD)])
    run()
    before = decided("C1")
    followed = send(west, [row("D1", "W1", **HOME, **GRAVE, REPORTED="2026-05-01")])
    assert (followed.nominals, followed.waits) == (1, "")
    assert Belonging.objects.filter(until=None).values("prime").distinct().count() == 1
    assert decided("C1").due != before.due or decided("C1").outcome != before.outcome, "the wounding counts for both"
    assert_runs_change_nothing()


def test_others_on_the_record_are_decided_with_them(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME, **OLD), row("C1", "P2", **OTHER, **OLD), row("C2", "P2", **OTHER, **OLD)])
    run()
    send(west, [row("D1", "W1", **HOME, **GRAVE, REPORTED="2026-05-01")])
    assert_runs_change_nothing()


def test_who_is_kept_only_for_another_on_the_record_is_decided_with_them(sources):
    north, west = sources
    north.amend(("duplicates: quarantine", "duplicates: same_record"))
    north.send([row("C1", "P1", **HOME, **OLD), row("C1", "P2", **OTHER, **OLD)])
    run()
    before = PersonDecision.objects.get(prime__belongings__nominal__reference="P2").because
    send(west, [row("D1", "W1", **HOME, **GRAVE, REPORTED="2026-05-01")])
    assert PersonDecision.objects.get(prime__belongings__nominal__reference="P2").because != before
    assert_runs_change_nothing()


def test_what_another_policy_decided_about_those_around_is_not_relied_on(sources):
    north, west = sources
    north.amend(("duplicates: quarantine", "duplicates: same_record"))
    two, three = ({"SURNAME": name, "FORENAME": "Tansy", "BORN": "1961-07-08"} for name in ("Quite", "Elsewise"))
    north.send(
        [
            *(row("C1", each, **words, **OLD) for each, words in (("P1", HOME), ("P2", two))),
            *(row("C2", each, **words, **OLD) for each, words in (("P2", two), ("P3", three))),
            row("C3", "P3", **three, **GRAVE, REPORTED="2026-03-01"),
        ]
    )
    run()
    of = {each: PersonDecision.objects.filter(prime__belongings__nominal__reference=each) for each in ("P2", "P3")}
    before = of["P2"].get().because
    assert "others_retained" in before, "the third is inside retention, and on a record with the second"
    of["P3"].update(policy_version="another", kept_until=None)
    send(west, [row("D1", "W1", **HOME, **OLD)])
    assert of["P2"].get().because == before


def test_who_may_be_somebody_is_decided_with_them_and_again_when_they_no_longer_may(sources):
    north, west = sources
    north.send([row("C1", "P1", **OLD)])
    west.send([row("D1", "W1", **OLD)])
    run()
    assert Belonging.objects.filter(until=None).values("prime").distinct().count() == 2
    assert "possible_match" not in decided("C1").because
    send(west, [row("D2", "W1", **GRAVE, REPORTED="2026-05-01")])
    assert "possible_match" in decided("C1").because
    assert_runs_change_nothing()
    send(
        west, [row("D1", "W1", **OLD, **OTHER), row("D2", "W1", **GRAVE, **OTHER, REPORTED="2026-05-01")], "2026-08-01"
    )
    assert "possible_match" not in decided("C1").because
    assert_runs_change_nothing()


def test_who_may_be_somebody_that_has_only_now_come_is_decided_with_them(sources):
    north, west = sources
    north.send([row("C1", "P1", **OLD)])
    run()
    send(west, [row("D1", "W1", **GRAVE, REPORTED="2026-05-01")])
    assert "possible_match" in decided("C1").because
    assert_runs_change_nothing()


def test_who_may_be_somebody_that_has_moved_to_another_person_is_decided_with_them(sources):
    north, west = sources
    grave = row("C1", "P1", **HOME, **GRAVE, REPORTED="2026-05-01")
    north.send([grave, row("C2", "P2", **OLD), row("C3", "P3", **OTHER, **OLD)])
    west.send([row("D1", "W1", **HOME, **OLD)])
    run()
    nominal = {each.reference: each for each in Nominal.objects.all()}
    apart = judging.Said("different", "document", "Two passports, seen by the desk.")
    judging.judge(nominal["P1"], nominal["P2"], apart, by=BY)
    arrivals.follow_judgements(by=BY)
    assert "possible_match" in decided("C2").because, "of the one who did what is grave, and from Westvale too"
    judging.judge(nominal["P1"], nominal["W1"], apart, by=BY)
    judging.judge(nominal["P3"], nominal["W1"], replace(apart, verdict="same"), by=BY)
    arrivals.follow_judgements(by=BY)
    assert "possible_match" not in decided("C2").because, "they are one with somebody who brings nothing else"
    assert_runs_change_nothing()


def test_nothing_stays_decided_about_who_retired(sources):
    north, west = sources
    north.send([row("C1", "P1", **OLD)])
    west.send([row("D1", "W1", **OLD)])
    run()
    left, right = Nominal.objects.order_by("pk")
    judging.judge(left, right, judging.Said("same", "document", "One passport, seen by the desk."), by=BY)
    arrivals.follow_judgements(by=BY)
    live = set(Belonging.objects.filter(until=None).values_list("prime", flat=True))
    assert set(PersonDecision.objects.values_list("prime", flat=True)) == live
    assert_runs_change_nothing()


def test_who_comes_apart_is_decided_apart(sources):
    test_a_new_record_is_linked_decided_and_reviewed_at_once(sources)
    left, right = Nominal.objects.order_by("pk")
    judging.judge(left, right, judging.Said("different", "document", "Two passports seen by the desk."), by=BY)
    assert arrivals.follow_judgements(by=BY) == {"judgements_followed": 1}
    assert Belonging.objects.filter(until=None).values("prime").distinct().count() == 2
    assert PersonDecision.objects.values("prime").distinct().count() == 2
    assert_runs_change_nothing()
    assert arrivals.follow_judgements(by=BY) == {"judgements_followed": 0}


def test_a_judgement_that_is_taken_back_is_followed(sources):
    test_who_comes_apart_is_decided_apart(sources)
    judging.withdraw(Judgement.objects.get(), by=BY, reason="The passports were of somebody else, as it turns out.")
    assert arrivals.follow_judgements(by=BY) == {"judgements_followed": 1}
    assert Belonging.objects.filter(until=None).values("prime").distinct().count() == 1
    assert_runs_change_nothing()


def test_places_come_with_who_lives_there_and_follow_what_is_said_of_them(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    run()
    followed = send(west, [row("D1", "W1", POSTCODE="NH1 1AA", ADDRESS="1-3 Invented Street")])
    assert (followed.places, followed.vehicles, followed.numbers()["places_attached"]) == (2, 0, 2)
    edge = PlaceEdge.objects.select_related("left", "right").get()
    said = judging.Said("same", "officer", "I was there and looked.")
    judged = judging_things.judge(PLACE, (edge.left, edge.right), said, by=BY)
    assert arrivals.follow_judgements(by=BY) == {"judgements_followed": 1}
    assert PlaceBelonging.objects.filter(until=None).values("prime").distinct().count() == 1
    assert not PlaceEdge.objects.exists(), "nobody need be asked any more"
    judging_things.withdraw(PLACE, judged, by=BY, reason="It was the house next door.")
    assert arrivals.follow_judgements(by=BY) == {"judgements_followed": 1}
    assert PlaceBelonging.objects.filter(until=None).values("prime").distinct().count() == 2
    assert arrivals.follow_judgements(by=BY) == {"judgements_followed": 0}
    assert_runs_change_nothing()


def test_a_new_record_comes_under_old_holds_at_once(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME, **OLD)])
    run()
    proposal = holding.Proposal(
        title="Inquiry into woundings",
        authority="Letter of the inquiry of 1 June 2026",
        start=timezone.localdate(),
        scope={"keywords": ["wounding"]},
        controllers=tuple(Controller.objects.filter(code__in=["northshire", "westvale"])),
        decided_by="Chief Constable",
    )
    holding.place(proposal, by=BY)
    send(west, [row("D1", "W1", **HOME, **GRAVE, REPORTED="2026-05-01")])
    assert HeldRecord.objects.filter(record__reference="D1").count() == 1
    assert_runs_change_nothing()


def test_what_its_source_corrects_is_decided_anew(sources):
    north, _ = sources
    north.send([row("C1", "P1", **HOME, **OLD)])
    run()
    assert Review.objects.get(state="open").kind != "triggered"
    send(north, [row("C1", "P1", **HOME, **GRAVE, REPORTED="2026-05-01")], on="2026-07-01")
    left = Review.objects.get(state="open")
    assert (left.kind, left.trigger) == ("triggered", "group_moved"), "none is due, but no group moves unseen"
    assert_runs_change_nothing()


def test_before_the_first_run_the_next_run_is_named(sources):
    north, _ = sources
    waits = send(north, [row("C1", "P1", **HOME)]).waits
    assert waits.count("muniment resolve") == 2, "for people, and for places and vehicles"


def test_past_what_is_followed_one_by_one_the_worker_links_and_decides_everybody(sources, monkeypatch):
    north, west = sources
    north.send([row("C1", "P1", **HOME, **OLD)])
    run()
    monkeypatch.setattr(touched, "AT_ONCE", 0)
    assert "muniment work" in send(west, [row("D1", "W1", **HOME, **GRAVE, REPORTED="2026-05-01")]).waits
    assert not Belonging.objects.filter(nominal__reference="W1").exists()
    followed = crowds.follow(by=BY)
    assert (followed.nominals, followed.records, followed.waits) == (2, 2, "")
    assert Belonging.objects.filter(until=None).values("prime").distinct().count() == 1
    assert crowds.follow(by=BY) is None, "it is done once"
    assert_runs_change_nothing()


def by_another_worker():
    try:
        return crowds.follow(by=BY)
    finally:
        connection.close()


def test_of_many_who_ask_while_another_follows_none_is_forgotten(sources, monkeypatch):
    run()
    crowds.ask()
    schedule = crowds.scheduling.schedule

    def meanwhile(*given, **named):
        crowds.ask()
        with ThreadPoolExecutor(1) as beside:
            assert beside.submit(by_another_worker).result() is None, "one at a time"
        return schedule(*given, **named)

    monkeypatch.setattr(crowds.scheduling, "schedule", meanwhile)
    assert crowds.follow(by=BY).waits == ""
    monkeypatch.setattr(crowds.scheduling, "schedule", schedule)
    assert crowds.follow(by=BY) is not None
    assert crowds.follow(by=BY) is None


def test_without_a_model_a_crowd_is_told_so_once(controllers):
    crowds.ask()
    assert "muniment train" in crowds.follow(by=BY).waits
    assert crowds.follow(by=BY) is None, "the worker does not try again each round"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_runs_after_any_steps_change_nothing(sources, steps):
    forget_everybody()
    north, _ = sources
    run()
    for number, step in enumerate(steps):
        if isinstance(step, list):
            send(north, step, on=f"2026-06-{number + 1:02}")
            continue
        one, two, verdict = step
        judged = list(Nominal.objects.order_by("reference"))
        if one < two < len(judged):
            judging.judge(judged[one], judged[two], judging.Said(verdict, "document", "Passports seen."), by=BY)
            arrivals.follow_judgements(by=BY)
    assert_runs_change_nothing()


def test_who_is_on_a_record_no_longer_is_decided_anew(sources):
    north, _ = sources
    north.send([row("C1", "P1", **HOME, **OLD)])
    run()
    assert Review.objects.get(state="open").prime_id == Belonging.objects.get(nominal__reference="P1").prime_id
    send(north, [row("C1", "P2", **OTHER, **OLD)], on="2026-07-01")
    assert Review.objects.get(state="open").prime_id == Belonging.objects.get(nominal__reference="P2").prime_id
    assert_runs_change_nothing()
