"""Who is sealed is kept apart from who they were, whatever a person or a source said of the two before."""

import pytest
from django.urls import reverse

from factories.cast import refresh
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.people.actions import judge as judging
from muniment.people.actions.resolve import resolve
from muniment.people.models import Belonging, MatchEdge, PrimePerson
from muniment.records.models import Nominal

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
NEW_LIFE = {"FORENAME": "Newname", "SURNAME": "Protected", "REPORTED": "2025-05-05"}


@pytest.fixture
def north(cast, tmp_path):
    activate_model()
    return Source(tmp_path, kind="delta")


def prime_of(reference):
    return Belonging.objects.get(nominal__reference=reference, until=None).prime


def are_one():
    return prime_of("P1") == prime_of("P8")


def seal(source):
    source.send([row("P8", ACTION="S", ENTITY="nominal"), row("C8", ACTION="S", ENTITY="record")], on="2026-07-02")
    resolve(by=BY)
    refresh()
    assert Nominal.objects.get(reference="P8").scope.partition == "sealed"


def by_judgement(source, old="P1"):
    left, right = Nominal.objects.get(reference=old), Nominal.objects.get(reference="P8")
    judging.judge(left, right, judging.Said("same", "document", "Passport seen by the desk."), by=BY)


def by_old_name_merged(source):
    source.send([row("P1", ACTION="M", ENTITY="nominal", INTO="P8")], on="2026-06-02")


def by_new_name_merged(source):
    source.send([row("P8", ACTION="M", ENTITY="nominal", INTO="P1")], on="2026-06-02")


@pytest.mark.parametrize("first", ["P1", "P8"])
@pytest.mark.parametrize("joined", [by_judgement, by_old_name_merged, by_new_name_merged])
def test_what_was_said_before_joins_the_sealed_no_more(north, cast, signed_in, joined, first):
    """Whoever founded the prime record that bore both, nothing leads from the old identity to the sealed one."""
    rows = [row("C1", "P1", **HOME), row("C8", "P8", **NEW_LIFE)]
    for each in rows if first == "P1" else reversed(rows):
        north.send([each], on="2026-06-01" if each is rows[0] else "2026-06-02")
        resolve(by=BY)
    joined(north)
    resolve(by=BY)
    assert are_one()
    seal(north)
    assert not are_one()
    client, old, sealed = signed_in(cast["rowan"]), prime_of("P1"), prime_of("P8")
    assert client.get(reverse("person", args=[sealed.reference])).status_code == 404
    for name in ("person", "person_joins", "person_links", "person_facts", "person_history"):
        page = client.get(reverse(name, args=[old.reference]))
        assert page.status_code == 200
        assert not any(word in page.text for word in ("Newname", "Protected", "C8", sealed.reference))
    assert not PrimePerson.objects.filter(redirects_to=old).exists()
    assert not PrimePerson.objects.filter(redirects_to=sealed).exists()
    resolve(by=BY)
    assert not are_one(), "and so it stays"


def test_a_merge_at_source_does_not_reach_over_the_wall(north):
    north.send([row("C1", "P1", **HOME), row("C8", "P8", **NEW_LIFE)])
    seal(north)
    by_new_name_merged(north)
    by_judgement(north)
    resolve(by=BY)
    assert not are_one()


def test_a_pair_goes_from_the_screens_when_one_is_sealed(north):
    north.send([row("C1", "P1", **HOME), row("C8", "P8", **{**HOME, "POSTCODE": "", "ADDRESS": ""})])
    resolve(by=BY)
    assert MatchEdge.objects.count() == 1
    seal(north)
    assert not MatchEdge.objects.exists()


def test_a_pair_that_came_apart_is_asked_about_no_more_when_one_is_sealed(north):
    north.send([row("C1", "P1", **HOME), row("C8", "P8", **HOME)])
    resolve(by=BY)
    assert are_one()
    north.send([row("C8", "P8", **NEW_LIFE, BORN="1955-11-30")], on="2026-06-02")
    resolve(by=BY)
    assert MatchEdge.objects.get().blocked_by == "parted"
    seal(north)
    assert not MatchEdge.objects.exists()


def test_the_others_stand_together_when_their_founder_is_sealed(north):
    north.send([row("C8", "P8", **NEW_LIFE)])
    resolve(by=BY)
    north.send(
        [row("C1", "P1", **HOME), row("C2", "P2", POSTCODE="WV9 9ZZ", ADDRESS="99 Elsewhere Road")], on="2026-06-02"
    )
    by_judgement(north)
    by_judgement(north, "P2")
    resolve(by=BY)
    assert prime_of("P1") == prime_of("P2") == prime_of("P8")
    seal(north)
    assert prime_of("P1") == prime_of("P2") != prime_of("P8")
    edge = MatchEdge.objects.get()
    assert (edge.blocked_by, edge.were_one, edge.needs_person) == ("support", True, True)
