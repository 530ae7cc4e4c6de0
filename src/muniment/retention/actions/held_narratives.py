"""Look for the words of holds in the narratives that are held, in one walk along them, and hold what has them.

What comes later is opened as it comes (`held_records.expand_for`). A walk takes the gate for what it found alone, so
that nobody waits for it; until it has come round, each step of a disposal opens the narratives of its own records.
"""

from collections.abc import Iterator

from django.db.models import Max

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.models import Content
from muniment.retention.actions import held_records
from muniment.retention.holds import held_words
from muniment.retention.models import Hold

_LOT = 2_000  # contents whose keys are fetched, and whose texts are in memory, at once


def read(*, by: Actor) -> int:
    """Read for every standing hold what it has not read yet; return how many records came under one by it."""
    last = Content.objects.filter(owner__startswith="record:").aggregate(last=Max("pk"))["last"] or 0
    behind = [hold for hold in held_words.worded() if hold.words_read_to < last]
    for hold in behind:
        if hold.amended_at and not hold.words_read_to:
            _let_go(hold, by=by)
    came: dict[int, int] = {}
    for lot in _lots(min((hold.words_read_to for hold in behind), default=last), last):
        said: dict[int, list[str | None]] = {}
        held_words.take(lot, said)
        for hold in behind:
            if hold.words_read_to < lot[-1].pk:
                came[hold.pk] = came.get(hold.pk, 0) + held_records.add_worded(hold, said, by=by)
    for hold in behind:
        # Amended since, it has other words: it is read again.
        now = Hold.objects.filter(pk=hold.pk, amended_at=hold.amended_at)
        if now.update(words_read_to=last):
            now.filter(expanded_at__isnull=False).update(narrowed_at=None)  # else its list is still to be brought up
            audit.record(by, "hold.read_words", subject=hold.reference, detail={"records": came.get(hold.pk, 0)})
    return sum(came.values())


def _let_go(hold: Hold, *, by: Actor) -> None:
    """Open again what is on the list of an amended hold by a word: that word may be no more of it."""
    keys = list(hold.held.filter(by_words=True).order_by("pk").values_list("record_id", flat=True))
    for start in range(0, len(keys), _LOT):
        some = keys[start : start + _LOT]
        found = held_words.narratives(some)
        held_records.read_again(hold, {key: found.get(key, []) for key in some}, by=by)


def _lots(after: int, last: int) -> Iterator[list[Content]]:
    """Yield the contents of records between two keys, some at a time."""
    while after < last:
        found = Content.objects.filter(pk__gt=after, pk__lte=last, owner__startswith="record:").order_by("pk")
        lot = list(found[:_LOT])
        if not lot:
            return
        yield lot
        after = lot[-1].pk
