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


def for_few() -> None:
    """Plan until the end of the transaction for a few rows: looked up, whatever they are, and no table read through.

    PostgreSQL takes it that a row looked up comes from a turning disk. Against a million rows that has it read a table
    for what a thousand look-ups answer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL random_page_cost = 1.1")


def alone() -> None:
    """Wait until no bulk write runs, and keep all from beginning until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
