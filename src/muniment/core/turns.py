"""Bulk writes go on side by side; a destruction goes alone.

Without it an intake could write about a record that a destruction is deleting: the one would not see the
tombstone, the other not the new rows. Whoever comes second sees all that the first did.
"""

from django.db import connection

_TURN = 7_130_007


def beside_others() -> None:
    """Wait until no destruction runs, and keep others from beginning until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_TURN])


def alone() -> None:
    """Wait until no bulk write runs, and keep all from beginning until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
