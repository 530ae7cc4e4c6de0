"""Propose, approve, return and undo a disposal; send the sources their work and take their answers."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, reasons, words
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.core.verdicts import ALLOWED, Refused, Verdict, refused, unless
from muniment.people.linking import pairs
from muniment.people.models import PrimePerson
from muniment.people.queries import membership_digest
from muniment.records.models import Involvement, Record
from muniment.retention import queries, rules
from muniment.retention.actions import held_records
from muniment.retention.actions.answering import answer
from muniment.retention.deciding import afresh, letting_go
from muniment.retention.deciding.afresh import Decided, Decisions
from muniment.retention.disposals import gate, stops
from muniment.retention.elsewhere import duties, told
from muniment.retention.models import DisposalItem, DisposalOrder, Review, SourceInstruction
from muniment.retention.requests import attached

__all__ = ["answer"]  # an act of a disposal too, with a module of its own


class Overtaken(Refused):
    """Something has come up since the proposal: the order stops, and a person looks again."""


@dataclass(frozen=True)
class Proposal:
    """Which records a controller is to dispose of, and why.

    They are of one person, after a review or (None) by an adopted rule; or, with no person, about nobody.
    """

    prime: PrimePerson | None
    controller: Controller
    record_ids: tuple[int, ...]
    review: Review | None = None
    note: str = ""
    # Those on which others' own reviews wait, and which go all the same, because somebody has looked at them too.
    with_others: tuple[int, ...] = ()


def propose(proposal: Proposal, *, by: Actor) -> DisposalOrder:
    """Propose the disposal of records; each that may not go is named. Nothing is destroyed by a proposal."""
    controller = proposal.controller
    if by.user:
        access.may(by.user, "disposal.propose", on=timezone.localdate(), controller=controller).require()
    with transaction.atomic():
        gate.pass_alone()
        records = list(
            Record.objects.select_related("system", "decision")
            .filter(pk__in=proposal.record_ids, system__controller=controller)
            .order_by("system", "reference")
        )
        verdict = unless(bool(records), "None of these records is held here by this controller.")
        if proposal.review is not None:
            verdict &= unless(
                proposal.review.state == "decided" and proposal.review.outcome in {"dispose", "part"},
                "The review has not decided to dispose of anything.",
            )
        keys = [record.pk for record in records]
        besides = letting_go.Besides.of_person(keys, proposal.prime.pk if proposal.prime else None)
        answered = attached.answered_by(proposal.review)
        verdict &= stops.nothing_stops(keys, besides.matches, answered=answered)
        going = [
            record
            for record in records
            if besides.let_go(record.pk, getattr(record, "decision", None))
            and (record.pk not in besides.waiting or record.pk in proposal.with_others)
        ]
        verdict &= unless(bool(going), "No record can go today: see why beside each.")
        if proposal.prime is None:
            verdict &= _names_nobody(keys)
        verdict &= _not_ordered_already(records)
        verdict.require()
        order = DisposalOrder.objects.create(
            controller=controller,
            review=proposal.review,
            review_reference=proposal.review.reference if proposal.review else "",
            decided_by=proposal.review.decided_by if proposal.review else "",
            proposed_by=by.name,
            note=proposal.note,
            **_about(proposal, going),
        )
        DisposalItem.objects.bulk_create(
            [
                DisposalItem(
                    order=order,
                    record=record,
                    record_key=record.pk,
                    system=record.system,
                    reference=record.reference,
                    class_id=record.decision.resolved_class,
                    decision_digest=afresh.digest(record.decision),
                    others=[review.reference for review in besides.waiting.get(record.pk, ())],
                )
                for record in going
            ]
        )
        audit.record(
            by,
            "disposal.propose",
            subject=order.reference,
            controller=controller.code,
            detail={"records": len(going), "kept": len(records) - len(going)},
        )
    return order


def _about(proposal: Proposal, going: list[Record]) -> dict[str, Any]:
    """Return what an order keeps of the person and the rule; of records about nobody, the rule of their own."""
    prime = proposal.prime
    if prime is None:
        own = going[0].decision
        return {"rule": own.rule, "policy_version": own.policy_version}
    decision = queries.person_decision(prime, proposal.controller)
    return {
        "prime": prime,
        "prime_reference": prime.reference,
        "rule": decision.rule if decision else "",
        "policy_version": decision.policy_version if decision else "",
        "membership_digest": membership_digest(prime.pk),
    }


def _names_nobody(record_ids: list[int]) -> Verdict:
    named = Involvement.objects.filter(record_id__in=record_ids).values_list("record__reference", flat=True).distinct()
    return Verdict(tuple(f"{reference} names someone: it goes with them, or not at all." for reference in named))


def _not_ordered_already(records: list[Record]) -> Verdict:
    taken = DisposalItem.objects.filter(record__in=records, destroyed_at__isnull=True, kept_because="").exclude(
        order__state__in=["returned", "undone"]
    )
    return unless(not taken.exists(), "Some of these records are in another disposal already.")


def _locked(order: DisposalOrder, move: str) -> DisposalOrder:
    held = DisposalOrder.objects.select_for_update().get(pk=order.pk)
    rules.can_move_order(held, move).require()
    return held


def stands_against(order: DisposalOrder) -> Verdict:
    """Say what has come up against an order: a hold, an open request, another make-up of the person."""
    going = queries.going(order)
    verdict = stops.nothing_stops(going, pairs.waiting_on(going), answered=attached.answered_by(order.review))
    if not order.prime_reference:
        return verdict & _names_nobody(going)
    return verdict & unless(
        order.prime_id is not None and order.membership_digest == membership_digest(order.prime_id),
        "The records that make up this person have changed since the proposal.",
    )


def not_overtaken(verdict: Verdict) -> None:
    """Raise Overtaken with the reasons of a refusal."""
    if not verdict:
        raise Overtaken(verdict.reasons)


def _moved(held: DisposalOrder, move: str, by: Actor, **changes: object) -> DisposalOrder:
    held.state = rules.ORDER_MOVES[move][held.state]
    for name, value in changes.items():
        setattr(held, name, value)
    held.save()
    audit.record(by, f"disposal.{move}", subject=held.reference, controller=held.controller.code)
    return held


def approve(order: DisposalOrder, *, by: Actor) -> DisposalOrder:
    """Approve what another proposed. The cooling-off begins; until it ends everything can be undone."""
    with transaction.atomic():
        gate.pass_alone()
        held = _locked(order, "approve")
        verdict = unless(held.proposed_by != by.name, "You proposed this disposal: someone else has to approve it.")
        if held.review_id and held.review:
            verdict &= unless(
                held.review.decided_by != by.name,
                "You decided the review: someone else has to approve the disposal.",
            )
        if by.user:
            verdict &= access.may(by.user, "disposal.approve", on=timezone.localdate(), controller=held.controller)
        verdict &= stands_against(held)
        verdict.require()
        now = timezone.now()
        return _moved(
            held,
            "approve",
            by,
            approved_by=by.name,
            approved_at=now,
            cools_until=now + timedelta(minutes=settings.COOLING_OFF_MINUTES),
        )


def return_(order: DisposalOrder, *, by: Actor, note: str) -> DisposalOrder:
    """Return a proposal to the proposer, with what is wrong with it."""
    with transaction.atomic():
        held = _locked(order, "return")
        verdict = reasons.is_given(note, rules.WRONG)
        if by.user:
            verdict &= access.may(by.user, "disposal.approve", on=timezone.localdate(), controller=held.controller)
        verdict.require()
        return _taken_back(held, "return", by, note)


def undo(order: DisposalOrder, *, by: Actor, note: str) -> DisposalOrder:
    """Undo a disposal before its sources are instructed; the review it came from is open again."""
    with transaction.atomic():
        held = _locked(order, "undo")
        verdict = reasons.is_given(note, rules.UNDOING)
        if by.user:
            on = timezone.localdate()
            either = [
                access.may(by.user, action, on=on, controller=held.controller)
                for action in ("disposal.propose", "disposal.approve")
            ]
            verdict &= ALLOWED if any(either) else either[0]
        verdict.require()
        return _taken_back(held, "undo", by, note)


def give_up(order: DisposalOrder, *, by: Actor, note: str) -> DisposalOrder:
    """Undo a stopped order of which no source was told, because what had stopped it is over."""
    with transaction.atomic():
        held = _locked(order, "undo")
        unless(not held.instructions.exists(), "Its sources were told.").require()
        return _taken_back(held, "undo", by, note)


def _taken_back(held: DisposalOrder, move: str, by: Actor, note: str) -> DisposalOrder:
    """Let the records of an order free for another, and open its review again; the order says which they were."""
    signed = f"{note.strip()} ({by.name}, {words.moment(timezone.now())})"
    moved = _moved(held, move, by, note="\n".join(filter(None, (held.note, signed))))
    told.say_why_kept(moved)
    if moved.review:
        _reopen(moved.review, by)
    return moved


def _reopen(review: Review, by: Actor) -> None:
    """Open a review again. One opened since gives way, or goes on instead where somebody began it or asked for it."""
    held = Review.objects.select_for_update().get(pk=review.pk)
    if not rules.can_move(held, "reopen"):
        return
    since = Review.objects.filter(prime=held.prime_id, controller=held.controller_id)
    since.filter(state=Review.State.OPEN).exclude(kind="explicit").update(state=Review.State.CLOSED)
    if since.exclude(state__in=[Review.State.DECIDED, Review.State.CLOSED]).exists():
        return
    held.state = rules.REVIEW_MOVES["reopen"][held.state]
    held.outcome = ""
    if held.decided_by in {each.username for each in queries.colleagues(held)}:
        held.allocated_to = held.decided_by  # it awaits whoever decided it
    held.version += 1
    held.save()
    audit.record(by, "review.reopen", subject=held.reference, controller=held.controller.code)


def instruct(order: DisposalOrder, *, by: Actor, now: Decisions | None = None) -> DisposalOrder:
    """Tell every source what to delete, once the cooling-off is over and if nothing stands against it.

    Everything is decided once more first, unless `now` says what was decided within this transaction and in the gate:
    a source that has deleted cannot take it back.
    """
    with transaction.atomic():
        gate.pass_alone()
        if now is None:
            held_records.expand_all(by=by, fresh_only=True)
        held = _locked(order, "instruct")
        verdict = rules.has_cooled(held, timezone.now())
        verdict &= unless(
            held.controller.mode == Controller.Mode.LIVE,
            f"{held.controller.name} works in advisory mode: nothing of its records is destroyed.",
        )
        verdict.require()
        not_overtaken(stands_against(held))
        not_overtaken(_as_proposed(held, afresh.decide(held) if now is None else now))
        for system_id in held.items.values_list("system", flat=True).distinct():
            SourceInstruction.objects.get_or_create(order=held, system_id=system_id)
        duties.make(held)
        return _moved(held, "instruct", by)


def _as_proposed(order: DisposalOrder, now: Decisions) -> Verdict:
    besides = letting_go.Besides.of_order(order)
    reasons = [
        f"{item.reference}: {' '.join(verdict.reasons)}"
        for item in order.items.filter(record__isnull=False).order_by("pk")
        if not (verdict := goes_still(item, now.get(item.record_id or 0), besides))
    ]
    return refused(*reasons) if reasons else ALLOWED


def goes_still(item: DisposalItem, now: Decided | None, besides: letting_go.Besides) -> Verdict:
    """Say whether a record of an order may go by what is decided about it now, and on the same facts as proposed."""
    key = item.record_id or 0
    verdict = besides.let_go(key, now)
    verdict &= unless(
        {review.reference for review in besides.waiting.get(key, ())} <= set(item.others),
        "Someone else on it waits for a review of their own, and was not looked at when it was proposed.",
    )
    if verdict and now is not None:
        verdict &= unless(
            afresh.says_the_same(item.decision_digest, now),
            "What is known about it has changed since it was proposed.",
        )
    return verdict


def stop(order: DisposalOrder, *, by: Actor, because: str) -> DisposalOrder:
    """Stop an order that something has come up against; a person looks at it again."""
    with transaction.atomic():
        return _moved(_locked(order, "stop"), "stop", by, stopped_by=because[:200])
