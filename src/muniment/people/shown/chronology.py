"""One chronology over every system: what happened, when, in which record, and what part the person had."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import overload

from django.db.models import QuerySet

from muniment.core import words
from muniment.engine.values.dates import PartialDate
from muniment.people.models import PrimePerson
from muniment.records import sensitivity
from muniment.records.models import Involvement, Record, RecordDates, merged

MAJORITY = 18
YOUNG = 14  # a child until 13, a young person from 14: Children and Young Persons Act 1933 s.107

# Which of a record's dates says when it happened, best first; the others are told as the record's own dates.
_LEADING = ("event_date", "incident_date", "happened", "reported_date", "submission_date", "issue_date", "arrest_date")


_Days = tuple[date, date]  # the earliest and the latest that it may have been


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
    def withdrawn_on(self) -> date | None:
        """Since when the source no longer has the record, or nothing that links the person to it."""
        links = [part.withdrawn_on for part in self.parts]
        return self.record.withdrawn_on or (max(filter(None, links), default=None) if all(links) else None)

    @property
    def special(self) -> tuple[sensitivity.Mark, ...]:
        """Data that the law protects more strongly."""
        return tuple(mark for mark in self.marks if mark.kind == "special")


class Life(Sequence[Entry]):
    """Everything that the reader may see of a life, newest first; records without a date come last.

    The order of all is known at once; a record is read when its place is asked for.
    """

    def __init__(self, prime: PrimePerson) -> None:
        self._prime = prime
        said: dict[int, list[tuple[_Days | None, date | None]]] = {}
        births = []
        for record, *happened, dated, born_earliest, born_latest in self._parts().values_list(
            *("record_id", "happened_earliest", "happened_latest", "dated"),
            *("nominal__born_earliest", "nominal__born_latest"),
        ):
            said.setdefault(record, []).append((_days(*happened), dated))
            births.append((born_earliest, born_latest))
        self._born = _born(births)
        told: dict[int, list[RecordDates]] = {}
        for each in RecordDates.objects.filter(record_id__in=list(said)):
            told.setdefault(each.record_id, []).append(each)
        self._when = {key: _when(parts, merged(told.get(key, ()))) for key, parts in said.items()}
        self._order = sorted(said, key=lambda key: (self._when[key][1] or date.min, key), reverse=True)

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self._order)

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> list[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | list[Entry]:
        """Return the entries at some places."""
        return self._entries(self._order[place]) if isinstance(place, slice) else self._entries([self._order[place]])[0]

    def __iter__(self) -> Iterator[Entry]:
        """Yield every entry, all read at once."""
        return iter(self[:])

    def _parts(self) -> QuerySet[Involvement]:
        belongs = {"nominal__belongings__prime": self._prime, "nominal__belongings__until__isnull": True}
        return Involvement.objects.filter(**belongs).order_by("pk")

    def _entries(self, keys: list[int]) -> list[Entry]:
        parts: dict[int, list[Involvement]] = {key: [] for key in keys}
        involvements = (
            self._parts()
            .filter(record_id__in=keys)
            .select_related("record__system__controller", "record__scope", "record__decision", "nominal")
            .prefetch_related("record__dates_told")
        )
        for involvement in involvements:
            parts[involvement.record_id].append(involvement)
        others = _other_people(self._prime, keys)
        return [self._entry(found, others.get(key, 0)) for key, found in parts.items() if found]

    def _entry(self, parts: list[Involvement], other_people: int) -> Entry:
        record = parts[0].record
        earliest, latest = self._when[record.pk]
        own = _born((part.nominal.born_earliest, part.nominal.born_latest) for part in parts) or self._born
        young = _young(own, PartialDate(earliest, latest)) if own and earliest and latest else ""
        return Entry(earliest, latest, record, tuple(parts), other_people, young, sensitivity.marks(record))


def chronology(prime: PrimePerson) -> list[Entry]:
    """Return a whole life."""
    return Life(prime)[:]


def controllers(entries: Iterable[Entry]) -> dict[str, int]:
    """Return whose records these are: the name of each controller, and how many are theirs, most first."""
    return dict(Counter(entry.record.system.controller.name for entry in entries).most_common())


def _days(earliest: date | None, latest: date | None) -> _Days | None:
    return (earliest, latest or earliest) if earliest else None


def _when(parts: list[tuple[_Days | None, date | None]], dates: dict[str, PartialDate]) -> _Days | tuple[None, None]:
    """Return the days on which what a record tells of happened, by the best that is known."""
    happened = [days for days, _ in parts if days]
    leading = [(dates[kind].earliest, dates[kind].latest) for kind in _LEADING if kind in dates]
    dated = [(day, day) for _, day in parts if day]
    rest = [(day.earliest, day.latest) for day in dates.values()]
    return next(iter([*happened, *leading, *dated, *rest]), (None, None))


def _born(births: Iterable[tuple[date | None, date | None]]) -> PartialDate | None:
    """Return the birth date in most of the sources, the narrower when several are as frequent."""
    given = Counter(PartialDate(earliest, latest) for earliest, latest in births if earliest and latest)
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
