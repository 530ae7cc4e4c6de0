"""Disposals that the clock has brought, as one batch: propose, look at a sample, approve, sign off, carry out.

Each person's disposal is an order of its own, with its own cooling-off, and everything that stands against one stands
against it here too. A batch takes away the clicking, and neither the second person nor the look at what would go. It is
a list that was closed when it was proposed: whoever falls due later is not in it.
"""

import random
import secrets
from collections.abc import Mapping
from datetime import datetime, time

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from muniment.core import access, audit, reasons
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.core.verdicts import ALLOWED, Refused, Verdict, unless
from muniment.records.models import Record
from muniment.retention import rules
from muniment.retention.actions import disposal
from muniment.retention.checks import sampled
from muniment.retention.disposals import batches, due
from muniment.retention.models import UNDER_WAY, BatchPerson, DisposalBatch, DisposalOrder, PersonDecision
from muniment.retention.policies import policy_now

TOGETHER = 200  # people in one round of the worker; its other work waits as long
_HERE = ("proposed", "approved")  # orders that no source was told of
_TRIED = 20  # people, before the share of those refused says anything

S = DisposalBatch.State
MOVES: Mapping[str, Mapping[str, str]] = {
    "approve": {S.PROPOSED: S.RUNNING},
    "stop": {S.PROPOSED: S.STOPPED, S.RUNNING: S.STOPPED},
    "sign off": {S.STOPPED: S.RUNNING},
    "return": {S.PROPOSED: S.RETURNED},
    "call off": {S.PROPOSED: S.CALLED_OFF, S.RUNNING: S.CALLED_OFF, S.STOPPED: S.CALLED_OFF},
    "end": {S.RUNNING: S.DONE},
}


def propose(controller: Controller, rule: str, *, by: Actor, reason: str) -> DisposalBatch:
    """Propose the disposal of everybody who is due by the clock at a controller, by one rule or (empty) by any.

    Raise Refused without a reason, with nobody due whose records can go, or while another batch there is under way.
    """
    on = timezone.localdate()
    if by.user:
        access.may(by.user, "disposal.propose", on=on, controller=controller).require()
    verdict = reasons.is_given(reason, rules.DUE) & sampled.stands_against(controller)
    verdict.require()
    with transaction.atomic():
        under_way = DisposalBatch.objects.select_for_update().filter(controller=controller, state__in=UNDER_WAY)
        unless(
            not under_way.exists(), f"Another batch of {controller.name} is under way: end that one first."
        ).require()
        members = _members(list(batches.waiting(controller, rule, on)))
        unless(bool(members), "Nobody is due there whose records can go today.").require()
        expected = batches.foreseen(controller, rule, on)
        seed = secrets.token_hex(16)
        batch = DisposalBatch.objects.create(
            controller=controller,
            rule=rule,
            reason=reason.strip(),
            policy_version=policy_now.policy().version,
            people=len(members),
            records=sum(each.going for each in members),
            foreseen=expected.people if expected else None,
            foreseen_on=expected.made_on if expected else None,
            seed=seed,
            proposed_by=by.name,
        )
        size = min(batches.limits(on).sample, len(members))
        for each in random.Random(seed).sample(members, size):  # noqa: S311 - so that anybody can draw it again
            each.sampled = True
        for each in members:
            each.batch = batch
        BatchPerson.objects.bulk_create(members, batch_size=2_000)
        detail = {"people": batch.people, "records": batch.records, "foreseen": batch.foreseen, "sample": size}
        audit.record(by, "batch.propose", subject=batch.reference, controller=controller.code, detail=detail)
    return batch


def _members(decisions: list[PersonDecision]) -> list[BatchPerson]:
    """Return a row for each decision of which a record can go today, as the reader sees the records."""
    going = due.records_going(decisions, timezone.localdate())
    keys: dict[tuple[int, int], set[int]] = {}
    theirs = Record.objects.filter(
        involvements__nominal__belongings__prime__in=[each.prime_id for each in decisions],
        involvements__nominal__belongings__until__isnull=True,
        system__controller__in={each.controller_id for each in decisions},
    )
    for prime, controller, record in theirs.values_list(
        "involvements__nominal__belongings__prime_id", "system__controller_id", "pk"
    ):
        keys.setdefault((prime, controller), set()).add(record)
    return [
        BatchPerson(
            prime_id=each.prime_id,
            due=each.due,
            group=each.group,
            rule=each.rule,
            record_keys=sorted(keys.get((each.prime_id, each.controller_id), ())),
            going=going[each.pk][0],
        )
        for each in decisions
        if each.due is not None and going.get(each.pk, (0, 0))[0]
    ]


