"""Runs that would change more prime records than policy lets a run change: they wait, and somebody releases them."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.utils import timezone

from muniment.batch.matching.policy import in_force
from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.models import BatchRun
from muniment.core.verdicts import Refused
from muniment.people.models import RunHold
from muniment.people.watching import runs
from muniment.people.watching.changes import TOUCHED, Change

EXAMPLES = 50  # prime records that are kept to show what a run would have changed

_KEEP = """
INSERT INTO people_heldchange (hold_id, nominal_id, was_id, becomes_id, anchor_id, is_example)
SELECT %(hold)s, nominal_id, was, becomes, anchor_id, was IN (
    SELECT was FROM run_changes GROUP BY was ORDER BY count(*) DESC, was LIMIT %(most)s)
FROM run_changes
"""
# What the run would change besides what was released.
_FRESH = f"""
WITH fresh AS (
    SELECT * FROM run_changes c WHERE NOT EXISTS (
        SELECT 1 FROM people_heldchange h WHERE h.hold_id = %s AND h.nominal_id = c.nominal_id AND h.was_id = c.was
            AND h.becomes_id IS NOT DISTINCT FROM c.becomes AND (c.becomes IS NOT NULL OR h.anchor_id = c.anchor_id))
)
SELECT partition, count(*) FROM ({TOUCHED.format(changes="fresh")}) t GROUP BY partition
"""  # noqa: S608


class Held(Refused):
    """A run would change more prime records than policy lets it: nothing was published."""

    def __init__(self, hold: RunHold, figures: Mapping[str, Mapping[str, int]]) -> None:
        """Keep the hold, and by partition beyond its limit how many of how many prime records would change."""
        limits = in_force().watching
        parts = " and ".join(
            f"{each['changed']:,} of {each['held']:,} prime records ({each['changed'] / each['held']:.1%},"
            f" {partition}; at most {limits.may_change(each['held']):,})"
            for partition, each in figures.items()
        )
        super().__init__(
            (
                f"Run {hold.run_id} would change {parts}. Nothing is published: it waits until somebody releases it, on"
                f" its page or by `muniment linkage release {hold.run_id}`.",
            )
        )
        self.hold, self.figures = hold, figures


def beyond(changed: Mapping[str, int], held: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return the partitions of which a run would change too much, with how many of how many prime records."""
    limits = in_force().watching
    return {
        partition: {"changed": number, "held": held.get(partition, 0)}
        for partition, number in changed.items()
        if number > limits.may_change(held.get(partition, 0))
    }


def waiting() -> RunHold | None:
    """Return the hold that no run has settled, released or not."""
    return RunHold.objects.select_related("run").filter(settled_at__isnull=True).first()


def too_much(change: Change) -> dict[str, dict[str, int]]:
    """Return of which partitions a run changes more than it may, what was released apart."""
    hold = waiting()
    if hold is None or hold.released_at is None:
        return beyond(change.changed, change.held)
    with connection.cursor() as cursor:
        cursor.execute(_FRESH, [hold.pk])
        return beyond(dict(cursor.fetchall()), change.held)


def keep_waiting(run: BatchRun, change: Change, figures: Mapping[str, Mapping[str, Any]], *, by: Actor) -> Held | None:
    """Let a run wait that changes too much, with its figures; return what to raise then, and None when it may publish.

    It takes the place of another that waits; where that would change the very same, it waits on under its number.
    """
    over = too_much(change)
    if not over:
        return None
    hold = waiting()
    if hold is None or hold.released_at is not None or hold.digest != change.digest:
        run.state, run.ended_at = "held", timezone.now()
        run.save()
        settle(run)
        hold = RunHold.objects.create(run=run, digest=change.digest)
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, {"hold": hold.pk, "most": EXAMPLES})
        runs.keep(run, figures, change)
    # In all, because auditors outside the enclave read it.
    detail = {"changed": sum(change.changed.values()), "held": sum(change.held.values()), "digest": hold.digest}
    audit.record(by, "people.hold_run", subject=f"run {hold.run_id}", detail=detail)
    return Held(hold, over)


def settle(run: BatchRun) -> None:
    """End the hold that waits, because this run publishes or waits in its place; its examples stay."""
    hold = waiting()
    if hold is None:
        return
    hold.settled_at, hold.settled_by = timezone.now(), run
    hold.save(update_fields=["settled_at", "settled_by"])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_heldchange WHERE hold_id = %s AND NOT is_example", [hold.pk])
