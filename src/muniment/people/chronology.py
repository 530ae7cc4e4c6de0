"""One chronology over every system: what happened, when, in which record, and what part the person had."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from muniment.core import words
from muniment.engine.values.dates import PartialDate
from muniment.people.models import PrimePerson
from muniment.records import sensitivity
from muniment.records.models import Involvement, Record

MAJORITY = 18
YOUNG = 14  # a child until 13, a young person from 14: Children and Young Persons Act 1933 s.107

# Which of a record's dates says when it happened, best first; the others are told as the record's own dates.
_LEADING = ("event_date", "incident_date", "happened", "reported_date", "submission_date", "issue_date", "arrest_date")


@dataclass(frozen=True)
class Entry:
    """One record in a life: a day, the record, the parts played in it, and its dates."""

    earliest: date | None
    latest: date | None
    record: Record
    parts: tuple[Involvement, ...]
    other_people: int
    young: str = ""  # in words, when the person was or may have been under 18
    marks: tuple[sensitivity.Mark, ...] = ()

    @property
    def distressing(self) -> tuple[sensitivity.Mark, ...]:
        """What a reader is warned of before the record is shown."""
        return tuple(mark for mark in self.marks if mark.kind == "distressing")

    @property
    def special(self) -> tuple[sensitivity.Mark, ...]:
        """Data that the law protects more strongly."""
        return tuple(mark for mark in self.marks if mark.kind == "special")


def chronology(prime: PrimePerson) -> list[Entry]:
    """Return everything that the reader may see of a life, newest first; records without a date come last."""
    parts: dict[int, list[Involvement]] = {}
    involvements = (
        Involvement.objects.filter(nominal__belongings__prime=prime, nominal__belongings__until__isnull=True)
        .select_related("record__system__controller", "record__scope", "record__decision", "nominal")
        .prefetch_related("record__dates_told")
        .order_by("pk")
    )
    for involvement in involvements:
        parts.setdefault(involvement.record_id, []).append(involvement)
    others = _other_people(prime, list(parts))
    born = _born(involvements)
    entries = [_entry(found, others.get(key, 0), born) for key, found in parts.items()]
    return sorted(entries, key=lambda entry: (entry.latest or date.min, entry.record.pk), reverse=True)


def _entry(parts: list[Involvement], other_people: int, born: PartialDate | None) -> Entry:
    record = parts[0].record
    dates = {kind: (day.earliest, day.latest) for kind, day in record.dates.items()}
    happened = [
        (part.happened_earliest, part.happened_latest or part.happened_earliest)
        for part in parts
        if part.happened_earliest
    ]
    dated = [(part.dated, part.dated) for part in parts if part.dated]
    leading = [dates[kind] for kind in _LEADING if kind in dates]
    earliest, latest = next(iter([*happened, *leading, *dated, *dates.values()]), (None, None))
    own = _born(parts) or born
    young = _young(own, PartialDate(earliest, latest)) if own and earliest and latest else ""
    return Entry(earliest, latest, record, tuple(parts), other_people, young, sensitivity.marks(record))


def _born(parts: Iterable[Involvement]) -> PartialDate | None:
    """Return the birth date in most of the sources, the narrower when several are as frequent."""
    given = Counter(
        PartialDate(part.nominal.born_earliest, part.nominal.born_latest)
        for part in parts
        if part.nominal.born_earliest and part.nominal.born_latest
    )
    return max(given, key=lambda each: (given[each], each.earliest - each.latest, each.latest), default=None)


def _young(born: PartialDate, on: PartialDate) -> str:
    """Say whether someone was under 18, as far as both dates are known."""
    if on.latest < born.earliest:
        return ""
    least, most = words.age(born, on)
    if most < MAJORITY:
        return f"{'Child' if most < YOUNG else 'Young person'}, {most if least == most else f'{least} to {most}'}"
    return "May have been under 18" if least < MAJORITY else ""


def _other_people(prime: PrimePerson, record_ids: list[int]) -> dict[int, int]:
    """Return how many other people, of those the reader may see, are on each record."""
    counts: dict[int, set[int]] = {}
    others = Involvement.objects.filter(record_id__in=record_ids).exclude(
        nominal__belongings__prime=prime, nominal__belongings__until__isnull=True
    )
    for record_id, nominal_id in others.values_list("record_id", "nominal_id"):
        counts.setdefault(record_id, set()).add(nominal_id)
    return {key: len(found) for key, found in counts.items()}
