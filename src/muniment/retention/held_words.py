"""Holds whose words stand in the narratives of records: narratives are encrypted, so they are opened to be searched.

A hold's list of records is found by titles, places and details, which lie in clear. Its words are looked for in the
narratives as well whenever a disposal of the records takes a step.
"""

from collections.abc import Iterable
from datetime import date

from muniment.core import content
from muniment.core.models import Content
from muniment.records.models import Record
from muniment.retention.models import Hold

_UNREADABLE = " (a narrative cannot be opened, so that nobody can say its words are not there)"


def holds_naming(record_ids: Iterable[int]) -> list[tuple[Hold, str]]:
    """Return the standing holds with a word that a narrative of these records has, in any case of letters.

    With each hold comes a remark, usually empty. A hold whose words nobody can look for, because a narrative was
    altered or its key is gone, stands as well.
    """
    standing = Hold.objects.filter(released_at__isnull=True).prefetch_related("controllers").order_by("pk")
    worded = [hold for hold in standing if _words(hold)]
    if not worded:
        return []
    records = Record.objects.filter(pk__in=list(record_ids)).select_related("system")
    records = records.prefetch_related("dates_told", "involvements")
    bound = {hold.pk: {each.pk for each in hold.controllers.all()} for hold in worded}
    remarks: dict[int, str] = {}
    for record in records:
        near = [hold for hold in worded if record.system.controller_id in bound[hold.pk] and _overlaps(hold, record)]
        said = _narratives(record) if near else []
        for hold in near:
            if any(word in text for word in _words(hold) for text in said if text is not None):
                remarks[hold.pk] = ""
            elif None in said:
                remarks.setdefault(hold.pk, _UNREADABLE)
    return [(hold, remarks[hold.pk]) for hold in worded if hold.pk in remarks]


def _words(hold: Hold) -> list[str]:
    return [word.casefold() for word in hold.scope.get("keywords") or () if word.strip()]


def _narratives(record: Record) -> list[str | None]:
    """Return what is said of a record; None for what cannot be opened."""
    kept = [content.opened(each) for each in Content.objects.filter(content.of_record(record.pk)).order_by("pk")]
    return [said if said is None else said.casefold() for said in kept]


def _overlaps(hold: Hold, record: Record) -> bool:
    """Whether the record has no day of its own, or a day within the hold's: its own, or of what someone did in it."""
    since, until = (_day(hold.scope.get(name)) for name in ("from", "until"))
    days = [(each.earliest, each.latest) for each in record.dates.values()]
    if not days:
        return True
    for part in record.involvements.all():
        happened = part.happened_earliest or part.happened_latest, part.happened_latest or part.happened_earliest
        days += [(first, last) for first, last in (happened, (part.dated, part.dated)) if first and last]
    return any((since is None or last >= since) and (until is None or first <= until) for first, last in days)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
