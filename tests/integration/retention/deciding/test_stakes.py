"""The possible matches on which most hangs come first, and each says what would change were the two one."""

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.people.actions.resolve import resolve
from muniment.people.models import MatchEdge
from muniment.retention.actions.schedule import schedule
from muniment.retention.models import PersonDecision
from muniment.retention.policies import policy_now

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor("tests")
GRAVE = {"CJS": "OF61016", "TITLE": "Wounding", "OUTCOME": "CHARGED", "ROLE": "SUSPECT", "RESULT": "pending"}
OTHER = {"FORENAME": "Tansy", "SURNAME": "Quite", "BORN": "1961-07-08"}
THIRD = {"FORENAME": "Barnaby", "SURNAME": "Elsewhere", "BORN": "1971-02-03"}


@pytest.fixture
def world(controllers, tmp_path):
    """Three pairs of namesakes born on one day: one with a wounding, one older than its twin, one alike."""
    activate_model()
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    north.send(
        [
            row("C1", "P1", REPORTED="2024-03-01"),
            row("C2", "P2", REPORTED="2024-03-01", **OTHER),
            row("C3", "P3", REPORTED="2024-03-01", **THIRD),
        ]
    )
    west.send(
        [
            row("D1", "W1", REPORTED="2024-03-01"),
            row("D2", "W2", REPORTED="2024-03-01", **OTHER, **GRAVE),
            row("D3", "W3", REPORTED="2021-03-01", **THIRD),
        ]
    )
    resolve(by=BY)
    schedule(policy_now.policy(), by=BY, on=timezone.localdate())


def in_order():
    return list(
        MatchEdge.objects.filter(needs_person=True)
        .order_by("-stake", "-were_one", "-weight")
        .values_list("left__reference", flat=True)
    )


def test_another_group_comes_before_other_years_and_those_before_nothing(world):
    assert in_order() == ["P2", "P3", "P1"]
    stakes = dict(MatchEdge.objects.values_list("left__reference", "stake"))
    assert stakes["P2"] > stakes["P3"] > stakes["P1"] == 0


def test_the_list_says_what_would_change(world, cast, signed_in):
    page = signed_in(cast["rowan"]).get(reverse("matches")).content.decode()
    words = ("in a stricter group", "kept 3 years longer", "Nothing would change in how")
    said = [page.find(each) for each in words]
    assert -1 not in said, page[page.index("<tbody") :][:3000]
    assert said == sorted(said)


def test_what_is_decided_of_somebody_on_a_restricted_record_moves_no_pair(controllers, tmp_path):
    """Whoever judges may not know of the record, and the order of a list would tell."""
    activate_model()
    north, west = Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")
    west.amend(("      outcome: OUTCOME\n", "      outcome: OUTCOME\n      restriction: INTO\n"))
    north.send([row("C2", "P2", REPORTED="2024-03-01", **OTHER)])
    west.send([row("D2", "W2", REPORTED="2024-03-01", **OTHER), row("D9", "W2", INTO="COVERT", **OTHER, **GRAVE)])
    resolve(by=BY)
    schedule(policy_now.policy(), by=BY, on=timezone.localdate())
    assert PersonDecision.objects.filter(group=1).exists()
    assert MatchEdge.objects.get(needs_person=True).stake == 0


def test_who_goes_soon_beside_who_stays_comes_before_all(world, tmp_path):
    north = Source(tmp_path, kind="delta")
    north.send([row("C3", "P3", REPORTED="1999-03-01", **THIRD)], on="2026-07-01")
    resolve(by=BY)
    schedule(policy_now.policy(), by=BY, on=timezone.localdate())
    assert in_order()[0] in {"P2", "P3"}
    assert MatchEdge.objects.get(left__reference="P3", needs_person=True).stake >= 1000
