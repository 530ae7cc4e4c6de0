"""What a judgement would make of prime records is shown before it is recorded, and comes about."""

import pytest
from django.urls import reverse
from django.utils import timezone

from factories.cast import refresh, sign_in
from factories.deeds import ask, place, prime_of
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core import words
from muniment.core.actors import Actor
from muniment.people.actions import judge as judging
from muniment.people.actions.resolve import resolve
from muniment.people.models import MatchEdge, PrimePerson
from muniment.records.models import Nominal
from muniment.retention.actions.schedule import schedule
from muniment.retention.models import PersonDecision
from muniment.retention.policies import policy_now

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")
GRAVE = {"CJS": "OF61016", "TITLE": "Wounding", "OUTCOME": "CHARGED", "ROLE": "SUSPECT", "RESULT": "pending"}
HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
HOLDER = {"P1": "northshire", "W1": "westvale"}
MOVED = {"POSTCODE": "WV9 9ZZ", "PHONE": "07700900777", "ADDRESS": "99 Elsewhere Road"}


class World:
    """Two forces whose files may say that a record is restricted, and what is run over them."""

    def __init__(self, tmp_path, cast):
        self.cast = cast
        self.north = Source(tmp_path, kind="delta")
        self.west = Source(tmp_path, controller="westvale", kind="delta")
        self.west.amend(("      outcome: OUTCOME\n", "      outcome: OUTCOME\n      restriction: INTO\n"))

    def run(self):
        resolve(by=BY)
        schedule(policy_now.policy(), by=BY, on=timezone.localdate())
        refresh()

    def answer(self, who="rowan", edge=None):
        edge = edge or MatchEdge.objects.get(needs_person=True)
        return sign_in(self.cast[who]).get(reverse("match", args=[edge.pk]))

    def preview(self, who="rowan", edge=None):
        """Return the page of a pair, or of the one that waits, and its preview."""
        answer = self.answer(who, edge)
        return answer.text, answer.context["preview"]


@pytest.fixture
def world(cast, tmp_path):
    activate_model()
    return World(tmp_path, cast)


@pytest.fixture
def namesakes(world):
    """Two of one name and birth: a shop theft in one force, a wounding in the other."""
    world.north.send([row("C1", "P1", REPORTED="2024-03-01")])
    world.west.send([row("D1", "W1", REPORTED="2024-04-01", **GRAVE)])
    world.run()
    return world


def judge(verdict, one="P1", two="W1"):
    left, right = Nominal.objects.get(reference=one), Nominal.objects.get(reference=two)
    judging.judge(left, right, judging.Said(verdict, "document", "Passport seen by the desk."), by=BY)


def cells(preview, name):
    return next([text for _, text, _ in line.cells] for line in preview.lines if line.name.startswith(name))


def test_the_whole_is_as_it_then_becomes(namesakes):
    place(namesakes, people=[prime_of("P1").pk])
    ask(namesakes, person=prime_of("W1"))
    for name in ("robin", "teasel"):
        assert namesakes.answer(name).status_code == 403, "who may not judge sees no preview"
    page, preview = namesakes.preview()
    assert cells(preview, "Retention group")[1:] == ["Group 1", "Group 1"]
    assert cells(preview, "Retention group")[0] != "Group 1"
    assert cells(preview, "Records") == ["1", "1", "2"]
    assert "the stricter holds for the whole" in page
    kept, gone = sorted((prime_of("P1"), prime_of("W1")), key=lambda prime: prime.pk)
    assert f"{gone.reference} would lead to {kept.reference}" in page
    touched = {each.words.split()[0]: each.becomes for each in preview.told.touched}
    assert "would stop the whole" in touched["Hold"]
    assert any("Would be about the whole" in each for each in touched.values())
    opens = {who: each.opens for each in preview.openings for who in each.who}
    own = opens["Counter-corruption enquiry officer, Northshire Police (fictional)"]
    assert (sorted(own[:2]), own[2]) == (["everything", "nothing"], "a part")
    assert opens["Records manager, Northshire Police (fictional)"] == ("everything",) * 3
    _, of_another = namesakes.preview("wren")
    assert of_another.told.sentences
    assert not any("Northshire" in text for text in of_another.told.sentences), "a force sees its own decisions"
    shown = [cells(preview, name)[2] for name in ("Retention group", "Due")]
    judge("same")
    namesakes.run()
    assert prime_of("P1") == prime_of("W1") == kept
    held = PersonDecision.objects.get(prime=kept, controller__code="northshire")
    assert shown == [f"Group {held.group}", words.day(held.due) if held.due else "No date"]
    gone.refresh_from_db()
    assert gone.redirects_to == kept == PrimePerson.objects.get(pk=preview.change.after[0].prime)


def test_two_who_are_one_are_shown_as_they_would_come_apart(world):
    world.north.send([row("C1", "P1", **HOME)])
    world.west.send([row("D1", "W1", **HOME, **GRAVE)])
    resolve(by=BY)
    world.west.send([row("D1", "W1", **MOVED, **GRAVE)], on="2026-07-01")
    world.run()
    page, preview = world.preview()
    assert "If you say that they are not the same person" in page
    assert cells(preview, "Retention group")[0] == "Group 1"
    parts = {whole.nominals[0].reference: whole for whole in preview.change.after}
    groups = dict(zip(parts, cells(preview, "Retention group")[1:], strict=True))
    judge("different")
    world.run()
    for reference in ("P1", "W1"):
        assert parts[reference].prime in {prime_of(reference).pk, None}
        held = PersonDecision.objects.get(prime=prime_of(reference), controller__code=HOLDER[reference])
        assert groups[reference] == (f"Group {held.group}" if held.group else "No group")
    assert groups["W1"] == "Group 1" != groups["P1"]


def test_who_is_kept_apart_by_what_was_said_is_not_joined(world):
    world.north.send([row("C1", "P1"), row("C2", "P2")])
    world.west.send([row("D1", "W1")])
    judge("same", "P1", "P2")
    judge("different", "P2", "W1")
    world.run()
    page, preview = world.preview(edge=MatchEdge.objects.get(left__reference="P1", right__reference="W1"))
    assert "Nothing would change at once. A person has said" in " ".join(page.replace("</strong>", "").split())
    assert preview.change.is_nothing


def test_of_the_restricted_and_the_sealed_nothing_is_told(world):
    """Neither a group, nor a number, nor a mark: whoever judges may not know that there is anything."""
    world.north.send([row("C1", "P1", REPORTED="2024-03-01"), row("C8", "P8", REPORTED="2024-03-02")])
    world.west.send([row("D1", "W1", REPORTED="2024-03-01"), row("D9", "W1", INTO="COVERT", **GRAVE)])
    judge("same", "P1", "P8")
    resolve(by=BY)
    assert prime_of("P1") == prime_of("P8")
    world.north.send([row("P8", ACTION="S", ENTITY="nominal"), row("C8", ACTION="S", ENTITY="record")], on="2026-07-02")
    world.run()
    assert PersonDecision.objects.filter(group=1).exists()
    edge = MatchEdge.objects.get(left__reference="P1", right__reference="W1")
    for name in ("rowan", "wren"):
        page, preview = world.preview(name, edge)
        assert "Group 1" not in page
        assert "Covert" not in page and "COVERT" not in page
        assert {each.reference for whole in preview.change.wholes for each in whole.nominals} == {"P1", "W1"}
        assert cells(preview, "Records") == ["1", "1", "2"]
        assert preview.unseen == ["Westvale Constabulary (fictional)"], (
            "as the person page says; of the sealed, nothing"
        )
