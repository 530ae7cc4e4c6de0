"""Who may be two people: nothing about them goes until a person has looked at the pair."""

from datetime import date

import pyarrow as pa
import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.deeds import WORKER, approved, propose
from factories.exports import row
from factories.lives import BY
from muniment.core.verdicts import Refused
from muniment.people.actions import judge as judging
from muniment.people.models import MatchEdge
from muniment.retention.actions import disposal
from muniment.retention.deciding import schedule_tables
from muniment.retention.models import DisposalOrder, PersonDecision, RecordDecision

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

MOVED = {"POSTCODE": "WV9 9ZZ", "PHONE": "07700900777", "ADDRESS": "99 Elsewhere Road"}


def move(life):
    """Have custody tell of another home, so that nothing joins its person with the one of the crime."""
    life.custody.send([row("CU1", "D1", ROLE="DETAINEE", **MOVED)], on="2026-07-01")
    life.run()
    return MatchEdge.objects.get(needs_person=True)


def judged(edge, verdict):
    said = judging.Said(verdict, "document", "Passport seen by the desk.")
    return judging.judge(edge.left, edge.right, said, by=BY)


def test_it_is_a_reason_of_the_person_and_of_every_record(own_life):
    move(own_life)
    assert "possible_match" in PersonDecision.objects.get().because
    for decision in RecordDecision.objects.all():
        assert decision.outcome == "review"
        assert "possible_match" in decision.because


def test_the_reviewer_is_shown_the_pair_and_nothing_can_be_proposed(own_life):
    edge = move(own_life)
    page = sign_in(own_life.cast["rowan"]).get(reverse("review", args=[own_life.review.reference])).text
    assert reverse("match", args=[edge.pk]) in page
    assert "judge the possible match first" in page
    with pytest.raises(Refused, match="No record can go today"):
        propose(own_life)


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_what_a_person_says_settles_it(own_life, verdict):
    judged(move(own_life), verdict)
    own_life.run()
    assert PersonDecision.objects.count() == (1 if verdict == "same" else 2)
    assert not any("possible_match" in each.because for each in RecordDecision.objects.all())


def test_different_stops_it_until_a_run_has_followed(own_life):
    judged(move(own_life), "different")
    with pytest.raises(Refused, match="No record can go today"):
        propose(own_life)


def test_an_order_under_way_stops_when_nothing_joins_them_any_more(own_life):
    order = approved(own_life)
    move(own_life)
    with pytest.raises(disposal.Overtaken):
        disposal.instruct(order, by=WORKER)
    assert DisposalOrder.objects.get().state != "instructed"


ON, EARLY, LATE = date(2026, 11, 1), date(2001, 1, 1), date(2015, 1, 1)


@pytest.mark.parametrize(
    ("matches", "brings"),
    [
        ([(2, 3, EARLY), (3, 2, LATE)], (2, LATE)),
        ([(2, 3, EARLY), (3, None, LATE)], (None, ON)),
        ([(2, None, EARLY), (3, 3, None)], (None, ON)),
        ([(2, 3, EARLY), (3, None, None)], (3, EARLY)),
        ([(1, 3, EARLY)], (None, ON)),
        ([(2, 3, EARLY), (1, 3, EARLY)], (None, ON)),
    ],
)
def test_of_several_matches_one_that_is_not_known_leaves_it_open(matches, brings):
    pairs = pa.Table.from_pylist(
        [{"person_id": 1, "other": other, "group": group, "clear_from": start} for other, group, start in matches],
        pa.schema(
            [("person_id", pa.int64()), ("other", pa.int64()), ("group", pa.int8()), ("clear_from", pa.date32())]
        ),
    )
    assert schedule_tables._brought(pairs, ON).to_pylist() == [
        {"person_id": 1, "possible_group": brings[0], "possible_clear_from": brings[1]}
    ]
