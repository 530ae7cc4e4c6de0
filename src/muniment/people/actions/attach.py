"""Attach nominals that have come, changed or gone to their prime records at once."""

from collections.abc import Collection

from muniment.core import audit, planned, turns
from muniment.core.actors import Actor
from muniment.people.linking import attaching, linkage_models
from muniment.people.linking.attaching import Attached
from muniment.records.touched import FEW


def attach(keys: Collection[int], *, by: Actor) -> Attached:
    """Attach nominals, by key; of one that is gone, decide anew about those who were one with it.

    Everyone whom evidence, somebody's word or having been one leads to from them is decided with them, by the model
    and the lists of the last run: the result is that of a run over everybody. One attaches at a time, as one runs:
    two who come at once may both be the missing link. Raise NoModel before the first run.
    """
    with planned.for_few() if len(keys) <= FEW else planned.for_many():
        turns.beside_others()
        attaching.take_turn()
        done = attaching.attach_within(keys, linkage_models.published())
        audit.record(by, "people.attach", subject=f"{len(keys)} nominals", detail=done.numbers())
    return done
