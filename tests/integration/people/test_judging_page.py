"""The pages on which pairs are judged: who could not tell has settled nothing, and the next to look is told."""

import pytest
from django.urls import reverse

from factories.cast import sign_in
from factories.exports import row
from factories.lives import begin
from muniment.people.models import MatchEdge

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def pair(db, tmp_path):
    """Return a life, and the pair of its person and somebody of the same name and birth."""
    life = begin(tmp_path)
    life.crime.send([row("C8", "P8", REPORTED="2023-03-01")], on="2026-07-02")
    life.run()
    return life, MatchEdge.objects.filter(needs_person=True).order_by("pk")[0]


def judge(client, edge, verdict):
    said = {"verdict": verdict, "evidence": "records", "reason": "Nothing in them tells the two apart."}
    return client.post(reverse("match", args=[edge.pk]), said, follow=True).text


def test_cannot_tell_leaves_the_pair_to_the_next(pair):
    life, edge = pair
    said = judge(sign_in(life.cast["sorrel"]), edge, "unsure")
    assert "The prime records follow" not in said
    assert "until somebody can tell" in said
    assert "<strong>sorrel could not tell, " in said
    client = sign_in(life.cast["rowan"])
    assert "<strong>sorrel could not tell, " in client.get(reverse("match", args=[edge.pk])).text
    said = judge(client, edge, "different")
    assert "The prime records, and what is kept of them, follow within a minute." in said
    assert "could not tell" not in said


def test_home_says_that_pairs_wait_to_those_who_may_judge_them(pair):
    life, _ = pair
    home = sign_in(life.cast["sorrel"]).get(reverse("home")).text
    assert "Possible matches wait for somebody to judge them." in home
    assert "Nothing awaits you." not in home
    client = sign_in(life.cast["sorrel"])
    for edge in MatchEdge.objects.filter(needs_person=True):
        judge(client, edge, "different")
    assert "Nothing awaits you." in client.get(reverse("home")).text
    assert "Nothing awaits you." in sign_in(life.cast["hazel"]).get(reverse("home")).text
