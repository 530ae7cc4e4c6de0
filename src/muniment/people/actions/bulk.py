"""Decide many pairs of one kind as one act, and look at a sample of them afterwards."""

import secrets

import numpy as np
from django.db import transaction
from django.utils import timezone

from muniment.batch.matching.policy import in_force
from muniment.core import access, audit, reasons
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.people.actions import judge as judging
from muniment.people.actions.judge_together import Because
from muniment.people.judging import checks
from muniment.people.judging.kinds_of_pairs import Prepared
from muniment.people.linking import joins
from muniment.people.models import CheckedPair, Judgement, JudgingAct
from muniment.people.said import contradictions

_CHANGED = "Something has been said of these pairs since you opened the page: look once more."


def decide(prepared: Prepared, because: Because, *, by: Actor) -> JudgingAct:
    """Record one judgement of each pair that was prepared, bound to the act, and draw those that another looks at."""
    if by.user:
        access.may(by.user, "match.bulk", on=timezone.localdate()).require()
    said_at_all = (Judgement.Verdict.SAME, Judgement.Verdict.DIFFERENT)
    check = unless(prepared.verdict in said_at_all, "Say whether the two of each pair are one person.")
    check &= unless(because.evidence in in_force().evidence, "Say what the judgements rest on.")
    check &= reasons.is_given(because.reason, judging.WHY)
    check &= unless(bool(prepared.edges), "There is no pair to decide.")
    check.require()
    with transaction.atomic():
        contradictions.take_turns()
        first = prepared.edges[0].left
        act = JudgingAct(act=JudgingAct.Act.BULK, verdict=prepared.verdict, pairs=len(prepared.edges), by=by.name)
        act.kind, act.left_out, act.seed = list(prepared.words), dict(prepared.left_out), secrets.randbelow(2**31)
        act.evidence, act.scope_id = because.evidence, first.scope_id
        act.save()
        forms = joins.standardised(list({each.pk: each for e in prepared.edges for each in (e.left, e.right)}.values()))
        said = judging.Said(prepared.verdict, because.evidence, because.reason, act=act, forms=forms)
        made: dict[int, Judgement] = {}
        for edge in prepared.edges:
            judged = Judgement.objects.filter(left=edge.left_id, right=edge.right_id, superseded_at__isnull=True)
            otherwise = contradictions.contradiction(edge.left, edge.right, prepared.verdict)
            unless(otherwise is None and not judged.exists(), _CHANGED).require()
            made[edge.pk] = judging.record(edge.left, edge.right, said, None, by=by)
        once = prepared.once
        size = in_force().stewardship.checked(len(once))
        drawn = np.random.default_rng(act.seed).choice(len(once), size, replace=False)
        CheckedPair.objects.bulk_create(
            CheckedPair(act=act, judgement=made[once[at].pk], place=place) for place, at in enumerate(drawn.tolist(), 1)
        )
        detail = {
            "kind": list(prepared.words),
            "verdict": prepared.verdict,
            "pairs": len(made),
            "left_out": act.left_out,
        }
        detail |= {"drawn": size, "seed": act.seed}
        audit.record(by, "match.bulk", subject=f"act {act.pk}", detail=detail)
    return act


def check(pair: CheckedPair, *, by: Actor, said: str) -> CheckedPair:
    """Record what somebody else says of a pair of an act; said otherwise, the judgement has to be looked at again."""
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate()).require()
    with transaction.atomic():
        contradictions.take_turns()
        held = CheckedPair.objects.select_related("act", "judgement").get(pk=pair.pk)
        verdict = unless(said in Judgement.Verdict.values, "Say whether the two are one person.")
        verdict &= unless(held.act.by != by.name, "You decided it yourself: somebody else looks at it.")
        verdict &= unless(not held.said, f"{held.by} has looked at it already.")
        verdict.require()
        held.said, held.by, held.at = said, by.name, timezone.now()
        held.save(update_fields=["said", "by", "at"])
        if checks.is_otherwise(held):
            standing = Judgement.objects.filter(
                pk=held.judgement_id, superseded_at__isnull=True, reopened_at__isnull=True
            )
            standing.update(reopened_at=timezone.now(), reopened_because=Judgement.Reopened.CHECKED)
        audit.record(by, "match.check", subject=f"act {held.act_id} pair {held.place}", detail={"said": said})
    return held
