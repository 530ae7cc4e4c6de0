"""Which records that were destroyed here were in the scope of a hold, as far as what is left of them can say.

A hold that comes too late is told what it would have covered. What is left of a record is its reference, its class and
its marks (`traces`): of words, of places and of units nothing is, so of those nobody can say.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils import timezone

from muniment.core import words
from muniment.people import carried
from muniment.people.models import PrimePerson
from muniment.retention.holds import reach, traces
from muniment.retention.models import DisposalItem, Hold

_LEFT_NO_MARK = ("keywords", "units", "places")


@dataclass(frozen=True)
class Scope:
    """What a hold covers or would cover, and whose records: what is asked of each record that went."""

    parts: Mapping[str, Any]
    controllers: Collection[int]
    people: frozenset[int]
    facts: Mapping[str, frozenset[bytes]]  # the marks that are looked for, by kind of list
    kinds: tuple[str, ...]  # of lists that are given; the two kinds of codes of offences are one

    @classmethod
    def of(
        cls, parts: Mapping[str, Any], controllers: Collection[int], *, placed_at: datetime | None = None
    ) -> "Scope":
        """Return the question that a scope asks; its people as they are made up now."""
        lists = reach.given_lists(parts)
        people = frozenset(lists.get("people", ()))
        if people and placed_at is not None:
            people = frozenset(carried.now(people, placed_at))
        offences = {fact for each in lists.get("ho_classes", ()) for fact in traces.asked_offence(each)}
        facts = {
            "offences": frozenset(offences | set(map(traces.asked_code, lists.get("cjs", ())))),
            "areas": frozenset(map(traces.asked_area, lists.get("areas", ()))),
            "people": frozenset(map(traces.asked_person, people)),
        }
        kinds = dict.fromkeys("offences" if key in {"ho_classes", "cjs"} else key for key in lists)
        return cls(parts, controllers, people, facts, tuple(kinds))

    @classmethod
    def of_hold(cls, hold: Hold, controllers: Collection[int] | None = None) -> "Scope":
        """Return the question that a hold asks, of all that it binds or of some of them."""
        bound = [each.pk for each in hold.controllers.all()]
        asked = bound if controllers is None else sorted(set(bound) & set(controllers))
        return cls.of(hold.scope, asked, placed_at=hold.placed_at)


@dataclass(frozen=True)
class Went:
    """One record that was destroyed; `fits` says whether it was in scope, None where nobody can say, and why not."""

    item: DisposalItem
    fits: bool | None

    @property
    def day(self) -> str:
        """The day on which it went, in words."""
        at = self.item.destroyed_at
        return words.day(timezone.localtime(at).date()) if at else ""

    @property
    def words(self) -> str:
        """The record, when it went and by which order: "crime C1, destroyed on 2 May 2026 under D0000012-X"."""
        item = self.item
        return f"{item.system.title} {item.reference}, destroyed on {self.day} under {item.order.reference}"


class Row(NamedTuple):
    """What is left of a record that was destroyed, as far as a scope asks about it."""

    item: int
    order: int
    record: int
    system: str
    class_id: str
    prime: int | None
    declared: str | None
    marks: list[str] | None
    first: date | None
    last: date | None


_COLUMNS = (
    "pk",
    "order_id",
    "record_key",
    "system__code",
    "class_id",
    "order__prime_id",
    "trace__declared",
    "trace__marks",
    "trace__first",
    "trace__last",
)


@dataclass(frozen=True)
class Looked:
    """What was destroyed: what was in scope or may have been, oldest first, how much was not, and how much is bare."""

    went: tuple[Went, ...]
    others: int
    bare: int  # of all these, without marks

    @property
    def number(self) -> int:
        """How many records were destroyed."""
        return len(self.went) + self.others


def look(scope: Scope, *, since: date | None = None) -> Looked:
    """Look through what was destroyed of some controllers, from a day on; of years of disposals few are in scope."""
    items = DisposalItem.objects.filter(order__controller__in=scope.controllers, destroyed_at__isnull=False)
    if since is not None:
        items = items.filter(destroyed_at__date__gte=since)
    fits: dict[int, bool | None] = {}
    others = bare = 0
    for values in items.values_list(*_COLUMNS).iterator(chunk_size=10_000):
        row = Row(*values)
        bare += row.marks is None
        said = _fits(scope, row)
        if said is False:
            others += 1
        else:
            fits[row.item] = said
    found = DisposalItem.objects.filter(pk__in=list(fits)).select_related("system__controller", "order")
    went = tuple(Went(each, fits[each.pk]) for each in found.order_by("destroyed_at", "pk"))
    return Looked(went, others, bare)


def too_late(scope: Scope) -> list[Went]:
    """Return what had gone of a scope before a hold on it was placed, as far as what is left can say."""
    return [went for went in look(scope).went if went.fits]


def of_person(prime: PrimePerson) -> list[DisposalItem]:
    """Return the records that were destroyed with the orders about a person, as far as the reader may see them."""
    items = DisposalItem.objects.filter(order__prime=prime, destroyed_at__isnull=False)
    return list(items.select_related("system", "order").order_by("destroyed_at", "pk"))


def in_words(items: Collection[DisposalItem]) -> str:
    """Say how many records went, when and under which orders: "2 records went on 2 May 2026 (D0000012-X)."."""
    orders: dict[str, list[DisposalItem]] = {}
    for item in items:
        orders.setdefault(item.order.reference, []).append(item)
    said = []
    for reference, those in orders.items():
        number = f"{len(those):,} record{'s' if len(those) > 1 else ''}"
        at = those[-1].destroyed_at
        said.append(f"{number} went on {words.day(timezone.localtime(at).date()) if at else ''} ({reference})")
    return "; ".join(said) + "." if said else ""


def _fits(scope: Scope, row: Row) -> bool | None:
    found = list(_asked(scope, row))
    if not found:
        fits: bool | None = True
    elif scope.parts.get("match") == reach.EVERY:
        fits = False if False in found else None if None in found else True
    else:
        fits = True if True in found else None if None in found else False
    return _within(scope.parts, row, fits)


def _asked(scope: Scope, row: Row) -> Iterator[bool | None]:
    for kind in scope.kinds:
        if kind in _LEFT_NO_MARK:
            yield None
        elif kind == "systems":
            yield row.system in scope.parts["systems"]
        elif kind == "records":
            yield row.record in scope.parts["records"]
        elif kind == "classes":
            known = {row.class_id, row.declared} & set(scope.parts["classes"])
            yield True if known else None if row.declared is None else False
        elif kind == "people" and row.prime in scope.people:  # as its order says in clear
            yield True
        else:
            yield traces.bears(row.order, row.record, row.marks, scope.facts.get(kind, ()))


def _within(parts: Mapping[str, Any], row: Row, fits: bool | None) -> bool | None:
    """Say whether what fits lies between the days as well; what told of no day of its own does."""
    since, until = (date.fromisoformat(parts[name]) if parts.get(name) else None for name in ("from", "until"))
    if fits is False or not (since or until):
        return fits
    if row.marks is None:
        return None
    if row.first is None or row.last is None:
        return fits
    lies = (since is None or row.last >= since) and (until is None or row.first <= until)
    return fits if lies else False
