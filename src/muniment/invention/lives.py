"""Lives at random, as facts of retention: any role, class, event and flag, with dates missing, partial or impossible.

Nobody lives like that. They are to hold those who decide to one another where nobody has thought of a case.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import TypeVar

from muniment.engine.policy.model import Policy
from muniment.engine.retention.facts import (
    Event,
    Facts,
    Flag,
    Hold,
    Involvement,
    Offence,
    Person,
    PossibleMatch,
    Sentence,
)
from muniment.engine.retention.together import longest
from muniment.engine.values.dates import PartialDate, exactly, whole_month, whole_year

OFFENCES = (
    *(Offence(ho_class=each) for each in ("046/00", "008/06", "019/08", "008/65", "020/05", "022/12", "066/53")),
    *(Offence(ho_class="000/00"), Offence(cjs="TH68010"), Offence(cjs="SX03128"), Offence()),
    Offence(ho_class="019/08", max_penalty_years=5),
)
CLASSED = tuple(offence for offence in OFFENCES if offence.max_penalty_years is None)  # a record says no maximum
_FIRST, _LAST = date(1988, 1, 1), date(2030, 12, 31)
_TURNS = (date(2012, 2, 29), date(2016, 2, 29), date(2019, 3, 1), date(2026, 11, 22), date(2017, 4, 3))
_RESULTS = (None, None, "convicted", "acquitted", "nfa", "cautioned", "penalty_notice", "pending")
_OUTCOMES = (None, None, "CANCELLED", "CHARGED", "NFA", "PENDING", "PROTEST", "UNDETECTED")
_FAMILIES = (None, "CRI-G3", "CRI-G1", "CRI-UND-O", "DA-NC", "DA-STALK")
_SCOPES = ("PER-G3B", "PER-G1", "CRI-UND-O", "CRIME", "CRI-G3", "CUS-REC-N")
_CONTROLLERS = (None, "case:time_based", "case:time_based", "case:review")  # adopted by the cases' stand-ins
_Some = TypeVar("_Some")


@dataclass(frozen=True)
class Lives:
    """Draws lives under a policy that has adopted what the cases' stand-ins adopt."""

    draw: Random
    policy: Policy

    def life(self) -> Facts:
        """Return one person with up to three records, asked about as a person or about the last record."""
        count = self.draw.randint(0, 3)
        asks = count > 0 and self.draw.random() < 0.5
        parts = [self._part(number, declared=asks and number == count) for number in range(1, count + 1)]
        return Facts(
            person=self._person(),
            involvements=tuple(self._some_on_one_record(parts)),
            events=tuple(self._some(lambda: Event(self._of((*self._events, "unheard_of")), self._day(), self._day()))),
            holds=tuple(self._some(self._hold)) if self.draw.random() < 0.25 else (),
            controller=self._of(_CONTROLLERS),
            about=count if asks else None,
        )

    def day(self) -> date:
        """Return a day to ask on: some are leap days, or days on which a law or a maximum changed."""
        if self.draw.random() < 0.3:
            return self._of(_TURNS)
        return _FIRST + timedelta(days=self.draw.randint(0, (_LAST - _FIRST).days))

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        return tuple(sorted({terms.trigger for entry in self.policy.classes.values() for terms in entry.values}))

    @cached_property
    def _events(self) -> tuple[str, ...]:
        return tuple(self.policy.settings["events"][0].content["kinds"])

    @cached_property
    def _flags(self) -> tuple[str, ...]:
        return tuple(self.policy.settings["flags"][0].content["kinds"])

    @cached_property
    def _declared(self) -> tuple[str, ...]:
        return (*self.policy.classes, *self.policy.families)

    @cached_property
    def _roles(self) -> tuple[str, ...]:
        return tuple(sorted(self.policy.codes.roles))

    def _of(self, some: tuple[_Some, ...]) -> _Some:
        return self.draw.choice(some)

    def _some(self, make: Callable[[], _Some]) -> list[_Some]:
        return [make()] if self.draw.random() < 0.5 else []

    def _day(self) -> date | None:
        """Return a day four times in five: with every fact missing half the time nearly all would be review."""
        return self.day() if self.draw.random() < 0.8 else None

    def _partial(self) -> PartialDate:
        day, kind = self.day(), self.draw.randrange(4)
        if kind < 2:
            return exactly(day)
        return whole_year(day.year) if kind == 2 else whole_month(day.year, day.month)

    def _person(self) -> Person:
        draw, born = self.draw, None
        if draw.random() < 0.8:
            day = date(1975, 1, 1) + timedelta(days=draw.randint(0, 14_970) - self._of((0, 0, 0, 20_000, 40_000)))
            born = self._of((exactly(day), exactly(day), whole_year(day.year), exactly(date(2000, 2, 29))))
        match = PossibleMatch(self._of((None, 1, 2, 3)), self._day()) if draw.random() < 0.2 else None
        return Person(
            born=born,
            flags=tuple(self._some(lambda: Flag(self._of((*self._flags, "unheard_of")), self._day(), self._day()))),
            last_review=self.day() if draw.random() < 0.2 else None,
            next_review=self._day(),
            possible_match=match,
        )

    def _part(self, number: int, *, declared: bool) -> Involvement:
        draw = self.draw
        record_class = self._of(self._declared if declared else (*self.policy.families, *_FAMILIES))
        entry = self.policy.classes.get(record_class or "")
        kinds = {self._of((*self._kinds, "case_closed", "reported_date")) for _ in range(draw.randint(0, 2))}
        if entry is not None and draw.random() < 0.7:
            kinds.add(entry.values[0].trigger)
        sentence = Sentence(self._of((None, None, None, False, True)), self._of((None, 3, 12, 60, 120)), self._day())
        return Involvement(
            role=self._of(self._roles),
            id=number,
            record=number,
            controller="a",
            offence=self._of(OFFENCES),
            happened=self._partial() if draw.random() < 0.3 else None,
            dated=self._day(),
            result=self._of(_RESULTS),
            sentence=sentence,
            dates={kind: self._partial() for kind in sorted(kinds)},
            record_class=record_class,
            outcome=self._of(_OUTCOMES),
            record_offence=self._of(CLASSED) if draw.random() < 0.2 else Offence(),
            others_retained=self._of((None, None, None, None, False, True)),
        )

    def _some_on_one_record(self, parts: list[Involvement]) -> list[Involvement]:
        """Now and then somebody has several parts in one record, which then says the same of itself for each."""
        if len(parts) < 2 or self.draw.random() < 0.75:
            return parts
        last = parts[-1]
        names = ("record", "dates", "record_class", "outcome", "record_offence", "others_retained")
        said = {name: getattr(last, name) for name in names}
        entry = self.policy.classes.get(last.record_class or "")
        suspected = any(self.policy.codes.roles[part.role].offender for part in parts)
        said["named_suspect"] = suspected and not (entry is not None and entry.no_offender)
        said["sentenced"] = longest([part.sentence for part in parts if part.sentence.custodial])
        return [replace(part, **said) for part in parts]

    def _hold(self) -> Hold:
        scope = frozenset(self.draw.sample(_SCOPES, self.draw.randint(1, 2))) if self.draw.random() < 0.5 else None
        return Hold(self._of(("H1", "H2")), self._day(), self._day(), scope)
