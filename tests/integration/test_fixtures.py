"""The fixtures that every other test stands on do what they say."""

import socket
from collections.abc import Callable

import pyarrow as pa
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_socket import SocketConnectBlockedError

from muniment.core import access, content
from muniment.core.models import AuditEvent, Controller, User
from muniment.records import staging


def test_organisation_is_registered(controllers: dict[str, Controller]) -> None:
    assert controllers["northshire"].is_fictional
    assert controllers["tricounty"].members.filter(is_lead=True, until__isnull=True).get().member.code == "southmere"


def test_cast_hold_their_roles(cast: dict[str, User]) -> None:
    today = timezone.localdate()
    assert access.may(cast["rowan"], "review.work", on=today)
    assert not access.may(cast["rowan"], "disposal.approve", on=today)
    assert not access.may(cast["nettle"], "person.find", on=today)


def test_signed_in_user_opens_a_page_as_the_web_role(cast: dict[str, User], signed_in: Callable[..., Client]) -> None:
    client = signed_in(cast["rowan"])
    assert client.get(reverse("home")).status_code == 200
    assert AuditEvent.objects.filter(actor="rowan", action="home.view").exists()
    assert client.get(reverse("audit")).status_code == 403


def test_without_a_purpose_people_stay_closed(cast: dict[str, User], signed_in: Callable[..., Client]) -> None:
    client = signed_in(cast["rowan"], purpose=None)
    answer = client.get(reverse("find"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("purpose"))


def test_walls_stand_in_the_tests_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relrowsecurity FROM pg_class WHERE relname = 'records_record'")
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


def test_content_uses_the_database_of_keys() -> None:
    kept = content.store("run:1", "reason", "Some words.")
    assert content.read(kept) == "Some words."


@pytest.mark.django_db(transaction=True)
def test_bulk_loads_reach_the_tests_database() -> None:
    with staging.staged({"numbers": pa.table({"number": [1, 2, 3]})}) as names:
        assert staging.read(f"SELECT sum(number)::int AS total FROM {names['numbers']}").to_pylist() == [{"total": 6}]


def test_the_network_is_blocked() -> None:
    refused = pytest.raises(SocketConnectBlockedError)
    with pytest.warns(UserWarning, match="192.0.2.1"), refused, socket.socket() as outward:
        outward.connect(("192.0.2.1", 80))


def test_time_stands_still_on_request() -> None:
    with time_machine.travel("2031-04-05 12:00", tick=False):
        assert timezone.localdate().isoformat() == "2031-04-05"
