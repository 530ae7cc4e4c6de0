"""Why nominals are one person: for each pair that joined them, the weight and a sentence for each feature."""

from dataclasses import dataclass

import pyarrow as pa
from django.db.models import Q

from muniment.batch.matching.standardise import standardise
from muniment.engine.matching.model import Comparison, compare
from muniment.engine.matching.rules import reason
from muniment.feeds.canonical import PERSON_TEXT_FIELDS
from muniment.people.linking import linkage_models
from muniment.people.models import Judgement, MatchEdge
from muniment.people.said.advice import are_merged
from muniment.records.models import Nominal


@dataclass(frozen=True)
class Join:
    """A pair of nominals, how alike they are, and what joined or separates them."""

    left: Nominal
    right: Nominal
    comparison: Comparison | None
    judgement: Judgement | None
    merged_at_source: bool
    stands: str = ""  # why a person is asked about the two, who are one only because they were before

    @property
    def strongest(self) -> float:
        """The largest contribution, for drawing the others in proportion."""
        weights = [abs(each.weight) for each in self.comparison.contributions] if self.comparison else []
        return max(weights, default=1.0)


def standardised(nominals: list[Nominal]) -> dict[int, dict[str, object]]:
    """Return the standardised form of nominals, by key, as linkage sees them."""
    columns: dict[str, pa.Array] = {
        "person_id": pa.array([each.pk for each in nominals], pa.int64()),
        "source_key": pa.array([f"{each.system_id}|{each.reference}" for each in nominals]),
        "partition": pa.array([each.scope.partition for each in nominals]),
        "aliases": pa.array([each.aliases for each in nominals], pa.list_(pa.string())),
    }
    for name in PERSON_TEXT_FIELDS:
        columns[name] = pa.array([getattr(each, name) or None for each in nominals], pa.string())
    return {row["person_id"]: row for row in standardise(pa.table(columns)).to_pylist()}


def joins(nominals: list[Nominal]) -> list[Join]:
    """Return the pairs among nominals that joined them, strongest first: what a reader may see of them alone."""
    model, forms = linkage_models.active(), standardised(nominals)
    by_key = {each.pk: each for each in nominals}
    keys = list(by_key)
    edges = MatchEdge.objects.filter(left_id__in=keys, right_id__in=keys).order_by("-weight")
    judged = {
        (each.left_id, each.right_id): each
        for each in Judgement.objects.filter(
            Q(left_id__in=keys, right_id__in=keys), superseded_at__isnull=True
        ).select_related("reason")
    }
    pairs = {
        (edge.left_id, edge.right_id): reason(edge.blocked_by, stand=True) if edge.stands else "" for edge in edges[:40]
    }
    pairs |= dict.fromkeys(judged.keys() - pairs.keys(), "")
    return [
        Join(
            left=by_key[left],
            right=by_key[right],
            comparison=compare(forms[left], forms[right], model) if model else None,
            judgement=judged.get((left, right)),
            merged_at_source=are_merged(by_key[left], by_key[right]),
            stands=stands,
        )
        for (left, right), stands in pairs.items()
    ]
