"""The demonstration is refused where real people are served, before anything is made."""

import pytest
from django.db import OperationalError

from muniment.cli import demo
from muniment.core.models import Controller, User
from muniment.workbench import demonstration

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(monkeypatch):
    """Say what the command would have made."""
    calls = []
    monkeypatch.setattr(demo, "make_ready", calls.append)
    return calls


def test_a_live_controller_that_is_not_invented_stops_it_before_anything_is_made(controllers, made):
    Controller.objects.filter(code="northshire").update(is_fictional=False, mode="live")
    with pytest.raises(demonstration.NotADemonstration):
        demo.demo(persons=50)
    assert (made, User.objects.count()) == ([], 0)


def test_an_installation_that_says_it_is_none_stops_it(controllers, made, settings):
    settings.DEMONSTRATION = False
    with pytest.raises(demonstration.NotADemonstration):
        demo.demo(persons=50)
    assert made == []


def test_users_share_the_published_password_and_are_left_alone_the_second_time(controllers):
    demonstration.add_users()
    assert all(user.check_password(demonstration.PASSWORD) for user in User.objects.all()[:2])
    rowan = User.objects.get(username="rowan")
    rowan.set_password("changed since, and a long one")
    rowan.save()
    demonstration.add_users()
    assert User.objects.get(username="rowan").check_password("changed since, and a long one")


def test_users_are_refused_when_nobody_can_say_whom_the_installation_serves(controllers, monkeypatch):
    """The guard never fails open: only before there is a database may the question go unanswered."""

    def failing(**facts):
        raise OperationalError

    monkeypatch.setattr(Controller.objects, "filter", failing)
    with pytest.raises(OperationalError):
        demonstration.add_users()
    assert not User.objects.exists()
