"""Destroy what was ordered, and prove it. Only the worker's role can: the web cannot delete a record.

The keys of the content go as soon as the rows are gone; a certificate is issued only when no key is left. The rows
themselves, everything derived from them and what only they held of a person go in one transaction, and tombstones
keep them from coming back with tonight's export.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from muniment.core import audit, content, ledger, turns, words
from muniment.core.actors import Actor
from muniment.core.models import ContentKey, Controller
from muniment.core.verdicts import Refused, refused, unless
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import Tombstone
from muniment.retention import rules
from muniment.retention.actions import amending, disposal, held_records
from muniment.retention.deciding import afresh, letting_go
from muniment.retention.deciding.afresh import Decisions
from muniment.retention.disposals import gate, issues, ledger_lines, sweeping
from muniment.retention.elsewhere import copies, duties, told
from muniment.retention.holds import traces
from muniment.retention.models import Certificate, DisposalItem, DisposalOrder

TOGETHER = 50  # orders that take a step in one transaction; bulk writes wait as long


def destroy(order: DisposalOrder, *, by: Actor, now: Decisions | None = None) -> DisposalOrder:
    """Destroy the records of an order, once every source has answered and nothing stands against it.

    Everything is decided once more first, unless `now` says what was decided within this transaction, alone. A record
    that may no longer go (another person on it is inside retention, a floor has moved) is kept, and the order says why.
    So is one whose source may not delete it, because another force is linked; where there is no other, the order stops.
    Raise Refused when a hold or a request has come, when a source has not answered, or in advisory mode.
    """
    with transaction.atomic():
        turns.alone()
        gate.pass_alone()
        if now is None:
            held_records.expand_all(by=by, fresh_only=True)
        held = DisposalOrder.objects.select_for_update().get(pk=order.pk)
        rules.can_move_order(held, "destroy").require()
        verdict = unless(
            held.controller.mode == Controller.Mode.LIVE,
            f"{held.controller.name} works in advisory mode: nothing of its records is destroyed.",
        )
        waiting = held.instructions.filter(answer="").select_related("system")
        verdict &= unless(
            not waiting, "Not every source has answered: " + ", ".join(each.system.title for each in waiting) + "."
        )
        others = sorted(
            {each.title for each in duties.unanswered_first(held)} - {each.system.title for each in waiting}
        )
        verdict &= unless(not others, f"Not answered yet: {', '.join(others)}.")
        verdict.require()
        disposal.not_overtaken(disposal.stands_against(held))
        now = afresh.decide(held) if now is None else now
        gone, besides = sweeping.Gone(), letting_go.Besides.of_order(held)
        said, staying = told.answers(held), _staying(held)
        for item in held.items.select_for_update(of=("self",)).select_related("record", "system"):
            if item.record_id is None:
                continue
            verdict = disposal.goes_still(item, now.get(item.record_id), besides)
            if why := staying.get(item.pk):
                verdict = refused(why)
            if verdict:
                _destroy_item(item, held, gone, by=by)
            else:
                item.kept_because = told.kept_whole(verdict.reasons[0], said.get(item.pk))
                item.save(update_fields=["kept_because"])
        held.nominals_destroyed = sweeping.sweep(held, gone)
        held.state = rules.ORDER_MOVES["destroy"][held.state]
        held.destroyed_at = timezone.now()
        held.save()
        audit.record(
            by,
            "disposal.destroy",
            subject=held.reference,
            controller=held.controller.code,
            detail={"nominals": held.nominals_destroyed},
        )
        ledger_lines.of_disposal(held, tombs=gone.tombs, owners=gone.owners)
        transaction.on_commit(lambda: content.destroy_keys(gone.owners))
    return held


def _staying(order: DisposalOrder) -> dict[int, str]:
    """Return why some records stay, for what their sources answered of them; where all stay, the order stops."""
    staying = told.staying(order)
    left = order.items.filter(record__isnull=False, destroyed_at__isnull=True, kept_because="")
    items = set(left.values_list("pk", flat=True))
    if items and items <= set(staying):
        disposal.not_overtaken(refused(*sorted(set(staying.values()))))
    return staying


def _destroy_item(item: DisposalItem, order: DisposalOrder, gone: sweeping.Gone, *, by: Actor) -> None:
    assert item.record is not None
    traces.leave(item, item.record)
    sweeping.delete_record(item.record, gone)
    sweeping.delete_quarantined(item.system_id, "record", item.reference, gone)
    Tombstone.objects.get_or_create(system=item.system, entity="record", reference_hash=fingerprint(item.reference))
    item.destroyed_at = timezone.now()
    item.record = None
    item.save(update_fields=["destroyed_at", "record"])
    audit.record(
        by,
        "record.destroy",
        subject=f"{item.system.code} {item.reference}",
        controller=order.controller.code,
        detail={"order": order.reference, "class": item.class_id},
    )


def certify(order: DisposalOrder, *, by: Actor) -> Certificate:
    """Issue the certificate of a destroyed order, or make a provisional one final when all answers are in.

    One that is final already is returned as it is, unless a source was found to have the record still: then it is
    provisional again.
    """
    with transaction.atomic():
        held = DisposalOrder.objects.select_for_update().get(pk=order.pk)
        issued = Certificate.objects.filter(order=held).first()
        if issued is None:
            rules.can_move_order(held, "certify").require()
        elif not issued.is_provisional and not duties.reopened_orders().filter(pk=held.pk).exists():
            return issued
        items = list(held.items.select_related("system__controller").order_by("system__title", "reference"))
        for item in items:
            if item.destroyed_at and _keys_left(item):
                content.destroy_keys(
                    ContentKey.objects.filter(content.of_record(item.record_key)).values_list("owner", flat=True)
                )
        left = [item.reference for item in items if item.destroyed_at and _keys_left(item)]
        unless(not left, "Content keys are left: the worker has to run first.").require()
        left_there = copies.of(held)
        open_answers = bool(left_there) or told.open_sources().filter(order=held).exists()
        open_answers |= duties.left_elsewhere().filter(order=held).exists()
        body = _body(held, items) | {"copies": [asdict(each) for each in left_there]}
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        if issued is not None:
            issues.keep(issued, body, digest, is_provisional=open_answers)
            if issued.digest == digest:
                return issued
        certificate, _ = Certificate.objects.update_or_create(
            order=held,
            defaults={
                "is_provisional": open_answers,
                "body": body,
                "digest": digest,
                "issued_at": timezone.now(),
            },
        )
        for item in items:
            if item.destroyed_at:
                _stone(item).update(certificate=certificate.reference)
        if held.state == DisposalOrder.State.DESTROYED:
            held.state = rules.ORDER_MOVES["certify"][held.state]
            held.save()
        ledger_lines.of_disposal(held)
        audit.record(by, "disposal.certify", subject=certificate.reference, controller=held.controller.code)
    return certificate


def _stone(item: DisposalItem) -> QuerySet[Tombstone]:
    return Tombstone.objects.filter(system=item.system_id, entity="record", reference_hash=fingerprint(item.reference))


def _keys_left(item: DisposalItem) -> bool:
    return ContentKey.objects.filter(content.of_record(item.record_key)).exists()


def _body(order: DisposalOrder, items: list[DisposalItem]) -> dict[str, object]:
    """Return what a certificate says: references and counts, no content and no name."""
    return {
        "order": order.reference,
        "person": order.prime_reference,
        "controller": order.controller.name,
        "review": order.review_reference or None,
        "decided_by": order.decided_by or None,
        "rule": order.rule,
        "rule_title": words.class_title(order.rule) if order.rule else "",
        "policy_version": order.policy_version,
        "proposed": {"by": order.proposed_by, "at": order.proposed_at.isoformat()},
        "approved": {"by": order.approved_by, "at": order.approved_at.isoformat() if order.approved_at else None},
        "destroyed_at": order.destroyed_at.isoformat() if order.destroyed_at else None,
        "method": "Rows deleted; content keys destroyed, so that every copy of the content is unreadable wherever no"
        " copy of its key is left; tombstones refuse the same references at intake.",
        "holds_checked": "None stood when proposed, approved, instructed and destroyed.",
        "destroyed": [
            {
                "system": item.system.title,
                "reference": item.reference,
                "class": item.class_id,
                "class_title": words.class_title(item.class_id),
            }
            for item in items
            if item.destroyed_at
        ],
        "nominals": order.nominals_destroyed,
        "kept": [
            {"system": item.system.title, "reference": item.reference, "because": item.kept_because}
            for item in items
            if not item.destroyed_at
        ],
        "sources": [
            {
                "system": each.system.title,
                "answer": each.get_answer_display() or "No answer yet",
                "by": each.answered_by,
                "note": each.note,
            }
            for each in order.instructions.select_related("system").order_by("system__title")
        ],
        "elsewhere": [
            duties.facts(each)
            for each in order.duties.select_related("item").order_by("where", "title", "item__reference")
        ],
    }


def work(*, by: Actor) -> dict[str, int]:
    """Carry out everything that is due: instruct what has cooled, destroy what is answered, certify what is gone.

    A controller in advisory mode is left alone: what is approved there waits.
    """
    ledger.write_outside()  # a copy that was put back and has not followed it stops here
    live = DisposalOrder.objects.filter(controller__mode=Controller.Mode.LIVE)
    cooled = live.filter(state="approved", cools_until__lte=timezone.now())
    answered = duties.answered_orders(live.filter(state="instructed").exclude(instructions__answer=""))
    held_records.expand_all(by=by, fresh_only=not (cooled.exists() or answered.exists()))
    amending.give_back(by=by)
    done = {"instructed": 0, "destroyed": 0, "certified": 0, "refused": 0}
    for name, orders, step in (("instructed", cooled, disposal.instruct), ("destroyed", answered, destroy)):
        waiting = list(orders.order_by("pk"))
        while waiting:
            taken, refused = _carry_out(waiting[:TOGETHER], step, by)
            waiting = [order for order in waiting if order.pk not in taken]
            done[name] += len(taken) - len(refused)
            done["refused"] += sum(_note(order, refusal, by) for order, refusal in refused)
    ledger.write_outside()  # nothing is proved to be gone that a restored copy would not destroy again
    provisional = Certificate.objects.filter(is_provisional=True).exclude(order__instructions__in=told.open_sources())
    answered_for = DisposalOrder.objects.filter(pk__in=provisional.values("order"))
    still = copies.outstanding(answered_for)
    left = set(duties.left_elsewhere().filter(order__in=answered_for).values_list("order_id", flat=True))
    ready = [order.pk for order in answered_for if order.pk not in still and order.pk not in left]
    gone = DisposalOrder.objects.filter(
        Q(state="destroyed") | Q(pk__in=ready) | Q(pk__in=duties.reopened_orders().values("pk"))
    )
    failures = []
    for order in gone.order_by("pk"):
        try:
            certify(order, by=by)
            done["certified"] += 1
        except Refused as refusal:
            done["refused"] += _note(order, refusal, by)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - the next certificate does not wait for this one
            failures.append(error)
    if failures:
        raise failures[0]
    return done


def _carry_out(
    orders: Sequence[DisposalOrder], step: Callable[..., DisposalOrder], by: Actor
) -> tuple[set[int], list[tuple[DisposalOrder, Refused]]]:
    """Take one step with orders that share nobody, in one transaction, decided together.

    Return the keys of those that were taken up, at least the first, and which of them were refused, and why. One that
    fails is refused and stops no other: where the failure is not within its own step, it is looked for by halves.
    """
    try:
        return _together(orders, step, by)
    except (OperationalError, InterfaceError):
        raise  # the server's failure, not an order's
    except Exception as error:  # noqa: BLE001 - whatever is wrong with an order, a person has to look at it
        if len(orders) > 1:
            return _carry_out(orders[: len(orders) // 2], step, by)
        return {orders[0].pk}, [(orders[0], _failed(error))]


def _together(
    orders: Sequence[DisposalOrder], step: Callable[..., DisposalOrder], by: Actor
) -> tuple[set[int], list[tuple[DisposalOrder, Refused]]]:
    refused: list[tuple[DisposalOrder, Refused]] = []
    with transaction.atomic():
        turns.alone()
        gate.pass_alone()
        held_records.expand_all(by=by, fresh_only=True)  # those placed since this round began
        known = afresh.decide_together(orders)
        for order in orders:
            if order.pk in known:
                try:
                    step(order, by=by, now=known[order.pk])
                except Refused as refusal:
                    refused.append((order, refusal))
                except (OperationalError, InterfaceError):
                    raise
                except Exception as error:  # noqa: BLE001 - see above; its own transaction has been rolled back
                    refused.append((order, _failed(error)))
    return set(known), refused


def _failed(error: Exception) -> disposal.Overtaken:
    """Return a failure as what stops an order; without the error's words, which may hold what a record says."""
    return disposal.Overtaken((f"It could not be carried out ({type(error).__name__}): nothing of it was changed.",))


def _note(order: DisposalOrder, refusal: Refused, by: Actor) -> bool:
    """Stop an order that a person has to look at again, or note that it has to wait.

    Return False when there was nothing to note: another worker was here first.
    """
    state = order.state
    order.refresh_from_db()
    if order.state != state:
        return False
    if isinstance(refusal, disposal.Overtaken):
        disposal.stop(order, by=by, because=" ".join(refusal.reasons))
    else:
        audit.record_apart(
            by, "disposal.refused", "refused", subject=order.reference, detail={"reasons": len(refusal.reasons)}
        )
    return True
