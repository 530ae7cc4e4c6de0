"""More than can be followed one by one: everybody is linked and decided anew, by whoever comes first to do it.

That so much came is written down with it. Whoever took it in does it if he waits for it, else the worker; what was
begun and not ended is begun again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.db import connection
from django.utils import timezone

from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.objects.actions import resolve as resolving_things
from muniment.people.actions import resolve as resolving
from muniment.people.linking.linkage_models import NoModel
from muniment.people.watching.holding import Held
from muniment.retention.actions import schedule as scheduling
from muniment.retention.policies import policy_now

KIND = "follow"  # of the runs that say that everybody is to be followed
_LOCK = 7_130_019


@dataclass(frozen=True)
class Followed:
    """What was attached and decided anew; or why the next run has to do it, as sentences.

    `places` and `vehicles` are the ways of writing one that were decided about.
    """

    nominals: int = 0
    places: int = 0
    vehicles: int = 0
    people: int = 0
    records: int = 0
    reviews_opened: int = 0
    waits: str = ""

    def numbers(self) -> dict[str, int]:
        """Return the counts, each by what was done."""
        return {
            "nominals_attached": self.nominals,
            "places_attached": self.places,
            "vehicles_attached": self.vehicles,
            "people_decided": self.people,
            "records_decided": self.records,
            "reviews_opened": self.reviews_opened,
        }


def ask() -> None:
    """Have everybody followed who is held, as soon as somebody can."""
    BatchRun.objects.create(kind=KIND, started_at=timezone.now(), state="waiting")


def follow(*, by: Actor) -> Followed | None:
    """Link and decide everybody if that is asked, once for all who have asked until now; else return None.

    None is returned too while another does it: who asked in the meantime is served by the next call.
    """
    with _by_one_alone() as alone:
        asked = list(BatchRun.objects.filter(kind=KIND, state="waiting").values_list("pk", flat=True)) if alone else []
        if not asked:
            return None
        done = _run(by)
        state = "refused" if done.waits else "done"
        BatchRun.objects.filter(pk__in=asked).update(state=state, ended_at=timezone.now(), counts=vars(done))
    return done


@contextmanager
def _by_one_alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _run(by: Actor) -> Followed:
    waits = ""
    try:
        nominals = resolving.resolve(by=by).nominals
    except (NoModel, Held) as reason:
        nominals, waits = 0, str(reason)
    things = resolving_things.resolve(by=by)
    followed = Followed(nominals, things.place_members, things.vehicle_members, waits=waits)
    if waits:
        return followed
    decided = scheduling.schedule(policy_now.policy(), by=by, on=timezone.localdate())
    return replace(followed, **{name: getattr(decided, name) for name in ("people", "records", "reviews_opened")})
