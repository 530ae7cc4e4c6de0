"""Judge whether two nominals are one person; a person's word beats the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db import transaction
from django.utils import timezone

from muniment.batch.matching.policy import in_force
from muniment.core import access, audit, content, reasons, words
from muniment.core.actors import Actor
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.engine.matching import said as saying
from muniment.engine.matching.tables import Evidence
from muniment.people.linking import joins
from muniment.people.models import Judgement, JudgingAct
from muniment.people.said import advice, contradictions
from muniment.records.models import Nominal

WHY = "Give the reason for the judgement"
WITHDRAW = "Say why you take it back"
OTHERWISE = "Other judgements say otherwise: read them, and say whether you still do."


@dataclass(frozen=True)
class Said:
    """What a person says about a pair: the verdict, what it rests on, and why.

    `despite` is the `Contradiction.digest` that they have read and say it against; `act` is what it is part of, and
    `forms` are the nominals in standard form, where whoever judges many has them.
    """

    verdict: str
    evidence: str
    reason: str
    despite: str = ""
    act: JudgingAct | None = None
    forms: Mapping[int, Mapping[str, object]] | None = None


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
        contradictions.take_turns()
        otherwise = contradictions.contradiction(left, right, said.verdict)
        unless(otherwise is None or otherwise.digest == said.despite, OTHERWISE).require()
        return record(left, right, said, otherwise, by=by)


def record(
    left: Nominal, right: Nominal, said: Said, otherwise: contradictions.Contradiction | None, *, by: Actor
) -> Judgement:
    """Record a judgement, within the transaction of a caller whose turn it is and who has read what says otherwise."""
    standing = Judgement.objects.filter(left=left, right=right, superseded_at__isnull=True)
    is_strong_enough(standing.first(), said.evidence, in_force().evidence, "one person").require()
    before = list(standing)
    standing.update(superseded_at=timezone.now())
    kept = content.store(f"judgement:{left.pk}:{right.pk}", "reason", said.reason.strip(), scope_id=left.scope_id)
    forms = said.forms or joins.standardised([left, right])
    judgement = Judgement.objects.create(
        left=left,
        right=right,
        verdict=said.verdict,
        evidence=said.evidence,
        reason=kept,
        by=by.name,
        identifiers=saying.identifiers(forms[left.pk], forms[right.pk]),
        act=said.act,
    )
    advice.follow(judgement, before)
    again = otherwise.overruled if otherwise else []
    reopened = Judgement.objects.filter(pk__in=[each.pk for each in again], reopened_at__isnull=True)
    reopened.update(reopened_at=timezone.now(), reopened_because=Judgement.Reopened.CONTRADICTED)
    contradictions.stand_again(left, right)
    detail: dict[str, object] = {"verdict": said.verdict, "evidence": said.evidence}
    detail |= {"reopened": [each.pk for each in again]} | ({"act": said.act.pk} if said.act else {})
    audit.record(by, "match.judge", subject=_subject(judgement), detail=detail)
    return judgement


class Stands(Protocol):
    """A judgement of whatever it is of, that stands."""

    verdict: str
    evidence: str
    by: str
    at: datetime
    superseded_at: datetime | None
    reopened_at: datetime | None


def is_strong_enough(standing: Stands | None, evidence: str, known: Mapping[str, Evidence], one: str) -> Verdict:
    """Whether evidence may take the place of what was said before: unless that is reopened, only what is as strong.

    Who could not tell, by whatever evidence, has said nothing that keeps another from telling. `known` is the evidence
    of policy, `one` says what two that are the same are.
    """
    if standing is None or standing.reopened_at or standing.evidence not in known or standing.verdict == "unsure":
        return ALLOWED
    before = known[standing.evidence]
    return unless(
        known[evidence].strength >= before.strength,
        f"{standing.by} said on {words.day(standing.at.date())} that the two are"
        f" {one if standing.verdict == saying.SAME else f'not {one}'}, by better evidence"
        f" ({before.title.lower()}): only evidence as good can take its place.",
    )


def withdraw(judgement: Judgement, *, by: Actor, reason: str) -> None:
    """Take back one's own judgement: the pair is as if nobody had judged it; what was said stays on record."""
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    with transaction.atomic():
        contradictions.take_turns()
        held = Judgement.objects.select_related("left", "right").get(pk=judgement.pk)
        may_be_taken_back(held, by, reason).require()
        unsay(held, by=by, reason=reason)


def may_be_taken_back(held: Stands, by: Actor, reason: str) -> Verdict:
    """Whether somebody may take a judgement back: their own, while it stands, with a reason."""
    check = unless(held.superseded_at is None, "It does not stand any more.")
    check &= unless(held.by == by.name, f"{held.by} judged it: who sees it otherwise judges the pair anew.")
    return check & reasons.is_given(reason, WITHDRAW)


def unsay(held: Judgement, *, by: Actor, reason: str) -> None:
    """Take a judgement back, within the transaction of a caller whose turn it is and who may."""
    held.withdrawal = content.store(
        f"judgement:{held.left_id}:{held.right_id}", "withdrawal", reason.strip(), scope_id=held.left.scope_id
    )
    held.superseded_at, held.is_followed = timezone.now(), False
    held.save(update_fields=["withdrawal", "superseded_at", "is_followed"])
    advice.take_back([held])
    contradictions.stand_again(held.left, held.right)
    detail = {"verdict": held.verdict} | ({"act": str(held.act_id)} if held.act_id else {})
    audit.record(by, "match.withdraw", subject=_subject(held), detail=detail)


def _subject(judgement: Judgement) -> str:
    return f"nominals {judgement.left_id} and {judgement.right_id}"
