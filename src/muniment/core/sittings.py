"""A transaction within a user's scope outside a request: what a command shows is what their screens would."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from muniment.core import access, database
from muniment.core.models import User

_SECONDS = 60  # counts only when the sitting is entered, which is at once


@contextmanager
def within(user: User, *, snapshot: bool = False) -> Iterator[None]:
    """Run a transaction as the web's role within the scope of a user; with `snapshot`, all of it sees one moment."""
    web = database.role_name("web")
    with transaction.atomic(durable=snapshot):
        with connection.cursor() as cursor:
            if snapshot:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if connection.settings_dict["USER"] != web:
                cursor.execute(f"SET LOCAL ROLE {web}")
            token = secrets.token_urlsafe(24)
            cursor.execute("SELECT muniment.sit(%s, %s, %s)", [user.pk, token, _SECONDS])
        access.enter(token)
        yield
        if connection.settings_dict["USER"] != web and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
