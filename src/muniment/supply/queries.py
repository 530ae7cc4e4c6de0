"""Reads about supplies that more than one screen needs: what of a person was given, what is not confirmed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, Q, QuerySet, When

from muniment.core import references
from muniment.people.models import PrimePerson
from muniment.records.models import Nominal, Record
from muniment.supply.models import Given, Notice, Supply
from muniment.supply.withdrawals import standing

# One change of a person moves many links: who and what comes first.
LINKS_LAST = Case(When(what=Given.What.LINK, then=1), default=0)


def find(reference: str) -> Supply | None:
    """Return the supply with a reference that the reader may see. Raise ValueError for a wrong check character."""
    return Supply.objects.select_related("controller").filter(pk=references.number("supply", reference)).first()


def unconfirmed() -> QuerySet[Notice]:
    """Return the notices that are not confirmed as done, the oldest first: not sent, not answered, or cannot."""
    waiting = Notice.objects.exclude(answer=Notice.Answer.DONE).select_related("delivery", "controller")
    return waiting.order_by(LINKS_LAST, "due_at", "pk")


@dataclass(frozen=True)
class Line:
    """One supply that had something of a person: how many of their events, whether it is what the recipient has."""

    supply: Supply
    events: int
    is_current: bool


@dataclass(frozen=True)
class OfPerson:
    """What of a person was given to whom, as far as the reader may see it, and what has to be put right."""

    lines: tuple[Line, ...]
    notices: tuple[tuple[Notice, str], ...]


def of_person(prime: PrimePerson, nominals: Sequence[Nominal]) -> OfPerson:
    """Return what was given of a person, under this reference or another; `nominals` are those that the reader sees."""
    keys = [each.pk for each in nominals]
    parts = Given.objects.filter(what=Given.What.NOMINAL, key__in=keys)
    wholes = {prime.pk, *(whole for whole in parts.values_list("whole", flat=True) if whole)}
    records = set(Record.objects.filter(involvements__nominal__in=keys).values_list("pk", flat=True))
    rows = Given.objects.filter(
        Q(what=Given.What.NOMINAL, key__in=keys) | Q(what=Given.What.EVENT, key__in=records)
    ).values_list("supply_id", "what", "key", "is_current")
    events: dict[int, set[int]] = {}
    current: set[int] = set()
    had: set[int] = set()
    for supply, what, key, is_current in rows:
        if what == Given.What.NOMINAL:
            had.add(supply)
            current |= {supply} if is_current else set()
        else:
            events.setdefault(supply, set()).add(key)
    supplies = Supply.objects.filter(pk__in=had).select_related("controller").order_by("-given_at", "-pk")
    lines = tuple(Line(each, len(events.get(each.pk, ())), each.pk in current) for each in supplies)
    due = unconfirmed().filter(Q(what="person", key__in=wholes) | Q(what="event", key__in=records))
    return OfPerson(lines, with_standing(due))


def with_standing(notices: Iterable[Notice]) -> tuple[tuple[Notice, str], ...]:
    """Return notices, each with where it stands in words."""
    return tuple((notice, standing(notice)) for notice in notices)
