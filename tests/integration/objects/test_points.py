"""Where properties lie: the published file is taken as it is, and any other refused with a sentence."""

import pytest
from django.urls import reverse

from factories.cast import refresh, sign_in
from factories.exports import COLUMNS, Source, row
from muniment.core.actors import Actor
from muniment.objects.actions.load_points import BadPoints, load_points
from muniment.objects.actions.resolve import resolve
from muniment.objects.models import PrimePlace, PropertyPoint

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")
HEAD = "UPRN,X_COORDINATE,Y_COORDINATE,LATITUDE,LONGITUDE\n"
INVENTED = HEAD + "999000000001,358260.66,172796.50,51.4526,-2.6020\n0000999000000002,358000,172000,51.44,-2.60\n"


def file(tmp_path, text):
    path = tmp_path / "osopenuprn.csv"
    path.write_text(text)
    return path


def test_a_place_with_a_property_reference_shows_where_it_lies(cast, tmp_path, monkeypatch):
    monkeypatch.setattr("factories.exports.COLUMNS", [*COLUMNS, "UPRN"])
    source = Source(tmp_path, kind="delta").amend(
        ("    event:\n", "    places: [{role: {value: scene}, uprn: UPRN}]\n    event:\n")
    )
    source.send([row("C1", UPRN="999000000001")])
    assert load_points(file(tmp_path, INVENTED), by=BY) == 2
    assert load_points(file(tmp_path, INVENTED), by=BY) == 2
    assert sorted(PropertyPoint.objects.values_list("uprn", flat=True)) == ["999000000001", "999000000002"]
    resolve(by=BY)
    refresh()
    page = sign_in(cast["rowan"]).get(reverse("place", args=[PrimePlace.objects.get().reference])).text
    assert "51.4526, -2.602" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uprn,lat,lon\n1,2,3\n", "expected UPRN, X_COORDINATE, Y_COORDINATE, LATITUDE, LONGITUDE"),
        (HEAD, "has no property in it"),
        (HEAD + "12A,358260,172796,51.4,-2.6\n", "no property in Britain"),
        (HEAD + "12,9358260,172796,51.4,-2.6\n", "no property in Britain"),
        (HEAD + "12,,172796,51.4,-2.6\n", "no property in Britain"),
        (HEAD + "12,here,172796,51.4,-2.6\n", "cannot be read as numbers"),
    ],
)
def test_another_file_is_refused(controllers, tmp_path, text, said):
    with pytest.raises(BadPoints, match=said):
        load_points(file(tmp_path, text), by=BY)
    assert not PropertyPoint.objects.exists()


def test_no_file_is_refused(controllers, tmp_path):
    with pytest.raises(BadPoints, match="give the CSV"):
        load_points(tmp_path / "none.csv", by=BY)
