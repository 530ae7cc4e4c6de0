"""Judge several pairs as one act, with one reason, and take the whole act back."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from muniment.batch.matching.policy import in_force
from muniment.core import access, audit, reasons
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.people.actions import judge as judging
from muniment.people.linking import joins
from muniment.people.models import Judgement, JudgingAct, PrimePerson
from muniment.people.queries import membership_digest
from muniment.people.said import contradictions
from muniment.people.said.contradictions import Contradiction
from muniment.records.models import Nominal

Pair = tuple[Nominal, Nominal]


@dataclass(frozen=True)
class Act:
    """What is said of several pairs of one prime record: that it is taken apart, or that it is one person."""

    act: JudgingAct.Act
    prime: PrimePerson
    pairs: tuple[Pair, ...]

    @property
    def verdict(self) -> str:
        """What is said of each pair."""
        return Judgement.Verdict.DIFFERENT if self.act == JudgingAct.Act.CUT else Judgement.Verdict.SAME


@dataclass(frozen=True)
class Because:
    """What an act rests on and why; `despite` is the `digest` of the contradictions that were read."""

    evidence: str
    reason: str
    despite: str = ""


def against(act: Act) -> list[tuple[Pair, Contradiction]]:
    """Return what was said before that speaks against an act, as it would be met pair by pair."""
    found = ((pair, contradictions.contradiction(*pair, act.verdict)) for pair in act.pairs)
    return [(pair, otherwise) for pair, otherwise in found if otherwise is not None]


def digest(otherwise: Collection[Contradiction]) -> str:
    """Return a short text that tells what speaks against an act from anything else; empty where nothing does."""
    told = "|".join(sorted(each.digest for each in otherwise))
    return hashlib.sha256(told.encode()).hexdigest()[:16] if told else ""


def judge_together(act: Act, because: Because, *, by: Actor) -> JudgingAct:
    """Record one judgement of each pair, bound to the act; all of them or none."""
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    check = unless(because.evidence in in_force().evidence, "Say what the judgement rests on.")
    check &= reasons.is_given(because.reason, judging.WHY)
    check &= unless(bool(act.pairs), "There is no pair to judge.")
    check.require()
    pairs = sorted((tuple(sorted(pair, key=lambda each: each.pk)) for pair in act.pairs), key=_keys)
    with transaction.atomic():
        contradictions.take_turns()
        found = against(act)
        unless(digest([each for _, each in found]) == because.despite, judging.OTHERWISE).require()
        scope = pairs[0][0].scope_id
        made = JudgingAct(act=act.act, verdict=act.verdict, prime=act.prime, pairs=len(pairs), by=by.name)
        made.evidence, made.scope_id = because.evidence, scope
        made.membership_digest = membership_digest(act.prime.pk)
        made.save()
        forms = joins.standardised(list({each.pk: each for pair in pairs for each in pair}.values()))
        said = judging.Said(act.verdict, because.evidence, because.reason, act=made, forms=forms)
        for left, right in pairs:
            # What one of these says anew may settle what spoke against another.
            judging.record(left, right, said, contradictions.contradiction(left, right, act.verdict), by=by)
        detail = {"act": act.act.value, "pairs": len(pairs), "evidence": because.evidence}
        audit.record(by, "match.judge_together", subject=f"{act.prime.reference} act {made.pk}", detail=detail)
    return made


def _keys(pair: tuple[Nominal, ...]) -> tuple[int, ...]:
    return tuple(each.pk for each in pair)


def take_back(act: JudgingAct, *, by: Actor, reason: str) -> int:
    """Take back what stands of an act; return how many judgements. What was judged anew since stays.

    Its author may; of pairs of one kind anybody who may decide such, because what is wrong in it is found by others.
    """
    is_theirs = act.act == JudgingAct.Act.BULK
    if by.user:
        access.may(by.user, "match.bulk" if is_theirs else "match.judge", on=timezone.localdate()).require()
    with transaction.atomic():
        contradictions.take_turns()
        held = JudgingAct.objects.get(pk=act.pk)
        check = unless(held.withdrawn_at is None, "It has been taken back already.")
        check &= unless(
            is_theirs or held.by == by.name, f"{held.by} did it: who sees it otherwise judges the pairs anew."
        )
        check &= reasons.is_given(reason, judging.WITHDRAW)
        check.require()
        standing = list(
            Judgement.objects.filter(act=held, superseded_at__isnull=True)
            .select_related("left", "right")
            .order_by("pk")
        )
        for judgement in standing:
            judging.unsay(judgement, by=by, reason=reason)
        held.withdrawn_at, held.withdrawn_by = timezone.now(), by.name
        held.save(update_fields=["withdrawn_at", "withdrawn_by"])
        audit.record(by, "match.take_back", subject=f"act {held.pk}", detail={"judgements": len(standing)})
    return len(standing)
