"""What an adoption would move: worked out by the worker, who sees everything, before anybody completes it."""

from django.db.models import QuerySet
from django.utils import timezone

from muniment.core import policy_in_force
from muniment.core.actors import Actor
from muniment.core.models import BatchRun, RuleAdoption
from muniment.retention.actions import foresee
from muniment.retention.foresight import counted
from muniment.retention.foresight.foreseen_tables import last_schedule
from muniment.retention.foresight.foresight_tables import changes
from muniment.retention.foresight.replacing import ADOPTION
from muniment.retention.foresight.shown import Table
from muniment.retention.models import ForeseenMove
from muniment.retention.policies import policy_now
from muniment.retention.schedule.other_schedules import Against


def is_wanted() -> bool:
    """Whether anything is scheduled that an adoption could move."""
    return last_schedule() is not None


def run_of(asked: RuleAdoption) -> BatchRun | None:
    """Return the run that worked out what an adoption moves, by the policy as it is now and since the last schedule.

    None before there is one. Of an adoption that is completed or refused, it is what was shown before.
    """
    runs = counted.runs().filter(versions__against=_words(asked))
    if asked.waits:
        runs = runs.filter(versions__policy=policy_now.policy().version, versions__on=asked.start.isoformat())
        last = last_schedule()
        runs = runs.filter(pk__gt=last.run) if last else runs
    return runs.first()


def digest(run: BatchRun | None) -> str:
    """Return what stays the same as long as an adoption moves the same people and records by the same days."""
    return str(run.counts.get("moves", "")) if run else ""


def tables(asked: RuleAdoption, run: BatchRun | None) -> tuple[Table, ...]:
    """Return what an adoption moves of its controller's people and records, as far as the reader may see them.

    `run` is `run_of` the adoption.
    """
    return changes(run, counted.Wanted(asked.controller)) if run else ()


def moved(asked: RuleAdoption, run: BatchRun | None) -> QuerySet[ForeseenMove]:
    """Return whom and what an adoption that waits moves, one by one, as far as the reader may see them.

    They are of the run of which the tables are. One that is completed or refused has left none.
    """
    return ForeseenMove.objects.filter(run=run) if run and asked.waits else ForeseenMove.objects.none()


def work_out(*, by: Actor) -> int:
    """Work out what one adoption that waits would move, the oldest first; return of how many it was done.

    Whoever stands in the list of an adoption that waits no more, or whose day has passed, goes from it.
    """
    _forget()
    if not is_wanted():
        return 0
    for asked in _waiting().select_related("controller").order_by("pk"):
        if run_of(asked) is None:
            policy = policy_now.policy()
            other = policy_in_force.were_it_completed(asked, policy)
            against = Against(other, _words(asked))
            foresee.foresee(policy, by=by, on=asked.start, against=against, listing=asked.controller)
            return 1
    return 0


def _waiting() -> QuerySet[RuleAdoption]:
    """Return the adoptions that can still be completed."""
    return RuleAdoption.objects.filter(completed_at=None, refused_at=None, start__gte=timezone.localdate())


def _forget() -> None:
    kept = [_words(asked) for asked in _waiting()]
    gone = BatchRun.objects.filter(pk__in=_listed()).exclude(versions__against__in=kept, state="done")
    if keys := list(gone.values_list("pk", flat=True)):
        ForeseenMove.objects.filter(run__in=keys).delete()


def _listed() -> list[int]:
    """Return the runs that have a list, each looked up: every round asks, and a list may have a million rows."""
    found: list[int] = []
    rows = ForeseenMove.objects.order_by("run", "place").values_list("run", flat=True)
    while (run := rows.filter(run__gt=found[-1] if found else 0).first()) is not None:
        found.append(run)
    return found


def _words(asked: RuleAdoption) -> str:
    return f"{ADOPTION} {asked.reference}"
