"""What is said around a person: where to see what of them was given to whom."""

from django.urls import reverse

from muniment.core.models import User
from muniment.core.visits import actions_of
from muniment.people.models import PrimePerson
from muniment.people.shown.surroundings import Act, Surroundings


def around(prime: PrimePerson, user: User) -> Surroundings:
    """Return the way to what was given of a person; it says the same whether or not anything was."""
    if "export.view" not in actions_of(user):
        return Surroundings()
    return Surroundings(acts=(Act("What was given to whom", reverse("person_supplies", args=[prime.reference])),))
