"""Which records that were destroyed here were in the scope of a hold, as far as what is left of them can say.

A hold that comes too late is told what it would have covered. What is left of a record is its reference, its class and
its marks (`traces`): of words, of places and of units nothing is, so of those nobody can say.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils import timezone

from muniment.core import words
from muniment.people.models import PrimePerson
from muniment.retention.holds import containing, reach, traces
from muniment.retention.models import DisposalItem, HoldVersion, hold_versions

_LEFT_NO_MARK = ("keywords", "units", "places")


@dataclass(frozen=True)
class Scope:
    """What a hold covers or would cover, and whose records: what is asked of each record that went."""

    parts: Mapping[str, Any]
    controllers: Collection[int]
    people: frozenset[int]
    facts: Mapping[str, frozenset[bytes]]  # the marks that are looked for, by kind of list
    kinds: tuple[str, ...]  # of lists that are given; the two kinds of codes of offences are one
    is_rest: bool = False  # of a scope of which the rest has been asked: where it has no list, nothing is in it

    @classmethod
    def of(
        cls, parts: Mapping[str, Any], controllers: Collection[int], *, people: Collection[int] | None = None
    ) -> "Scope":
        """Return the question that a scope asks; `people` are whom its people are now."""
        lists = reach.given_lists(parts)
        those = frozenset(lists.get("people", ()) if people is None else people)
        offences = {fact for each in lists.get("ho_classes", ()) for fact in traces.asked_offence(each)}
        facts = {
            "offences": frozenset(offences | set(map(traces.asked_code, lists.get("cjs", ())))),
            "areas": frozenset(map(traces.asked_area, lists.get("areas", ()))),
            "people": frozenset(map(traces.asked_person, those)),
        }
        return cls(parts, controllers, those, facts, reach.kinds(parts))

    @classmethod
    def of_version(cls, version: HoldVersion, controllers: Collection[int] | None = None) -> "Scope":
        """Return the question that a version of a hold asks, of all that it binds or of some of them."""
        asked = version.controllers if controllers is None else sorted(set(version.controllers) & set(controllers))
        return cls.of(version.scope, asked, people=hold_versions.people_now(version))

    def beside(self, other: "Scope") -> "Scope":
        """Return what is left to ask of what went while another scope stood: for its words it was looked through then.

        Where any list is enough, of both, and the other had the same days and controllers or more, lists of words that
        it had as well are left out; else everything is asked, and of words nobody can say.
        """
        both = containing.is_any(self.parts) and containing.is_any(other.parts)
        covers = set(self.controllers) <= set(other.controllers) and containing.has_days(other.parts, self.parts)
        if not both or not covers:
            return self
        asked = {kind for kind in _LEFT_NO_MARK if containing.has_list(other.parts, self.parts, kind)}
        return replace(self, kinds=tuple(kind for kind in self.kinds if kind not in asked), is_rest=bool(self.kinds))


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
    at: datetime
    controller: int
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
    "destroyed_at",
    "order__controller_id",
    "system__code",
    "class_id",
    "order__prime_id",
    "trace__declared",
    "trace__marks",
    "trace__first",
    "trace__last",
)


def rows(controllers: Collection[int], *, since: date | None = None) -> Iterator[Row]:
    """Yield what is left of each record that was destroyed of some controllers, from a day on."""
    items = DisposalItem.objects.filter(order__controller__in=controllers, destroyed_at__isnull=False)
    if since is not None:
        items = items.filter(destroyed_at__date__gte=since)
    for values in items.values_list(*_COLUMNS).iterator(chunk_size=10_000):
        yield Row(*values)


def went(said: Mapping[int, bool | None]) -> tuple[Went, ...]:
    """Return the records of some items, by key, oldest first, each with what is said of it."""
    found = DisposalItem.objects.filter(pk__in=list(said)).select_related("system__controller", "order")
    return tuple(Went(each, said[each.pk]) for each in found.order_by("destroyed_at", "pk"))


def too_late(scope: Scope, told: Collection[Scope] = ()) -> list[Went]:
    """Return what had gone of a scope before a hold on it was placed, as far as what is left can say.

    What is in any of the scopes that stood until now has been told, and is left out.
    """
    late: dict[int, bool | None] = {}
    for row in rows(scope.controllers):
        if fits(scope, row) and not any(fits(each, row) for each in told):
            late[row.item] = True
    return list(went(late))


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


def fits(scope: Scope, row: Row) -> bool | None:
    """Say whether a record that went was in a scope; None where nobody can say."""
    if row.controller not in scope.controllers:
        return False
    found = list(_asked(scope, row))
    if not found:
        said: bool | None = not scope.is_rest
    elif scope.parts.get("match") == reach.EVERY:
        said = False if False in found else None if None in found else True
    else:
        said = True if True in found else None if None in found else False
    return _within(scope.parts, row, said)


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
