"""Destroy what was ordered, and prove it. Only the worker's role can: the web cannot delete a record.

The keys of the content go as soon as the rows are gone; a certificate is issued only when no key is left. The rows
themselves, everything derived from them and what only they held of a person go in one transaction, and tombstones
keep them from coming back with tonight's export.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone

from muniment.core import audit, content, turns, words
from muniment.core.actors import Actor
from muniment.core.models import Content, ContentKey, Controller
from muniment.core.verdicts import Refused, refused, unless
from muniment.people.models import Belonging, PrimePerson
from muniment.people.queries import membership_digest
from muniment.records import restriction_sql
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import Nominal, NominalFlag, Quarantine, Record, Tombstone
from muniment.retention import afresh, gate, letting_go, rules, told
from muniment.retention.actions import disposal, held_records
from muniment.retention.afresh import Decisions
from muniment.retention.models import Certificate, DisposalItem, DisposalOrder, PersonDecision, Review

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
        verdict.require()
        disposal.not_overtaken(disposal.stands_against(held))
        now = afresh.decide(held) if now is None else now
        gone, besides = _Gone(), letting_go.Besides.of_order(held)
        said, staying = told.answers(held), _staying(held)
        for item in held.items.select_for_update(of=("self",)).select_related("record", "system"):
            if item.record_id is None:
                continue
            verdict = disposal.goes_still(item, now.get(item.record_id), besides)
            if why := staying.get(item.system_id):
                verdict = refused(why)
            if verdict:
                _destroy_item(item, held, gone, by=by)
            else:
                item.kept_because = told.kept_whole(verdict.reasons[0], said.get(item.system_id))
                item.save(update_fields=["kept_because"])
        held.nominals_destroyed = _sweep_people(held, gone)
        _sweep_rows(gone)
        _restrict(held, gone)
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
        transaction.on_commit(lambda: content.destroy_keys(gone.owners))
    return held


def _staying(order: DisposalOrder) -> dict[int, str]:
    """Return why the records of some systems stay, for what their sources answered; all of them stop the order."""
    staying = told.staying(order)
    left = order.items.filter(record__isnull=False, destroyed_at__isnull=True, kept_because="")
    systems = set(left.values_list("system_id", flat=True))
    if systems and systems <= set(staying):
        disposal.not_overtaken(refused(*sorted(set(staying.values()))))
    return staying


@dataclass
class _Gone:
    """What an order has destroyed: owners of content whose keys must go, and source rows that may be needed no more.

    With them the nominals that stood on its records. Keys are kept, not tables: by a list of keys an index finds the
    few rows among all.
    """

    owners: list[str] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    nominals: set[int] = field(default_factory=set)


def _destroy_item(item: DisposalItem, order: DisposalOrder, gone: _Gone, *, by: Actor) -> None:
    assert item.record is not None
    _delete_record(item.record, gone)
    _delete_quarantined(item.system_id, item.reference, gone)
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


_DELETE = (
    "DELETE FROM retention_recorddecision WHERE record_id = %(record)s",
    "UPDATE retention_persondecision SET driving_involvement_id = NULL WHERE driving_involvement_id IN"
    " (SELECT id FROM records_involvement WHERE record_id = %(record)s)",
    "DELETE FROM retention_heldrecord WHERE record_id = %(record)s",
    "DELETE FROM records_recorddates WHERE record_id = %(record)s",
    "UPDATE retention_disposalitem SET record_id = NULL WHERE record_id = %(record)s",
    "DELETE FROM records_involvement WHERE record_id = %(record)s",
    "DELETE FROM records_record WHERE id = %(record)s",
)


def _delete_record(record: Record, gone: _Gone) -> None:
    """Delete a record and everything of it."""
    _delete_content(content.of_record(record.pk), gone)
    gone.nominals |= set(record.involvements.values_list("nominal_id", flat=True))
    with connection.cursor() as cursor:
        # Rows that spoke of this record alone go with it; a row that also speaks of a person stays with the person.
        cursor.execute(
            "SELECT row_id FROM records_involvement WHERE record_id = %(record)s"
            " UNION SELECT row_id FROM records_recorddates WHERE record_id = %(record)s",
            {"record": record.pk},
        )
        gone.rows |= {record.row_id, *(row for (row,) in cursor.fetchall())}
        for statement in _DELETE:
            cursor.execute(statement, {"record": record.pk})


def _delete_content(which: Q, gone: _Gone) -> None:
    kept = Content.objects.filter(which)
    gone.owners += sorted(set(kept.values_list("owner", flat=True)))
    kept.delete()


def _delete_quarantined(system: int, reference: str, gone: _Gone) -> None:
    """Delete what waits, or waited, in quarantine and names a record or a person."""
    waiting = Quarantine.objects.filter(system_id=system, names__contains=[reference])
    owners = list(waiting.exclude(original=None).values_list("original__owner", flat=True))
    waiting.delete()
    _delete_content(Q(owner__in=owners), gone)


_DELETE_NOMINALS = (
    # Its reference in its source names someone; what is left names nobody.
    "UPDATE people_primeperson SET anchor_id = NULL, anchor_key = 'destroyed|' || id WHERE anchor_id = ANY(%(keys)s)",
    "DELETE FROM people_searchtoken WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM people_matchedge WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)",
    "DELETE FROM people_belonging WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM records_nominalflag WHERE nominal_id = ANY(%(keys)s)",
    "DELETE FROM records_nominal WHERE id = ANY(%(keys)s)",
)


def _sweep_people(order: DisposalOrder, gone: _Gone) -> int:
    """Delete the nominals that stood on the destroyed records and that no record is about any more; return how many.

    With them goes what is derived of them, what waited in quarantine under their references, and the reasons why
    someone judged them the same as others.
    """
    lonely = _lonely(order, gone)
    keys = [nominal.pk for nominal in lonely]
    for nominal in lonely:
        digest = fingerprint(nominal.reference)
        Tombstone.objects.get_or_create(system_id=nominal.system_id, entity="nominal", reference_hash=digest)
        _delete_quarantined(nominal.system_id, nominal.reference, gone)
    gone.rows |= {nominal.row_id for nominal in lonely}
    gone.rows |= set(NominalFlag.objects.filter(nominal__in=keys).values_list("row_id", flat=True))
    before = _make_up(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM people_judgement WHERE left_id = ANY(%(keys)s) OR right_id = ANY(%(keys)s)"
            " RETURNING reason_id",
            {"keys": keys},
        )
        _delete_content(Q(pk__in=[reason for (reason,) in cursor.fetchall()]), gone)
        for statement in _DELETE_NOMINALS:
            cursor.execute(statement, {"keys": keys})
    _anchor_anew(before)
    _follow(order, before)
    return len(keys)


def _lonely(order: DisposalOrder, gone: _Gone) -> list[Nominal]:
    """Return the nominals on the destroyed records, whatever their part was, that no record is about any more.

    One that stood on none of these records stays: its source lists it and was told of nothing. So does somebody else
    than the person of the order of whom another row gives a flag, which nobody has looked at. An open request, a hold
    or a row in quarantine about any of them has stopped the order or kept the record before.
    """
    own = Belonging.objects.filter(prime=order.prime_id, until__isnull=True)
    flags = NominalFlag.objects.exclude(row__in=gone.rows).exclude(nominal__in=own.values("nominal_id"))
    lonely = Nominal.objects.filter(
        pk__in=gone.nominals, system__controller=order.controller_id, involvements__isnull=True
    )
    return list(lonely.exclude(Exists(flags.filter(nominal=OuterRef("pk")))).order_by("pk"))


def _make_up(nominals: list[int]) -> dict[int, str]:
    """Return the digests of what makes up the people of some nominals now, by the key of the person."""
    belongings = Belonging.objects.filter(nominal__in=nominals, until__isnull=True)
    return {prime: membership_digest(prime) for prime in set(belongings.values_list("prime_id", flat=True))}


def _anchor_anew(primes: Iterable[int]) -> None:
    """Anchor people who lost their founding nominal at what is left of them, so that their reference stays theirs.

    It is the one that a run would choose, the lowest by its source. A reference that was retired and stood on it gives
    it up and leads on as before.
    """
    for prime in PrimePerson.objects.filter(pk__in=list(primes), anchor__isnull=True).order_by("pk"):
        members = Nominal.objects.filter(belongings__prime=prime, belongings__until__isnull=True)
        sources = members.values_list("system__controller__code", "system__code", "reference", "pk")
        founding = min((("|".join(parts), key) for *parts, key in sources), default=None)
        if founding is not None:
            retired = PrimePerson.objects.filter(anchor_key=founding[0])
            retired.update(anchor=None, anchor_key=Concat(Value("given up|"), "pk", output_field=CharField()))
            prime.anchor_key, prime.anchor_id = founding
            prime.save(update_fields=["anchor", "anchor_key"])


def _follow(order: DisposalOrder, before: dict[int, str]) -> None:
    """Let other orders under way about people of whom something went stand: nobody else is made of them by that.

    Each is decided afresh all the same, by what is left. Of whom nothing is left, nothing is decided or reviewed.
    `before` is as `_make_up` returns it.
    """
    others = DisposalOrder.objects.filter(state__in=["proposed", "approved", "instructed"]).exclude(pk=order.pk)
    for prime, digest in before.items():
        others.filter(prime_id=prime, membership_digest=digest).update(membership_digest=membership_digest(prime))
    left = Belonging.objects.filter(prime__in=before, until__isnull=True)
    emptied = set(before) - set(left.values_list("prime_id", flat=True))
    PersonDecision.objects.filter(prime__in=emptied).delete()
    Review.objects.filter(prime__in=emptied).exclude(state__in=["decided", "closed"]).update(state="closed")


def _sweep_rows(gone: _Gone) -> None:
    """Delete the source rows from which nothing is left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM records_sourcerow r WHERE r.id = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM records_record x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_nominal x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_involvement x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_recorddates x WHERE x.row_id = r.id)"
            " AND NOT EXISTS (SELECT 1 FROM records_nominalflag x WHERE x.row_id = r.id)",
            [sorted(gone.rows)],
        )


