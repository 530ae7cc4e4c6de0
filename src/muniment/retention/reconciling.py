"""Disposals held against what sources send: what comes back, what is shown to be gone, what they no longer have.

A reader sees what they see of orders and records; what is written down at intake says which tombstones were met.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from muniment.core import words
from muniment.records.models import Comeback, Intake, Record
from muniment.retention.disposal_models import DisposalItem, DisposalOrder
from muniment.retention.duty_models import Duty

_LIVE = (DisposalOrder.State.PROPOSED, DisposalOrder.State.APPROVED, DisposalOrder.State.INSTRUCTED)


@dataclass(frozen=True)
class Again:
    """A record that was destroyed here and that its source sent again: kept out, and why a person has to look."""

    comeback: Comeback
    item: DisposalItem | None
    duty: Duty | None
    contradicts: bool  # its source had said that it deleted it
    why: str


@dataclass
class Line:
    """The figures of one source."""

    title: str
    controller: str
    destroyed: int = 0
    shown_gone: int = 0  # full exports since the answer no longer have it
    not_shown: int = 0  # no full export has come since
    contradicted: int = 0
    sent_again: int = 0
    people_again: int = 0
    withdrawn: int = 0  # held here, and its source no longer has it


@dataclass
class Reconciled:
    """Both directions: what comes back, what could be closed, what a source no longer has, and the figures."""

    lines: list[Line]
    again: list[Again]
    people: list[Comeback]
    to_close: list[Duty] = field(default_factory=list)  # not answered as done, and shown to be gone at source

    @property
    def agrees(self) -> bool:
        """Whether no source sends what it said that it had deleted."""
        return not any(each.contradicts for each in self.again)

    def told(self) -> dict[str, Any]:
        """Return it as plain facts."""
        return {
            "agrees": self.agrees,
            "systems": [vars(each) for each in self.lines],
            "sent_again": [
                {
                    "controller": each.comeback.controller.code,
                    "system": each.comeback.system.code,
                    "reference": each.comeback.reference,
                    "order": each.item.order.reference if each.item else None,
                    "contradicts": each.contradicts,
                    "times": each.comeback.times,
                    "file": each.comeback.last_intake.file,
                    "row": each.comeback.last_row,
                    "why": each.why,
                }
                for each in self.again
            ],
            "could_be_closed": [each.reference for each in self.to_close],
        }


def withdrawn() -> QuerySet[Record]:
    """Return the records that their sources no longer have and that are held here, in no order that runs."""
    ordered = DisposalItem.objects.filter(order__state__in=_LIVE, destroyed_at__isnull=True, kept_because="")
    gone = Record.objects.filter(withdrawn_on__isnull=False).exclude(pk__in=ordered.values("record"))
    return gone.select_related("system__controller").order_by("withdrawn_on", "pk")


def reconcile() -> Reconciled:
    """Hold every disposal against every intake."""
    lines: dict[int, Line] = {}
    full = _full_exports()
    came = list(
        Comeback.objects.select_related("system", "controller", "first_intake", "last_intake").order_by(
            "-last_intake__as_of", "pk"
        )
    )
    back = {(each.system_id, each.reference): each for each in came if each.entity == "record"}
    told = Duty.objects.filter(where=Duty.Where.SOURCE, item__destroyed_at__isnull=False)
    told = told.select_related("item__system__controller", "item__order")
    duties = {(each.item.system_id, each.item.reference): each for each in told}
    to_close = []
    for key, duty in duties.items():
        line = _line(lines, duty.item.system)
        line.destroyed += 1
        comeback = back.get(key)
        since = _answered_on(duty) or timezone.localtime(duty.item.destroyed_at).date()
        if comeback is not None and comeback.last_intake.as_of > since:
            continue
        if duty.tables and all(full.get((duty.item.system_id, table), date.min) > since for table in duty.tables):
            line.shown_gone += 1
            if duty.answer != Duty.Answer.DONE:
                to_close.append(duty)
        else:
            line.not_shown += 1
    again = [_again(each, duties.get(key)) for key, each in back.items()]
    for each in again:
        line = _line(lines, each.comeback.system)
        line.sent_again += 1
        line.contradicted += each.contradicts
    people = [each for each in came if each.entity != "record"]
    for comeback in people:
        _line(lines, comeback.system).people_again += 1
    for record in withdrawn():
        _line(lines, record.system).withdrawn += 1
    found = sorted(lines.values(), key=lambda each: (each.controller, each.title))
    again.sort(key=lambda each: not each.contradicts)
    return Reconciled(found, again, people, to_close)


def _line(lines: dict[int, Line], system: Any) -> Line:
    return lines.setdefault(system.pk, Line(system.title, system.controller.name))


def _full_exports() -> dict[tuple[int, str], date]:
    """Return the day of the latest full export by system and table."""
    found: dict[tuple[int, str], date] = defaultdict(lambda: date.min)
    newest = Intake.objects.filter(kind="full").values("system", "table").annotate(day=Max("as_of"))
    found.update({(each["system"], each["table"]): each["day"] for each in newest})
    return found


def _answered_on(duty: Duty) -> date | None:
    return timezone.localtime(duty.answered_at).date() if duty.answered_at else None


def _again(comeback: Comeback, duty: Duty | None) -> Again:
    item = duty.item if duty else None
    as_of, answered = comeback.last_intake.as_of, _answered_on(duty) if duty else None
    file = f"the file as of {words.day(as_of)}"
    if duty is None or answered is None:
        return Again(comeback, item, duty, contradicts=False, why=f"Re-sent after disposal, in {file}.")
    said = f"its source answered '{duty.get_answer_display()}' on {words.day(answered)}"
    if duty.answer == Duty.Answer.DONE and as_of > answered:
        return Again(comeback, item, duty, contradicts=True, why=f"Re-sent after disposal: {said}, and {file} has it.")
    if as_of <= answered:
        return Again(comeback, item, duty, contradicts=False, why=f"In {file}, made before {said}: see the next one.")
    return Again(comeback, item, duty, contradicts=False, why=f"Re-sent after disposal in {file}: {said}.")


def of_items(items: Iterable[DisposalItem]) -> dict[int, str]:
    """Return why a person has to look at records of an order that came back, by the key of the item."""
    wanted = Q()
    mine = list(items)
    for item in mine:
        wanted |= Q(system=item.system_id, reference=item.reference)
    if not mine or not wanted:
        return {}
    found = Comeback.objects.filter(wanted, entity="record").select_related("last_intake", "system", "controller")
    by_name = {(each.system_id, each.reference): each for each in found}
    told = {
        each.item_id: each
        for each in Duty.objects.filter(item__in=mine, where=Duty.Where.SOURCE).select_related("item__order")
    }
    return {
        item.pk: _again(by_name[item.system_id, item.reference], told.get(item.pk)).why
        for item in mine
        if item.destroyed_at and (item.system_id, item.reference) in by_name
    }
