"""Who comes, changes or goes is attached at once, as a run over everybody would have it."""

import os
from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories.exports import Source, row
from factories.linkage import activate_model
from factories.steps import NUMBERS, PEOPLE, as_one_run, do, forget_everybody, keys, together
from muniment.batch.matching.keys import keys_of
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.people import handing_over
from muniment.people.actions import judge as judging
from muniment.people.actions.attach import attach
from muniment.people.actions.resolve import resolve
from muniment.people.linking import (
    attaching,
    candidates,
    comparing,
    held_pairs,
    linkage_models,
    neighbourhood,
    nominal_tables,
)
from muniment.people.models import MatchEdge, PrimePerson, SearchToken
from muniment.people.watching import runs
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
PNCID = "2001/0000019K"
AS_KEPT = held_pairs.HeldPair.tells_weight
EXAMPLES = int(os.environ.get("MUNIMENT_TEST_ORDERS", "8"))


@pytest.fixture
def sources(controllers, tmp_path):
    activate_model(every_feature=True)
    return Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")


def edges():
    """Return what is known of pairs, and which of them wait for a person."""
    told = MatchEdge.objects.values_list(
        "left__reference", "right__reference", "is_automatic", "blocked_by", "needs_person", "were_one", "weight"
    )
    return sorted((*rest, round(weight, 4)) for *rest, weight in told)


def tokens():
    return sorted(SearchToken.objects.values_list("nominal__reference", "kind", "token"))


def assert_a_run_changes_nothing():
    held = together(), edges(), tokens(), list(PrimePerson.objects.order_by("pk").values_list("pk", "redirects_to"))
    counts = resolve(by=BY)
    assert (counts.made, counts.retired, counts.revived, counts.moved) == (0, 0, 0, 0)
    now = together(), edges(), tokens(), list(PrimePerson.objects.order_by("pk").values_list("pk", "redirects_to"))
    assert now == held


