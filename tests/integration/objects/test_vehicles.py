"""Prime vehicles: told by feeds, put together by VIN and mark, found by a part of the mark, gone with their records."""

import pytest
from django.urls import reverse

from factories.cast import refresh, sign_in
from factories.deeds import carried_out
from factories.exports import COLUMNS, Source, row
from factories.linkage import activate_model
from factories.lives import begin
from muniment.core.actors import Actor
from muniment.feeds.faults import BadFeed
from muniment.objects.actions.resolve import resolve
from muniment.objects.finding import search
from muniment.objects.models import MarkToken, PlaceBelonging, PrimeVehicle, VehicleBelonging, VehicleEdge
from muniment.people.actions.resolve import resolve as resolve_people
from muniment.records.models import Place, PlaceLink, Quarantine, Vehicle, VehicleLink

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")
MORE = ("VRM", "VIN", "MAKE", "COLOUR", "VROLE", "SCENE", "UPRN")
THINGS = """    vehicles:
      - role: {from: VROLE, default: used_in}
        registration: VRM
        vin: VIN
        make: MAKE
        colour: COLOUR
        person: person
        start: {from: REPORTED, convert: [date]}
    places:
      - {role: {value: scene}, address: SCENE, uprn: UPRN}
"""
VIN, OTHER = "1M8GDM9AXKP042788", "WVWZZZ1JZXW000001"


@pytest.fixture(autouse=True)
def _wider(monkeypatch):
    """Let exports of this file bear vehicles and scenes beside what the others have."""
    monkeypatch.setattr("factories.exports.COLUMNS", [*COLUMNS, *MORE])


def with_things(source):
    return source.amend(("    event:\n", THINGS + "    event:\n"))


@pytest.fixture
def source(controllers, tmp_path):
    activate_model()
    return with_things(Source(tmp_path, kind="delta"))


def together():
    groups = {}
    for each in VehicleBelonging.objects.filter(until=None).select_related("member"):
        groups.setdefault(each.prime_id, set()).add(f"{each.member.registration} {each.member.make}".strip())
    return sorted(map(sorted, groups.values()))


def test_what_a_feed_tells_is_linked_to_record_and_person(source, cast):
    source.send([row("C1", "P1", VRM="ab12 cde", MAKE="VW", COLOUR="gray", SCENE="12 High St, Wick", UPRN="0010")])
    link = VehicleLink.objects.select_related("record", "nominal", "vehicle").get()
    assert (link.record.reference, link.nominal.reference, link.role) == ("C1", "P1", "used_in")
    assert str(link.start) == "2015-03-01"
    resolve_people(by=BY)
    resolve(by=BY)
    refresh()
    vehicle, place = Vehicle.objects.get(), Place.objects.get()
    assert (vehicle.mark, vehicle.form, place.property_key) == ("AB12CDE", "current", "10")
    client = sign_in(cast["rowan"])
    page = client.get(reverse("vehicle", args=[PrimeVehicle.objects.get().reference])).text
    assert "Used in it" in page
    assert "Marlow Fictional" in page
    assert "AB12 CDE" in client.get(reverse("record", args=[link.record_id])).text
    person = link.nominal.belongings.get().prime
    assert "AB12 CDE" in client.get(reverse("person", args=[person.reference])).text
    found = client.get(reverse("find"), {"q": "AB12 CDE"}).text
    assert "Its mark" in found


def test_marks_vins_and_look_alikes(source):
    source.send(
        [
            row("C1", "P1", VRM="AB12 CDE", VIN=VIN, MAKE="FORD"),
            row("C2", "P2", VRM="XY12 ZZZ", VIN=VIN, MAKE="FORD"),  # the same vehicle under another mark
            row("C3", "P3", VRM="AB12 CDE", VIN=OTHER, MAKE="AUDI"),  # the mark was moved
            row("C4", "P4", VRM="A812 CDE"),  # may be a misread AB12 CDE
            row("C5", "P5", VRM="unknown"),
        ]
    )
    counts = resolve(by=BY)
    assert together() == [["A812 CDE"], ["AB12 CDE AUDI"], ["AB12 CDE FORD", "XY12 ZZZ FORD"]]
    assert {each.level for each in VehicleEdge.objects.all()} == {"look_alike"}
    assert (counts.vehicle_members, counts.vehicles) == (4, 3)


