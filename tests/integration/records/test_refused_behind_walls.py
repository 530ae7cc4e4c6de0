"""A refused row waits behind the wall that it would have been held behind, or a stricter one where it is unread."""

import pytest
from django.urls import reverse

from factories.cast import refresh, sign_in
from factories.exports import Source, row
from muniment import feeds
from muniment.core.actors import Actor
from muniment.records.actions import take_in
from muniment.records.models import Quarantine

pytestmark = pytest.mark.django_db(transaction=True)

MAPPED = (
    "      outcome: OUTCOME\n",
    "      outcome: OUTCOME\n      restriction: {from: INTO, map: {C: COVERT, P: PROTECTED}}\n",
)
BAD = {"OUTCOME": "BANANA"}


@pytest.fixture
def source(controllers, tmp_path):
    return Source(tmp_path, kind="delta").amend(MAPPED)


def where(**which):
    scope = Quarantine.objects.get(**which).scope
    return scope.partition, scope.area, scope.restriction


def test_a_restricted_row_is_shown_to_nobody_who_may_not_see_its_record(source, cast):
    source.send([row("R1", "P8", INTO="C", FORENAME="Secret", **BAD), row("R2", "P9", FORENAME="Plain", **BAD)])
    assert where(reference="R1") == ("policing", "CRIME", "COVERT")
    assert where(reference="R2") == ("policing", "CRIME", "")
    refresh()
    client = sign_in(cast["sorrel"])
    one, two = (Quarantine.objects.get(reference=reference) for reference in ("R1", "R2"))
    assert client.get(reverse("quarantined", args=[one.pk])).status_code == 404
    assert "Plain" in client.get(reverse("quarantined", args=[two.pk])).text
    listed = client.get(reverse("quarantine")).text
    assert "R2" in listed and "R1" not in listed
    assert one.original.scope_id == one.scope_id


@pytest.mark.parametrize("said", ["X", "COVERT" * 10])
def test_a_restriction_that_cannot_be_read_is_taken_as_the_strictest(source, said):
    source.send([row("R1", "P8", INTO=said)])
    assert where() == ("policing", "CRIME", "UNREAD")


def test_a_row_that_cannot_be_taken_apart_may_be_restricted(controllers, tmp_path):
    for folder, changes, expected in (("one", [MAPPED], "UNREAD"), ("two", [], "")):
        source = Source(tmp_path / folder, system="crime" if changes else "custody", kind="delta").amend(*changes)
        path = source.write([])
        with path.open("a") as file:
            file.write('"R1","Theft"\n')
        take_in.take_in(feeds.read(source.feed, path), by=Actor("tests"), absence_limit=0.05)
        assert where(system__code=source.feed.system) == ("policing", "CRIME", expected)


def test_a_row_waits_in_its_own_partition_and_area(controllers, tmp_path):
    own = ("      outcome: OUTCOME\n", "      outcome: OUTCOME\n      area: ADDRESS\n      partition: INTO\n")
    source = Source(tmp_path, kind="delta").amend(own)
    told = [("R1", "HR", "corporate"), ("R2", "CUSTODY", "sealed"), ("R3", "NOWHERE", "policing"), ("R4", "CRIME", "X")]
    source.send([row(reference, ADDRESS=area, INTO=partition, **BAD) for reference, area, partition in told])
    assert where(reference="R1") == ("corporate", "HR", "")
    assert where(reference="R2") == ("sealed", "CUSTODY", "")
    assert where(reference="R3") == ("policing", "CRIME", "")
    assert where(reference="R4") == ("sealed", "CRIME", "")


def test_a_row_with_someone_sealed_on_it_waits_in_the_enclave(controllers, tmp_path):
    protected = "        partition: {from: INTO, map: {Y: sealed}, unknown: blank}\n"
    source = Source(tmp_path, kind="delta").amend(
        ("        reference: PERSON\n", "        reference: PERSON\n" + protected)
    )
    source.send([row("R1", "P1", INTO="Y", **BAD), row("R2", "P2", **BAD)])
    assert where(reference="R1")[0] == "sealed"
    assert where(reference="R2")[0] == "policing"


def test_a_conflict_waits_behind_the_wall_of_its_row(source):
    source.send([row("R1"), row("R1", INTO="C", TITLE="Another")])
    assert where() == ("policing", "CRIME", "COVERT")


def test_a_row_that_names_what_is_held_behind_a_wall_waits_behind_it(source):
    source.send([row("R1", "P1", INTO="P"), row("R2", "P2")])
    source.send([row("P2", ACTION="S", ENTITY="nominal")], on="2026-06-02")
    source.send([row("R1", "P1", **BAD), row("R3", "P2", **BAD)], on="2026-06-03")
    assert where(reference="R1") == ("policing", "CRIME", "PROTECTED")
    assert where(reference="R3") == ("sealed", "CRIME", "")


def test_a_row_sent_again_through_a_feed_that_knows_more_goes_behind_the_wall(controllers, tmp_path):
    source = Source(tmp_path, kind="delta")
    rows = [row("R1", "P1", INTO="C", **BAD)]
    source.send(rows)
    assert where() == ("policing", "CRIME", "")
    source.amend(MAPPED).send(rows, on="2026-06-02")
    assert where() == ("policing", "CRIME", "COVERT")
    waiting = Quarantine.objects.get()
    assert waiting.original.scope_id == waiting.scope_id
