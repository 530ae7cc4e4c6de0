"""Who does something, and why they look."""

import getpass
from dataclasses import dataclass

from muniment.core.models import User


@dataclass(frozen=True)
class Actor:
    """Someone, or a command, that acts; `purpose` is the access purpose, kept for the task.

    `enquiry` is the reference of the covert enquiry that the task belongs to, if it does: its events then go into the
    covert audit.
    """

    name: str
    user: User | None = None
    purpose: str = ""
    enquiry: str = ""

    @property
    def key(self) -> int | None:
        """The key of the user, if it is one."""
        return self.user.pk if self.user else None


def from_user(user: User, purpose: str = "", enquiry: str = "") -> Actor:
    """Return the actor that a signed-in user is."""
    return Actor(user.username, user, purpose, enquiry)


def from_command(command: str) -> Actor:
    """Return the actor that a command run on the server is."""
    return Actor(f"{getpass.getuser()} ({command})"[:150])
