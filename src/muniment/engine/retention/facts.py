"""What is known about one person, as the retention rules need it.

The keys are those of a policy case: a case file, a row of the database and a set of Arrow tables all become
`Facts` before anything is decided. Everything is frozen, and nothing here knows today's date.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from muniment.engine.values.dates import PartialDate


@dataclass(frozen=True)
class Offence:
    """An offence in the schemes that arrive; a CJS code beats a Home Office class."""

    cjs: str | None = None
    ho_class: str | None = None
    max_penalty_years: float | None = None  # the maximum for these facts, where one code covers several


@dataclass(frozen=True)
class Sentence:
    """A sentence; months are those ordered, released the day of actual release."""

    custodial: bool | None = None
    months: int | None = None
    released: date | None = None


@dataclass(frozen=True)
class Involvement:
    """One person on one record, with what that record says.

    `dates` maps trigger events of the schedule to partial dates. `record_class` is an id of kind class: or a
    family such as CRIME, which is resolved when the decision is made.
    """

    role: str
    id: int = 0
    record: int = 0
    controller: str = ""
    system: str | None = None
    offence: Offence = Offence()
    happened: PartialDate | None = None
    dated: date | None = None
    result: str | None = None  # convicted | acquitted | nfa | cautioned | penalty_notice | pending
    sentence: Sentence = Sentence()
    dates: Mapping[str, PartialDate] = field(default_factory=dict)
    record_class: str | None = None
    outcome: str | None = None  # of the record: CHARGED, NFA, UNDETECTED, CANCELLED, ...
    record_offence: Offence = Offence()  # what the record itself is classed as
    named_suspect: bool | None = None  # someone on the record is in an offender role; None: only this person known
    others_retained: bool | None = None  # someone else on this record is still inside retention
    sentenced: Sentence = Sentence()  # the longest custodial sentence of anyone on the record


@dataclass(frozen=True)
class Flag:
    """A marker on the person, such as mappa_ever, pdp, deceased, child_at_risk."""

    id: str
    start: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened to the person's records: an enquiry, a disclosure, a request, an appeal."""

    kind: str
    dated: date | None = None
    closed: date | None = None


@dataclass(frozen=True)
class Hold:
    """A legal hold; `scope` None covers everything, otherwise the schedule ids it names."""

    id: str
    start: date | None = None
    until: date | None = None
    scope: frozenset[str] | None = None


@dataclass(frozen=True)
class PossibleMatch:
    """What one doubtful match would bring in, were the two one person."""

    group: int | None = None
    clear_from: date | None = None


@dataclass(frozen=True)
class Person:
    """The prime person: partial date of birth, flags, a doubtful match, the last completed review.

    `next_review` is the day that this review chose for the next.
    """

    born: PartialDate | None = None
    flags: tuple[Flag, ...] = ()
    last_review: date | None = None
    next_review: date | None = None
    possible_match: PossibleMatch | None = None


@dataclass(frozen=True)
class Facts:
    """Everything linked to one prime person, and which record is asked about, if one is.

    `about` is the `record` of an involvement, or None when the question is about the person. `controller`
    names whose overlay decides; None is the base policy, with nothing adopted.
    """

    person: Person = Person()
    involvements: tuple[Involvement, ...] = ()
    events: tuple[Event, ...] = ()
    holds: tuple[Hold, ...] = ()
    controller: str | None = None
    about: int | None = None
