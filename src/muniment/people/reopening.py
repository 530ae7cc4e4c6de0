"""Judgements that somebody has to look at again, because identifiers say otherwise since they were made.

A PNCID or a CRO number is given on fingerprints, and may come long after somebody has read the records. What is
reopened stands until a person has judged again.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.utils import timezone

from muniment.core.models import BatchRun
from muniment.engine.matching import said
from muniment.engine.matching.model import Model, compare
from muniment.people.models import Judgement, MatchEdge


def reopen(standardised: pa.Table, model: Model, run: BatchRun) -> int:
    """Reopen the judgements that identifiers speak against now; return how many.

    Their pairs, and those that later judgements reopened, wait for a person like any other.
    """
    standing = list(Judgement.objects.filter(superseded_at__isnull=True).exclude(verdict=Judgement.Verdict.UNSURE))
    keys = pa.array(sorted({key for each in standing for key in (each.left_id, each.right_id)}), pa.int64())
    rows = standardised.filter(pc.is_in(standardised["person_id"], keys)).to_pylist()
    forms: dict[int, dict[str, Any]] = {row["person_id"]: row for row in rows}
    known = [each for each in standing if each.left_id in forms and each.right_id in forms]
    again = [
        each
        for each in known
        if each.reopened_at is None
        and said.is_reopened(
            each.verdict, each.identifiers, said.identifiers(forms[each.left_id], forms[each.right_id])
        )
    ]
    for each in again:
        each.reopened_at, each.reopened_because = timezone.now(), Judgement.Reopened.IDENTIFIERS
    Judgement.objects.bulk_update(again, ["reopened_at", "reopened_because"])
    MatchEdge.objects.bulk_create(
        (
            MatchEdge(
                left_id=each.left_id,
                right_id=each.right_id,
                weight=compare(forms[each.left_id], forms[each.right_id], model).weight,
                is_automatic=False,
                blocked_by="reopened",
                needs_person=True,
                model=model.version,
                run=run,
            )
            for each in known
            if each.reopened_at is not None
        ),
        update_conflicts=True,
        unique_fields=["left", "right"],
        update_fields=["needs_person", "blocked_by"],
    )
    return len(again)
