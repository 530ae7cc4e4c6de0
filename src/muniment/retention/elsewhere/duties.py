"""What an order has to have done elsewhere: which duties it calls for, what stands open of them, and for how long."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from muniment.records.models import Comeback, Intake, Involvement, NominalFlag, Record, RecordDates
from muniment.retention import anonymity, queries
from muniment.retention.elsewhere import copies
from muniment.retention.models import DisposalItem, DisposalOrder, Duty
from muniment.retention.policies import elsewhere, policy_now
from muniment.retention.requests import attached
from muniment.retention.reviews import assessment

CLOSING = (Duty.Answer.DONE, Duty.Answer.STAYS)  # nothing is left to do there
_LONGEST = {"known_as": 255, "location": 120, "medium": 60}  # characters
_WITHHELD = "see the record: its place names somebody"


def called_for(order: DisposalOrder) -> list[Duty]:
    """Return what an order calls for elsewhere of what it would still destroy; nothing is written.

    How sources name the records is left out: rows as received are for who does the work, and no reader.
    """
    said = elsewhere.on(timezone.localdate())
    items = list(
        order.items.filter(record__isnull=False, destroyed_at__isnull=True, kept_because="")
        .select_related("system", "record")
        .order_by("system", "reference")
    )
    world = _World.of(order, items)
    return [duty for item in items for duty in _of_item(order, item, said, world)]


def make(order: DisposalOrder) -> list[Duty]:
    """Write down what an order calls for, once."""
    known = set(Duty.objects.filter(order=order).values_list("item_id", "where", "place"))
    fresh = [each for each in called_for(order) if (each.item_id, each.where, each.place) not in known]
    terms = own_terms(each.item.record_id for each in fresh if each.item.record_id)
    for duty in fresh:
        if duty.where == Duty.Where.SOURCE:
            duty.known_as, duty.tables = terms.get(duty.item.record_id or 0, ("", []))
    return Duty.objects.bulk_create(fresh)


@dataclass(frozen=True)
class _World:
    """What is known of the records of an order, by the key of each, read in a few queries."""

    with_pncid: frozenset[int]
    flags: Mapping[int, frozenset[str]]
    given: Mapping[int, frozenset[str]]  # recipients
    requests: frozenset[str]  # kinds of those that the review of the order answers
    people: anonymity.Known

    @classmethod
    def of(cls, order: DisposalOrder, items: Iterable[DisposalItem]) -> "_World":
        keys = [item.record_id for item in items if item.record_id]
        roles = [role for role, kind in assessment.policy_kinds().items() if kind == assessment.OFFENDER]
        parts = Involvement.objects.filter(record__in=keys, role__in=roles)
        flags: dict[int, set[str]] = {}
        flagged = NominalFlag.objects.filter(nominal__in=parts.values("nominal"))
        for nominal, flag in flagged.values_list("nominal", "flag"):
            flags.setdefault(nominal, set()).add(flag)
        on: dict[int, set[str]] = {}
        for record, nominal in parts.values_list("record", "nominal"):
            on.setdefault(record, set()).update(flags.get(nominal, ()))
        return cls(
            frozenset(parts.exclude(nominal__pncid="").values_list("record", flat=True)),
            {record: frozenset(found) for record, found in on.items()},
            {key: frozenset(each.code for each in found) for key, found in copies.held(keys).items()},
            frozenset(each.kind for each in attached.of_review(order.review)) if order.review else frozenset(),
            queries.people_of(order),
        )


def own_terms(records: Iterable[int]) -> dict[int, tuple[str, list[str]]]:
    """Return how the source of each record names it, by key: its tables, their column and the reference; the tables."""
    told: dict[int, set[tuple[str, str]]] = {}
    tables: dict[int, set[str]] = {}
    read = RecordDates.objects.filter(record__in=list(records)).values_list("record", "row__last_intake", "row__table")
    rows = list(read)
    terms = dict(Intake.objects.filter(pk__in={intake for _, intake, _ in rows}).values_list("pk", "terms"))
    for record, intake, table in rows:
        of: Mapping[str, str] = terms.get(intake) or {}
        told.setdefault(record, set()).add((of.get("table", table), of.get("record", "")))
        tables.setdefault(record, set()).add(table)
    names = dict(Record.objects.filter(pk__in=told).values_list("pk", "reference"))
    return {key: (_in_terms(found, names[key]), sorted(tables[key])) for key, found in told.items() if key in names}


def _in_terms(found: Iterable[tuple[str, str]], reference: str) -> str:
    said = (f"{table}: {f'{column} = ' if column else ''}{reference}" for table, column in sorted(found))
    return "; ".join(said)[: _LONGEST["known_as"]]


def _of_item(order: DisposalOrder, item: DisposalItem, said: elsewhere.Elsewhere, world: _World) -> Iterator[Duty]:
    assert item.record is not None
    key = item.record.pk
    yield Duty(
        order=order,
        item=item,
        where=Duty.Where.SOURCE,
        place=item.system.code,
        title=item.system.title,
        holder=item.system.owner,
    )
    for each in said.national:
        told_by_supply = set(said.by_supply.get(each.code, ())) & world.given.get(key, frozenset())
        flagged = not each.flags or each.flags & world.flags.get(key, frozenset())
        asked_for = not each.requests or bool(each.requests & world.requests)
        called = each.takes(item.class_id) and flagged and asked_for and not told_by_supply
        if called and (not each.pncid or key in world.with_pncid):
            yield Duty(
                order=order,
                item=item,
                where=Duty.Where.NATIONAL,
                place=each.code,
                title=each.title,
                holder=each.holder,
                is_first=each.is_first,
            )
    if place := _attribute(item.record, said.shelf["location"]):
        medium = _attribute(item.record, said.shelf["medium"])
        yield Duty(
            order=order,
            item=item,
            where=Duty.Where.SHELF,
            place="shelf",
            title=said.shelf["title"],
            holder=said.shelf["holder"],
            location=_said(place, world.people)[: _LONGEST["location"]],
            medium=_said(medium, world.people)[: _LONGEST["medium"]],
        )


def _attribute(record: Record, names: Iterable[str]) -> str:
    """Return the first of some attributes that a record has, however its feed writes their names."""
    found = {str(name).casefold().replace(" ", "_"): value for name, value in record.attributes.items()}
    return next((str(found[name]).strip() for name in names if str(found.get(name) or "").strip()), "")


def _said(text: str, people: anonymity.Known) -> str:
    """Return what may stay of a place once its record is gone: nothing that names somebody."""
    return text if anonymity.names_nobody(text, people) else _WITHHELD


def kept_here() -> frozenset[str]:
    """Return the answers of a source after which its record stays here, for a person to look at again."""
    return frozenset(policy_now.policy().on(timezone.localdate()).settings["source_answers"]["kept_here"])


def _first() -> QuerySet[Duty]:
    """Match the duties that wait for an answer without which nothing is destroyed here.

    Of a record that stays here, because of what its source answered, nobody else is asked any more.
    """
    stays = Duty.objects.filter(item=OuterRef("item"), where=Duty.Where.SOURCE, answer__in=kept_here())
    return Duty.objects.filter(answer="", is_first=True, item__kept_because="").exclude(Exists(stays))


def unanswered_first(order: DisposalOrder) -> QuerySet[Duty]:
    """Return the duties of an order without whose answer nothing is destroyed here."""
    return _first().filter(order=order)


def answered_orders(orders: QuerySet[DisposalOrder]) -> QuerySet[DisposalOrder]:
    """Return those of some orders of which everybody has answered who has to answer first."""
    return orders.exclude(Exists(_first().filter(order=OuterRef("pk"))))


def waiting_for_source() -> QuerySet[Duty]:
    """Return the duties whose work has not begun, because their source has not given an answer after which it does.

    Which places wait for their source is policy. What has been answered all the same, or whose record has gone here,
    waits no more.
    """
    said = elsewhere.on(timezone.localdate())
    source = Duty.objects.filter(item=OuterRef("item"), where=Duty.Where.SOURCE).exclude(answer__in=said.begins_after)
    waits = Duty.objects.filter(Exists(source), where__in=said.source_first, item__destroyed_at__isnull=True)
    return waits.exclude(answer__in=CLOSING)


def workable(found: QuerySet[Duty]) -> QuerySet[Duty]:
    """Return those of some duties whose work has begun."""
    return found.exclude(pk__in=waiting_for_source().values("pk"))


def begin(source: Duty, was: str, at: datetime) -> None:
    """Have what waited for a source count from its answer, so that nobody is late before they could begin.

    `was` is what it had answered before: what had begun by that counts from then.
    """
    said = elsewhere.on(timezone.localdate())
    begins = source.answer in said.begins_after and was not in said.begins_after
    if source.where == Duty.Where.SOURCE and begins:
        waited = Duty.objects.filter(item=source.item_id, where__in=said.source_first, answer="", chased=0)
        waited.update(asked_at=at)


def waits_for(found: Iterable[Duty]) -> dict[int, str]:
    """Return by which source each of some duties waits, by key; those that wait for none are left out."""
    waiting = waiting_for_source().filter(pk__in=[each.pk for each in found])
    return dict(waiting.values_list("pk", "item__system__title"))


def waited_for_by(found: Iterable[Duty]) -> dict[int, list[str]]:
    """Return the places that wait for the answer of each of some duties of sources, by key."""
    sources = {each.item_id: each.pk for each in found if each.where == Duty.Where.SOURCE}
    told: dict[int, list[str]] = {}
    waiting = waiting_for_source().filter(item__in=sources).order_by("title", "pk")
    for item, title, location in waiting.values_list("item_id", "title", "location"):
        told.setdefault(sources[item], []).append(f"{title} ({location})" if location else title)
    return told


def waiting_besides() -> QuerySet[Duty]:
    """Return the duties, but those of sources, that wait for an answer or for what was answered otherwise than done."""
    return Duty.objects.exclude(where=Duty.Where.SOURCE).filter(Q(pk__in=_first()) | Q(pk__in=left_elsewhere()))


def left_elsewhere() -> QuerySet[Duty]:
    """Return the duties, but those of sources, of which the record is destroyed here and not shown to be gone there."""
    rest = Duty.objects.exclude(where=Duty.Where.SOURCE).exclude(answer__in=CLOSING)
    return rest.filter(item__destroyed_at__isnull=False)


def is_contradicted(duty: Duty) -> bool:
    """Whether a source has sent a record in a file made after it answered that it had deleted it."""
    if duty.where != Duty.Where.SOURCE or duty.answer != Duty.Answer.DONE or duty.answered_at is None:
        return False
    again = Comeback.objects.filter(system=duty.item.system_id, entity="record", reference=duty.item.reference)
    return again.filter(last_intake__as_of__gt=timezone.localtime(duty.answered_at).date()).exists()


def reopened_orders() -> QuerySet[DisposalOrder]:
    """Return the orders whose certificate was final when a place was found to hold the record still."""
    left = Duty.objects.filter(order=OuterRef("pk"), item__destroyed_at__isnull=False).exclude(answer__in=CLOSING)
    return DisposalOrder.objects.filter(Exists(left), certificate__is_provisional=False)


def chased_on(duty: Duty, said: elsewhere.Elsewhere) -> date:
    """Return the day on which a duty is to be chased."""
    asked = timezone.localtime(duty.asked_at).date() + timedelta(days=said.chased_after_days[duty.where])
    return duty.next_on or asked


def late(duty: Duty, said: elsewhere.Elsewhere, today: date) -> int:
    """Return by how many days a duty is late; 0 where it is not."""
    return max(0, (today - chased_on(duty, said)).days)


def facts(duty: Duty) -> dict[str, Any]:
    """Return what a certificate says of a duty: no name of anybody it is about."""
    return {
        "where": duty.get_where_display(),
        "place": duty.title,
        "reference": duty.item.reference,
        "known_as": duty.known_as,
        "location": " ".join(filter(None, (duty.location, duty.medium))),
        "answer": duty.get_answer_display() or "No answer yet",
        "by": duty.answered_by,
        "at": duty.answered_at.isoformat() if duty.answered_at else None,
        "note": duty.note,
        "next_step": "" if duty.answer in CLOSING else duty.next_step,
        "by_hand": "; ".join(
            f"{name}: {value}"
            for name, value in (
                ("method", duty.method),
                ("standard", duty.standard),
                ("witness", duty.witness),
                ("consignment", duty.consignment),
            )
            if value
        ),
    }