def _restrict(order: DisposalOrder, gone: _Gone) -> None:
    """Restrict who was known openly from what is gone, and is now known from restricted records alone."""
    with connection.cursor() as cursor:
        cursor.execute(restriction_sql.RESTRICTED, {"controller": order.controller_id})
        if cursor.fetchone()[0]:
            for statement in (restriction_sql.LEFT_RESTRICTED, *restriction_sql.FOLLOWED):
                cursor.execute(statement, {"rows": sorted(gone.rows)})


def certify(order: DisposalOrder, *, by: Actor) -> Certificate:
    """Issue the certificate of a destroyed order, or make a provisional one final when all answers are in.

    One that is final already is returned as it is.
    """
    with transaction.atomic():
        held = DisposalOrder.objects.select_for_update().get(pk=order.pk)
        issued = Certificate.objects.filter(order=held).first()
        if issued is None:
            rules.can_move_order(held, "certify").require()
        elif not issued.is_provisional:
            return issued
        items = list(held.items.select_related("system__controller").order_by("system__title", "reference"))
        for item in items:
            if item.destroyed_at and _keys_left(item):
                content.destroy_keys(
                    ContentKey.objects.filter(content.of_record(item.record_key)).values_list("owner", flat=True)
                )
        left = [item.reference for item in items if item.destroyed_at and _keys_left(item)]
        unless(not left, "Content keys are left: the worker has to run first.").require()
        open_answers = told.open_sources().filter(order=held).exists()
        body = _body(held, items)
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        certificate, _ = Certificate.objects.update_or_create(
            order=held, defaults={"is_provisional": open_answers, "body": body, "digest": digest}
        )
        for item in items:
            if item.destroyed_at:
                _stone(item).update(certificate=certificate.reference)
        if held.state == DisposalOrder.State.DESTROYED:
            held.state = rules.ORDER_MOVES["certify"][held.state]
            held.save()
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
    }


