"""Records that do not go: why, in the words of the rule that stops each, and the pairs to judge first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import prefetch_related_objects
from django.utils import timezone

from muniment.core import words
from muniment.people.models import MatchEdge
from muniment.people.shown.chronology import Entry
from muniment.retention.deciding import afresh, letting_go, others
from muniment.retention.disposals import stops
from muniment.retention.models import Review
from muniment.retention.requests import attached

MATCHES = 3  # possible matches that stand beside a record that waits for them


@dataclass(frozen=True)
class Staying:
    """Records that cannot go today for one reason, under which rule and until when, and the pairs to judge first."""

    entries: tuple[Entry, ...]
    why: str
    rule: str
    matches: tuple[MatchEdge, ...] = ()


class Apart(NamedTuple):
    """Records of a person told apart: those that may go today, the others with why, and who waits on any."""

    free: list[Entry]
    staying: list[Staying]
    waiting: others.Waiting


def told_apart(entries: list[Entry], prime: int | None, review: Review | None = None) -> Apart:
    """Tell the records of a person apart; those that stay for the same reason stand together.

    What is open and answered by the review that they lie before keeps none of them.
    """
    keys = [entry.record.pk for entry in entries]
    besides = letting_go.Besides.of_person(keys, prime)
    whole = stops.nothing_listed_stops(keys, besides.matches, answered=attached.answered_by(review))
    free, staying = [], []
    for entry in entries:
        why = whole & besides.let_go(entry.record.pk, getattr(entry.record, "decision", None))
        if why:
            free.append(entry)
        else:
            staying.append(Staying((entry,), " ".join(why.reasons), _rule(entry), _matches(entry, besides)))
    prefetch_related_objects([edge for each in staying for edge in each.matches], "left", "right")
    return Apart(free, together(staying), besides.waiting)


@dataclass(frozen=True)
class Shared:
    """A record that may go and on which others' own reviews wait: it stays unless the reviewer says otherwise."""

    entry: Entry
    reviews: tuple[Review, ...]  # each with `role`, the part of its person


def shared(apart: Apart) -> list[Shared]:
    """Return those of the records that may go on which the reviews of other people wait."""
    waiting = apart.waiting
    return [Shared(entry, waiting[entry.record.pk]) for entry in apart.free if entry.record.pk in waiting]


def together(staying: Iterable[Staying]) -> list[Staying]:
    """Put those together that stay for the same reason, in the order in which they come."""
    found: dict[tuple[object, ...], tuple[Entry, ...]] = {}
    for each in staying:
        key = (each.why, each.rule, each.matches)
        found[key] = found.get(key, ()) + each.entries
    return [Staying(entries, *key) for key, entries in found.items()]  # type: ignore[arg-type]


def _rule(entry: Entry) -> str:
    """Say by which rule a record is kept, and until when."""
    decision = getattr(entry.record, "decision", None)
    if decision is None:
        return ""
    title = words.class_title(decision.rule or decision.resolved_class)
    ahead = decision.due is not None and decision.due > timezone.localdate()
    return f"{title}, until {words.day(decision.due)}" if ahead else title


def _matches(entry: Entry, besides: letting_go.Besides) -> tuple[MatchEdge, ...]:
    decision = getattr(entry.record, "decision", None)
    if decision is None or afresh.IN_DOUBT not in decision.because:
        return ()
    return besides.matches.unsettled.get(entry.record.pk, ())[:MATCHES]