@pytest.mark.parametrize(
    ("text", "how"),
    [("ab12cde", "Its mark"), ("A812 CDE", "A mark like it"), ("12CD", "A part of its mark"),
     ("AB1?CDE", "A part of its mark"), ("AB12*", "A part of its mark"), ("AB?2CDF", None),
     ("CDE", None), (VIN, "Its VIN")],
)  # fmt: skip
def test_found_by_what_is_known_of_it(source, text, how):
    source.send([row("C1", "P1", VRM="AB12 CDE", VIN=VIN)])
    resolve(by=BY)
    assert [each.how for each in search(text)] == ([how] if how else [])


def test_found_by_uprn_and_never_two_in_one(source):
    source.send([row("C1", "P1", SCENE="12 High St, Wick", UPRN="10023"),
                 row("C2", "P2", SCENE="12 High St, Wick", UPRN="10024")])  # fmt: skip
    resolve(by=BY)
    assert PlaceBelonging.objects.filter(until=None).values("prime").distinct().count() == 2
    assert [each.how for each in search("10023")] == ["Its UPRN"]


def test_a_row_told_anew_replaces_its_vehicles(source):
    source.send([row("C1", "P1", VRM="AB12 CDE")])
    resolve(by=BY)
    source.send([row("C1", "P1", VRM="XY12 ZZZ")], on="2026-07-01")
    assert [link.vehicle.registration for link in VehicleLink.objects.all()] == ["XY12 ZZZ"]
    resolve(by=BY)
    assert together() == [["XY12 ZZZ"]]
    assert not Vehicle.objects.filter(registration="AB12 CDE").exists()


def test_what_is_absent_is_withdrawn_and_comes_back(controllers, tmp_path):
    source = with_things(Source(tmp_path))
    rows = [row(f"C{n}", f"P{n}", VRM=f"AB1{n} CDE") for n in range(3)]
    source.send(rows)
    source.send(rows[:2], on="2026-07-01", absence_limit=1)
    gone = VehicleLink.objects.get(withdrawn_on__isnull=False)
    assert (gone.vehicle.registration, str(gone.withdrawn_on)) == ("AB12 CDE", "2026-07-01")
    source.send(rows, on="2026-07-02")
    assert not VehicleLink.objects.filter(withdrawn_on__isnull=False).exists()


def test_a_role_that_is_none_is_quarantined_and_a_feed_without_sense_refused(source, tmp_path):
    counts = source.send([row("C1", "P1", VRM="AB12 CDE", VROLE="parked")])
    assert counts.quarantined == 1
    assert "parked" in str(Quarantine.objects.get().reasons)
    with pytest.raises(BadFeed, match="no person of the row itself has the label 'keeper'"):
        source.amend(("person: person\n", "person: keeper\n"))


def test_a_sealed_record_takes_its_vehicle_apart(source, cast):
    source.send([row("C1", "P1", VRM="AB12 CDE"), row("C2", "P2", VRM="AB12 CDE")])
    resolve(by=BY)
    source.send([row("C1", ACTION="S", ENTITY="record")], on="2026-07-01")
    resolve(by=BY)
    refresh()
    assert sorted(Vehicle.objects.values_list("partition", flat=True)) == ["policing", "sealed"]
    open_one = VehicleBelonging.objects.get(member__partition="policing", until=None).prime
    page = sign_in(cast["rowan"]).get(reverse("vehicle", args=[open_one.reference])).text
    assert "C2" in page
    assert ">C1<" not in page


def test_a_destroyed_record_takes_its_vehicles_with_it(db, tmp_path, settings):
    settings.COOLING_OFF_MINUTES = 0
    life = begin(tmp_path)
    with_things(life.crime)
    life.crime.send([row("C1", "P1", VRM="AB12 CDE", POSTCODE="NH1 1AA", PHONE="07700900123",
                         ADDRESS="1 Invented Street", SCENE="2 Invented Street, Wick")], on="2026-07-01")  # fmt: skip
    life.run()
    resolve(by=BY)
    assert VehicleLink.objects.exists()
    carried_out(life, life.review, ["C1", "CU1"])
    for model in (VehicleLink, Vehicle, VehicleBelonging, MarkToken, PlaceLink, Place, PlaceBelonging):
        assert not model.objects.exists(), model
    assert all(prime.anchor is None for prime in PrimeVehicle.objects.all())
