"""When a request is to be answered, by what policy says of its regime, and why it is that day."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from muniment.core import words
from muniment.engine.values.dates import add_months
from muniment.retention.models import PersonRequest
from muniment.retention.policies.request_policy import Regime, RequestPolicy

NOT_VERIFIED = " (not verified)"
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Times:
    """The days on which a request came, who asked was asked for and received, and they were told of more time."""

    received: date
    identity_asked: date | None = None
    identity_received: date | None = None
    extended: date | None = None

    @property
    def begins(self) -> date | None:
        """The day from which the time runs, day 0; none while what establishes who asked has not arrived."""
        if self.identity_asked is None:
            return self.received
        return max(self.received, self.identity_received) if self.identity_received else None


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
    return Times(request.received_on, request.identity_asked_on, request.identity_received_on, request.extended_on)


def clock(times: Times, regime: Regime, said: RequestPolicy) -> Clock:
    """Return the clock of a request that these things happened to (Data Protection Act 2018 s.54, UK GDPR Art. 12)."""
    begins = times.begins
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
    if times.identity_asked is None:
        yield f"It runs from {words.day(times.received)}, the day of receipt, which is day 0."
        return
    by = f" ({regime.identity.authority})" if regime.identity else ""
    unsure = NOT_VERIFIED if regime.identity and not regime.identity.verified else ""
    if times.identity_received is None:
        yield f"It has not begun: it does when what establishes who asked arrives{by}{unsure}."
    else:
        came = words.day(times.identity_received)
        yield f"It runs from {came}, day 0, when what establishes who asked arrived{by}{unsure}."
    waited = (times.identity_asked - times.received).days
    later = f", {_of(waited, 'day')} after receipt" if waited else ", the day of receipt"
    yield f"That was asked for on {words.day(times.identity_asked)}{later}."


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
