"""Have recipients put right what they were given: find what is due, send it, record what they answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.models import BatchRun, Controller
from muniment.core.verdicts import unless
from muniment.supply import due, register, snapshot
from muniment.supply.actions import give
from muniment.supply.building.gathering import BATCH
from muniment.supply.building.rows import Asked, Item
from muniment.supply.files import FORMATS, Folder
from muniment.supply.models import Given, Notice, Supply
from muniment.supply.recipients import Recipient, every

Act, Answer = Notice.Act, Notice.Answer
RUN = "corrections"


@dataclass(frozen=True)
class Correction:
    """Whose corrections go to whom, and where the files go."""

    controller: Controller
    recipient: Recipient
    out: Path
    formats: str = "both"


def look(controller: Controller, recipient: Recipient, *, by: Actor) -> int:
    """Find everything that a recipient has to put right, write down what is not sent yet, and return how much.

    What was due and is as it was given again is due no more. Whoever runs it has to see all that was given.
    """
    with transaction.atomic():
        asked = due.asked_again(controller, recipient)
        found = _note(asked)
        audit.record(
            by, "export.look", subject=recipient.code, controller=controller.code, recipient=recipient.name,
            detail={"due": found},
        )  # fmt: skip
    return found


def _note(asked: Asked) -> int:
    unsent = Notice.objects.filter(controller=asked.reach.controller, recipient=asked.recipient, delivery__isnull=True)
    stale, count = set(unsent.values_list("pk", flat=True)), 0
    for change in due.find(asked):
        notice, _ = Notice.objects.update_or_create(
            controller=asked.reach.controller,
            recipient=asked.recipient,
            what=change.what,
            reference=change.reference,
            delivery=None,
            defaults={"key": change.key, "act": change.act, "into": list(change.into)},
        )
        stale.discard(notice.pk)
        count += 1
    unsent.filter(pk__in=stale).delete()
    return count


def look_everywhere(*, by: Actor, again: bool = False) -> dict[str, int]:
    """Look for everybody who was given anything, once a day, or `again`; for the worker, who sees everything."""
    today, counts = timezone.localdate(), {"corrections_due": 0}
    if not again and BatchRun.objects.filter(kind=RUN, started_at__date=today).exists():
        return counts
    pairs = Supply.objects.filter(state=Supply.State.GIVEN).order_by("controller", "recipient")
    known = every()
    run = BatchRun.objects.create(kind=RUN, started_at=timezone.now())
    unknown = 0
    for controller, code in pairs.values_list("controller", "recipient").distinct():
        if code in known:
            counts["corrections_due"] += look(Controller.objects.get(pk=controller), known[code], by=by)
        else:
            unknown += 1
    run.ended_at, run.state, run.counts = timezone.now(), "done", {**counts, "recipients_unknown": unknown}
    run.save()
    audit.record(by, "export.look", subject=RUN, detail=run.counts)
    return counts


def send(correction: Correction, *, by: Actor) -> Supply | None:
    """Write the notices that are due with what is to be put in place, and note them as sent; None for none.

    Runs as `give` does, within the sender's own scope. Raise Refused for somebody who does not see all that was given.
    """
    controller, recipient = correction.controller, correction.recipient
    user = give.may(by, "export.correct", controller)
    snapshot.alone(controller, recipient)
    asked = due.asked_again(controller, recipient)
    asked.reach.covered_by(user).require()
    _note(asked)
    unsent = Notice.objects.filter(controller=controller, recipient=recipient.code, delivery__isnull=True)
    if not unsent.exists():
        return None
    supply = Supply.objects.create(
        controller=controller,
        about=Supply.About.CORRECTIONS,
        recipient=recipient.code,
        recipient_name=recipient.name,
        basis=asked.terms.basis,
        agreement=asked.terms.agreement,
        purpose=by.purpose,
        areas=sorted(asked.reach.areas),
        marking=asked.reach.marking,
        state=Supply.State.APPROVED,
        people=unsent.filter(what=Given.What.PERSON).count(),
        asked_by=by.name,
        as_of=snapshot.moment(),
    )
    folder = Folder(correction.out, FORMATS[correction.formats])
    try:
        for notices in _by_batch(unsent.order_by("pk")):
            folder.add("notice", [_row(each) for each in notices])
        for what, items in _content(unsent, asked):
            folder.add(what, [item.row for item in items])
            register.add(supply, items, settles=False)
        for notices in _by_batch(unsent.exclude(act=Act.AMEND).order_by("pk")):
            register.let_go([notice for notice in notices if notice.goes])
        unsent.update(delivery=supply)
        give.finish(supply, asked, folder, by=by)
    except BaseException:
        folder.give_up()
        raise
    return supply


def _by_batch(notices: QuerySet[Notice]) -> Iterator[list[Notice]]:
    held: list[Notice] = []
    for notice in notices.iterator(chunk_size=BATCH):
        held.append(notice)
        if len(held) == BATCH:
            yield held
            held = []
    if held:
        yield held


def _row(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.number,
        "act": notice.act,
        "type": notice.what,
        "of": notice.reference,
        "into": notice.into,
    }


def _content(unsent: QuerySet[Notice], asked: Asked) -> Iterator[tuple[str, list[Item]]]:
    """Yield what is to be put in place, by kind and batch: of what was amended, and of who was split what is left."""
    stays = Q(act=Act.AMEND) | Q(act=Act.SPLIT)
    for what in (Given.What.PERSON, Given.What.EVENT, Given.What.LOCATION, Given.What.OBJECT):
        for notices in _by_batch(unsent.filter(stays, what=what).order_by("key")):
            if items := due.rows_of(what, [each.key for each in notices], asked):
                yield what, items
    links = unsent.filter(stays, what=Given.What.LINK)
    if links.exists():
        for items in due.links_now(links, asked):
            yield Given.What.LINK, items


def answer(notice: Notice, *, by: Actor, said: str, note: str = "") -> Notice:
    """Record what a recipient answered; of what is confirmed to be gone there, the register keeps a key alone."""
    with transaction.atomic():
        held = Notice.objects.select_for_update(of=("self",)).select_related("controller").get(pk=notice.pk)
        give.may(by, "export.correct", held.controller)
        check = unless(said in Answer.values, "Choose what the recipient answered.")
        check &= unless(held.delivery_id is not None, "Send the notice first: it is not with the recipient yet.")
        check &= unless(held.answer != Answer.DONE, "It is confirmed already.")
        check &= unless(said != Answer.CANNOT or bool(note.strip()), "Say why the recipient cannot do it.")
        check.require()
        held.answer, held.note = said, note.strip()[:255]
        held.answered_by, held.answered_at = by.name, timezone.now()
        held.save()
        if said == Answer.DONE and held.goes:
            register.forget(held)
        audit.record(
            by,
            "export.answer",
            subject=held.number,
            controller=held.controller.code,
            recipient=held.recipient,
            detail={"answer": said},
        )
    return held


def confirm_all(delivery: Supply, *, by: Actor) -> int:
    """Record that a recipient has done everything of a delivery that it had not answered; return how much."""
    with transaction.atomic():
        waiting = list(delivery.notices.filter(answer="").order_by("pk"))
        unless(bool(waiting), "Everything of it is answered.").require()
        for notice in waiting:
            answer(notice, by=by, said=Answer.DONE)
    return len(waiting)
