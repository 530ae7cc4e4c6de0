"""The app and its label."""

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from muniment.core.models import User
    from muniment.people.models import PrimePerson
    from muniment.people.shown.surroundings import Surroundings


class ObjectsConfig(AppConfig):
    """Muniment's places and vehicles."""

    name = "muniment.objects"
    label = "objects"

    def ready(self) -> None:
        """Register with the pages of people."""
        from muniment.people.shown import surroundings

        surroundings.register(_around)


def _around(prime: "PrimePerson", user: "User") -> "Surroundings":
    """Ask when a page of a person does: what answers needs half of the program, and most commands show no page."""
    from muniment.objects import person_links

    return person_links.around(prime, user)
