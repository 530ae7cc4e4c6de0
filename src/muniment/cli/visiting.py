"""Whose view a command gives, and why they look."""

import typer

from muniment.core import actors, purposes
from muniment.core.actors import Actor
from muniment.core.models import User


def visitor(name: str, purpose: str) -> Actor:
    """Return who looks. Raise BadParameter for a user or an access purpose that is not known."""
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise typer.BadParameter(f"There is no user '{name}'.", param_hint="--as")
    # A covert enquiry is begun on its screen alone, with its authority.
    if purpose not in dict(purposes.choices()):
        known = ", ".join(code for code, _ in purposes.choices())
        raise typer.BadParameter(f"'{purpose}' is no access purpose: use one of {known}.", param_hint="--purpose")
    return actors.from_user(user, purpose)
