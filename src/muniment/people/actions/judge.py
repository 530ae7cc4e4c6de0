"""Judge whether two nominals are one person; a person's word beats the model."""

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.people.models import Judgement
from muniment.records.models import Nominal

EVIDENCE = (
    ("fingerprints", "Fingerprints"),
    ("dna", "DNA"),
    ("document", "Official document seen"),
    ("officer", "An officer who knows them"),
    ("records", "Reading the records"),
)


def judge(one: Nominal, two: Nominal, *, by: Actor, verdict: str, evidence: str, reason: str) -> Judgement:
    """Record what a person decided about a pair; an earlier judgement is superseded, never overwritten.

    The prime records follow with the next run of `resolve`.
    """
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    left, right = sorted((one, two), key=lambda nominal: nominal.pk)
    check = unless(verdict in Judgement.Verdict.values, "Say whether the two are one person.")
    check &= unless(evidence in dict(EVIDENCE), "Say what the judgement rests on.")
    check &= unless(len(reason.strip()) >= 10, "Give the reason in a sentence.")
    check &= unless(left.pk != right.pk, "These are the same source record.")
    check.require()
    with transaction.atomic():
        Judgement.objects.filter(left=left, right=right, superseded_at__isnull=True).update(
            superseded_at=timezone.now()
        )
        kept = content.store(f"judgement:{left.pk}:{right.pk}", "reason", reason.strip(), scope_id=left.scope_id)
        judgement = Judgement.objects.create(
            left=left, right=right, verdict=verdict, evidence=evidence, reason=kept, by=by.name
        )
        audit.record(by, "match.judge", subject=f"nominals {left.pk} and {right.pk}", detail={"verdict": verdict})
    return judgement
