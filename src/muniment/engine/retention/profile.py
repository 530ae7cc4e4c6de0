"""The first step of a decision: gathers facts into a profile of maxima, minima and claims.

Every field is an aggregate that a set engine can compute with a group-by, which is why the second step can be the
same decision table for one person and for a million. Dates are the latest possible unless said otherwise.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from muniment.engine.policy.model import Rules
from muniment.engine.retention.facts import Event, Facts, Flag, Hold, PossibleMatch
from muniment.engine.retention.links import Link, Measuring, measure
from muniment.engine.values.dates import PartialDate


@dataclass(frozen=True)
class Offending:
    """What the involvements in offender roles come to."""

    count: int
    count_from_10: int
    group: int | None
    has_unknown: bool
    start: date | None
    first: date | None  # earliest
    first_minor: date | None  # earliest notice of what may have been done under 18
    driver: int | None
    conviction: date | None
    ended: date | None
    released: date | None
    under_10_event: date | None
    any_unsure_10: bool
    any_under_18: bool
    lacks_start: bool
    lacks_conviction: bool
    lacks_months: bool
    lacks_release: bool
    lacks_result: bool
    lacks_decision: bool
    is_pending: bool
    is_implausible: bool
    others_retained: bool


@dataclass(frozen=True)
class Flagged:
    """What the person's flags come to on the day."""

    group: int | None
    first: date | None  # earliest start of a flag that sets the group
    setting: frozenset[str]
    blocking: frozenset[str]
    is_deceased: bool
    died: date | None  # earliest


@dataclass(frozen=True)
class Happened:
    """What the events come to on the day."""

    reset: date | None
    trigger: date | None  # the earliest whose review is still to be done
    triggering: frozenset[str]
    blocking: frozenset[str]
    floor_open: bool
    floor_closed: date | None
    lacks_day: bool


@dataclass(frozen=True)
class Held:
    """The holds on the day: which bind, and when the last one that bound before was released."""

    by: frozenset[str]
    released: date | None


@dataclass(frozen=True)
class Victimhood:
    """The involvements as victim or witness."""

    count: int
    closed: date | None
    closed_with_sentence: date | None
    reported_serious: date | None
    reported_other: date | None
    lacks_closed: bool
    lacks_offence: bool


@dataclass(frozen=True)
class Profile:
    """What is known of one person, aggregated."""

    born: PartialDate | None
    last_review: date | None
    next_review: date | None  # as the last one chose it; none where there was none, or where it lies no later
    is_reviewed_ahead: bool  # the last review is said to be after the day, which tells of nothing
    links: tuple[Link, ...]
    offending: Offending
    flagged: Flagged
    happened: Happened
    held: Held
    victim: Victimhood
    first: date | None
    possible: PossibleMatch


def gather(facts: Facts, rules: Rules, work: Measuring | None = None) -> Profile:
    """Return the profile of the person in the facts on the day of the rules; holds need the classes resolved first."""
    work = work or Measuring()
    links = tuple(work.once(measure, involvement, facts.person.born, rules) for involvement in facts.involvements)
    return gather_from(links, facts, rules)


def gather_from(links: tuple[Link, ...], facts: Facts, rules: Rules) -> Profile:
    """Return the profile of the person in the facts, whose involvements are measured already."""
    offending = _offending([link for link in links if link.kind == "offender"])
    flagged = _flagged(facts.person.flags, rules)
    last = facts.person.last_review
    ahead = last is not None and last > rules.day
    last = None if ahead else last
    following = facts.person.next_review
    first = offending.first if offending.count else _min(link.first for link in links)
    return Profile(
        born=facts.person.born,
        last_review=last,
        next_review=following if last and following and following > last else None,
        is_reviewed_ahead=ahead,
        links=links,
        offending=offending,
        flagged=flagged,
        happened=gather_events(facts.events, last, rules),
        held=Held(frozenset(), None),
        victim=gather_victims([link for link in links if link.kind == "victim"]),
        first=first or flagged.first,
        possible=facts.person.possible_match or PossibleMatch(),
    )


def _offending(links: list[Link]) -> Offending:
    start = _max(link.start for link in links)
    return Offending(
        count=len(links),
        count_from_10=sum(not link.ages.under_10 for link in links),
        group=min((link.group for link in links if link.group is not None), default=None),
        has_unknown=any(link.is_unknown for link in links),
        start=start,
        first=_min(link.first for link in links),
        first_minor=_min(link.first for link in links if link.ages.under_18),
        driver=min((link.id for link in links if start is not None and link.start == start), default=None),
        conviction=_max(link.conviction for link in links),
        ended=_max(link.ended for link in links),
        released=_max(link.released for link in links),
        under_10_event=_max(link.event for link in links if link.ages.under_10),
        any_unsure_10=any(link.ages.unsure_10 for link in links),
        any_under_18=any(link.ages.under_18 for link in links),
        lacks_start=any(link.lacks_start for link in links),
        lacks_conviction=any(link.lacks_conviction for link in links),
        lacks_months=any(link.lacks_months for link in links),
        lacks_release=any(link.lacks_release for link in links),
        lacks_result=any(link.lacks_result for link in links),
        lacks_decision=any(link.lacks_decision for link in links),
        is_pending=any(link.is_pending for link in links),
        is_implausible=any(link.is_implausible for link in links),
        others_retained=any(link.others_retained for link in links),
    )


