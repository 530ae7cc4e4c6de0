"""Which records that were destroyed here were in the scope of a hold, as far as what is left of them can say.

A hold that comes too late is told what it would have covered. What is left of a record is its reference, its class and
its marks (`traces`): of words, of places and of units nothing is, so of those nobody can say.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from muniment.core import words
from muniment.people import carried
from muniment.people.models import PrimePerson
from muniment.retention import reach, traces
from muniment.retention.disposal_models import DisposalItem
from muniment.retention.models import Hold

_LEFT_NO_MARK = ("keywords", "units", "places")


@dataclass(frozen=True)
class Scope:
    """What a hold covers or would cover, and whose records: what is asked of each record that went."""

    parts: Mapping[str, Any]
    controllers: Collection[int]
    people: frozenset[int]
    facts: Mapping[str, frozenset[str]]  # the marks that are looked for, by kind of list

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
            "classes": frozenset(map(traces.asked_class, lists.get("classes", ()))),
            "offences": frozenset(offences | set(map(traces.asked_code, lists.get("cjs", ())))),
            "areas": frozenset(map(traces.asked_area, lists.get("areas", ()))),
            "people": frozenset(map(traces.asked_person, people)),
        }
        return cls(parts, controllers, people, {kind: found for kind, found in facts.items() if found})

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


def look(scope: Scope, *, since: date | None = None) -> Iterator[Went]:
    """Yield what was destroyed of some controllers, from a day on, oldest first, with what can be said of each."""
    items = DisposalItem.objects.filter(order__controller__in=scope.controllers, destroyed_at__isnull=False)
    if since is not None:
        items = items.filter(destroyed_at__date__gte=since)
    items = items.select_related("system__controller", "order__certificate", "trace").order_by("destroyed_at", "pk")
    for item in items.iterator(chunk_size=2000):
        yield Went(item, _fits(scope, item))


def too_late(scope: Scope) -> list[Went]:
    """Return what had gone of a scope before a hold on it was placed, as far as what is left can say."""
    return [went for went in look(scope) if went.fits]


def of_person(prime: PrimePerson) -> list[DisposalItem]:
    """Return the records that were destroyed with the orders about a person, as far as the reader may see them."""
    items = DisposalItem.objects.filter(order__prime=prime, destroyed_at__isnull=False)
    return list(items.select_related("system__controller", "order__certificate").order_by("destroyed_at", "pk"))


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


def _fits(scope: Scope, item: DisposalItem) -> bool | None:
    found = list(_asked(scope, item))
    if not found:
        fits: bool | None = True
    elif scope.parts.get("match") == reach.EVERY:
        fits = False if False in found else None if None in found else True
    else:
        fits = True if True in found else None if None in found else False
    return _within(scope.parts, item, fits)


def _asked(scope: Scope, item: DisposalItem) -> Iterable[bool | None]:
    lists = reach.given_lists(scope.parts)
    for kind in dict.fromkeys("offences" if key in {"ho_classes", "cjs"} else key for key in lists):
        if kind in _LEFT_NO_MARK:
            yield None
        elif kind == "systems":
            yield item.system.code in lists["systems"]
        elif kind == "records":
            yield item.record_key in lists["records"]
        else:
            # What an order says in clear of its record and of whom it was about needs no mark.
            clear = item.class_id in lists.get(kind, ()) or (kind == "people" and item.order.prime_id in scope.people)
            yield clear or traces.bears(item, scope.facts.get(kind, ()))


def _within(parts: Mapping[str, Any], item: DisposalItem, fits: bool | None) -> bool | None:
    """Say whether what fits lies between the days as well; what told of no day of its own does."""
    since, until = (date.fromisoformat(parts[name]) if parts.get(name) else None for name in ("from", "until"))
    trace = getattr(item, "trace", None)
    if fits is False or not (since or until):
        return fits
    if trace is None:
        return None
    if trace.first is None:
        return fits
    lies = (since is None or trace.last >= since) and (until is None or trace.first <= until)
    return fits if lies else False
