"""What signing in writes: the sitting that the database knows a session by, and an event for every step of it.

A failure is written apart from the request, whose transaction may be undone. What was typed is never written: a
username only when it is somebody's, because people type passwords into the wrong box.
"""

import secrets
import time
from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connection
from django.http import HttpRequest

from muniment.core import actors, audit
from muniment.core.models import User
from muniment.core.visits import end_enquiry

NOBODY = actors.Actor("nobody")


def _begin(request: HttpRequest, user: User, **_: object) -> None:
    """Let the database know of a new session, so that `enter` can find whose it is."""
    token = secrets.token_urlsafe(32)
    request.session["sitting"] = token
    request.session["began"] = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.sit(%s, %s, %s)", [user.pk, token, settings.SESSION_ABSOLUTE_AGE])
    audit.record(actors.from_user(user), "access.sign_in")


def _end(request: HttpRequest, user: User | None, **_: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.leave(%s)", [request.session.get("sitting", "")])
    if user is not None:
        end_enquiry(request)
        audit.record(actors.from_user(user), "access.sign_out")


def _password_refused(credentials: dict[str, Any], **_: object) -> None:
    _fail("password", User.objects.filter(username=str(credentials.get("username", ""))).first())


def passkey_refused() -> None:
    """Write that a passkey did not let anybody in."""
    _fail("passkey", None)


def _factor_refused(user: User, authenticator: Authenticator, **_: object) -> None:
    _fail(authenticator.type, user)


def _fail(how: str, account: User | None) -> None:
    """Write a failure, which the auditors of the account's own controllers see; of no account, all do."""
    whose = {"subject": account.username, "whose": account.pk} if account else {}
    audit.record_apart(NOBODY, "access.sign_in", "failed", detail={"by": how}, **whose)


def _writes(action: str) -> Any:
    """Return a handler that writes what a user did to a factor of theirs, or with it."""

    def handle(user: User, authenticator: Authenticator, **facts: object) -> None:
        more = {name: True for name in ("reauthenticated", "passwordless") if facts.get(name)}
        audit.record(actors.from_user(user), action, detail={"by": authenticator.type, **more})

    return handle


def _password_changed(user: User, **_: object) -> None:
    user.password_is_given = False
    user.save(update_fields=["password_is_given"])
    audit.record(actors.from_user(user), "access.change_password")


def connect() -> None:
    """Connect every handler; once, when the apps are ready."""
    user_logged_in.connect(_begin)
    user_logged_out.connect(_end)
    user_login_failed.connect(_password_refused)
    password_changed.connect(_password_changed)
    factors.authentication_failed.connect(_factor_refused)
    for signal, action in (
        (factors.authenticator_added, "access.add_factor"),
        (factors.authenticator_removed, "access.remove_factor"),
        (factors.authenticator_reset, "access.renew_factor"),
        (factors.authenticator_used, "access.use_factor"),
    ):
        signal.connect(_writes(action), weak=False)
