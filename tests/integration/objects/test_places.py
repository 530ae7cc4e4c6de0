"""Prime places: they follow from addresses, keep their references, follow judgements, and go with what told of them."""

import pytest
from django.urls import reverse

from factories.cast import refresh, sign_in
from factories.deeds import carried_out, keys_of
from factories.exports import Source, row
from factories.linkage import activate_model
from factories.lives import begin
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, Content
from muniment.core.verdicts import Refused
from muniment.objects.actions import judge as judging
from muniment.objects.actions.resolve import resolve
from muniment.objects.finding import search
from muniment.objects.kinds import PLACE
from muniment.objects.models import PlaceBelonging, PlaceEdge, PlaceJudgement, PrimePlace
from muniment.objects.queries import find_by_reference
from muniment.people.actions.judge import Said
from muniment.people.actions.resolve import resolve as resolve_people
from muniment.records.models import Place, PlaceLink

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")
HERE = "NH1 1AA"


@pytest.fixture
def sources(controllers, tmp_path):
    activate_model()
    return Source(tmp_path, kind="delta"), Source(tmp_path, controller="westvale", kind="delta")


def together():
    groups = {}
    for each in PlaceBelonging.objects.filter(until=None).select_related("member"):
        groups.setdefault(each.prime_id, set()).add(each.member.text)
    return sorted(map(sorted, groups.values()))


def at(text):
    return Place.objects.get(text=text)


def prime_of(text):
    return PlaceBelonging.objects.get(member__text=text, until=None).prime


def said(verdict, one, two, by=BY, **more):
    said = Said(verdict, more.pop("evidence", "officer"), "I was there and looked.", **more)
    return judging.judge(PLACE, (at(one), at(two)), said, by=by)


def test_ways_of_writing_come_together_across_forces(sources):
    north, west = sources
    north.send([row("C1", "P1", ADDRESS="12 High Street", POSTCODE=HERE), row("C2", "P2", ADDRESS="NFA")])
    west.send(
        [
            row("D1", "W1", ADDRESS="12 high st., Norbridge", POSTCODE="nh11aa"),
            row("D2", "W2", ADDRESS="Flat 1, 12 High Street", POSTCODE=HERE),
        ]
    )
    counts = resolve(by=BY)
    assert together() == [["12 High Street", "12 high st., Norbridge"], ["Flat 1, 12 High Street"]]
    assert (counts.place_members, counts.places, counts.made) == (3, 2, 2)
    assert not Place.objects.filter(text="NFA").exists()
    again = resolve(by=BY)
    assert (again.made, again.moved, again.retired) == (0, 0, 0)


def test_a_corrected_address_moves_and_its_reference_stays(sources):
    north, _ = sources
    north.send([row("C1", "P1", ADDRESS="12 High Street", POSTCODE=HERE), row("C2", "P2", ADDRESS="12 High St",
                                                                              POSTCODE=HERE)])  # fmt: skip
    resolve(by=BY)
    reference = prime_of("12 High Street").reference
    founder = prime_of("12 High Street").anchor
    gone = "C1" if founder.text == "12 High Street" else "C2"
    north.send([row(gone, gone.replace("C", "P"), ADDRESS="99 Mill Road", POSTCODE=HERE)], on="2026-07-01")
    resolve(by=BY)
    left = "12 High St" if gone == "C1" else "12 High Street"
    assert together() == sorted([[left], ["99 Mill Road"]])
    assert not Place.objects.filter(text=founder.text).exists()
    assert prime_of(left).reference == reference


def test_judgements_join_part_and_are_taken_back(sources):
    north, _ = sources
    north.send(
        [
            row("C1", "P1", ADDRESS="12-14 High Street", POSTCODE=HERE),
            row("C2", "P2", ADDRESS="12 High Street", POSTCODE=HERE),
        ]
    )
    resolve(by=BY)
    assert PlaceEdge.objects.get().level == "contains"
    first = prime_of("12 High Street").reference, prime_of("12-14 High Street").reference
    held = said("same", "12-14 High Street", "12 High Street")
    assert resolve(by=BY).retired == 1
    assert together() == [["12 High Street", "12-14 High Street"]]
    assert {find_by_reference(PLACE, each).pk for each in first} == {prime_of("12 High Street").pk}
    judging.withdraw(PLACE, held, by=BY, reason="It was the shop next door.")
    assert resolve(by=BY).revived == 1
    assert (prime_of("12 High Street").reference, prime_of("12-14 High Street").reference) == first
    said("different", "12-14 High Street", "12 High Street")
    resolve(by=BY)
    assert not PlaceEdge.objects.exists()


def test_what_speaks_against_a_judgement_is_read_first(sources):
    north, _ = sources
    written = ["12-14 High Street", "12 High Street", "14 High Street"]
    north.send([row(f"C{n}", f"P{n}", ADDRESS=text, POSTCODE=HERE) for n, text in enumerate(written)])
    resolve(by=BY)
    said("same", written[0], written[1])
    said("different", written[1], written[2])
    with pytest.raises(Refused, match="Other judgements say otherwise"):
        said("same", written[0], written[2])
    otherwise = judging.saying.contradiction(PLACE, at(written[0]).pk, at(written[2]).pk, "same")
    said("same", written[0], written[2], despite=otherwise.digest)
    again = PlaceJudgement.objects.get(reopened_at__isnull=False)
    assert again.verdict == "different"
    resolve(by=BY)
    assert not any({written[1], written[2]} <= set(group) for group in together())
    said("different", written[0], written[2])
    assert not PlaceJudgement.objects.filter(reopened_at__isnull=False).exists(), "nothing says otherwise any more"


