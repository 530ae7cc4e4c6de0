"""Whom and which records an adoption that waits would move, one by one, as far as the reader may see them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q, QuerySet

from muniment.batch.retention import moves
from muniment.core import references, words
from muniment.engine.policy import Policy
from muniment.people.models import Belonging
from muniment.retention.disposals import due
from muniment.retention.foresight.counted import CLOCK, COMES
from muniment.retention.models import ForeseenMove, Review

Moves = QuerySet[ForeseenMove]
LOOKS: Final = {
    moves.GOES: "Would go by itself",
    moves.OVERDUE: "Overdue at once",
    moves.OPEN: "Held, or something is open",
    moves.REST: "Moved",
}
DIRECTIONS: Final = {
    "goes": "Goes by itself, and did not",
    "stays": "Goes by itself no longer",
    "overdue": "Becomes overdue at once",
    "open": "Held, or something is open",
    "earlier": "Earlier",
    "later": "Later",
}
_MOST_PEOPLE = 3  # named beside a record


@dataclass(frozen=True)
class Narrow:
    """What a reader narrows the list to; nothing of it is everything that they may see."""

    direction: str = ""  # of DIRECTIONS
    subject: str = ""  # person | record
    class_id: str = ""  # of records
    group: str = ""  # of people: 1 | 2 | 3 | 0 for none


@dataclass(frozen=True)
class Line:
    """One who moves, in words: which, from what, to what, under which rules and why it is looked at.

    `people` are references of those on a record whom the reader may see; `more` are not named.
    """

    move: ForeseenMove
    reference: str
    system: str
    title: str
    people: tuple[str, ...]
    more: int
    looked: str
    how: str
    why: tuple[str, ...]
    review: str  # the reference of the person's review that waits, if one does

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule in force and the other, in words; one where they are the same."""
        return tuple(dict.fromkeys(words.class_title(each) if each else "None" for each in self._rules))

    @property
    def _rules(self) -> tuple[str, str]:
        return self.move.rule, self.move.rule_other


def narrowed(found: Moves, to: Narrow, on: date) -> Moves:
    """Return those that fit; `on` is the day that they were worked out for."""
    if to.direction:
        found = found.filter(_direction(to.direction, on))
    if to.subject or to.class_id or to.group:
        subject = to.subject or ("record" if to.class_id else "person")
        found = found.filter(prime__isnull=subject == "record")
    if to.class_id:
        found = found.filter(class_id=to.class_id)
    if to.group:
        found = found.filter(group=int(to.group) or None)
    return found


def _direction(code: str, on: date) -> Q:
    return {
        "goes": Q(look=moves.GOES),
        "stays": Q(kind__in=CLOCK) & ~Q(kind_other__in=CLOCK),
        "overdue": Q(due_other__lte=on) & (Q(due=None) | Q(due__gt=on)) & Q(kind_other__in=COMES),
        "open": Q(look=moves.OPEN),
        "earlier": Q(moved__in=["earlier", "dated"]),
        "later": Q(moved__in=["later", "undated"]),
    }[code]


def page(found: Moves, every: Moves, after: str, size: int) -> tuple[list[ForeseenMove], str]:
    """Return so many of those that stand behind one, and which of them the next begin behind; empty at the end.

    `after` names a person or a record that the reader sees in `every`, which their place does not tell: a place
    would count whom they may not see. One that is not there any more is the beginning.
    """
    subject, _, key = after.partition("-")
    if subject in ("person", "record") and key.isdigit():
        named = {"prime": int(key)} if subject == "person" else {"record": int(key)}
        place = every.filter(**named).values_list("place", flat=True).first()
        found = found.filter(place__gt=place) if place is not None else found
    shown = list(found.select_related("prime", "record__system").order_by("place")[: size + 1])
    return shown[:size], name_of(shown[size - 1]) if len(shown) > size else ""


def name_of(move: ForeseenMove) -> str:
    """Return how a row is named in an address."""
    return f"record-{move.record_id}" if move.record_id else f"person-{move.prime_id}"


def lines(found: Sequence[ForeseenMove], policy: Policy) -> list[Line]:
    """Return rows in words, with the people on records and the reviews that wait, as far as the reader may see them."""
    people = _people({each.record_id for each in found if each.record_id})
    reviews = _reviews({each.prime_id for each in found if each.prime_id}, found[0].controller_id if found else 0)
    return [
        _line(each, people.get(each.record_id or 0, []), reviews.get(each.prime_id or 0, ""), policy) for each in found
    ]


def _line(move: ForeseenMove, people: list[str], review: str, policy: Policy) -> Line:
    record = move.record
    return Line(
        move,
        record.reference if record else (move.prime.reference if move.prime else ""),
        record.system.title if record else "",
        record.title if record else "",
        tuple(people[:_MOST_PEOPLE]),
        len(people) - len(people[:_MOST_PEOPLE]),
        LOOKS[move.look],
        how(move),
        _why(move, policy),
        review,
    )


def how(move: ForeseenMove) -> str:
    """Say how a day moves."""
    if move.due == move.due_other:
        return "The same day" if move.due else "No day"
    if move.due is None:
        return "Gets a day"
    if move.due_other is None:
        return "Has no day any more"
    return f"{length((move.due_other - move.due).days)} {move.moved}"


def length(days: int) -> str:
    """Say a number of days as people do: 12 days; 5 months; 7.5 years."""
    days = abs(days)
    if days < 61:
        return f"{days} day{'' if days == 1 else 's'}"
    return f"{days / 30.44:.0f} months" if days < 700 else f"{days / 365.25:.1f} years".replace(".0 ", " ")


def _why(move: ForeseenMove, policy: Policy) -> tuple[str, ...]:
    """Say why a person looks under the other schedule: reasons, holds and facts that are not known; rules are apart."""
    codes = [each for each in move.because if each not in policy.classes or words.has("reason", each)]
    held = "hold" in (move.kind, move.kind_other) or any(each.isdigit() for each in codes)
    said = ["A hold covers it."] if held else []
    said += [due.cause_in_words("reason", each) for each in codes if not each.isdigit()]
    return (*said, *(due.cause_in_words("fact", each) for each in move.missing))


def _people(records: Collection[int]) -> dict[int, list[str]]:
    """Return the references of the people on records."""
    on_record = "nominal__involvements__record"
    rows = Belonging.objects.filter(**{f"{on_record}__in": records}, until__isnull=True)
    found: dict[int, list[str]] = {}
    for record, prime in rows.order_by(on_record, "prime").values_list(on_record, "prime").distinct():
        if record in records:
            found.setdefault(record, []).append(references.make("prime", prime))
    return found


def _reviews(people: Collection[int], controller: int) -> dict[int, str]:
    """Return the references of reviews of people that are not decided."""
    waiting = Review.objects.filter(prime__in=people, controller=controller).exclude(state__in=["decided", "closed"])
    return {each.prime_id: each.reference for each in waiting}
