"""Attach places and vehicles that have come, changed or gone to their prime records at once."""

from django.db import connection, transaction

from muniment.core import audit, content, planned, turns
from muniment.core.actors import Actor
from muniment.objects import attaching
from muniment.objects.attaching import Attached
from muniment.records.touched import Touched


def attach(touched: Touched, *, by: Actor) -> Attached:
    """Attach the places and vehicles that some records and nominals tell of; of `touched.places` and `.vehicles` decide
    anew, and let go what nothing tells of any more.

    Whatever shares a key with one of them, or is said to be the same, is decided with it: the result is that of a run
    over everything. One attaches at a time, as one runs. Raise NoRun before the first run, and when the words by which
    they are read have changed since.
    """
    with planned.for_few() if touched.are_few else planned.for_many(), connection.cursor() as cursor:
        turns.beside_others()
        attaching.take_turn(cursor)
        done, owners = attaching.attach_within(touched, attaching.published())
        transaction.on_commit(lambda: content.destroy_keys(owners))
        audit.record(by, "objects.attach", subject=_subject(touched), detail=vars(done))
    return done


def _subject(touched: Touched) -> str:
    told = f"{len(touched.records)} records, {len(touched.nominals)} nominals"
    return f"{told}, {len(touched.places)} places, {len(touched.vehicles)} vehicles"
