"""What people have said of pairs of nominals, as a reader may see it."""

from dataclasses import dataclass

from django.db.models import F, QuerySet

from muniment.batch.matching.policy import in_force
from muniment.core import content
from muniment.people.models import Judgement
from muniment.records.models import Nominal


def titles() -> dict[str, str]:
    """Return what a judgement may rest on, by its code."""
    return {code: each.title for code, each in in_force().evidence.items()}


def evidence_choices() -> list[tuple[str, str]]:
    """Return what a judgement may rest on, to choose from."""
    return [("", "Choose"), *titles().items()]


def every() -> QuerySet[Judgement]:
    """Return the judgements that stand: first those to look at again, then the last."""
    standing = Judgement.objects.filter(superseded_at__isnull=True)
    of_pair = ("left__system__controller", "right__system__controller")
    return standing.select_related(*of_pair).order_by(F("reopened_at").desc(nulls_last=True), "-at", "-pk")


def reopened() -> int:
    """Return how many judgements somebody has to look at again."""
    return every().filter(reopened_at__isnull=False).count()


@dataclass(frozen=True)
class Standing:
    """A judgement that stands, with its words."""

    judgement: Judgement
    rests_on: str
    reason: str


def standing(left: Nominal, right: Nominal) -> Standing | None:
    """Return what was said last of two nominals, as far as it stands."""
    one, two = sorted((left.pk, right.pk))
    held = Judgement.objects.filter(left=one, right=two, superseded_at__isnull=True).select_related("reason").first()
    if held is None:
        return None
    return Standing(held, titles().get(held.evidence, held.evidence), content.shown(held.reason))
