"""Every way in and every failure is audited, never with what was typed; the library's other pages are not there."""

from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from django.urls import reverse

from factories.cast import PASSWORD, sign_in
from muniment.core.models import AuditEvent
from muniment.site import second_factors

pytestmark = pytest.mark.django_db(transaction=True)


def events(action):
    return list(AuditEvent.objects.filter(action=action).order_by("pk").values_list("actor", "outcome", "subject"))


def test_signing_in_and_out_is_audited(cast):
    client = sign_in(cast["rowan"])
    client.post(reverse("account_logout"))
    assert events("access.sign_in") == [("rowan", "done", "")]
    assert events("access.sign_out") == [("rowan", "done", "")]


def test_a_wrong_password_is_audited_against_the_account(cast):
    cache.clear()
    answer = Client().post(reverse("account_login"), {"login": "rowan", "password": "not the password"})
    assert answer.status_code == 200
    assert events("access.sign_in") == [("nobody", "failed", "rowan")]


def test_a_failure_concerns_the_controllers_of_its_account_alone(cast):
    cache.clear()
    Client().post(reverse("account_login"), {"login": "wren", "password": "not the password"})
    assert list(AuditEvent.objects.filter(subject="wren").values_list("concerns", flat=True)) == [["westvale"]]


def test_what_was_typed_for_a_name_is_not_written(cast):
    """People type passwords into the wrong box."""
    cache.clear()
    Client().post(reverse("account_login"), {"login": "my-secret-password", "password": "rowan"})
    assert events("access.sign_in") == [("nobody", "failed", "")]
    assert "my-secret-password" not in str(list(AuditEvent.objects.values()))


def test_a_passkey_that_proves_nothing_is_audited(cast):
    cache.clear()
    Client().post(reverse("mfa_login_webauthn"), {"credential": '{"id": "invented"}'})
    assert events("access.sign_in") == [("nobody", "failed", "")]


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "confirm-email/", "password/reset/", "password/set/", "login/code/confirm/"]
)
def test_pages_for_accounts_that_people_make_are_not_there(cast, path):
    for client in (Client(), sign_in(cast["rowan"])):
        assert client.get(f"/accounts/{path}").status_code == 404


def test_the_roles_that_reach_far_need_a_second_factor(cast):
    assert {name for name, user in cast.items() if not second_factors.is_missing(user)} == {"robin", "clover", "nettle"}


def test_without_a_second_factor_nothing_opens_where_it_is_asked_for(cast, settings):
    settings.SECOND_FACTOR = True
    cache.clear()
    client = Client()
    client.post(reverse("account_login"), {"login": "rowan", "password": PASSWORD})
    for name in ("home", "find", "purpose", "audit"):
        assert client.get(reverse(name)).url == reverse("mfa_index"), name
    assert "needs more than a password" in client.get(reverse("mfa_index")).text


@pytest.mark.parametrize(
    ("settled", "said"),
    [
        ({"SECOND_FACTOR": True, "SECURE_COOKIES": True}, ()),
        ({"SECOND_FACTOR": False, "SECURE_COOKIES": True}, ("W001",)),
        ({"SECOND_FACTOR": True, "SECURE_COOKIES": False}, ("W002",)),
    ],
)
def test_settings_are_checked_in_production(settings, settled, said):
    settings.DEMONSTRATION, settings.DEBUG = False, False
    for name, value in settled.items():
        setattr(settings, name, value)
    out = StringIO()
    call_command("check", tags=["security"], stderr=out, stdout=out)
    assert [code for code in ("W001", "W002", "E001") if code in out.getvalue()] == list(said)


def test_showing_faults_in_production_is_an_error(settings):
    settings.DEMONSTRATION, settings.DEBUG = False, True
    with pytest.raises(SystemCheckError, match="E001"):
        call_command("check", tags=["security"], stderr=StringIO(), stdout=StringIO())
