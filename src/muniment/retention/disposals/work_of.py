"""The work of a place in its own terms: what to delete, what stays, what may be answered, a row for each duty.

What tells of other people is read as the reader sees it, when the file is made; nothing of it is kept.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from muniment.core import words
from muniment.records.models import Intake, Involvement
from muniment.retention.disposals import goes_with
from muniment.retention.elsewhere import duties
from muniment.retention.models import DisposalItem, DisposalOrder, Duty
from muniment.retention.policies import elsewhere
from muniment.retention.reviews import assessment

# The columns that a file of answers has to have, and those that it may have.
ASKED = ("duty", "order", "reference", "answer", "note")
MORE = ("next step", "ask again on", "method", "standard", "witness", "consignment")
HEADS = (
    "duty", "order", "place", "reference", "in your terms", "class", "what it is", "do", "people to delete with it",
    "people to leave", "location", "medium", "waits for it", "answers", "answer", "note", *MORE,
)  # fmt: skip
_UNSEEN = "not open to whoever made this file"


def to_do(order: DisposalOrder | None = None) -> QuerySet[Duty]:
    """Return the duties whose places have something left to do: of one order, or of every order whose places are told.

    Nothing of an order that is off, and nothing of what stays here.
    """
    on = DisposalOrder.State
    running = Duty.objects.filter(order__state__in=[on.INSTRUCTED, on.DESTROYED, on.CERTIFIED])
    here = Q(item__destroyed_at__isnull=True)
    found = running.exclude(answer__in=duties.CLOSING).exclude(here & ~Q(item__kept_because=""))
    kept_here = tuple(duties.kept_here())
    found = found.exclude(here & Q(item__duties__where=Duty.Where.SOURCE, item__duties__answer__in=kept_here))
    if order is not None:
        found = found.filter(order=order)
    return found.select_related("item__record", "item__system", "order").order_by("place", "item__reference", "pk")


def in_file(order: DisposalOrder | None = None) -> QuerySet[Duty]:
    """Return the duties that a work file has: those whose work has begun. What waits for its source is in none."""
    return duties.workable(to_do(order))


def lines(todo: Iterable[Duty]) -> Iterator[tuple[str, ...]]:
    """Yield the row of each duty, as HEADS has it."""
    todo, settings = list(todo), elsewhere.on(timezone.localdate())
    people, known, waiting = _people(todo), _national_ids(todo), duties.waited_for_by(todo)
    for duty in todo:
        item = duty.item
        goes, stays = people.get(item.pk, ("", ""))
        title = item.record.title if item.record else ""
        if duty.where != Duty.Where.SOURCE:
            goes, stays = "", ""
        yield (
            duty.reference,
            duty.order.reference,
            duty.title,
            item.reference,
            known.get(item.pk, "") if duty.where == Duty.Where.NATIONAL else duty.known_as,
            words.class_title(item.class_id),
            title if item.record or not item.record_id else _UNSEEN,
            settings.do(duty.where, duty.place),
            goes,
            stays,
            duty.location,
            duty.medium,
            "; ".join(waiting.get(duty.pk, ())),
            said_answers(settings, duty),
            duty.answer,
            duty.note,
            duty.next_step,
            duty.next_on.isoformat() if duty.next_on else "",
            duty.method,
            duty.standard or (settings.shelf["standard"] if duty.where == Duty.Where.SHELF else ""),
            duty.witness,
            duty.consignment,
        )


def said_answers(settings: elsewhere.Elsewhere, duty: Duty) -> str:
    """Return the codes that may be answered, each with what it means."""
    offered = settings.answers(duty.where, duty.place)
    return "; ".join(f"{code} = {Duty.Answer(code).label}" for code in offered)


def _people(todo: Sequence[Duty]) -> dict[int, tuple[str, str]]:
    """Return by item whom to delete with the record, and whom to leave and why, by the source's own references."""
    found: dict[int, tuple[list[str], list[str]]] = {}
    terms = _people_terms({duty.item.system_id for duty in todo})
    by_order: dict[DisposalOrder, dict[int, DisposalItem]] = {}
    for duty in todo:
        if duty.item.record_id:
            by_order.setdefault(duty.order, {})[duty.item.record_id] = duty.item
    for order, items in by_order.items():
        going = goes_with.nominals_of(order)
        parts = Involvement.objects.filter(record__in=items).select_related("nominal").order_by("nominal__reference")
        for part in parts:
            item = items[part.record_id]
            goes, stays = found.setdefault(item.pk, ([], []))
            column = terms.get(item.system_id, "")
            named = f"{column} = {part.nominal.reference}" if column else part.nominal.reference
            named = f"one of {named}" if ", " in column else named
            if part.nominal_id in going:
                goes.append(named)
            else:
                stays.append(f"{named} (other records are about them)")
    return {
        item: ("; ".join(dict.fromkeys(goes)), "; ".join(dict.fromkeys(stays))) for item, (goes, stays) in found.items()
    }


def _national_ids(todo: Sequence[Duty]) -> dict[int, str]:
    """Return by item how national databases know the offenders on it, as far as the reader sees them here."""
    items = {duty.item.record_id: duty.item_id for duty in todo if duty.where == Duty.Where.NATIONAL}
    roles = [role for role, kind in assessment.policy_kinds().items() if kind == assessment.OFFENDER]
    parts = Involvement.objects.filter(record__in=[key for key in items if key], role__in=roles)
    found: dict[int, dict[str, None]] = {}
    for record, pncid, cro in parts.values_list("record", "nominal__pncid", "nominal__cro").order_by("pk"):
        said = ", ".join(f"{name} {value}" for name, value in (("PNC ID", pncid), ("CRO", cro)) if value)
        found.setdefault(items[record], {})[said] = None
    return {item: "; ".join(filter(None, said)) for item, said in found.items()}


def _people_terms(systems: Iterable[int]) -> Mapping[int, str]:
    told = Intake.objects.filter(system__in=list(systems), terms__has_key="people").order_by("pk")
    return {system: said["people"] for system, said in told.values_list("system_id", "terms")}
