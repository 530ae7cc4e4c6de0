"""Judge whether two nominals are one person; a person's word beats the model."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from muniment.batch.matching.policy import in_force
from muniment.core import access, audit, content, reasons, words
from muniment.core.actors import Actor
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.engine.matching import said as saying
from muniment.people import advice, contradictions, joins
from muniment.people.models import Judgement
from muniment.records.models import Nominal

_JUDGE_LOCK = 7_130_008
WHY = "Give the reason for the judgement"
WITHDRAW = "Say why you take it back"


@dataclass(frozen=True)
class Said:
    """What a person says about a pair: the verdict, what it rests on, and why.

    `despite` is the `Contradiction.digest` that they have read and say it against.
    """

    verdict: str
    evidence: str
    reason: str
    despite: str = ""


def judge(one: Nominal, two: Nominal, said: Said, *, by: Actor) -> Judgement:
    """Record what a person decided about a pair; an earlier judgement is superseded, never overwritten.

    The prime records follow with the worker's next round. A judgement on stronger evidence stands until it is
    reopened. What says otherwise is named first; said in spite of it, the others have to be looked at again.
    """
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    left, right = sorted((one, two), key=lambda nominal: nominal.pk)
    check = unless(said.verdict in Judgement.Verdict.values, "Say whether the two are one person.")
    check &= unless(said.evidence in in_force().evidence, "Say what the judgement rests on.")
    check &= reasons.is_given(said.reason, WHY)
    check &= unless(left.pk != right.pk, "These are the same source record.")
    check.require()
    with transaction.atomic():
        _take_turns()
        standing = Judgement.objects.filter(left=left, right=right, superseded_at__isnull=True)
        _is_strong_enough(standing.first(), said.evidence).require()
        otherwise = contradictions.contradiction(left, right, said.verdict)
        unless(
            otherwise is None or otherwise.digest == said.despite,
            "Other judgements say otherwise: read them, and say whether you still do.",
        ).require()
        before = list(standing)
        standing.update(superseded_at=timezone.now())
        kept = content.store(f"judgement:{left.pk}:{right.pk}", "reason", said.reason.strip(), scope_id=left.scope_id)
        forms = joins.standardised([left, right])
        judgement = Judgement.objects.create(
            left=left,
            right=right,
            verdict=said.verdict,
            evidence=said.evidence,
            reason=kept,
            by=by.name,
            identifiers=saying.identifiers(forms[left.pk], forms[right.pk]),
        )
        advice.follow(judgement, before)
        again = otherwise.overruled if otherwise else []
        reopened = Judgement.objects.filter(pk__in=[each.pk for each in again], reopened_at__isnull=True)
        reopened.update(reopened_at=timezone.now(), reopened_because=Judgement.Reopened.CONTRADICTED)
        _stand_again(left, right)
        detail = {"verdict": said.verdict, "evidence": said.evidence, "reopened": [each.pk for each in again]}
        audit.record(by, "match.judge", subject=_subject(judgement), detail=detail)
    return judgement


def _take_turns() -> None:
    """Let one judge at a time: what speaks against a judgement is what stands when it is recorded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_JUDGE_LOCK])


def _stand_again(*nominals: Nominal) -> None:
    """Let judgements stand again that were reopened by what no longer says otherwise."""
    judged, told = contradictions.said_around({each.pk for each in nominals})
    settled = [
        each.pk
        for step, each in judged.items()
        if each.reopened_because == Judgement.Reopened.CONTRADICTED
        and not saying.against(told, step.left, step.right, step.verdict)
    ]
    Judgement.objects.filter(pk__in=settled).update(reopened_at=None, reopened_because="")


def _is_strong_enough(standing: Judgement | None, evidence: str) -> Verdict:
    """Whether evidence may take the place of what was said before: unless that is reopened, only what is as strong.

    Who could not tell, by whatever evidence, has said nothing that keeps another from telling.
    """
    known = in_force().evidence
    if standing is None or standing.reopened_at or standing.evidence not in known:
        return ALLOWED
    if standing.verdict == Judgement.Verdict.UNSURE:
        return ALLOWED
    before = known[standing.evidence]
    return unless(
        known[evidence].strength >= before.strength,
        f"{standing.by} said on {words.day(standing.at.date())} that the two are"
        f" {'one person' if standing.verdict == saying.SAME else 'not one person'}, by better evidence"
        f" ({before.title.lower()}): only evidence as good can take its place.",
    )


def withdraw(judgement: Judgement, *, by: Actor, reason: str) -> None:
    """Take back one's own judgement: the pair is as if nobody had judged it; what was said stays on record."""
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    with transaction.atomic():
        _take_turns()
        held = Judgement.objects.select_related("left", "right").get(pk=judgement.pk)
        check = unless(held.superseded_at is None, "It does not stand any more.")
        check &= unless(held.by == by.name, f"{held.by} judged it: who sees it otherwise judges the pair anew.")
        check &= reasons.is_given(reason, WITHDRAW)
        check.require()
        held.withdrawal = content.store(
            f"judgement:{held.left_id}:{held.right_id}", "withdrawal", reason.strip(), scope_id=held.left.scope_id
        )
        held.superseded_at, held.is_followed = timezone.now(), False
        held.save(update_fields=["withdrawal", "superseded_at", "is_followed"])
        advice.take_back([held])
        _stand_again(held.left, held.right)
        audit.record(by, "match.withdraw", subject=_subject(held), detail={"verdict": held.verdict})


def _subject(judgement: Judgement) -> str:
    return f"nominals {judgement.left_id} and {judgement.right_id}"
