"""When a request is to be answered, by what policy says of its regime, and why it is that day."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from muniment.core import words
from muniment.engine.values.dates import add_months
from muniment.retention.models import PersonRequest
from muniment.retention.policies.request_policy import Fee, Identity, Regime, RequestPolicy

NOT_VERIFIED = " (not verified)"
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Times:
    """The days on which a request came, what was asked for and arrived since, and they were told of more time."""

    received: date
    identity_asked: date | None = None
    identity_received: date | None = None
    fee_asked: date | None = None
    fee_paid: date | None = None
    extended: date | None = None


@dataclass(frozen=True)
class _Wait:
    """What the time waits for: in words, since when, until when, and by which authority."""

    what: str
    happens: str
    happened: str
    asked: date
    came: date | None
    by: str


def _waits(times: Times, regime: Regime) -> list[_Wait]:
    """Return what the time of a request begins with besides its receipt."""
    found = []
    if times.identity_asked:
        asked, came = times.identity_asked, times.identity_received
        by = _by(regime.identity) if regime.identity else ""
        found.append(_Wait("what establishes who asked", "arrives", "arrived", asked, came, by))
    if times.fee_asked and regime.fee and regime.fee.time_waits:
        found.append(_Wait("the fee", "is paid", "was paid", times.fee_asked, times.fee_paid, _by(regime.fee)))
    return found


def _by(rule: Identity | Fee) -> str:
    return f" ({rule.authority}){'' if rule.verified else NOT_VERIFIED}"


def _begins(times: Times, regime: Regime) -> date | None:
    """Return the day from which the time runs, day 0; none while something that it begins with has not arrived."""
    came = [each.came for each in _waits(times, regime)]
    return None if None in came else max([times.received, *(day for day in came if day)])


@dataclass(frozen=True)
class Clock:
    """Until when a request is to be answered; no day while its time has not begun.

    `first_end` is the last day of the time that is not extended, `target` the day to aim at, `why` says in sentences
    from which day, by which rule and by whose calendar it is so.
    """

    first_end: date | None
    due: date | None
    target: date | None
    why: tuple[str, ...]


def of(request: PersonRequest, said: RequestPolicy) -> Clock:
    """Return the clock of a request by what policy says."""
    return clock(times_of(request), said.kinds[request.kind].regimes[request.regime], said)


def times_of(request: PersonRequest) -> Times:
    """Return what happened to a request that moves its time."""
    return Times(
        request.received_on,
        request.identity_asked_on,
        request.identity_received_on,
        request.fee_asked_on,
        request.fee_paid_on,
        request.extended_on,
    )


def clock(times: Times, regime: Regime, said: RequestPolicy) -> Clock:
    """Return the clock of a request that these things happened to (Data Protection Act 2018 s.54, UK GDPR Art. 12)."""
    begins = _begins(times, regime)
    if begins is None:
        return Clock(None, None, None, tuple(_begin(times, regime)))
    first = due(begins, regime, said.holidays)
    more = regime.extension.months if times.extended and regime.extension else 0
    last = due(begins, regime, said.holidays, more=more)
    target = last - regime.target_before * _DAY if regime.target_before else None
    return Clock(first, last, target, (*_begin(times, regime), *_length(begins, regime, said, times.extended)))


def due(begins: date, regime: Regime, holidays: Collection[date], *, more: int = 0) -> date:
    """Return the last day on which a request whose time began on a day is answered in time; that day is day 0.

    Days and calendar months count every day, a month that lacks the day ends on its last (Data Protection Act 2018
    s.54); working days leave out weekends and bank holidays. `more` is by how many months the time is extended.
    """
    day = _before_rolling(begins, regime, holidays, more)
    while regime.rolls and not _works(day, holidays):
        day += _DAY
    return day


def _before_rolling(begins: date, regime: Regime, holidays: Collection[date], more: int) -> date:
    day = add_months(begins, regime.months + more) + timedelta(days=regime.days)
    left = regime.working_days
    while left:
        day += _DAY
        left -= _works(day, holidays)
    return day


def _works(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < _SATURDAY and day not in holidays


def _begin(times: Times, regime: Regime) -> Iterator[str]:
    """Say from which day the time runs, and by what."""
    waits, begins = _waits(times, regime), _begins(times, regime)
    for each in waits:
        if each.came is None:
            yield f"It has not begun: it does when {each.what} {each.happens}{each.by}."
    if begins:
        last = next((each for each in waits if each.came == begins), None)
        yield (
            f"It runs from {words.day(begins)}, day 0, when {last.what} {last.happened}{last.by}."
            if last
            else f"It runs from {words.day(begins)}, the day of receipt, which is day 0."
        )
    for each in waits:
        waited = (each.asked - times.received).days
        later = f", {_of(waited, 'day')} after receipt" if waited else ", the day of receipt"
        named = "That" if len(waits) == 1 else f"{each.what[:1].upper()}{each.what[1:]}"
        yield f"{named} was asked for on {words.day(each.asked)}{later}."
    if times.fee_asked and regime.fee and not regime.fee.time_waits:
        yield f"A fee was asked for on {words.day(times.fee_asked)}. That does not stop the time{_by(regime.fee)}."


def _length(begins: date, regime: Regime, said: RequestPolicy, extended: date | None) -> Iterator[str]:
    """Say by what rule and calendar the time ends."""
    unsure = "" if regime.verified else NOT_VERIFIED
    more = regime.extension.months if extended and regime.extension else 0
    ends = _before_rolling(begins, regime, said.holidays, more)
    if regime.working_days:
        yield f"{_of(regime.working_days, 'working day')}: {_left_out(begins, ends, said)}{unsure}."
    elif regime.days:
        yield f"{_of(regime.days, 'day')}, of which every one counts{unsure}."
    else:
        yield f"{_of(regime.months, 'calendar month')}{unsure}."
    if extended and regime.extension:
        rule, doubt = regime.extension, "" if regime.extension.verified else NOT_VERIFIED
        told = f"whoever asked was told on {words.day(extended)} ({rule.authority}){doubt}"
        yield f"Extended by {_of(rule.months, 'month')}: {told}."
    if (moved := due(begins, regime, said.holidays, more=more)) != ends:
        doubt = "" if regime.rolls_verified else NOT_VERIFIED
        what = "a weekend" if ends.weekday() >= _SATURDAY else "a bank holiday"
        to = f"moves on to {words.day(moved)}, by the bank holidays of {said.calendar}{doubt}"
        yield f"{words.day(ends)} falls on {what}: it {to}."


def _left_out(begins: date, ends: date, said: RequestPolicy) -> str:
    every = (begins + timedelta(days=number) for number in range(1, (ends - begins).days))
    off = [words.day(day) for day in every if day in said.holidays and day.weekday() < _SATURDAY]
    named = f" ({', '.join(off)})" if off else ", none of which falls into it"
    return f"weekends and the bank holidays of {said.calendar} are left out{named}"


def _of(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
