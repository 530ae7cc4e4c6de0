"""The gate between holds and destruction: only one of them passes at a time.

Without it a hold placed while a destruction runs would see records that the other is about to delete, and the
destruction would not see the hold. Whoever comes second sees all that the first did.
"""

from django.db import connection

_GATE = 7_130_005


def pass_alone() -> None:
    """Wait until nobody else is in the gate, and stay in it until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_GATE])