def work(*, by: Actor) -> dict[str, int]:
    """Carry out everything that is due: instruct what has cooled, destroy what is answered, certify what is gone.

    A controller in advisory mode is left alone: what is approved there waits.
    """
    live = DisposalOrder.objects.filter(controller__mode=Controller.Mode.LIVE)
    cooled = live.filter(state="approved", cools_until__lte=timezone.now())
    answered = live.filter(state="instructed").exclude(instructions__answer="")
    held_records.expand_all(by=by, fresh_only=not (cooled.exists() or answered.exists()))
    done = {"instructed": 0, "destroyed": 0, "certified": 0, "refused": 0}
    for name, orders, step in (("instructed", cooled, disposal.instruct), ("destroyed", answered, destroy)):
        waiting = list(orders.order_by("pk"))
        while waiting:
            taken, refused = _carry_out(waiting[:TOGETHER], step, by)
            waiting = [order for order in waiting if order.pk not in taken]
            done[name] += len(taken) - len(refused)
            done["refused"] += sum(_note(order, refusal, by) for order, refusal in refused)
    provisional = Certificate.objects.filter(is_provisional=True).exclude(order__instructions__in=told.open_sources())
    gone = DisposalOrder.objects.filter(Q(state="destroyed") | Q(pk__in=provisional.values("order")))
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
