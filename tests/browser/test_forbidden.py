"""Each role gets 403 where it may not go, and 404 where what is there is not open to it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from factories.cast import CAST
from factories.small_world import make_small_world
from muniment.core import access
from muniment.core.models import User
from muniment.people.models import PrimePerson
from muniment.people.shown.chronology import chronology
from muniment.records.models import Record
from muniment.retention.models import Review
from muniment.site.urls import urlpatterns

UNKNOWN = {
    "reference": "P0000000-0",
    "key": 0,
    "system": 0,
    "controller": "nowhere",
    "class_id": "NONE",
    "place": 0,
    "where": "nowhere",
    "kind": "place",
    "left": 0,
    "right": 0,
    "code": "none",
    "verdict": "different",
    "table": "none",
    "form": "pdf",
    "about": "identity",
}


def _guarded() -> list[tuple[str, str]]:
    """Return (name, action) of every page that asks for an action."""
    patterns = [each for each in urlpatterns if isinstance(each, URLPattern)]
    return [(str(each.name), action) for each in patterns if (action := getattr(each.callback, "opens", ""))]


def _address(name: str) -> str:
    pattern = next(each for each in urlpatterns if isinstance(each, URLPattern) and each.name == name)
    return reverse(name, kwargs={key: UNKNOWN[key] for key in pattern.pattern.converters})


@pytest.mark.parametrize("who", CAST)
def test_roles_open_their_pages_alone(who: str, cast: dict[str, User], signed_in: Callable[..., Client]) -> None:
    held = CAST[who]
    may = access.declaration().roles[held[0]].actions if held else frozenset()
    client, wrong = signed_in(cast[who]), []
    for name, action in _guarded():
        answers = {client.get(_address(name)).status_code, client.post(_address(name)).status_code} - {405}
        allowed = answers <= {200, 302, 404, 422}
        if allowed != (action in may):
            wrong.append(f"{name} ({action}) answers {answers}")
    assert wrong == []


@pytest.mark.django_db(transaction=True)
def test_what_is_not_open_is_not_there(cast: dict[str, User], signed_in: Callable[..., Client]) -> None:
    make_small_world()
    northshire = Review.objects.filter(controller__code="northshire").first()
    assert northshire is not None
    sealed = PrimePerson.objects.filter(belongings__nominal__scope__partition="sealed").first()
    assert sealed is not None
    covert = Record.objects.filter(scope__restriction="COVERT").first()
    assert covert is not None
    outside = next(
        each.prime
        for each in Review.objects.filter(controller__code="northshire")
        if all(entry.record.system.controller.code == "northshire" for entry in chronology(each.prime))
    )
    closed = {
        "wren": [reverse("review", args=[northshire.reference])],
        "rowan": [reverse("person", args=[sealed.reference]), reverse("record", args=[covert.pk])],
        "clover": [reverse("person", args=[outside.reference])],
    }
    for who, addresses in closed.items():
        client = signed_in(cast[who])
        assert [client.get(address).status_code for address in addresses] == [404] * len(addresses), who