def test_weaker_evidence_takes_no_place(sources):
    north, _ = sources
    north.send([row("C1", "P1", ADDRESS="12-14 High Street", POSTCODE=HERE),
                row("C2", "P2", ADDRESS="12 High Street", POSTCODE=HERE)])  # fmt: skip
    resolve(by=BY)
    said("same", "12-14 High Street", "12 High Street", evidence="register")
    with pytest.raises(Refused, match="better evidence"):
        said("different", "12-14 High Street", "12 High Street", evidence="records")
    with pytest.raises(Refused, match="one and the same"):
        said("same", "12 High Street", "12 High Street")


def test_sealed_places_are_apart_and_unseen(sources, cast):
    north, west = sources
    north.send([row("C1", "P1", ADDRESS="12 High Street", POSTCODE=HERE)])
    west.send([row("D1", "W1", ADDRESS="12 High Street", POSTCODE=HERE)])
    north.send([row("P1", ACTION="S", ENTITY="nominal")], on="2026-07-01")
    resolve_people(by=BY)
    resolve(by=BY)
    refresh()
    assert PrimePlace.objects.filter(retired_at=None).count() == 2
    seen = [each for each in PrimePlace.objects.all() if _opens(sign_in(cast["rowan"]), each)]
    assert [each.anchor.partition for each in seen] == ["policing"]


def _opens(client, prime):
    return client.get(reverse("place", args=[prime.reference])).status_code == 200


def test_the_page_shows_sources_records_people_and_takes_judgements(sources, cast):
    north, west = sources
    north.send([row("C1", "P1", ADDRESS="12 High Street", POSTCODE=HERE, FORENAME="<b>Marlow")])
    west.send([row("D1", "W1", ADDRESS="12-14 High St", POSTCODE=HERE)])
    resolve_people(by=BY)
    resolve(by=BY)
    refresh()
    client = sign_in(cast["rowan"])
    page = client.get(reverse("place", args=[prime_of("12 High Street").reference])).text
    assert "&lt;b&gt;Marlow" in page
    assert "Address of the person" in page
    assert "One is a range of numbers that holds the number of the other." in page
    edge = PlaceEdge.objects.get()
    judge = reverse("object_match", args=["place", edge.left_id, edge.right_id])
    assert "12-14 High St" in client.get(judge).text
    answer = {"verdict": "different", "evidence": "officer", "reason": "I was there and looked."}
    assert "Your judgement is recorded." in client.post(judge, answer, follow=True).text
    assert "No pair waits." in client.get(reverse("object_matches", args=["place"])).text
    assert "Two different ones" in client.get(reverse("object_judgements", args=["place"])).text
    taken = client.post(judge, {"do": "withdraw", "why": "I looked at the wrong house."}, follow=True).text
    assert "taken back" in taken
    assert client.get(reverse("object_matches", args=["boat"])).status_code == 404
    assert client.get(reverse("object_match", args=["place", edge.left_id, 10**9])).status_code == 404
    assert client.get(reverse("place", args=["L0000000-0"])).status_code == 404
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"object.view", "object.match", "object.judge", "object.withdraw", "object.matches"} <= actions


def test_who_may_not_judge_cannot(sources, cast):
    north, _ = sources
    north.send([row("C1", "P1", ADDRESS="12 High Street", POSTCODE=HERE)])
    resolve(by=BY)
    refresh()
    client = sign_in(cast["hazel"])
    assert client.get(reverse("object_matches", args=["place"])).status_code == 403
    assert _opens(client, prime_of("12 High Street"))


@pytest.mark.parametrize(
    ("text", "how"),
    [("12 high st", "Its address"), ("NH1 1AA", "Its postcode"), ("High Street", "Its street"),
     ("12 High Street, Norbridge", "Its address"), ("12 High Street, Elsewhere", None), ("13 High Street", None)],
)  # fmt: skip
def test_found_by_address_and_postcode(sources, text, how):
    north, _ = sources
    north.send([row("C1", "P1", ADDRESS="12 High Street, Norbridge", POSTCODE=HERE)])
    resolve(by=BY)
    assert [each.how for each in search(text)] == ([how] if how else [])


def test_found_by_its_reference(sources):
    north, _ = sources
    north.send([row("C1", "P1", ADDRESS="12 High Street", POSTCODE=HERE)])
    resolve(by=BY)
    reference = prime_of("12 High Street").reference
    assert [each.prime.reference for each in search(reference.lower())] == [reference]


def test_a_destroyed_record_takes_its_places_with_it(db, tmp_path, settings):
    settings.COOLING_OFF_MINUTES = 0
    life = begin(tmp_path)
    resolve(by=BY)
    resolve_people(by=BY)
    person_page = reverse("person", args=[life.review.prime.reference])
    assert "1 Invented Street" in sign_in(life.cast["rowan"]).get(person_page).text
    assert Place.objects.filter(text="1 Invented Street").count() == 2
    pair = list(Place.objects.order_by("pk"))
    reason = judging.judge(PLACE, tuple(pair), Said("same", "officer", "I was there and looked."), by=BY)
    carried_out(life, life.review, ["C1", "CU1"])
    assert not PlaceLink.objects.exists()
    assert not Place.objects.exists()
    assert not PlaceBelonging.objects.exists()
    assert not PlaceJudgement.objects.exists()
    assert not Content.objects.filter(pk=reason.reason_id).exists()
    assert all(prime.anchor is None and "Invented" not in prime.anchor_key for prime in PrimePlace.objects.all())
    assert keys_of(["C1", "CU1"]) == ()
