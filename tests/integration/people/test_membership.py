"""Who made up a person as at any day, as known on any day: nothing that was known is ever rewritten."""

import os
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories.exports import Source, row
from factories.linkage import activate_model
from factories.steps import BY, NUMBERS, PEOPLE, do, forget_everybody, keys, together
from muniment.people import forgetting
from muniment.people.actions import judge as judging
from muniment.people.actions.attach import attach
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging, Judgement, PrimePerson
from muniment.people.queries import find_by_reference
from muniment.people.shown import membership
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True)

HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
EXAMPLES = int(os.environ.get("MUNIMENT_TEST_ORDERS", "8"))
FAR = date(2030, 1, 1)


@pytest.fixture
def north(controllers, tmp_path):
    activate_model(every_feature=True)
    return Source(tmp_path, kind="delta")


def moment():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def snapshot():
    """Return who is of whom now, and on which days their sources had them, from the nominals themselves."""
    held = Belonging.objects.filter(until=None).select_related("nominal")
    return {each.nominal_id: (each.prime_id, each.nominal.seen_first, each.nominal.withdrawn_on) for each in held}


def as_known(known_by):
    held = membership.recorded(known_by)
    assert len({each.nominal_id for each in held}) == len(held), "one belongs to two at once"
    return {each.nominal_id: (each.prime_id, each.valid_from, each.valid_until) for each in held}


def as_at(day, known_by):
    every = PrimePerson.objects.values_list("pk", flat=True)
    found = membership.members(every, as_at=day, known_by=known_by)
    return {each.nominal_id: each.prime_id for each in found}


DAYS = st.integers(1, 360)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.lists(st.tuples(NUMBERS, PEOPLE), min_size=1, max_size=4)),
        st.tuples(st.just("judge"), st.tuples(NUMBERS, NUMBERS, st.sampled_from(["same", "different"]))),
        st.tuples(st.just("undo"), NUMBERS),
        st.tuples(st.just("event"), st.tuples(st.sampled_from("DMX"), NUMBERS, NUMBERS, DAYS)),
        st.tuples(st.just("forget"), NUMBERS),
        st.tuples(st.just("run"), st.none()),
    ),
    min_size=3,
    max_size=8,
)


def act(step, north, at):
    """Do a step; `at` numbers the files of events, which each come in one of their own."""
    kind, what = step
    if kind == "run":
        resolve(by=BY)
    elif kind == "undo":
        standing = list(Judgement.objects.filter(superseded_at=None).order_by("pk"))
        for judgement in standing[what - 1 : what]:
            judging.withdraw(judgement, by=BY, reason="It was said of two other people.")
            attach([judgement.left_id, judgement.right_id], by=BY)
    elif kind == "event":
        action, one, two, day = what
        told = {"ACTION": action, "ENTITY": "nominal", "INTO": f"P{two}" if action != "D" else ""}
        dated = (date(2026, 1, 1) + timedelta(days=day)).isoformat()
        north.send([row(f"P{one}", REPORTED=dated, **told)], on=f"2027-{at:02d}-01")
        attach(keys(f"P{one}", f"P{two}"), by=BY)
    else:
        do(step, north, lambda some: attach(some, by=BY))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_what_was_known_stays_known_whatever_comes(north, steps):
    """As known at any moment equals what stood then, but for those who were destroyed since; so it is for any day."""
    forget_everybody()
    resolve(by=BY)
    known, references = [], set()
    for at, step in enumerate(steps, 1):
        act(step, north, at)
        known.append((moment(), snapshot()))
        references |= set(PrimePerson.objects.values_list("pk", flat=True))
    left = set(Nominal.objects.values_list("pk", flat=True))
    for known_by, stood in known:
        expected = {key: told for key, told in stood.items() if key in left}
        assert as_known(known_by) == expected
        for day in {date(2026, 1, 1), *(day for _, *days in expected.values() for day in days if day)}:
            told = {
                key: prime
                for key, (prime, first, gone) in expected.items()
                if first <= day and (not gone or day < gone)
            }
            assert as_at(day, known_by) == told
    assert not Belonging.objects.exclude(nominal__in=left).exists()
    for prime in PrimePerson.objects.filter(pk__in=references):
        found = find_by_reference(prime.reference)
        borne = Belonging.objects.filter(prime=prime).exists()
        assert not borne or Belonging.objects.filter(prime=found, until=None).exists(), "a reference leads to nobody"


def test_a_merge_retires_a_reference_and_taking_it_back_revives_the_same(north):
    north.send([row("C1", "P1", **HOME), row("C2", "P2", SURNAME="Quite", BORN="1955-11-30")])
    resolve(by=BY)
    one, two = (Belonging.objects.get(nominal__reference=name).prime for name in ("P1", "P2"))
    before = moment()
    pair = Nominal.objects.order_by("pk")
    said = judging.judge(*pair, judging.Said("same", "document", "One passport for both of them."), by=BY)
    attach([each.pk for each in pair], by=BY)
    joined = moment()
    assert find_by_reference(two.reference) == one
    judging.withdraw(said, by=BY, reason="It was the passport of another.")
    resolve(by=BY)
    pair = list(pair)
    judging.judge(*pair, judging.Said("different", "document", "Two passports seen together."), by=BY)
    attach([each.pk for each in pair], by=BY)
    two.refresh_from_db()
    assert (two.retired_at, two.redirects_to) == (None, None)
    assert Belonging.objects.get(nominal__reference="P2", until=None).prime == two
    now = moment()
    assert {len(as_known(each)) for each in (before, joined, now)} == {2}
    assert set(as_at(FAR, joined).values()) == {one.pk}
    assert set(as_at(FAR, before).values()) == set(as_at(FAR, now).values()) == {one.pk, two.pk}
    then = membership.as_known(two, as_at=FAR, known_by=joined)
    assert then.own is None
    assert [(each.prime, len(each.told)) for each in then.others] == [(one, 2)]


def test_what_a_source_tells_late_changes_what_is_true_and_not_what_was_known(north):
    """Deleted at source on 3 May, told on 1 July: known since then, true since May."""
    north.send([row("C1", "P1", **HOME), row("C2", "P2", **HOME)], on="2026-04-01")
    resolve(by=BY)
    before = moment()
    north.send([row("P2", ACTION="D", ENTITY="nominal", REPORTED="2026-05-03")], on="2026-07-01")
    attach(keys("P2"), by=BY)
    after, (gone,) = moment(), keys("P2")
    assert together() == [["P1", "P2"]], "who is withdrawn at source is still part of the person here"
    assert len(as_at(date(2026, 6, 1), before)) == 2
    assert gone not in as_at(date(2026, 6, 1), after)
    assert gone in as_at(date(2026, 5, 2), after)
    assert as_at(date(2026, 3, 31), after) == {}


def test_what_is_destroyed_is_in_no_history(north):
    north.send([row("C1", "P1", **HOME), row("C2", "P2", **HOME)])
    resolve(by=BY)
    both, gone = moment(), keys("P1")
    prime = PrimePerson.objects.get()
    with transaction.atomic():
        forgetting.forget(gone)
        Nominal.objects.filter(pk__in=gone).delete()
    assert [each.nominal.reference for each in membership.recorded(both)] == ["P2"]
    then = membership.as_known(prime, as_at=FAR, known_by=both)
    assert [each.nominal.reference for each in then.own.told] == ["P2"]


def test_the_end_of_a_day_is_midnight_here():
    ends = membership.end_of(date(2026, 7, 1))
    assert timezone.localtime(ends).date() == date(2026, 7, 2)
    assert ends.utcoffset() == timedelta(hours=1)