def _flagged(flags: tuple[Flag, ...], rules: Rules) -> Flagged:
    kinds = rules.settings["flags"]["kinds"]
    begun = [flag for flag in flags if flag.start is None or flag.start <= rules.day]
    setting = [flag for flag in begun if kinds.get(flag.id, {}).get("group")]
    # One that ends before it begins is wrong in one of its days: it stands.
    lasting = [
        flag
        for flag in begun
        if flag.until is None or flag.until >= rules.day or (flag.start is not None and flag.until < flag.start)
    ]
    dead = [flag for flag in begun if kinds.get(flag.id, {}).get("death")]
    return Flagged(
        group=min((kinds[flag.id]["group"] for flag in setting), default=None),
        first=_min(flag.start for flag in setting),
        setting=frozenset(flag.id for flag in setting),
        blocking=frozenset(flag.id for flag in lasting if flag.id not in kinds or kinds[flag.id].get("blocks")),
        is_deceased=bool(dead),
        died=_min(flag.start for flag in dead),
    )


def effects(kind: str, rules: Rules) -> frozenset[str]:
    """Return what an event of a kind does; one that no list names blocks while it is open."""
    kinds: Mapping[str, Any] = rules.settings["events"]["kinds"]
    return frozenset(kinds.get(kind, ("blocks",)))


def _is_open(event: Event, rules: Rules) -> bool:
    """Whether an event is open on the day; one that closed before it began is wrong in one of its days, and is."""
    if event.closed is None or event.closed > rules.day:
        return True
    return event.dated is not None and event.closed < event.dated


def gather_events(events: Iterable[Event], last_review: date | None, rules: Rules) -> Happened:
    """Return what events come to on the day.

    One that lies after it has not happened; it stops any disposal by itself, since its day may be mistyped.
    """
    events = list(events)
    ahead = {event.kind for event in events if event.dated and event.dated > rules.day}
    known = [(event, effects(event.kind, rules)) for event in events if not (event.dated and event.dated > rules.day)]
    is_open = {id(event): _is_open(event, rules) for event, _ in known}
    pending = [
        event
        for event, what in known
        if is_open[id(event)]
        and what & {"triggers", "triggers_open"}
        and not ("triggers" in what and event.dated and last_review is not None and last_review >= event.dated)
    ]
    floors = [event for event, what in known if "floor" in what]
    return Happened(
        reset=_max(event.dated for event, what in known if "resets" in what),
        trigger=_min(event.dated for event in pending),
        triggering=frozenset(event.kind for event in pending),
        blocking=frozenset({event.kind for event, what in known if "blocks" in what and is_open[id(event)]} | ahead),
        floor_open=any(is_open[id(event)] for event in floors),
        floor_closed=_max(event.closed for event in floors if not is_open[id(event)]),
        lacks_day=any(event.dated is None for event, what in known if "resets" in what)
        or any(event.dated is None for event in pending),
    )


def gather_holds(holds: Iterable[Hold], day: date) -> Held:
    """Return which of these holds bind on a day, and the latest end of those that bound before it."""
    begun = [hold for hold in holds if hold.start is None or hold.start <= day]
    return Held(
        by=frozenset(hold.id for hold in begun if hold.until is None or hold.until >= day),
        released=_max(hold.until for hold in begun if hold.until is not None and hold.until < day),
    )


def gather_victims(links: Iterable[Link]) -> Victimhood:
    """Return what involvements as victim or witness come to: the case's end, or the unsolved crime's report."""
    links = list(links)
    unsolved = [link for link in links if link.case_closed is None and link.reported is not None]
    return Victimhood(
        count=len(links),
        closed=_max(link.case_closed for link in links),
        closed_with_sentence=_max(link.closed_with_sentence for link in links),
        reported_serious=_max(link.reported for link in unsolved if link.offence_group == 1),
        reported_other=_max(link.reported for link in unsolved if link.offence_group in (2, 3)),
        lacks_closed=any(link.case_closed is None and link.reported is None for link in links),
        lacks_offence=any(link.offence_group is None for link in unsolved),
    )


def _max(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day is not None), default=None)


def _min(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
