"""What the sources of an order have done, which its state alone does not tell: what one has deleted stays deleted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from muniment.retention.elsewhere import duties
from muniment.retention.models import DisposalItem, DisposalOrder, Duty, SourceInstruction

DONE, NOT_FOUND = SourceInstruction.Answer.DONE, SourceInstruction.Answer.NOT_FOUND
CARRIED_OUT = (DisposalOrder.State.DESTROYED, DisposalOrder.State.CERTIFIED)
_STAYS = "Its source answered '{}': it stays, and a person looks again."
_MOST = 200  # characters of why a record is kept
OFF = (DisposalOrder.State.STOPPED, DisposalOrder.State.UNDONE)  # nothing more of it is to happen


@dataclass(frozen=True)
class Told:
    """What was destroyed here of an order, and what each source did that was told to delete, by its title."""

    destroyed: tuple[str, ...]
    deleted: tuple[str, ...]
    unanswered: tuple[str, ...]
    unable: tuple[str, ...]
    missing: tuple[str, ...]
    done_besides: tuple[str, ...] = ()  # in national databases and stores
    told_besides: tuple[str, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """Say it of an order that is not carried on."""
        gone = ", ".join(self.destroyed)
        said = [f"It has destroyed here: {gone}." if gone else "Nothing was destroyed here by it."]
        if not (self.deleted or self.unanswered or self.unable or self.missing):
            return [*said, "No source was told to delete anything."]
        if self.deleted:
            said.append(f"Deleted at source already, which cannot be undone: {', '.join(self.deleted)}.")
        if self.unanswered:
            recall = "recall its work file" if len(self.unanswered) == 1 else "recall their work files"
            said.append(f"Told to delete and not answered yet: {', '.join(self.unanswered)}; {recall}.")
        if self.unable:
            said.append(f"Could not delete: {', '.join(self.unable)}; see that it is not done later.")
        if self.missing:
            said.append(f"Not found at source: {', '.join(self.missing)}.")
        if self.done_besides:
            said.append(f"Done elsewhere already, which cannot be undone: {', '.join(self.done_besides)}.")
        if self.told_besides:
            said.append(f"Told elsewhere and not answered yet: {', '.join(self.told_besides)}; recall what was sent.")
        return said


def told(order: DisposalOrder) -> Told:
    """Return what has become of an order here and at its sources."""
    said: dict[str, Counter[str]] = {}
    for title, answer in _of_sources(order).values_list("title", "answer").order_by("title"):
        said.setdefault(title, Counter())[answer] += 1
    titles: dict[str, list[str]] = {}
    for title, counts in said.items():
        for answer, number in counts.items():
            part = f"{title} ({number} of {counts.total()})" if len(counts) > 1 else title
            titles.setdefault(answer, []).append(part)
    besides = Duty.objects.filter(order=order).exclude(where=Duty.Where.SOURCE).order_by("title")
    unable = [title for answer, found in titles.items() if answer not in {"", DONE, NOT_FOUND} for title in found]
    gone = order.items.filter(destroyed_at__isnull=False).order_by("reference")
    return Told(
        destroyed=tuple(gone.values_list("reference", flat=True)),
        deleted=tuple(titles.get(DONE, ())),
        unanswered=tuple(titles.get("", ())),
        unable=tuple(sorted(unable)),
        missing=tuple(titles.get(NOT_FOUND, ())),
        done_besides=_titles(besides.filter(answer=DONE)),
        told_besides=_titles(besides.filter(answer="")),
    )


def _of_sources(order: DisposalOrder) -> QuerySet[Duty]:
    return Duty.objects.filter(order=order, where=Duty.Where.SOURCE)


def _titles(found: QuerySet[Duty]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.values_list("title", flat=True)))


def answers(order: DisposalOrder) -> dict[int, str]:
    """Return what its source has answered of each record it was told of, by the key of the item; empty: nothing yet."""
    return dict(_of_sources(order).values_list("item_id", "answer"))


def settle(order: DisposalOrder, system_id: int) -> SourceInstruction:
    """Have the instruction of a source say what was answered of all its records; nothing while one is unanswered."""
    instruction = SourceInstruction.objects.select_related("system").get(order=order, system=system_id)
    duties = list(_of_sources(order).filter(item__system=system_id).order_by("-answered_at", "-pk"))
    found = {each.answer for each in duties}
    if not duties or "" in found:
        instruction.answer, instruction.answered_by, instruction.answered_at, instruction.note = "", "", None, ""
    else:
        last = duties[0]
        instruction.answer = found.pop() if len(found) == 1 else SourceInstruction.Answer.PART
        instruction.answered_by, instruction.answered_at = last.answered_by, last.answered_at
        notes = dict.fromkeys(each.note for each in duties if each.note)
        instruction.note = "; ".join(notes)[:255]
    instruction.save()
    return instruction


def kept_because(state: str, answer: str | None) -> str:
    """Say why a record of an order that was given up is here, and what its source did, if it was told."""
    if answer is None:
        return state
    if answer == DONE:
        return f"{state}, but its source has deleted it"
    if not answer:
        return f"{state}; its source was told to delete it and has not answered"
    return f"{state}; its source answered '{_said(answer)}'"


def kept_whole(reason: str, answer: str | None) -> str:
    """Say why a record is kept at the destruction of others; that its source has deleted it goes before the rest."""
    return f"{'Its source has deleted it. ' if answer == DONE else ''}{reason}"[:_MOST]


def say_why_kept(order: DisposalOrder) -> None:
    """Say of each record of an order that was given up that it is here, and whether its source has deleted it."""
    state, said = order.get_state_display(), answers(order)
    left = order.items.filter(Q(kept_because="") | Q(kept_because__startswith=state), destroyed_at__isnull=True)
    for item in left:
        item.kept_because = kept_because(state, said.get(item.pk))
    DisposalItem.objects.bulk_update(left, ["kept_because"])


def item_state(item: DisposalItem, order: DisposalOrder, answer: str | None) -> str:
    """Say where a record of an order is that is not destroyed by it: its source may have deleted it."""
    if item.record_id is None:
        return "Destroyed by another disposal since"
    if item.kept_because:
        return f"Kept here: {item.kept_because}"
    if answer == DONE:
        return "Here; its source has deleted it"
    if answer == "" and order.state in OFF:
        return "Here; its source was told to delete it and has not answered"
    return "Here"


def staying(order: DisposalOrder) -> dict[int, str]:
    """Return why records of an order are not destroyed here, by the item of which its source gave such an answer.

    Which answers those are is policy (`source_answers` of policy/retention/rules.yaml).
    """
    kept_here = duties.kept_here()
    return {item: _STAYS.format(_said(answer)) for item, answer in answers(order).items() if answer in kept_here}


def open_sources() -> QuerySet[SourceInstruction]:
    """Return the instructions whose sources have not said that they deleted what is destroyed here."""
    left = Duty.objects.filter(order=OuterRef("order"), item__system=OuterRef("system"), where=Duty.Where.SOURCE)
    left = left.filter(item__destroyed_at__isnull=False).exclude(answer=DONE)
    return SourceInstruction.objects.filter(Exists(left))


def waiting_for_sources() -> QuerySet[DisposalOrder]:
    """Return the orders of which a source has not answered, or has not deleted what is destroyed here."""
    unanswered = SourceInstruction.objects.filter(order=OuterRef("pk"), answer="")
    undeleted = open_sources().filter(order=OuterRef("pk"))
    others = duties.waiting_besides().filter(order=OuterRef("pk"))
    return DisposalOrder.objects.filter(Exists(unanswered) | Exists(undeleted) | Exists(others))


def standings(orders: Iterable[DisposalOrder]) -> dict[int, str]:
    """Return what to say of orders beside their state, by key, in two queries; those with nothing to add are left out.

    What another order has destroyed since is no part of it.
    """
    states = {order.pk: order.state for order in orders}
    answer = Duty.objects.filter(item=OuterRef("pk"), where=Duty.Where.SOURCE).values("answer")
    items = DisposalItem.objects.filter(order__in=states).exclude(record=None, destroyed_at=None)
    items = items.annotate(said=Subquery(answer[:1]))
    here: dict[int, Counter[str | None]] = {key: Counter() for key in states}
    gone: dict[int, Counter[str | None]] = {key: Counter() for key in states}
    for key, said, destroyed_at in items.values_list("order_id", "said", "destroyed_at"):
        (gone if destroyed_at else here)[key][said] += 1
    found = {key: _off(here[key]) for key, state in states.items() if state in OFF}
    others = Counter(duties.left_elsewhere().filter(order__in=states).values_list("order_id", flat=True))
    found |= {key: _done(here[key], gone[key], others[key]) for key, state in states.items() if state in CARRIED_OUT}
    return {key: words for key, words in found.items() if words}


def _off(here: Counter[str | None]) -> str:
    said = [f"{here[DONE]} deleted at source already"] if here[DONE] else []
    said += [f"{here['']} to recall from a source"] if here[""] else []
    return ", ".join(said)


def _done(here: Counter[str | None], gone: Counter[str | None], others: int) -> str:
    still = gone.total() - gone[DONE] - gone[NOT_FOUND]
    waits = [f"{still} at a source still"] if still else []
    waits += [f"{gone[NOT_FOUND]} not found at source"] if gone[NOT_FOUND] else []
    waits += [f"{others} in a store or a national database still"] if others else []
    said = [f"provisional: {', '.join(waits)}"] if waits else []
    said += [f"{here.total()} kept here"] if here.total() else []
    return "; ".join(said)


def _said(answer: str) -> str:
    return str(SourceInstruction.Answer(answer).label)
