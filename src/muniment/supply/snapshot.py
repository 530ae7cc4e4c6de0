"""The moment that a supply sees, and that only one is made at a time for a recipient."""

from datetime import datetime

from django.db import connection

from muniment.core.models import Controller
from muniment.core.verdicts import unless
from muniment.supply.recipients import Recipient

_LOCK = 7_130_011


def alone(controller: Controller, recipient: Recipient) -> None:
    """Let nobody else give or correct at the same time what a recipient has of a controller's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, f"{controller.code}|{recipient.code}"]
        )
        free = bool(cursor.fetchone()[0])
    unless(free, f"Something is being given to {recipient.name} just now: try again when it is done.").require()


def moment() -> datetime:
    """Return the moment that the transaction sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT transaction_timestamp()")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]
