"""Who stands in for whom: what is with a reviewer who is away is with their deputy too."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from muniment.core import access
from muniment.core.models import Controller, User
from muniment.retention.models import Deputy


def with_me(user: User, on: date) -> list[str]:
    """Return whose reviews a user works on a day, by user name: their own, and those of whom they stand in for."""
    away = Deputy.objects.filter(deputy=user, start__lte=on, until__gt=on)
    return [user.username, *away.values_list("user__username", flat=True)]


def standing(on: date) -> QuerySet[Deputy]:
    """Return those who stand in for others on a day or later, the next to end first."""
    return Deputy.objects.filter(until__gt=on).select_related("user", "deputy").order_by("until", "pk")


def reviewers(controllers: Iterable[Controller], on: date) -> list[User]:
    """Return who works reviews of any of some controllers, by name."""
    found = {user.pk: user for each in controllers for user in access.holders("review.work", on=on, controller=each)}
    return sorted(found.values(), key=lambda user: (user.last_name, user.first_name, user.username))
