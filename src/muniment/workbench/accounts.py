"""Accounts of the people who work with the system: made, given roles, reset and closed on the server, never on the web.

A password that someone else has set is changed at the first sign-in. Nothing is ever deleted of an account: the audit
names it.
"""

import re
from dataclasses import dataclass
from datetime import date

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import get_random_string

from muniment.core import access, audit
from muniment.core.actors import Actor
from muniment.core.models import Controller, RoleAssignment, Sitting, User
from muniment.core.verdicts import unless

# Without letters and digits that are taken for one another when a password is read out.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Person:
    """Whom an account is for."""

    username: str
    first_name: str
    last_name: str
    post: str


@dataclass(frozen=True)
class Post:
    """A role at a controller (both codes), and from when until when."""

    role: str
    controller: str
    start: date
    until: date | None = None


def find(username: str) -> User:
    """Return an account. Raise Refused when there is none of that name."""
    user = User.objects.filter(username=username).first()
    unless(user is not None, f"There is no account {username}: `muniment user list` names all.").require()
    assert user is not None
    return user


def add(person: Person, *, by: Actor) -> tuple[User, str]:
    """Make an account without a role; return it with a password to be changed at the first sign-in.

    Raise Refused when the name is taken or is none that can be typed everywhere.
    """
    name = person.username
    verdict = unless(
        bool(re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,59}", name)),
        "A username has 2 to 60 small letters, digits, dots, hyphens or low lines, and begins with a letter or digit.",
    )
    verdict &= unless(bool(person.first_name.strip() and person.last_name.strip()), "Give the first and last name.")
    verdict &= unless(not User.objects.filter(username__iexact=name).exists(), f"The account {name} is there already.")
    verdict.require()
    with transaction.atomic():
        user = User.objects.create(
            username=name, first_name=person.first_name, last_name=person.last_name, post=person.post
        )
        password = _give_password(user)
        audit.record(by, "access.add_user", subject=name)
    return user, password


def grant(user: User, post: Post, *, by: Actor) -> RoleAssignment:
    """Give someone a role at a controller for a time.

    Raise Refused when policy has no such role, nobody has registered the controller, or the user has the role then.
    """
    roles = access.declaration().roles
    place = Controller.objects.filter(code=post.controller).first()
    verdict = unless(post.role in roles, f"There is no role {post.role}. Roles are: {', '.join(sorted(roles))}.")
    verdict &= unless(
        place is not None, f"There is no controller {post.controller}: register it in the organisation first."
    )
    verdict &= unless(post.until is None or post.until > post.start, "The role would end before it begins.")
    verdict &= unless(not _held(user, post, post.start).exists(), f"{user.username} has this role there already.")
    verdict.require()
    assert place is not None
    with transaction.atomic():
        assignment = RoleAssignment.objects.create(
            user=user, role=post.role, controller=place, start=post.start, until=post.until
        )
        _changed(user, "access.grant_role", post, by)
    return assignment


def end(user: User, post: Post, *, by: Actor) -> None:
    """End a role on the day `post.until`: from then on it opens nothing. Raise Refused when the user has none."""
    on = post.until or timezone.localdate()
    held = list(_held(user, post, on))
    unless(bool(held), f"{user.username} does not have the role {post.role} at {post.controller} then.").require()
    with transaction.atomic():
        for assignment in held:
            if assignment.start >= on:
                assignment.delete()  # it never began
            else:
                assignment.until = on
                assignment.save(update_fields=["until"])
        _changed(user, "access.end_role", post, by)


def _held(user: User, post: Post, on: date) -> QuerySet[RoleAssignment]:
    """Return the assignments of a role that have not ended by a day."""
    held = user.assignments.filter(role=post.role, controller__code=post.controller)
    return held.filter(Q(until__isnull=True) | Q(until__gt=on))


def _changed(user: User, action: str, post: Post, by: Actor) -> None:
    access.refresh_scopes(timezone.localdate(), [user])
    said = {"role": post.role, "from": str(post.start), "until": str(post.until or "")}
    audit.record(by, action, subject=user.username, controller=post.controller, detail=said)


def reset(user: User, *, by: Actor) -> str:
    """Give a new password, take away every other way in, and end all sessions: for who has lost theirs.

    Whoever asks has to be known in person. Raise Refused when the account is closed.
    """
    unless(user.is_active, f"The account {user.username} is closed: open it first.").require()
    with transaction.atomic():
        Authenticator.objects.filter(user_id=user.pk).delete()
        Sitting.objects.filter(user=user).delete()
        password = _give_password(user)
        audit.record(by, "access.reset_user", subject=user.username)
    return password


def close(user: User, *, by: Actor) -> None:
    """Close an account and end its sessions; its roles stay as they are and open nothing."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        Sitting.objects.filter(user=user).delete()
        audit.record(by, "access.close_user", subject=user.username)


def reopen(user: User, *, by: Actor) -> str:
    """Open a closed account again, with a new password."""
    unless(not user.is_active, f"The account {user.username} is open.").require()
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active"])
        access.refresh_scopes(timezone.localdate(), [user])
        audit.record(by, "access.reopen_user", subject=user.username)
        return reset(user, by=by)


def _give_password(user: User) -> str:
    password = "-".join(get_random_string(4, _LETTERS) for _ in range(4))
    user.set_password(password)
    user.password_is_given = True
    user.save(update_fields=["password", "password_is_given"])
    return password
