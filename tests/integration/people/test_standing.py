"""Shown as one person before, and joined by nothing any more: a person is asked, or the two come apart."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from factories.cast import refresh
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.people.actions import judge as judging
from muniment.people.actions.resolve import resolve
from muniment.people.linking import pairs
from muniment.people.models import Belonging, MatchEdge, PrimePerson
from muniment.records.models import Nominal, Record

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
MOVED = {"POSTCODE": "WV9 9ZZ", "PHONE": "07700900777", "ADDRESS": "99 Elsewhere Road"}
ANOTHER_MAN = {"FORENAME": "Barnaby", "SURNAME": "Quite", "BORN": "1955-11-30", **MOVED}


@pytest.fixture
def sources(controllers, tmp_path):
    activate_model()
    return Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")


@pytest.fixture
def one(sources):
    """One person known to two forces, and the source that will tell of the second anew."""
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", **HOME)])
    resolve(by=BY)
    assert together() == [["P1", "W1"]]
    return west


def together():
    groups = {}
    for each in Belonging.objects.filter(until=None).select_related("nominal"):
        groups.setdefault(each.prime_id, set()).add(each.nominal.reference)
    return sorted(map(sorted, groups.values()))


def asked():
    """Return whom a person is asked about, and why."""
    waiting = MatchEdge.objects.filter(needs_person=True)
    return sorted((edge.left.reference, edge.right.reference, edge.blocked_by) for edge in waiting)


def is_settled(reference):
    key = Record.objects.get(reference=reference).pk
    return pairs.waiting_on([key]).is_settled(key)


def judged(verdict, one="P1", two="W1"):
    left, right = Nominal.objects.get(reference=one), Nominal.objects.get(reference=two)
    return judging.judge(left, right, judging.Said(verdict, "document", "Passport seen by the desk."), by=BY)


def test_who_moves_house_stays_and_a_person_is_asked(one):
    one.send([row("D1", "W1", **MOVED)], on="2026-07-01")
    counts = resolve(by=BY)
    assert (together(), counts.doubtful) == ([["P1", "W1"]], 1)
    assert asked() == [("P1", "W1", "support")]
    resolve(by=BY)
    assert asked() == [("P1", "W1", "support")], "until somebody has answered"


def test_same_settles_it(one):
    one.send([row("D1", "W1", **MOVED)], on="2026-07-01")
    resolve(by=BY)
    judged("same")
    assert is_settled("C1")
    resolve(by=BY)
    assert (together(), asked()) == ([["P1", "W1"]], [])


def test_different_takes_them_apart(one):
    one.send([row("D1", "W1", **MOVED)], on="2026-07-01")
    resolve(by=BY)
    judged("different")
    assert not is_settled("C1"), "until a run has followed"
    counts = resolve(by=BY)
    assert (together(), counts.made + counts.revived) == ([["P1"], ["W1"]], 1)
    assert is_settled("C1")


def test_what_is_told_as_it_was_joins_again_without_a_question(one):
    one.send([row("D1", "W1", **MOVED)], on="2026-07-01")
    resolve(by=BY)
    one.send([row("D1", "W1", **HOME)], on="2026-07-02")
    resolve(by=BY)
    assert (together(), asked()) == ([["P1", "W1"]], [])


def test_another_man_under_the_same_reference_comes_apart_and_a_person_is_asked(one):
    one.send([row("D1", "W1", **ANOTHER_MAN)], on="2026-07-01")
    resolve(by=BY)
    for _ in range(2):
        assert together() == [["P1"], ["W1"]]
        assert asked() == [("P1", "W1", "parted")], "until somebody has answered"
        resolve(by=BY)
    judged("different")
    resolve(by=BY)
    assert (together(), asked()) == ([["P1"], ["W1"]], [])


def test_who_came_apart_is_one_again_when_a_person_says_so(one):
    one.send([row("D1", "W1", **ANOTHER_MAN)], on="2026-07-01")
    resolve(by=BY)
    judged("same")
    resolve(by=BY)
    assert (together(), asked()) == ([["P1", "W1"]], [])


def test_who_a_person_joined_stays_joined_whatever_their_source_tells(one):
    judged("same")
    one.send([row("D1", "W1", **ANOTHER_MAN)], on="2026-07-01")
    resolve(by=BY)
    assert (together(), asked()) == ([["P1", "W1"]], [])


def test_other_identifiers_than_before_are_asked_about(sources):
    north, west = sources
    north.send([row("C1", "P1", **HOME)])
    west.send([row("D1", "W1", **HOME)])
    resolve(by=BY)
    north.send([row("C1", "P1", **HOME, PNCID="1999/0000123P")], on="2026-07-01")
    west.send([row("D1", "W1", **HOME, PNCID="2001/0000123Y")], on="2026-07-01")
    resolve(by=BY)
    assert together() == [["P1", "W1"]]
    assert asked() == [("P1", "W1", "group-identifier")]


@pytest.fixture
def merged(sources):
    """Two whom their source holds to be one, and nothing else does."""
    north, _ = sources
    north.send([row("C1", "P1", **HOME), row("C2", "P2", **ANOTHER_MAN)])
    north.send([row("P2", ACTION="M", ENTITY="nominal", INTO="P1")], on="2026-06-02")
    resolve(by=BY)
    assert (together(), asked()) == ([["P1", "P2"]], [])
    return north


def test_an_unmerge_at_source_ends_what_the_merge_alone_carried(merged):
    merged.send([row("P2", ACTION="X", ENTITY="nominal", INTO="P1")], on="2026-07-01")
    resolve(by=BY)
    assert (together(), asked()) == ([["P1"], ["P2"]], [])


def test_an_unmerge_ends_nothing_that_evidence_carries(sources):
    north, _ = sources
    north.send([row("C1", "P1", **HOME), row("C2", "P2", **HOME)])
    north.send([row("P2", ACTION="M", ENTITY="nominal", INTO="P1")], on="2026-06-02")
    resolve(by=BY)
    north.send([row("P2", ACTION="X", ENTITY="nominal", INTO="P1")], on="2026-07-01")
    resolve(by=BY)
    assert (together(), asked()) == ([["P1", "P2"]], [])


def test_the_pages_say_who_stands_with_nothing_to_join_them(one, cast, signed_in):
    one.send([row("D1", "W1", **MOVED)], on="2026-07-01")
    resolve(by=BY)
    refresh()
    client, edge = signed_in(cast["rowan"]), MatchEdge.objects.get()
    words = "They are one person here because they were before, and nothing joins them any more."
    for page in (reverse("matches"), reverse("match", args=[edge.pk])):
        assert words in client.get(page).text
    person = PrimePerson.objects.get()
    assert words in client.get(reverse("person_joins", args=[person.reference])).text
    assert "1 pair " in client.get(reverse("matches"), {"person": person.reference}).text


def test_who_stands_with_nothing_to_join_them_comes_first(one, cast, signed_in):
    one.send([row("D1", "W1", **MOVED), row("D3", "W3", **MOVED, SURNAME="Fictionel")], on="2026-07-01")
    resolve(by=BY)
    refresh()
    MatchEdge.objects.filter(were_one=False).update(needs_person=True, weight=99)
    lines = signed_in(cast["rowan"]).get(reverse("matches")).context["lines"]
    assert [edge.were_one for edge, *_ in lines][:2] == [True, False]


def test_the_pairs_of_many_records_are_looked_up_at_once(one):
    one.send([row("D1", "W1", **MOVED), row("D2", "W1", **MOVED), row("D3", "W3", **ANOTHER_MAN)], on="2026-07-01")
    resolve(by=BY)
    keys = {each.reference: each.pk for each in Record.objects.all()}
    with CaptureQueriesContext(connection) as single:
        alone = pairs.waiting_on([keys["D1"]])
    with CaptureQueriesContext(connection) as several:
        found = pairs.waiting_on(keys.values())
    assert len(several) == len(single)
    edge = MatchEdge.objects.get(needs_person=True)
    assert alone.unsettled == {keys["D1"]: (edge,)}
    assert found.unsettled == {keys[each]: (edge,) for each in ("C1", "D1", "D2")}
    assert not found.is_settled(keys["D3"]), "of whom no pair is seen"
