"""What a reader is warned of before they open a life: distressing content on any record of it that they may see."""

from collections.abc import Collection

from django.db.models import F

from muniment.records import sensitivity
from muniment.records.models import Involvement

# What the marks of a record follow from (`sensitivity.marks`).
_MARKED_BY = ("class_id", "title", "offence_text", "ho_class", "cjs", "decision__resolved_class")


def of_people(primes: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return, by the key of the person, what is distressing in what the reader may see of them, in one query."""
    parts = Involvement.objects.filter(
        nominal__belongings__prime__in=list(primes), nominal__belongings__until__isnull=True
    )
    found: dict[int, set[str]] = {}
    marked: dict[int, list[str]] = {}
    told = parts.select_related("record__decision").only(*(f"record__{name}" for name in _MARKED_BY))
    for part in told.annotate(of_prime=F("nominal__belongings__prime")):
        record = part.record
        if record.pk not in marked:
            marked[record.pk] = [each.label for each in sensitivity.marks(record) if each.kind == "distressing"]
        found.setdefault(part.of_prime, set()).update(marked[record.pk])
    return {key: tuple(sorted(labels)) for key, labels in found.items() if labels}
