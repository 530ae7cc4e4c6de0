"""Bring in decisions that were made by hand, put each beside what would have been decided, and settle differences."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction
from django.utils import timezone

from muniment.core import access, audit, content, reasons, references
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.core.verdicts import Verdict, refused, unless
from muniment.people.models import PrimePerson
from muniment.records.models import Record
from muniment.retention.checks import by_hand, leaving, manual_rows
from muniment.retention.checks.by_hand import Subject
from muniment.retention.checks.manual_rows import BadRow, ManualRow
from muniment.retention.models import ManualDecision, ManualFile, Review
from muniment.retention.policies import check_policy

WORK = "check.work"
WHY_SETTLED = "Say why, so that somebody else can follow it"
_COMPARE_LOCK = 7_130_051
_NOT_HERE = "Nothing of this force or office is here by that reference that you may see."
_TWICE = "A decision about this of the same day has been brought in already."
_OF_REVIEW = {Review.Outcome.RETAIN: by_hand.KEEP, Review.Outcome.DISPOSE: by_hand.DISPOSE}


@dataclass(frozen=True)
class Given:
    """A file of manual decisions as it was given."""

    controller: Controller
    name: str
    data: bytes


def may(controller: Controller, by: Actor) -> Verdict:
    """Say whether somebody may bring in manual decisions of a controller and settle differences.

    A command on the server may bring them in.
    """
    if by.user is None:
        return unless("(" in by.name, "Only a person or a command brings in manual decisions.")
    return access.may(by.user, WORK, on=timezone.localdate(), controller=controller)


def take_in(given: Given, *, by: Actor, most: int | None = None) -> ManualFile:
    """Bring in the rows of a file that can be used, and keep why the others cannot.

    Raise manual_rows.BadFile, with nothing kept, when its columns are not as they have to be, or it has more than
    `most` rows.
    """
    may(given.controller, by).require()
    rows = list(manual_rows.rows(given.data, timezone.localdate()))
    if most is not None and len(rows) > most:
        raise manual_rows.BadFile(
            f"The file has {len(rows):,} rows, and a page takes {most:,}: divide it, or have it brought in on the"
            " server with 'muniment compare'."
        )
    with transaction.atomic():
        _take_turns(given.controller)
        file = ManualFile.objects.create(
            controller=given.controller,
            name=given.name[:200],
            digest=hashlib.sha256(given.data).hexdigest(),
            kept=0,
            by=by.name,
        )
        for line, row in rows:
            try:
                _one(file, row)
            except BadRow as fault:
                file.refused.append([line, str(fault)])
            else:
                file.kept += 1
        file.save(update_fields=["kept", "refused"])
        detail = {"file": file.name, "sha256": file.digest, "kept": file.kept, "refused": len(file.refused)}
        audit.record(by, "manual.take_in", subject=f"file {file.pk}", controller=given.controller.code, detail=detail)
    return file


def _one(file: ManualFile, row: ManualRow | str) -> None:
    if isinstance(row, str):
        raise BadRow(row)
    subject = _subject(file.controller, row)
    if _is_known(subject, row.decided_on):
        raise BadRow(_TWICE)
    kept = _compared(subject, row.decided_on)
    kept.file, kept.line, kept.decision = file, row.line, row.decision
    kept.next_review, kept.decided_by = row.next_review, row.decided_by
    kept.save()
    if row.reason:
        kept.reason = content.store(f"manual:{kept.pk}", "reason", row.reason)
        kept.save(update_fields=["reason"])


def _subject(controller: Controller, row: ManualRow) -> Subject:
    """Return whom or what a row is about. Raise BadRow alike for what is not here and for what may not be seen."""
    if row.system:
        named = {"system__controller": controller, "system__code": row.system, "reference": row.reference}
        record = Record.objects.filter(**named).select_related("system__controller").first()
        if record is None:
            raise BadRow(_NOT_HERE)
        return Subject(controller, record=record)
    try:
        key = references.number("prime", row.reference)
    except ValueError as error:
        raise BadRow("The reference is not one of a prime record: give the system of a record's reference.") from error
    prime = PrimePerson.objects.filter(pk=key).select_related("redirects_to").first()
    prime = (prime.redirects_to or prime) if prime else None
    held = prime and Record.objects.filter(
        system__controller=controller,
        involvements__nominal__belongings__prime=prime,
        involvements__nominal__belongings__until__isnull=True,
    )
    if prime is None or not held:
        raise BadRow(_NOT_HERE)
    return Subject(controller, prime=prime)


def _is_known(subject: Subject, on: date) -> bool:
    about = {"prime": subject.prime, "record": subject.record}
    return ManualDecision.objects.filter(controller=subject.controller, decided_on=on, **about).exists()


def _compared(subject: Subject, on: date) -> ManualDecision:
    """Return a decision with what would have been decided, not yet kept."""
    told = by_hand.beside(subject, on)
    return ManualDecision(
        controller=subject.controller,
        prime=subject.prime,
        record=subject.record,
        decided_on=on,
        system=told.system,
        outcome=told.made.outcome,
        due=told.made.due,
        rule=told.made.rule or "",
        policy_version=told.made.policy_version,
    )


def take_reviews(controller: Controller, *, by: Actor) -> int:
    """Put the reviews that people decided here beside what would have been decided; return how many came.

    Those count that kept everything or let everything go: what was kept in part is neither.
    """
    may(controller, by).require()
    came = 0
    with transaction.atomic():
        _take_turns(controller)
        for review in leaving.reviews_to_come(controller):
            on = timezone.localtime(review.decided_at).date() if review.decided_at else timezone.localdate()
            subject = Subject(controller, prime=review.prime.redirects_to or review.prime)
            if _is_known(subject, on):
                continue
            kept = _compared(subject, on)
            kept.review, kept.decision = review, _OF_REVIEW[Review.Outcome(review.outcome)]
            kept.next_review, kept.decided_by = review.next_review, review.decided_by
            kept.save()
            came += 1
        audit.record(by, "manual.reviews", controller=controller.code, detail={"came": came})
    return came


def settle(found: ManualDecision, settlement: str, reason: str, *, by: Actor) -> None:
    """Settle a difference: who was right, or what has to be put right first. It may be settled anew."""
    if by.user is None:
        refused("Only a person who is signed in settles a difference.").require()
    may(found.controller, by).require()
    check = unless(settlement in ManualDecision.Settlement.values, "Say who was right.")
    (check & reasons.is_given(reason, WHY_SETTLED)).require()
    with transaction.atomic():
        _take_turns(found.controller)
        held = ManualDecision.objects.get(pk=found.pk)
        unless(held.differs, "The two do not differ: there is nothing to settle.").require()
        before = held.settlement
        held.settlement, held.settled_by, held.settled_at = settlement, by.name, timezone.now()
        held.settled_reason = content.store(f"manual:{held.pk}", "settled", reason)
        held.save(update_fields=["settlement", "settled_by", "settled_at", "settled_reason"])
        audit.record(
            by,
            "manual.settle",
            subject=f"manual decision {held.pk}",
            controller=found.controller.code,
            detail={"as": settlement, "before": before},
        )


def again(controller: Controller, *, by: Actor) -> int:
    """Compare anew what is not settled and was compared by another policy; return how many came out otherwise."""
    may(controller, by).require()
    since = timezone.localdate() - timedelta(days=check_policy.on(timezone.localdate()).leaving.within_days)
    with transaction.atomic():
        _take_turns(controller)
        every = leaving.stale(controller, since)
        changed = sum(_anew(each) for each in every)
        audit.record(by, "manual.again", controller=controller.code, detail={"of": len(every), "changed": changed})
    return changed


def _anew(held: ManualDecision) -> bool:
    told = _compared(Subject(held.controller, held.prime, held.record), held.decided_on)
    moved = (told.system, told.outcome, told.due) != (held.system, held.outcome, held.due)
    for name in ("system", "outcome", "due", "rule", "policy_version"):
        setattr(held, name, getattr(told, name))
    held.compared_at = timezone.now()
    if moved:  # what was said of it was said of something else
        held.settlement, held.settled_by, held.settled_at, held.settled_reason = "", "", None, None
    held.save()
    return moved


def _take_turns(controller: Controller) -> None:
    """Wait until nobody else brings in or settles decisions of a controller, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_COMPARE_LOCK, controller.pk])
