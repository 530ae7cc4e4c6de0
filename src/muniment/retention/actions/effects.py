"""What an adoption would move: worked out by the worker, who sees everything, before anybody completes it."""

from muniment.core import policy_in_force
from muniment.core.actors import Actor
from muniment.core.models import BatchRun, RuleAdoption
from muniment.retention.actions import foresee
from muniment.retention.foresight import counted
from muniment.retention.foresight.foreseen_tables import last_schedule
from muniment.retention.foresight.foresight_tables import Table, changes
from muniment.retention.policies import policy_now
from muniment.retention.schedule.other_schedules import Against


def is_wanted() -> bool:
    """Whether anything is scheduled that an adoption could move."""
    return last_schedule() is not None


def run_of(asked: RuleAdoption) -> BatchRun | None:
    """Return the run that worked out what an adoption moves, by the policy as it is now; None before there is one."""
    runs = counted.runs().filter(versions__against=_words(asked))
    if asked.waits:  # of one that is completed, what was shown before
        runs = runs.filter(versions__policy=policy_now.policy().version, versions__on=asked.start.isoformat())
    return runs.first()


def tables(asked: RuleAdoption, run: BatchRun | None) -> tuple[Table, ...]:
    """Return what an adoption moves of its controller's people and records, as far as the reader may see them.

    `run` is `run_of` the adoption.
    """
    return changes(run, counted.Wanted(asked.controller)) if run else ()


def work_out(*, by: Actor) -> int:
    """Work out what one adoption that waits would move, the oldest first; return of how many it was done."""
    if not is_wanted():
        return 0
    waiting = RuleAdoption.objects.filter(completed_at=None, refused_at=None).select_related("controller")
    for asked in waiting.order_by("pk"):
        if run_of(asked) is None:
            policy = policy_now.policy()
            other = policy_in_force.were_it_completed(asked, policy)
            foresee.foresee(policy, by=by, on=asked.start, against=Against(other, _words(asked)))
            return 1
    return 0


def _words(asked: RuleAdoption) -> str:
    return f"{foresee.ADOPTION} {asked.reference}"
