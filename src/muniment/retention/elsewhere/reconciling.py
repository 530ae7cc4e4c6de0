"""Disposals held against what sources send: what comes back, what is shown to be gone, what they no longer have.

A reader sees what they see of orders and records; what is written down at intake says which tombstones were met.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from muniment.core import references, words
from muniment.records.models import Comeback, Intake, Record, SourceSystem
from muniment.retention.models import DisposalItem, DisposalOrder, Duty

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

    code: str  # controller and system
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
    to_close: list[int] = field(default_factory=list)  # keys of duties that are not done, and shown to be gone there

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
            "could_be_closed": [references.make("duty", key) for key in self.to_close],
        }


def withdrawn() -> QuerySet[Record]:
    """Return the records that their sources no longer have and that are held here, in no order that runs."""
    ordered = DisposalItem.objects.filter(order__state__in=_LIVE, destroyed_at__isnull=True, kept_because="")
    gone = Record.objects.filter(withdrawn_on__isnull=False).exclude(pk__in=ordered.values("record"))
    return gone.select_related("system__controller").order_by("withdrawn_on", "pk")


def reconcile() -> Reconciled:
    """Hold every disposal against every intake."""
    lines = _Lines()
    full = _full_exports()
    came = list(
        Comeback.objects.select_related("system", "controller", "first_intake", "last_intake").order_by(
            "-last_intake__as_of", "pk"
        )
    )
    back = {(each.system_id, each.reference): each for each in came if each.entity == "record"}
    told = Duty.objects.filter(where=Duty.Where.SOURCE, item__destroyed_at__isnull=False)
    told = told.filter(item__reference__in=[reference for _, reference in back]).select_related("item__order")
    duties = {(each.item.system_id, each.item.reference): each for each in told}
    duties = {key: each for key, each in duties.items() if key in back}
    still_there = [duty.pk for key, duty in duties.items() if back[key].last_intake.as_of > _since(duty)]
    to_close = _count(lines, full, still_there)
    again = [_again(each, duties.get(key)) for key, each in back.items()]
    for each in again:
        line = lines[each.comeback.system_id]
        line.sent_again += 1
        line.contradicted += each.contradicts
    people = [each for each in came if each.entity != "record"]
    for comeback in people:
        lines[comeback.system_id].people_again += 1
    for system, number in withdrawn().order_by().values_list("system").annotate(Count("pk")):
        lines[system].withdrawn = number
    found = sorted(lines.values(), key=lambda each: (each.controller, each.title))
    again.sort(key=lambda each: not each.contradicts)
    return Reconciled(found, again, people, to_close)


class _Lines(dict[int, Line]):
    """The lines of sources by key, each made when it is asked for."""

    def __missing__(self, key: int) -> Line:
        system = SourceSystem.objects.select_related("controller").get(pk=key)
        made = Line(f"{system.controller.code}/{system.code}", system.title, system.controller.name)
        self[key] = made
        return made


def _count(lines: _Lines, full: Mapping[tuple[int, str], date], still_there: Collection[int]) -> list[int]:
    """Count what is destroyed here by whether its source is shown to have it no more; return what could be closed.

    `still_there` are the keys of duties whose records came in a file made since.
    """
    told = Duty.objects.filter(where=Duty.Where.SOURCE, item__destroyed_at__isnull=False)
    told = told.annotate(day=TruncDate(Coalesce("answered_at", "item__destroyed_at")))
    for system, number in told.order_by().values_list("item__system_id").annotate(Count("pk")):
        lines[system].destroyed = number
    to_close: list[int] = []
    alike = ("item__system_id", "tables", "day", "answer")
    quiet = told.exclude(pk__in=still_there)
    for system, tables, day, answer, number in quiet.order_by().values_list(*alike).annotate(Count("pk")):
        if not tables or any(full.get((system, table), date.min) <= day for table in tables):
            lines[system].not_shown += number
            continue
        lines[system].shown_gone += number
        if answer != Duty.Answer.DONE:
            same = quiet.filter(item__system=system, tables=tables, day=day, answer=answer)
            to_close += same.order_by("pk").values_list("pk", flat=True)
    return to_close


def _full_exports() -> dict[tuple[int, str], date]:
    """Return the day of the latest full export by system and table."""
    found: dict[tuple[int, str], date] = defaultdict(lambda: date.min)
    newest = Intake.objects.filter(kind="full").values("system", "table").annotate(day=Max("as_of"))
    found.update({(each["system"], each["table"]): each["day"] for each in newest})
    return found


def _since(duty: Duty) -> date:
    moment = duty.answered_at or duty.item.destroyed_at
    return timezone.localtime(moment).date()


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