def test_who_comes_is_joined_at_once(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    resolve(by=BY)
    west.send([row("D1", "W1", **HOME)])
    done = attach(keys("W1"), by=BY)
    assert together() == [["P1", "W1"]]
    assert done.primes == frozenset(PrimePerson.objects.values_list("pk", flat=True))
    assert_a_run_changes_nothing()


def test_the_missing_link_joins_two_who_were_apart(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", ADDRESS="99 Elsewhere Road", PNCID=PNCID)])
    resolve(by=BY)
    assert together() == [["P1"], ["W1"]]
    north.send([row("C2", "P2", **HOME, PNCID=PNCID)], on="2026-06-02")
    attach(keys("P2"), by=BY)
    assert together() == [["P1", "P2", "W1"]]
    assert PrimePerson.objects.filter(retired_at__isnull=False).count() == 1
    assert_a_run_changes_nothing()


def test_who_moves_house_stays_and_waits_for_a_person(sources):
    test_who_comes_is_joined_at_once(sources)
    _, west = sources
    west.send([row("D1", "W1", POSTCODE="WV9 9ZZ", PHONE="07700900777")], on="2026-07-01")
    attach(keys("W1"), by=BY)
    assert together() == [["P1", "W1"]]
    assert MatchEdge.objects.get().needs_person
    assert_a_run_changes_nothing()


def test_who_is_one_only_because_they_were_stays_so_when_something_else_changes(sources):
    test_who_moves_house_stays_and_waits_for_a_person(sources)
    _, west = sources
    west.send([row("D1", "W1", POSTCODE="WV9 9ZZ", PHONE="07700900778")], on="2026-08-01")
    attach(keys("W1"), by=BY)
    assert together() == [["P1", "W1"]]
    assert_a_run_changes_nothing()


def test_who_comes_with_one_half_of_a_person_may_be_the_likest_to_the_other_half(sources):
    """Two who were one only for an identifier are asked about by their likest pair, which is with somebody new."""
    north, _ = sources
    one = {"FORENAME": "Marlow", "BORN": "1980-01-01", "PNCID": PNCID, "PHONE": "07700900123"}
    north.send([row("C1", "P1", **one, SURNAME="Fictionale", POSTCODE="WV9 9ZZ"), row("C2", "P2", **one)])
    resolve(by=BY)
    assert together() == [["P1", "P2"]]
    now = {"FORENAME": "Marlo", "BORN": "1980-05-12", "PHONE": "07700900777"}
    north.send([row("C2", "P2", **now, POSTCODE="NH1 1AA"), row("C3", "P3", **now)], on="2026-07-01")
    attach(keys("P2", "P3"), by=BY)
    assert together() == [["P1", "P2", "P3"]]
    assert [(left, right) for left, right, *_, were_one, _ in edges() if were_one] == [("P1", "P3")]
    assert_a_run_changes_nothing()


def test_who_may_be_either_of_two_goes_to_neither_and_to_one_when_the_other_is_corrected(sources):
    north, west = sources
    phone, home = {"PHONE": "07700900123"}, {"ADDRESS": "1 Invented Street"}
    north.send([row("C1", "P1", PNCID=PNCID, **phone), row("C2", "P2", **phone, **home)])
    resolve(by=BY)
    assert together() == [["P1", "P2"]]
    west.send([row("D1", "W1", PNCID="1997/9000008T", **home)])
    attach(keys("W1"), by=BY)
    assert together() == [["P1", "P2"], ["W1"]]
    assert MatchEdge.objects.filter(blocked_by="contested").exists()
    assert_a_run_changes_nothing()
    north.send([row("C1", "P1", **phone)], on="2026-07-01")
    attach(keys("P1"), by=BY)
    assert together() == [["P1", "P2", "W1"]]
    assert_a_run_changes_nothing()


def test_a_judgement_is_followed_at_once(sources):
    test_who_comes_is_joined_at_once(sources)
    left, right = Nominal.objects.order_by("pk")
    judging.judge(left, right, judging.Said("different", "document", "Two passports seen by the desk."), by=BY)
    attach([left.pk, right.pk], by=BY)
    assert together() == [["P1"], ["W1"]]
    assert_a_run_changes_nothing()


def test_of_two_held_to_differ_an_identifier_that_comes_asks_again_at_once(sources):
    """Nothing but the judgement leads from the one to the other: who has come is looked at beside whoever it names."""
    north, west = sources
    north.send([row("C1", "P1", FORENAME="Tansy", PNCID=PNCID)])
    west.send([row("D1", "W1", FORENAME="Marlow")])
    resolve(by=BY)
    left, right = Nominal.objects.order_by("pk")
    judging.judge(left, right, judging.Said("different", "document", "Two passports seen by the desk."), by=BY)
    attach([left.pk, right.pk], by=BY)
    west.send([row("D1", "W1", FORENAME="Marlow", PNCID=PNCID)], on="2026-07-01")
    done = attach(keys("W1"), by=BY)
    assert done.reopened == 1
    assert together() == [["P1"], ["W1"]], "it stands until somebody has judged again"
    assert [(reason, waits) for _, _, _, reason, waits, *_ in edges()] == [("reopened", True)]
    assert_a_run_changes_nothing()


def test_who_is_sealed_leaves_the_others_at_once(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME), row("C2", "P2", **HOME)])
    west.send([row("D1", "W1", **HOME)])
    resolve(by=BY)
    assert together() == [["P1", "P2", "W1"]]
    north.send([row("P1", ACTION="S", ENTITY="nominal")], on="2026-06-02")
    attach(keys("P1"), by=BY)
    assert together() == [["P1"], ["P2", "W1"]]
    assert_a_run_changes_nothing()


