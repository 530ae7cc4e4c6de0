"""Which forecasts and comparisons stay to be read: the last of each, and of comparisons the newest."""

from muniment.core.models import BatchRun
from muniment.retention.foresight.counted import KIND
from muniment.retention.models import ForeseenCount, ForeseenMove

ADOPTION = "the adoption"  # how another schedule is known that differs by one: what it moves stays to be read
KEPT = 20  # comparisons with other schedules that stay to be read; the oldest go


def forget_earlier(run: BatchRun) -> None:
    """Let the counts go that this run replaces, and of comparisons the oldest."""
    earlier = BatchRun.objects.filter(kind=KIND, state="done").exclude(pk=run.pk)
    same = set(earlier.filter(versions__against=run.versions["against"]).values_list("pk", flat=True))
    compared = earlier.exclude(versions__against="").exclude(versions__against__startswith=ADOPTION)
    compared = compared.exclude(pk__in=same).order_by("-pk")
    gone = same | set(compared.values_list("pk", flat=True)[KEPT:])
    ForeseenCount.objects.filter(run__in=gone).delete()
    ForeseenMove.objects.filter(run__in=gone).delete()
    BatchRun.objects.filter(pk__in=gone).update(state="replaced")
