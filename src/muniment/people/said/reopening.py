"""Judgements that somebody has to look at again, because identifiers say otherwise since they were made.

A PNCID or a CRO number is given on fingerprints, and may come long after somebody has read the records. What is
reopened stands until a person has judged again.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db import connection
from django.utils import timezone

from muniment.core.models import BatchRun
from muniment.engine.matching import said
from muniment.engine.matching.features import Nominal
from muniment.engine.matching.grouping import Pair
from muniment.engine.matching.model import Model, compare
from muniment.people.handing_over import array
from muniment.people.models import Judgement, MatchEdge

_OF_SOME = """
SELECT id FROM people_judgement WHERE superseded_at IS NULL AND (left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s))
"""


def standing(keys: Collection[int] | None = None) -> list[Judgement]:
    """Return the judgements that stand and say whether two are one; with `keys`, of pairs with one of those."""
    found = Judgement.objects.filter(superseded_at__isnull=True).exclude(verdict=Judgement.Verdict.UNSURE)
    if keys is None:
        return list(found)
    with connection.cursor() as cursor:  # as an array: a list of thousands takes Django as long as everything else
        cursor.execute(_OF_SOME, {"keys": array(keys)})
        some = [key for (key,) in cursor.fetchall()]
    return list(found.filter(pk__in=some)) if some else []


def reopen(judgements: Iterable[Judgement], forms: Mapping[int, Nominal], model: Model, run: BatchRun) -> set[Pair]:
    """Reopen those judgements that identifiers speak against now; return their pairs.

    `forms` are standardised nominals by key. The pairs of these, and those that later judgements reopened, wait for a
    person like any other.
    """
    known = [each for each in judgements if each.left_id in forms and each.right_id in forms]
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
    return {(each.left_id, each.right_id) for each in again}