def test_who_was_sealed_and_waits_for_a_turn_is_compared_with_nobody_open(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    resolve(by=BY)
    north.send([row("P1", ACTION="S", ENTITY="nominal")], on="2026-06-02")
    west.send([row("D1", "W1", **HOME)])
    attach(keys("W1"), by=BY)
    assert together() == [["P1"], ["W1"]]
    assert not MatchEdge.objects.exists()
    assert_a_run_changes_nothing()


def test_who_came_while_a_run_computed_is_attached_to_what_it_publishes(sources, monkeypatch):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    resolve(by=BY)
    computed = runs.tell

    def meanwhile(*given, **kinds):
        made = computed(*given, **kinds)
        west.send([row("D1", "W1", **HOME)])
        attach(keys("W1"), by=BY)
        return made

    monkeypatch.setattr(runs, "tell", meanwhile)
    resolve(by=BY)
    assert together() == [["P1", "W1"]]
    assert MatchEdge.objects.count() == 1


def test_before_the_first_run_nobody_is_attached(sources):
    north, _ = sources
    north.send([row("C1", "P1", **HOME)])
    with pytest.raises(linkage_models.NoModel, match="muniment resolve"):
        attach(keys("P1"), by=BY)


def test_when_the_lists_have_changed_nobody_is_attached_until_a_run_has_read_everybody_anew(sources):
    test_who_comes_is_joined_at_once(sources)
    run = BatchRun.objects.filter(kind="resolve").latest("pk")
    BatchRun.objects.filter(pk=run.pk).update(versions=run.versions | {"lists": "of another day"})
    with pytest.raises(linkage_models.NoModel, match="lists"):
        attach(keys("W1"), by=BY)
    assert together() == [["P1", "W1"]]


def test_by_a_key_that_the_last_run_left_out_nobody_is_compared(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    resolve(by=BY)
    run = BatchRun.objects.filter(kind="resolve").latest("pk")
    (known,) = nominal_tables.held(keys("P1"), on=linkage_models.published().scales.on)
    BatchRun.objects.filter(pk=run.pk).update(versions=run.versions | {"overgrown": keys_of(known)})
    west.send([row("D1", "W1", **HOME)])
    attach(keys("W1"), by=BY)
    assert together() == [["P1"], ["W1"]]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.lists(st.tuples(NUMBERS, PEOPLE), min_size=1, max_size=4)),
        st.tuples(st.just("send"), st.lists(st.tuples(NUMBERS, PEOPLE), min_size=1, max_size=2)),
        st.tuples(st.just("judge"), st.tuples(NUMBERS, NUMBERS, st.sampled_from(["same", "different"]))),
        st.tuples(st.just("forget"), NUMBERS),
    ),
    min_size=3,
    max_size=7,
)


def weighed_by(data, monkeypatch):
    """Have what is attached next read and weighed one by one, or by the set engine, and handed over likewise.

    Pairs of two who have not changed are taken as they are kept, or weighed again.
    """
    few = 0 if data.draw(st.booleans(), label="by the set engine") else 10_000
    for module in (candidates, comparing, handing_over, held_pairs, nominal_tables):
        monkeypatch.setattr(module, "FEW", few)
    kept = AS_KEPT if data.draw(st.booleans(), label="as kept") else lambda *_: False
    monkeypatch.setattr(held_pairs.HeldPair, "tells_weight", kept)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, data=st.data())
def test_in_any_order_and_either_way_it_is_as_one_run_has_it(sources, monkeypatch, steps, data):
    """Without those who stand because they were one before: their order is what they are about."""
    forget_everybody()
    north, _ = sources
    resolve(by=BY)

    def attach_some(some):
        weighed_by(data, monkeypatch)
        with transaction.atomic():
            attaching.take_turn()
            published = linkage_models.published()
            near = neighbourhood.around(some, published)
            attaching.publish_around(replace(near, shown=[]), published)

    for step in steps:
        do(step, north, attach_some)
    assert together() == as_one_run()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, data=st.data())
def test_a_run_after_any_steps_changes_nothing(sources, monkeypatch, steps, data):
    forget_everybody()
    north, _ = sources
    resolve(by=BY)

    def attach_some(some):
        weighed_by(data, monkeypatch)
        attach(some, by=BY)

    for step in steps:
        do(step, north, attach_some)
    assert_a_run_changes_nothing()