def answer(member: BatchPerson, *, by: Actor, said: str) -> BatchPerson:
    """Say of somebody in the sample whether their records may go. Whoever proposed the batch cannot."""
    with transaction.atomic():
        batch = _locked(member.batch)
        verdict = unless(batch.state == S.PROPOSED, "This batch does not wait for approval any more.")
        verdict &= _another(batch, by) & _may(batch, "disposal.approve", by)
        verdict &= unless(said in BatchPerson.Answer.values, "Choose whether the records may go.")
        verdict &= unless(member.sampled, "Only the sample is looked at.")
        verdict.require()
        member.answer, member.answered_by = said, by.name
        member.save(update_fields=["answer", "answered_by"])
        audit.record(
            by,
            "batch.look",
            subject=f"{batch.reference} {member.prime.reference}",
            controller=batch.controller.code,
            detail={"said": said},
        )
    return member


def approve(batch: DisposalBatch, *, by: Actor) -> DisposalBatch:
    """Approve a batch that another proposed, having looked at its sample. The worker carries it out.

    Where it is larger than policy lets two people decide, or than was foreseen, it stops for a third.
    """
    with transaction.atomic():
        held = _locked(batch)
        verdict = _can(held, "approve") & _another(held, by) & _may(held, "disposal.approve", by)
        verdict &= batches.is_looked_at(held, by.name)
        verdict.require()
        held.approved_by, held.approved_at = by.name, timezone.now()
        beyond = batches.to_sign_off(held)
        return _moved(held, "approve" if beyond else "stop", by, stopped_because=" ".join(beyond.reasons))


def sign_off(batch: DisposalBatch, *, by: Actor, reason: str) -> DisposalBatch:
    """Let a stopped batch go on, as a person who neither proposed nor approved it, with what was found out."""
    with transaction.atomic():
        held = _locked(batch)
        verdict = _can(held, "sign off") & _another(held, by) & _may(held, "disposal.approve", by)
        verdict &= unless(by.name != held.approved_by, "You approved this batch: a third person has to sign it off.")
        verdict &= reasons.is_given(reason, rules.SIGNING)
        verdict.require()
        held.signed_by, held.signed_at = by.name, timezone.now()
        held.policy_version = policy_now.policy().version  # who signs it off has seen what the policy says by now
        held.note = _signed(held.note, reason, by)
        return _moved(held, "sign off", by, stopped_because="")


def return_(batch: DisposalBatch, *, by: Actor, note: str) -> DisposalBatch:
    """Return a batch to whoever proposed it: nobody in it goes."""
    with transaction.atomic():
        held = _locked(batch)
        verdict = _can(held, "return") & _may(held, "disposal.approve", by) & reasons.is_given(note, rules.WRONG)
        verdict.require()
        return _moved(held, "return", by, note=_signed(held.note, note, by), ended_at=timezone.now())


def call_off(batch: DisposalBatch, *, by: Actor, note: str) -> int:
    """Call a batch off: nobody else is taken up, and every order that no source was told of is undone; return how many.

    Of many the worker undoes the rest, before it tells any source. Proposer and approver may both do so, at any moment.
    """
    with transaction.atomic():
        held = _locked(batch)
        either = [_may(held, action, by) for action in ("disposal.propose", "disposal.approve")]
        verdict = _can(held, "call off") & (ALLOWED if any(either) else either[0])
        verdict &= reasons.is_given(note, rules.UNDOING)
        verdict.require()
        _moved(held, "call off", by, note=_signed(held.note, note, by), ended_at=timezone.now())
    return _undo(held, by, note, most=TOGETHER)


def _undo(batch: DisposalBatch, by: Actor, note: str, most: int | None = None) -> int:
    members = batch.members.filter(order__state__in=_HERE)
    orders = DisposalOrder.objects.filter(pk__in=members.values("order")).order_by("pk")
    return sum(_undone(order, by, note) for order in orders[:most])


def _undone(order: DisposalOrder, by: Actor, note: str) -> bool:
    try:
        disposal.undo(order, by=by, note=note)
    except Refused:
        return False  # its sources were told in the meantime
    return True


def carry_out(*, by: Actor) -> dict[str, int]:
    """Make the orders of batches that were approved, some people in a round; return how many people have one."""
    for batch in DisposalBatch.objects.filter(state=S.CALLED_OFF, members__order__state__in=_HERE).distinct():
        _undo(batch, by, batch.note)
    done = 0
    for batch in DisposalBatch.objects.filter(state=S.RUNNING).select_related("controller").order_by("pk"):
        said, stands = batches.limits(timezone.localdate()), sampled.stands_against(batch.controller)
        for member in _next(batch):
            if not (ahead := stands & _goes_on(batch, said)):
                _stop(batch, ahead, by)
                break
            done += _order(batch, member, by)
            batch.refresh_from_db()
        else:
            if batch.left <= 0:
                with transaction.atomic():
                    _moved(_locked(batch), "end", by, ended_at=timezone.now())
    return {"batch_orders": done}


