"""Places and vehicles that come, change or go are attached at once, as one run over everything would have them."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import pytest
from django.apps import apps
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories.exports import COLUMNS, Source, row
from factories.steps import forget_everybody
from muniment import feeds
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, BatchRun
from muniment.core.verdicts import Refused
from muniment.objects import attaching, deciding
from muniment.objects.actions import judge as judging
from muniment.objects.actions.attach import attach
from muniment.objects.actions.resolve import resolve
from muniment.objects.kinds import PLACE, THINGS, VEHICLE
from muniment.objects.models import MarkToken, PlaceKey
from muniment.people.actions.judge import Said
from muniment.records.actions import take_in
from muniment.records.models import Involvement, Nominal, NominalFlag, Place, PlaceLink, Record, Vehicle
from muniment.records.touched import Touched, named_in
from muniment.retention.disposals import sweeping

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")
EXAMPLES = int(os.environ.get("MUNIMENT_TEST_ORDERS", "8"))
MORE = ("VRM", "VIN", "MAKE", "SCENE", "UPRN")
TOLD = """    vehicles:
      - {role: {value: used_in}, registration: VRM, vin: VIN, make: MAKE, person: person}
    places:
      - {role: {value: scene}, address: SCENE, uprn: UPRN}
"""
VIN, OTHER = "1M8GDM9AXKP042788", "WVWZZZ1JZXW000001"
_days = count(1)


@pytest.fixture
def source(controllers, tmp_path, monkeypatch):
    monkeypatch.setattr("factories.exports.COLUMNS", [*COLUMNS, *MORE])
    return Source(tmp_path, kind="delta").amend(("    event:\n", TOLD + "    event:\n"))


def hand_in(source, rows, follow=True):
    """Take rows in, each time under a later day, and attach what they tell of; return what that is."""
    day = next(_days)
    file = source.write(rows, f"{2027 + day // 336}-{1 + day // 28 % 12:02d}-{1 + day % 28:02d}")
    batch = feeds.read(source.feed, file)
    counts = take_in.take_in(batch, by=BY, absence_limit=1.0)
    told = named_in(batch) | counts.before
    if follow:
        attach(told, by=BY)
    return told


def destroy(reference):
    """Destroy a record and its person, as a disposal does."""
    records = Record.objects.filter(reference=f"C{reference}")
    nominals = Nominal.objects.filter(reference=f"P{reference}")
    keys = list(nominals.values_list("pk", flat=True))
    with transaction.atomic():
        gone = sweeping.Gone()
        for record in records:
            sweeping.delete_record(record, gone)
        gone.unlink(nominals=keys)
        for model in (Involvement, NominalFlag):
            model.objects.filter(nominal__in=keys).delete()
        nominals.delete()
        attaching.let_go(gone.things)


def name(member):
    return f"{member.partition} {member.written} {getattr(member, 'vin', '')}"


def together(thing):
    groups = {}
    for each in thing.belonging.objects.filter(until=None).select_related("member"):
        groups.setdefault(each.prime_id, set()).add(name(each.member))
    return sorted(map(sorted, groups.values()))


def asked(thing):
    edges = thing.edge.objects.select_related("left", "right")
    return sorted((*sorted((name(each.left), name(each.right))), each.level) for each in edges)


def groups():
    """Return which are one and which pairs wait, of both kinds."""
    return {kind: (together(thing), asked(thing)) for kind, thing in THINGS.items()}


def state():
    """Return the groups, the references, the links and what is looked up."""
    primes = [sorted(each.prime.objects.values_list("pk", "anchor_key", "redirects_to")) for each in THINGS.values()]
    links = sorted(PlaceLink.objects.values_list("place", "record", "nominal", "role"), key=str)
    tokens = sorted(MarkToken.objects.values_list("vehicle", "token"))
    return groups(), primes, links, tokens, sorted(PlaceKey.objects.values_list("place", "key"))


def assert_a_run_changes_nothing():
    held = state()
    counts = resolve(by=BY)
    assert (counts.made, counts.retired, counts.revived, counts.moved) == (0, 0, 0, 0)
    assert state() == held


def as_one_run():
    """Return what one run makes of what is held, had nothing been resolved before."""
    with connection.cursor() as cursor:
        names = [model._meta.db_table for each in THINGS.values() for model in (each.prime, each.belonging, each.edge)]
        cursor.execute(f"TRUNCATE {', '.join(names)}, objects_placekey, objects_marktoken")
        cursor.execute("DELETE FROM records_placelink WHERE row_id IS NULL")
        for thing in THINGS.values():
            cursor.execute(f"UPDATE {thing.member._meta.db_table} SET standard = ''")
    resolve(by=BY)
    return groups()


# Few values, so that nearly every pair has something in common: ranges, towns with and without postcode, moved marks.
PLACES = st.sampled_from(
    ["12 High Street, Wick", "12-14 High Street, Wick", "14 High St, Wick", "Flat 1, 12 High Street, Wick", "NFA", ""]
)
TELLINGS = st.fixed_dictionaries(
    {
        "ADDRESS": PLACES,
        "POSTCODE": st.sampled_from(["NH1 1AA", "NH1 1AB", ""]),
        "SCENE": PLACES,
        "UPRN": st.sampled_from(["", "", "10", "11"]),
        "VRM": st.sampled_from(["AB12 CDE", "A812 CDE", "XY12 ZZZ", "", "unknown"]),
        "VIN": st.sampled_from(["", "", VIN, OTHER]),
        "MAKE": st.sampled_from(["FORD", "AUDI", "", ""]),
    }
)
NUMBERS = st.integers(1, 6)
KINDS = st.sampled_from(["place", "vehicle"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.lists(st.tuples(NUMBERS, TELLINGS), min_size=1, max_size=4)),
        st.tuples(st.just("send"), st.lists(st.tuples(NUMBERS, TELLINGS), min_size=1, max_size=2)),
        st.tuples(st.just("judge"), st.tuples(KINDS, NUMBERS, NUMBERS, st.sampled_from(["same", "different"]))),
        st.tuples(st.just("undo"), st.tuples(KINDS, NUMBERS)),
        st.tuples(st.just("destroy"), NUMBERS),
        st.tuples(st.just("seal"), NUMBERS),
    ),
    min_size=3,
    max_size=8,
)


def attach_judged(thing, judgement):
    attach(Touched(**{thing.several: frozenset((judgement.left_id, judgement.right_id))}), by=BY)


def act(step, source):
    kind, what = step
    if kind == "send":
        rows = {number: row(f"C{number}", f"P{number}", **told) for number, told in what}
        hand_in(source, list(rows.values()))
    elif kind == "judge":
        thing, *pair, verdict = THINGS[what[0]], *what[1:]
        members = list(thing.member.objects.order_by("partition", "key"))
        pair = [members[number % len(members)] for number in pair if members]
        try:
            if pair:
                attach_judged(
                    thing, judging.judge(thing, pair, Said(verdict, "officer", "I was there and looked."), by=BY)
                )
        except Refused as refusal:
            assert re.search("one and the same|say otherwise|kept apart", str(refusal))  # tested elsewhere
    elif kind == "undo":
        thing, which = THINGS[what[0]], what[1]
        for judgement in thing.judgement.objects.filter(superseded_at=None).order_by("pk")[which - 1 : which]:
            judging.withdraw(thing, judgement, by=BY, reason="It was the one next to it.")
            attach_judged(thing, judgement)
    elif kind == "seal":
        hand_in(source, [row(f"C{what}", ACTION="S", ENTITY="record"), row(f"P{what}", ACTION="S", ENTITY="nominal")])
    else:
        destroy(what)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_in_any_order_it_is_as_one_run_has_it(source, steps):
    forget_everybody()
    with connection.cursor() as cursor:
        every = [model._meta.db_table for model in apps.get_app_config("objects").get_models()]
        cursor.execute(f"TRUNCATE {', '.join(every)}")
    resolve(by=BY)
    for step in steps:
        act(step, source)
    assert_a_run_changes_nothing()
    held = groups()
    assert held == as_one_run()


def test_a_place_whose_only_record_is_sealed_as_it_comes_is_read_for_who_is_written_there_openly(source):
    resolve(by=BY)
    hand_in(source, [row("C1", ACTION="S", ENTITY="record")])
    at = "1 Mill Road, Wick"
    hand_in(source, [row("C2", "P2", ADDRESS=at, POSTCODE=""), row("C1", "P1", SCENE=at, POSTCODE="")])
    assert together(PLACE) == [[f"policing {at} "], [f"sealed {at} "]]
    assert_a_run_changes_nothing()


def test_what_comes_is_joined_asked_about_and_told(source):
    hand_in(source, [row("C1", "P1", ADDRESS="12 High Street", POSTCODE="NH1 1AA", VRM="AB12 CDE")], follow=False)
    resolve(by=BY)
    told = hand_in(source, [row("C2", "P2", ADDRESS="12-14 High St", POSTCODE="NH1 1AA", VRM="ab12cde", VIN=VIN)])
    assert together(VEHICLE) == [["policing AB12 CDE ", f"policing AB12 CDE {VIN}"]]
    assert [level for *_, level in asked(PLACE)] == ["contains"]
    event = AuditEvent.objects.get(action="objects.attach")
    assert event.subject == "1 records, 1 nominals, 0 places, 0 vehicles"
    assert (event.detail["places"], event.detail["vehicles"], event.detail["made"]) == (2, 2, 1)
    again = attach(told, by=BY)
    assert (again.places, again.vehicles) == (0, 0), "what is told again is decided already"
    assert_a_run_changes_nothing()


def test_whose_last_telling_says_otherwise_goes_and_those_it_held_together_part(source):
    """The row is told again about another record: of the first nothing is left that leads to the vehicle."""
    source.amend(("    record:\n", "    key: [PERSON]\n    record:\n"))
    rows = [
        row("C1", "P1", VRM="AB12 CDE"),
        row("C2", "P2", VRM="AB12 CDE", VIN=VIN, SCENE="1 Mill Road, Wick"),
        row("C3", "P3", VIN=VIN),
    ]
    hand_in(source, rows, follow=False)
    resolve(by=BY)
    assert len(together(VEHICLE)) == 1
    Record.objects.filter(reference="C2").update(location="2 Mill Road, Wick")
    hand_in(source, [row("C4", "P2", VRM="XY12 ZZZ")])
    assert len(together(VEHICLE)) == 3
    assert not Vehicle.objects.filter(mark="AB12CDE").exclude(vin="").exists()
    assert [each.text for each in Place.objects.filter(links__record__reference="C2")] == ["2 Mill Road, Wick"]
    assert_a_run_changes_nothing()


def judged(verdict, one, two, follow=True):
    """Judge two vehicles, by their marks, whatever else was said."""
    pair = [Vehicle.objects.get(mark=mark) for mark in (one, two)]
    against = judging.saying.contradiction(VEHICLE, pair[0].pk, pair[1].pk, verdict)
    said = Said(verdict, "officer", "I was there and looked.", despite=against.digest if against else "")
    made = judging.judge(VEHICLE, tuple(pair), said, by=BY)
    if follow:
        attach_judged(VEHICLE, made)
    return made


def marks():
    return [[each.split()[1] for each in group] for group in together(VEHICLE)]


@pytest.fixture
def unlike(source):
    """Three vehicles that share no key."""
    rows = [row(f"C{n}", f"P{n}", VRM=mark) for n, mark in enumerate(["AB12CDE", "CD34EFG", "EF56GHJ"])]
    hand_in(source, rows, follow=False)
    resolve(by=BY)
    return source


def test_what_was_said_to_be_the_same_is_decided_with_what_goes(unlike):
    judged("same", "AB12CDE", "CD34EFG")
    judged("different", "AB12CDE", "EF56GHJ")
    judged("same", "CD34EFG", "EF56GHJ")
    assert len(marks()) == 2, "the one that separates counts"
    destroy(0)
    assert len(marks()) == 1, "nothing separates them any more"
    assert_a_run_changes_nothing()


@pytest.mark.parametrize("mark", ["AB12CDE", "CD34EFG"])
def test_what_was_shown_as_one_is_decided_with_what_comes(unlike, mark):
    said = judged("same", "AB12CDE", "CD34EFG")
    assert len(marks()) == 2
    judging.withdraw(VEHICLE, said, by=BY, reason="It was the one next to it.")
    hand_in(unlike, [row("C9", "P9", VRM=mark, MAKE="FORD")])
    assert len(marks()) == 3
    assert_a_run_changes_nothing()


def test_what_nothing_tells_of_and_was_not_followed_joins_nothing_any_more(source):
    source.amend(("    record:\n", "    key: [PERSON]\n    record:\n"))
    rows = [row(f"C{n}", f"P{n}", **told) for n, told in enumerate(LINKED)]
    hand_in(source, rows, follow=False)
    resolve(by=BY)
    hand_in(source, [row("C2", "P2")], follow=False)
    hand_in(source, [row("C9", "P9", VRM="AB12 CDE", MAKE="FORD")])
    assert [len(group) for group in together(VEHICLE)] == [2, 1]
    assert not Vehicle.objects.filter(links=None).exists()


def test_what_is_of_a_sealed_record_is_apart_at_once(source):
    rows = [row(f"C{n}", f"P{n}", VRM="AB12 CDE", ADDRESS="1 Mill Road, Wick", POSTCODE="NH1 1AA") for n in (1, 2)]
    hand_in(source, rows, follow=False)
    resolve(by=BY)
    act(("seal", 1), source)
    for thing in THINGS.values():
        assert [[each.split()[0] for each in group] for group in together(thing)] == [["policing"], ["sealed"]]
    assert_a_run_changes_nothing()


def test_before_the_first_run_and_by_other_words_a_run_is_asked_for(source):
    told = hand_in(source, [row("C1", "P1", VRM="AB12 CDE")], follow=False)
    with pytest.raises(attaching.NoRun, match="muniment resolve"):
        attach(told, by=BY)
    destroy(1)
    assert not Vehicle.objects.exists()
    resolve(by=BY)
    BatchRun.objects.filter(kind="objects").update(versions={"standard": "of another day"})
    with pytest.raises(attaching.NoRun, match="words"):
        attach(told, by=BY)


LINKED = (
    {"VRM": "AB12 CDE", "ADDRESS": "12 High Street", "POSTCODE": "NH1 1AA"},
    {"VIN": VIN, "SCENE": "The corner shop, Wick", "UPRN": "10"},
    {"VRM": "AB12 CDE", "VIN": VIN, "SCENE": "12 High St, NH1 1AA", "UPRN": "10"},
)


def slowed(monkeypatch):
    decide = deciding.decide

    def late(*given):
        time.sleep(0.15)  # so that, did they not take turns, neither would see what the other does
        return decide(*given)

    monkeypatch.setattr(deciding, "decide", late)


@pytest.mark.parametrize("first", [0, 1])
def test_two_at_once_of_whom_one_has_the_missing_link(source, monkeypatch, first):
    resolve(by=BY)
    slowed(monkeypatch)
    rows = [row(f"C{n}", f"P{n}", **told) for n, told in enumerate(LINKED)]
    batches = [hand_in(source, some, follow=False) for some in (rows[:2], rows[2:])]
    ready = Barrier(2)

    def work(which):
        ready.wait()
        time.sleep(0.0 if which == first else 0.02)
        try:
            attach(batches[which], by=BY)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        list(both.map(work, (0, 1)))
    assert [len(group) for group in together(VEHICLE)] == [3]
    assert [len(group) for group in together(PLACE)] == [3]
    assert_a_run_changes_nothing()


@pytest.mark.parametrize("what", ["comes", "goes", "came and goes"])
def test_what_is_attached_while_a_run_computes_stands_on_what_it_publishes(source, monkeypatch, what):
    rows = [row(f"C{n}", f"P{n}", **told) for n, told in enumerate(LINKED)]
    hand_in(source, rows if what == "goes" else rows[:2], follow=False)
    resolve(by=BY)
    if what == "came and goes":  # so that what is attached finds all as it was before
        hand_in(source, rows[2:], follow=False)
    decide, is_first = deciding.decide, iter([True])

    def meanwhile(*given):
        found = decide(*given)
        if next(is_first, False):
            if what == "comes":
                hand_in(source, rows[2:])
            else:
                destroy(2)
        return found

    monkeypatch.setattr(deciding, "decide", meanwhile)
    resolve(by=BY)
    # Only of the kind that was read before is anything to be mended; the other is read after it.
    assert [len(group) for group in together(PLACE)] == ([3] if what == "comes" else [1, 1])
    assert [len(group) for group in together(VEHICLE)] == ([3] if what == "comes" else [1, 1])
    assert_a_run_changes_nothing()
