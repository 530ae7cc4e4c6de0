"""A small named cast: one user for each thing that tests ask about."""

import re
from datetime import date

from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from muniment.core import access
from muniment.core.models import Controller, RoleAssignment, User

PASSWORD = "a-password-for-tests-only"
TOKEN = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")\w+')

# Name to (role, controller); None holds no role at all.
CAST: dict[str, tuple[str, str] | None] = {
    "rowan": ("records_manager", "northshire"),
    "ash": ("review_approver", "northshire"),
    "maple": ("review_approver", "northshire"),
    "wren": ("records_manager", "westvale"),
    "linden": ("review_approver", "westvale"),
    "robin": ("officer", "southmere"),
    "sorrel": ("data_quality_officer", "northshire"),
    "sedge": ("national_systems_officer", "northshire"),
    "hazel": ("rights_officer", "northshire"),
    "bryony": ("enclave_officer", "northshire"),
    "teasel": ("auditor", "northshire"),
    "thorn": ("counter_corruption_officer", "northshire"),
    "yarrow": ("covert_auditor", "northshire"),
    "clover": ("corporate_records_officer", "northshire-commissioner"),
    "nettle": None,
}


def make_cast(controllers: dict[str, Controller]) -> dict[str, User]:
    """Make every user of the cast with their role, and work out their scopes."""
    User.objects.bulk_create(
        User(username=name, password=make_password(PASSWORD), first_name=name.title(), last_name="Invented")
        for name in CAST
    )
    users = {each.username: each for each in User.objects.filter(username__in=CAST)}
    RoleAssignment.objects.bulk_create(
        RoleAssignment(user=users[name], controller=controllers[held[1]], role=held[0], start=date(2020, 1, 1))
        for name, held in CAST.items()
        if held
    )
    refresh()
    return users


def refresh() -> None:
    """Bring everybody's scopes up to date, after records have come in."""
    access.refresh_scopes(timezone.localdate())


class Reader(Client):
    """Reads pages without the random tokens of their forms, in which any short reference occurs at times."""

    def request(self, **request):
        answer = super().request(**request)
        if not answer.streaming:
            answer.content = TOKEN.sub(b"", answer.content)
        return answer


def sign_in(user: User, *, purpose: str | None = "RETENTION_REVIEW") -> Client:
    """Sign in through the sign-in page and give an access purpose; None gives none."""
    cache.clear()  # sign-ins are limited to so many a minute, and tests sign in more often
    client = Reader()
    answer = client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    assert answer.status_code == 302, f"{user.username} could not sign in"
    if purpose is not None:
        answer = client.post(reverse("purpose"), {"purpose": purpose})
        assert answer.status_code == 302, f"'{purpose}' is no access purpose"
    return client