def _next(batch: DisposalBatch) -> list[BatchPerson]:
    """Return who is taken up in this round, longest due first, as far as the day lets records go."""
    most = batches.limits(timezone.localdate()).most_a_day - _ordered_today(batch.controller)
    found: list[BatchPerson] = []
    waiting = batch.members.filter(order=None, refused="").select_related("prime").order_by("due", "pk")
    for member in waiting[:TOGETHER]:
        if most <= 0:
            break
        found.append(member)
        most -= member.going
    return found


def _ordered_today(controller: Controller) -> int:
    """Return how many records batches have ordered to go today at a controller."""
    start = datetime.combine(timezone.localdate(), time(), timezone.get_current_timezone())
    today = BatchPerson.objects.filter(batch__controller=controller, order__approved_at__gte=start)
    return today.aggregate(all=Sum("going"))["all"] or 0


def _goes_on(batch: DisposalBatch, said: batches.Limits) -> Verdict:
    """Say whether a batch is still what was approved."""
    verdict = unless(
        batch.policy_version == policy_now.policy().version,
        "The policy has changed since it was approved.",
    )
    verdict &= unless(
        batch.ordered_records <= batch.records * (1 + said.over_forecast),
        f"{batch.ordered_records:,} records would go, and {batch.records:,} could when it was proposed.",
    )
    tried = batch.ordered + batch.refused
    return verdict & unless(
        tried < _TRIED or batch.refused <= tried * said.refused_share,
        f"Something stood against {batch.refused:,} of {tried:,} people who were taken up: see why beside each.",
    )


def _stop(batch: DisposalBatch, ahead: Verdict, by: Actor) -> None:
    with transaction.atomic():
        held = _locked(batch)
        if held.state == S.RUNNING:
            _moved(held, "stop", by, stopped_because=" ".join(ahead.reasons))


def _order(batch: DisposalBatch, member: BatchPerson, by: Actor) -> int:
    """Make the order of one person as those who proposed and approved the batch; or say what stands against it."""
    with transaction.atomic():
        held = _locked(batch)
        if held.state != S.RUNNING:
            return 0  # called off since
        try:
            with transaction.atomic():
                member.order = _approved(held, member)
                records = member.order.items.count()
        except Refused as refusal:
            member.refused = " ".join(refusal.reasons) or "It was refused."
            held.refused += 1
        else:
            held.ordered += 1
            held.ordered_records += records
        member.save(update_fields=["order", "refused"])
        held.save(update_fields=["ordered", "ordered_records", "refused"])
        return int(member.order_id is not None)


def _approved(batch: DisposalBatch, member: BatchPerson) -> DisposalOrder:
    on, of = timezone.localdate(), PersonDecision.objects.filter(prime=member.prime_id, controller=batch.controller)
    decision = of.first()
    unless(
        decision is not None and decision.outcome == "dispose" and decision.due is not None and decision.due <= on,
        "The clock does not let this person's records go any more.",
    ).require()
    wanted = disposal.Proposal(
        member.prime, batch.controller, tuple(member.record_keys), note=f"{batch.reference}: {batch.reason}"
    )
    order = disposal.propose(wanted, by=Actor(batch.proposed_by))
    return disposal.approve(order, by=Actor(batch.approved_by))


def _locked(batch: DisposalBatch) -> DisposalBatch:
    return DisposalBatch.objects.select_for_update(of=("self",)).select_related("controller").get(pk=batch.pk)


def _can(batch: DisposalBatch, move: str) -> Verdict:
    return unless(
        batch.state in MOVES[move], f"This batch is '{batch.get_state_display().lower()}': you cannot {move} it now."
    )


def _another(batch: DisposalBatch, by: Actor) -> Verdict:
    return unless(by.name != batch.proposed_by, "You proposed this batch: someone else has to look at it.")


def _may(batch: DisposalBatch, action: str, by: Actor) -> Verdict:
    return access.may(by.user, action, on=timezone.localdate(), controller=batch.controller) if by.user else ALLOWED


def _signed(note: str, text: str, by: Actor) -> str:
    return "\n".join(filter(None, (note, f"{text.strip()} ({by.name}, {timezone.localdate().isoformat()})")))


def _moved(held: DisposalBatch, move: str, by: Actor, **changes: object) -> DisposalBatch:
    held.state = MOVES[move][held.state]
    for name, value in changes.items():
        setattr(held, name, value)
    held.save()
    audit.record(
        by,
        f"batch.{move.replace(' ', '_')}",
        subject=held.reference,
        controller=held.controller.code,
        detail={"people": held.people, "ordered": held.ordered, "refused": held.refused},
    )
    return held
