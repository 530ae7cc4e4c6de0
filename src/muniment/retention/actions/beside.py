"""Put other schedules beside the one in force, as they were asked for: an estimate at once, then exactly."""

from django.db.models import QuerySet
from django.utils import timezone

from muniment.batch.retention.sampled import Size
from muniment.core.actors import Actor
from muniment.core.verdicts import Refused
from muniment.engine.policy import Policy, PolicyError
from muniment.retention.actions import estimate, foresee
from muniment.retention.models import ForesightAsked
from muniment.retention.policies import policy_now
from muniment.retention.schedule import other_schedules
from muniment.retention.schedule.other_schedules import Against

SIZE = Size()
_FAULTS = (Refused, PolicyError, KeyError)


def carry_out(*, by: Actor) -> dict[str, int]:
    """Work out what has been asked for, the oldest first; what cannot be is said with its reason.

    Before each is worked out, whatever waits is estimated, so that nobody waits for what somebody else has asked for.
    """
    done, estimated, tried = 0, 0, set[int]()
    while (asked := _waiting().first()) is not None:
        for each in _waiting().filter(run=None).exclude(pk__in=tried):
            tried.add(each.pk)
            estimated += _estimate(each, by)
        _work_out(asked, by)
        done += 1
    return {"forecasts_made": done, "forecasts_estimated": estimated}


def _waiting() -> QuerySet[ForesightAsked]:
    return ForesightAsked.objects.filter(done_at__isnull=True).order_by("pk")


def _estimate(asked: ForesightAsked, by: Actor) -> int:
    """Estimate one; what is wrong with it is said by who works it out."""
    try:
        loaded = policy_now.policy()
        asked.run = estimate.estimate(loaded, by=by, against=_other(loaded, asked), size=SIZE)
    except _FAULTS:
        return 0
    asked.save(update_fields=["run"])
    return int(asked.run is not None)


def _work_out(asked: ForesightAsked, by: Actor) -> None:
    try:
        loaded = policy_now.policy()
        asked.run = foresee.foresee(loaded, by=by, against=_other(loaded, asked))
    except _FAULTS as error:
        asked.refused = str(error) if not isinstance(error, KeyError) else "This draft is there no longer."
    asked.done_at = timezone.now()
    asked.save(update_fields=["run", "refused", "done_at"])


def _other(loaded: Policy, asked: ForesightAsked) -> Against:
    if asked.as_on:
        return other_schedules.of_day(loaded, asked.as_on)
    return other_schedules.of_file(loaded, other_schedules.drafts()[asked.draft])
