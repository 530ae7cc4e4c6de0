"""One chronology over every system: what happened, when, in which record, and what part the person had."""

from dataclasses import dataclass
from datetime import date

from muniment.people.models import PrimePerson
from muniment.records.models import Involvement, Record

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


def chronology(prime: PrimePerson) -> list[Entry]:
    """Return everything that the reader may see of a life, newest first; records without a date come last."""
    parts: dict[int, list[Involvement]] = {}
    involvements = (
        Involvement.objects.filter(nominal__belongings__prime=prime, nominal__belongings__until__isnull=True)
        .select_related("record__system__controller", "record__scope", "record__decision", "nominal")
        .prefetch_related("record__dates")
        .order_by("pk")
    )
    for involvement in involvements:
        parts.setdefault(involvement.record_id, []).append(involvement)
    others = _other_people(prime, list(parts))
    entries = [_entry(found, others.get(key, 0)) for key, found in parts.items()]
    return sorted(entries, key=lambda entry: (entry.latest or date.min, entry.record.pk), reverse=True)


def _entry(parts: list[Involvement], other_people: int) -> Entry:
    record = parts[0].record
    dates = {each.kind: (each.earliest, each.latest) for each in record.dates.all()}
    happened = [
        (part.happened_earliest, part.happened_latest or part.happened_earliest)
        for part in parts
        if part.happened_earliest
    ]
    dated = [(part.dated, part.dated) for part in parts if part.dated]
    leading = [dates[kind] for kind in _LEADING if kind in dates]
    earliest, latest = next(iter([*happened, *leading, *dated, *dates.values()]), (None, None))
    return Entry(earliest, latest, record, tuple(parts), other_people)


def _other_people(prime: PrimePerson, record_ids: list[int]) -> dict[int, int]:
    """Return how many other people, of those the reader may see, are on each record."""
    counts: dict[int, set[int]] = {}
    others = Involvement.objects.filter(record_id__in=record_ids).exclude(
        nominal__belongings__prime=prime, nominal__belongings__until__isnull=True
    )
    for record_id, nominal_id in others.values_list("record_id", "nominal_id"):
        counts.setdefault(record_id, set()).add(nominal_id)
    return {key: len(found) for key, found in counts.items()}
