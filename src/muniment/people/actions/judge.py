"""Judge whether two nominals are one person; a person's word beats the model."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content, reasons
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.people.models import Judgement
from muniment.records.models import Nominal

WHY = "Give the reason for the judgement"
EVIDENCE = (
    ("", "Choose"),
    ("fingerprints", "Fingerprints"),
    ("dna", "DNA"),
    ("document", "Official document seen"),
    ("officer", "An officer who knows them"),
    ("records", "Reading the records"),
)


@dataclass(frozen=True)
class Said:
    """What a person says about a pair: the verdict, what it rests on, and why."""

    verdict: str
    evidence: str
    reason: str


def judge(one: Nominal, two: Nominal, said: Said, *, by: Actor) -> Judgement:
    """Record what a person decided about a pair; an earlier judgement is superseded, never overwritten.

    The prime records follow with the next run of `resolve`.
    """
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    left, right = sorted((one, two), key=lambda nominal: nominal.pk)
    check = unless(said.verdict in Judgement.Verdict.values, "Say whether the two are one person.")
    check &= unless(bool(said.evidence) and said.evidence in dict(EVIDENCE), "Say what the judgement rests on.")
    check &= reasons.is_given(said.reason, WHY)
    check &= unless(left.pk != right.pk, "These are the same source record.")
    check.require()
    with transaction.atomic():
        Judgement.objects.filter(left=left, right=right, superseded_at__isnull=True).update(
            superseded_at=timezone.now()
        )
        kept = content.store(f"judgement:{left.pk}:{right.pk}", "reason", said.reason.strip(), scope_id=left.scope_id)
        judgement = Judgement.objects.create(
            left=left, right=right, verdict=said.verdict, evidence=said.evidence, reason=kept, by=by.name
        )
        audit.record(by, "match.judge", subject=f"nominals {left.pk} and {right.pk}", detail={"verdict": said.verdict})
    return judgement
