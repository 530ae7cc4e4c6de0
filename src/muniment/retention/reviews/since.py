"""What has changed about a person since the last review of them, in sentences, as far as the reader may see it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from muniment.core import content, words
from muniment.people.models import PrimePerson
from muniment.people.shown import history
from muniment.people.shown.chronology import Entry
from muniment.records.models import NominalFlag
from muniment.retention import queries
from muniment.retention.models import Review


@dataclass(frozen=True)
class Changed:
    """Since when, by which review, what is new since then, and what else has changed; no day without a last review."""

    since: date | None
    entries: tuple[Entry, ...]
    last: Review | None = None
    said: tuple[str, ...] = ()
    reason: str = ""  # what the last review gave as its reason
    joined: int = 0  # how often somebody came to the person or left them

    def __bool__(self) -> bool:
        return self.since is not None


@dataclass(frozen=True)
class Now:
    """The person as they are now: their life, warnings and group."""

    prime: PrimePerson
    entries: list[Entry] = field(default_factory=list)
    flags: Iterable[NominalFlag] = ()
    group: int | None = None


def changed(now: Now, last: Review | None) -> Changed:
    """Return what has changed since the last decided review; everything is new where there was none."""
    if last is None or last.decided_at is None:
        return Changed(None, tuple(now.entries))
    on = last.decided_at.date()
    fresh = tuple(entry for entry in now.entries if entry.record.seen_first > on)
    said = [*_group(last, now.group), *_withdrawn(now.entries, on), *_flags(now.flags, on), *_events(now.prime, last)]
    moved = [each for each in history.changes(now.prime) if each.at > last.decided_at and _is_of_make_up(each)]
    return Changed(on, fresh, last, tuple(said), content.shown(last.reason), len(moved))


def _is_of_make_up(change: history.Change) -> bool:
    return change.what not in (history.GONE, history.BACK)


def _group(last: Review, group: int | None) -> list[str]:
    was = last.decided_group
    if was == group or was is None:
        return []
    return [f"The group was {was} then; {f'it is {group}' if group else 'there is none'} now."]


def _withdrawn(entries: Iterable[Entry], on: date) -> list[str]:
    gone = [entry.record.reference for entry in entries if entry.withdrawn_on and entry.withdrawn_on > on]
    return [f"Withdrawn at source since: {', '.join(gone)}."] if gone else []


def _flags(flags: Iterable[NominalFlag], on: date) -> list[str]:
    said: dict[str, None] = {}
    for flag in flags:
        name = words.say("flag", flag.flag)
        if flag.start and flag.start > on:
            said[f"Warning since {words.day(flag.start)}: {name}."] = None
        if flag.until and flag.until > on:
            said[f"Warning that ends, or ended, on {words.day(flag.until)}: {name}."] = None
    return list(said)


def _events(prime: PrimePerson, last: Review) -> list[str]:
    assert isinstance(last.decided_at, datetime)
    said = []
    for event in queries.events_about(prime):
        name = words.say("event", event.kind)
        if event.made_at > last.decided_at:
            said.append(f"Recorded since: {name}, of {words.day(event.dated)}.")
        if event.closed and event.closed > last.decided_at.date():
            said.append(f"Ended on {words.day(event.closed)}: {name}.")
    return said
