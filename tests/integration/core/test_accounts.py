"""Accounts: made, given roles for a time, reset and closed; what that opens and shuts, and what the audit says."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.utils import timezone

from factories.exports import Source, row
from muniment.cli import work
from muniment.core import access
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, Sitting, User, UserScope
from muniment.core.verdicts import Refused
from muniment.workbench import accounts
from muniment.workbench.accounts import Person, Post

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
BY = Actor("root (user)")
JO = Person("jo.invented", "Jo", "Invented", "Records manager")


@pytest.fixture
def jo(controllers, tmp_path):
    Source(tmp_path).send([row("C1", "P1")])
    user, _ = accounts.add(JO, by=BY)
    return user


def post(role="records_manager", controller="northshire", days=0, until=None):
    today = timezone.localdate()
    return Post(role, controller, today + timedelta(days), None if until is None else today + timedelta(until))


def opens(user):
    return UserScope.objects.filter(user=user).exists()


def sit(user):
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.sit(%s, 'token', 600)", [user.pk])


def test_a_new_account_opens_nothing_until_it_has_a_role_and_nothing_after(jo):
    assert not opens(jo)
    accounts.grant(jo, post(), by=BY)
    assert opens(jo)
    assert access.may(jo, "disposal.propose", on=timezone.localdate())
    accounts.end(jo, post(until=0), by=BY)
    assert not opens(jo)
    assert not access.may(jo, "disposal.propose", on=timezone.localdate())
    said = list(AuditEvent.objects.filter(actor=BY.name).order_by("pk").values_list("action", "subject"))
    assert said == [(action, "jo.invented") for action in ("access.add_user", "access.grant_role", "access.end_role")]


def test_a_role_opens_and_shuts_with_the_day(jo, monkeypatch):
    today = timezone.localdate()
    accounts.grant(jo, post(days=1, until=2), by=BY)
    opened = []
    for day in range(3):
        monkeypatch.setattr(work.timezone, "localdate", lambda day=day: today + timedelta(day))
        work._round(BY)
        opened.append(opens(jo))
    assert opened == [False, True, False]


def test_a_role_that_never_began_leaves_nothing(jo):
    accounts.grant(jo, post(days=7), by=BY)
    accounts.end(jo, post(until=0), by=BY)
    assert not jo.assignments.exists()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (post("records_manger"), "There is no role records_manger. Roles are: auditor"),
        (post(controller="nowhere"), "no controller nowhere"),
        (post(until=-1), "end before it begins"),
        (post("officer"), "has this role there already"),
    ],
)
def test_a_role_is_refused(jo, given, reason):
    accounts.grant(jo, post("officer"), by=BY)
    with pytest.raises(Refused, match=reason):
        accounts.grant(jo, given, by=BY)
    assert jo.assignments.count() == 1


@pytest.mark.parametrize(
    ("username", "reason"),
    [("Jo.Invented", "small letters"), ("j", "2 to 60"), ("jo invented", "small letters"), ("jo.invented", "already")],
)
def test_a_username_is_refused(jo, username, reason):
    with pytest.raises(Refused, match=reason):
        accounts.add(Person(username, "Jo", "Other", ""), by=BY)
    assert User.objects.count() == 1


def test_a_reset_leaves_no_other_way_in(jo):
    Authenticator.objects.create(user=jo, type="totp", data={})
    sit(jo)
    before = jo.password
    password = accounts.reset(jo, by=BY)
    jo.refresh_from_db()
    assert jo.check_password(password)
    assert jo.password != before
    assert jo.password_is_given
    assert not Authenticator.objects.exists()
    assert not Sitting.objects.exists()


def test_a_closed_account_opens_nothing_until_it_is_opened_again(jo):
    accounts.grant(jo, post(), by=BY)
    sit(jo)
    accounts.close(jo, by=BY)
    assert not Sitting.objects.exists()
    assert access.enter("token") is None
    with pytest.raises(Refused, match="closed"):
        accounts.reset(jo, by=BY)
    password = accounts.reopen(jo, by=BY)
    assert User.objects.get().check_password(password)
    assert opens(jo)
    with pytest.raises(Refused, match="is open"):
        accounts.reopen(jo, by=BY)
