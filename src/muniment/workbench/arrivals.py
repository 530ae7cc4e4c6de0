"""What comes in, and what follows at once: people are attached to their prime records, retention is worked out."""

from dataclasses import dataclass, replace
from pathlib import Path

from django.utils import timezone

from muniment import feeds
from muniment.core import access, policy_in_force
from muniment.core.actors import Actor
from muniment.core.models import Scope
from muniment.people.actions import attach as attaching
from muniment.people.linkage_models import NoModel
from muniment.people.models import Judgement
from muniment.records.actions import take_in
from muniment.records.touched import Touched, named_in
from muniment.retention import policy_now
from muniment.retention.actions import reschedule as rescheduling

# Nominals up to which it is sooner done for each than for everybody; past it the next runs follow.
AT_ONCE = 1000

_TOO_MANY = "So much has come in that the next runs link and decide it: `muniment resolve`, then `muniment schedule`."


@dataclass(frozen=True)
class Followed:
    """What was attached and decided anew; or why the next run has to do it, as a sentence."""

    nominals: int = 0
    people: int = 0
    records: int = 0
    reviews_opened: int = 0
    waits: str = ""

    def numbers(self) -> dict[str, int]:
        """Return the counts, each by what was done."""
        return {
            "nominals_attached": self.nominals,
            "people_decided": self.people,
            "records_decided": self.records,
            "reviews_opened": self.reviews_opened,
        }


def are_too_many(touched: Touched) -> bool:
    """Whether so much has come in that a run over everybody is sooner done."""
    return len(touched.nominals) > AT_ONCE or len(touched.records) > AT_ONCE


def arrive(feed: feeds.Feed, file: Path, *, by: Actor) -> tuple[take_in.Counts, Followed]:
    """Take in a file of a feed that tells only of what it holds, and follow it.

    What a full export leaves out would be withdrawn; of what arrives by itself that is never so. Raise BadFile, with
    nothing changed, where the file is to be refused as a whole. What came before and is told again is followed again,
    so that whoever was answered by a fault can send the same once more.
    """
    today = timezone.localdate()
    if faults := feeds.check(feed, file, today=today):
        raise feeds.BadFile("\n".join(faults))
    read = feeds.read(feed, file, limits=policy_in_force.feed_limits(today))
    batch = replace(read, kind="delta", never_seen=())  # of a few rows, a column without a value tells of nothing
    known = Scope.objects.count()
    counts = take_in.take_in(batch, by=by, absence_limit=1.0)
    if Scope.objects.count() != known:  # what comes may be the first of its area or marking
        access.refresh_scopes(today)
    return counts, follow(named_in(batch), by=by)


def follow(touched: Touched, *, by: Actor) -> Followed:
    """Attach nominals that have come or changed, and work out retention for everyone and everything that it touches."""
    if not touched.nominals and not touched.records:
        return Followed()
    if are_too_many(touched):
        return Followed(waits=_TOO_MANY)
    try:
        attached = attaching.attach(touched.nominals, by=by)
    except NoModel as reason:
        return Followed(waits=str(reason))
    decided = rescheduling.reschedule(
        policy_now.policy(), people=attached.primes, records=touched.records, by=by, on=timezone.localdate()
    )
    return Followed(attached.nominals, decided.people, decided.records, decided.reviews_opened)


def follow_judgements(*, by: Actor) -> dict[str, int]:
    """Do what people have said of pairs since the last time; return of how many."""
    waiting = Judgement.objects.filter(is_followed=False)[: AT_ONCE // 2]  # each is of two
    pairs = list(waiting.values_list("left_id", "right_id"))
    if pairs:
        follow(Touched(frozenset(key for pair in pairs for key in pair)), by=by)
    return {"judgements_followed": len(pairs)}
