"""Propose the disposals that have fallen due by the clock, many at a time, one order for each person."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from muniment.core import access, audit, reasons
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.core.verdicts import Refused, unless
from muniment.records.models import Record
from muniment.retention import rules
from muniment.retention.actions import disposal
from muniment.retention.checks import sampled
from muniment.retention.models import DisposalOrder, PersonDecision

MOST = 1000  # records of one order


@dataclass(frozen=True)
class Proposed:
    """The orders that were made, and for each person without one the reasons why not."""

    orders: tuple[DisposalOrder, ...]
    refused: tuple[tuple[PersonDecision, tuple[str, ...]], ...]


def propose_due(decisions: Iterable[PersonDecision], *, by: Actor, reason: str) -> Proposed:
    """Propose one order a person for decisions that fell due by an adopted rule. Someone else approves each.

    A person whose disposal is refused stops nobody else's. Raise Refused without a reason or a choice.
    """
    chosen = list(decisions)
    verdict = unless(bool(chosen), "Choose at least one person.")
    verdict &= reasons.is_given(reason, rules.DUE)
    verdict.require()
    orders, refused = [], []
    for decision in chosen:
        try:
            orders.append(_propose(decision, by, reason.strip()))
        except Refused as refusal:
            refused.append((decision, refusal.reasons))
    audit.record(by, "disposal.propose_due", detail={"orders": len(orders), "refused": len(refused)})
    return Proposed(tuple(orders), tuple(refused))


def propose_about_nobody(record_ids: Iterable[int], controller: Controller, *, by: Actor, reason: str) -> DisposalOrder:
    """Propose one order for records of one controller about nobody. Someone else approves it.

    Raise Refused without a reason or a choice, past MOST records, and when any of them names someone.
    """
    chosen = tuple(sorted(set(record_ids)))
    verdict = unless(bool(chosen), "Choose at least one record.")
    verdict &= unless(len(chosen) <= MOST, f"Choose at most {MOST:,} records for one order.")
    verdict &= reasons.is_given(reason, rules.DUE)
    verdict.require()
    return disposal.propose(disposal.Proposal(None, controller, chosen, note=reason.strip()), by=by)


def _propose(decision: PersonDecision, by: Actor, reason: str) -> DisposalOrder:
    on = timezone.localdate()
    if by.user:
        access.may(by.user, "disposal.propose", on=on, controller=decision.controller).require()
    verdict = unless(
        decision.outcome == "dispose" and decision.due is not None and decision.due <= on,
        "The clock does not let this person's records go today.",
    )
    verdict &= sampled.stands_against(decision.controller)
    verdict.require()
    keys = Record.objects.filter(
        involvements__nominal__belongings__prime=decision.prime,
        involvements__nominal__belongings__until__isnull=True,
        system__controller=decision.controller,
    ).values_list("pk", flat=True)
    wanted = disposal.Proposal(decision.prime, decision.controller, tuple(sorted(set(keys))), note=reason)
    return disposal.propose(wanted, by=by)
