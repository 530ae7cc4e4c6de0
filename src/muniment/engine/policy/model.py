"""The shapes that policy takes once it is read: frozen, and answerable for one day and one controller."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, TypeVar

from muniment.engine.policy.offences import OffenceTable
from muniment.engine.values.dates import add_months

POLICING = "policing"
_KEPT = 256  # days and controllers for which the rules stay worked out
GROUP_3_RULES = ("PER-G3A", "PER-G3B")


class PolicyError(ValueError):
    """Policy, an adoption or a case that cannot be used; the message says which file and what to do."""


@dataclass(frozen=True)
class Length:
    """A length of time as calendar months and days."""

    months: int = 0
    days: int = 0

    def after(self, day: date) -> date:
        """Return the day this long after another; the last day of a shorter month where needed."""
        return add_months(day, self.months) + timedelta(days=self.days)


@dataclass(frozen=True)
class Terms:
    """What a record class says from a day on: from what event, for how long, and then what."""

    start: date
    trigger: str
    kind: str
    length: Length | None
    action: str  # review | dispose | archive | none
    review_every: Length | None
    authority: str
    evidence: str  # seen | partial | recalled | proposed
    verified: bool
    applies_to: str | None = None
    sources: tuple[str, ...] = ()

    @property
    def is_evidenced(self) -> bool:
        """Whether the period was read at its source and is about a police force's own records."""
        return self.evidence == "seen" and self.verified and self.applies_to is None


@dataclass(frozen=True)
class AtLeast:
    """A second floor that a class has beside its own: so long after another event."""

    trigger: str
    length: Length


@dataclass(frozen=True)
class RecordClass:
    """One entry of the schedule: a class of records, or a rule about persons (ids that begin PER-)."""

    id: str
    title: str
    area: str
    partition: str
    values: tuple[Terms, ...]  # by start, earliest first
    group: int | None = None
    sets_group: bool = False  # an offender on such a record is in its group at least
    no_offender: bool = False  # nobody on such a record is an offender for it
    minors_from_18: bool = False
    reviewed_during: bool = False
    plus_sentence: bool = False
    indefinite_from_months: int | None = None
    unless_convicted: str | None = None
    if_group_1: str | None = None  # the class it becomes where nobody is suspected and the offence is of group 1
    of_unconvicted: bool = False  # so a conviction on the record itself makes it another class
    needs_result: bool = False  # how the matter ended has to be known
    if_adult: str | None = None  # the class instead where nobody on the record may have been under age
    if_qualifying: str | None = None  # the class instead where an offence on the record is of group 1 or 2
    if_qualifying_charge: str | None = None  # the same, where somebody was charged with it
    needs_conviction: bool = False  # nobody convicted or cautioned, and the matter over: a person looks at the class
    of_adults: bool = False  # a minor's only minor conviction, or an age that is not known: a person looks at the class
    not_terrorism: bool = False  # its ceiling is of a law that an arrest for terrorism may lie outside
    at_least: AtLeast | None = None
    note: str | None = None

    def on(self, day: date) -> Terms:
        """Return the terms on a day; a day before the first is answered by the first."""
        return pick(self.values, day)


@dataclass(frozen=True)
class Setting:
    """One dated value of a switch or list, with its authority; `title` is what the list is, for all of its values."""

    start: date
    content: Mapping[str, Any]
    authority: str
    evidence: str
    verified: bool
    title: str = ""


Dated = TypeVar("Dated", Terms, Setting)


def pick(values: Sequence[Dated], day: date) -> Dated:
    """Return the latest value whose start is not after the day, or the first."""
    return next((value for value in reversed(values) if value.start <= day), values[0])


@dataclass(frozen=True)
class Role:
    """A role a person has on a record."""

    code: str
    dpa38: str
    offender: bool
    kind: str  # offender | victim | other
    marker: str | None = None  # what it warns of, which keeps the person's own disposal for a person to decide
    marker_ends: tuple[str, ...] = ()  # the trigger events that end the warning; none: nothing does


@dataclass(frozen=True)
class DeriveRow:
    """One row of the table that turns a family of records into a class; None asks nothing."""

    class_id: str
    outcome: frozenset[str] | None = None
    group: frozenset[int] | None = None
    suspect: bool | None = None
    persons: bool | None = None
    convicted: bool | None = None
    charged: bool | None = None
    penalty_notice: bool | None = None
    under_18: bool | None = None


@dataclass(frozen=True)
class Adoption:
    """A controller's adoption of one rule: from when, for how long, on what paper, by which two people.

    It applies before `until`, the day from which the controller has ended it or adopted the rule anew.
    """

    rule: str
    start: date
    length: Length | None
    authority: str
    adopters: tuple[str, str]
    until: date | None = None

    def applies(self, day: date) -> bool:
        """Whether the rule is adopted so on a day."""
        return self.start <= day and (self.until is None or day < self.until)


@dataclass(frozen=True)
class Overlay:
    """What one controller has adopted. `everything` is the shorthand of cases, never of a real controller."""

    controller: str
    adoptions: tuple[Adoption, ...] = ()
    everything: bool = False
    group_3: str | None = None  # PER-G3A | PER-G3B
    demonstration: bool = False


@dataclass(frozen=True)
class Codes:
    """The code lists that decisions and intake read, by code."""

    roles: Mapping[str, Role]
    lists: Mapping[str, tuple[Mapping[str, Any], ...]]


@dataclass(frozen=True)
class Rules:
    """Policy as it applies on one day to one controller."""

    day: date
    controller: str | None
    classes: Mapping[str, RecordClass]
    terms: Mapping[str, Terms]
    adopted: frozenset[str]
    group_3: str
    settings: Mapping[str, Mapping[str, Any]]
    families: Mapping[str, tuple[DeriveRow, ...]]
    systems: Mapping[str, str]
    roles: Mapping[str, Role]
    offences: OffenceTable
    version: str
    adoptions: Mapping[str, Adoption] = field(default_factory=dict)  # those of the controller that apply, by rule

    def is_automatic(self, rule: str) -> bool:
        """Whether the rule may dispose of something without a person: evidenced, or adopted."""
        return rule in self.adopted or self.terms[rule].is_evidenced


@dataclass(frozen=True)
class Policy:
    """Everything under `policy/`, read and checked for shape; `version` is a digest of it and of the adoptions."""

    version: str
    classes: Mapping[str, RecordClass]
    settings: Mapping[str, tuple[Setting, ...]]
    families: Mapping[str, tuple[DeriveRow, ...]]
    systems: Mapping[str, str]
    codes: Codes
    offences: OffenceTable
    groups: tuple[Mapping[str, Any], ...]
    holds: tuple[Mapping[str, Any], ...]
    hold_kinds: tuple[Mapping[str, Any], ...]
    intake: tuple[Setting, ...]
    supply: tuple[Setting, ...]
    foresight: tuple[Setting, ...]
    reviews: tuple[Setting, ...]
    elsewhere: tuple[Setting, ...]
    requests: tuple[Setting, ...]
    checks: tuple[Setting, ...]
    bank_holidays: Mapping[str, tuple[date, ...]]  # by division
    overlays: Mapping[str, Overlay] = field(default_factory=dict)
    _cache: dict[tuple[date, str | None], Rules] = field(default_factory=dict, compare=False, repr=False)

    def on(self, day: date, controller: str | None = None) -> Rules:
        """Return the policy on a day for a controller; None or one without an overlay has adopted nothing."""
        key = (day, controller)
        if key not in self._cache:
            if len(self._cache) >= _KEPT:  # anyone may ask for any day
                self._cache.clear()
            self._cache[key] = self._resolve(day, controller)
        return self._cache[key]

    @cached_property
    def triggers(self) -> frozenset[str]:
        """Return the kinds of date on a record that something hangs on: of classes, of clocks, and of roles."""
        found = {terms.trigger for entry in self.classes.values() for terms in entry.values}
        found |= {entry.at_least.trigger for entry in self.classes.values() if entry.at_least}
        for value in self.settings["clear_starts"]:
            found |= {*value.content["always"], *value.content["not_proceeded"]}
        for value in self.settings["role_dates"]:
            found |= set(value.content["fallback"].values())
        return frozenset(found)

    def switched(self, was: date, now: date) -> list[Setting]:
        """Return the switches and lists that have another value on the second of two days, each with that value."""
        found = ((pick(values, was), pick(values, now)) for values in self.settings.values())
        return [after for before, after in found if before != after]

    @cached_property
    def changes(self) -> frozenset[date]:
        """Return the days on which some value of the policy changes.

        A first value changes nothing: it answers for the days before it too. Maxima of offences are apart.
        """
        starts = {terms.start for entry in self.classes.values() for terms in entry.values[1:]}
        starts |= {setting.start for values in self.settings.values() for setting in values[1:]}
        adoptions = [adoption for overlay in self.overlays.values() for adoption in overlay.adoptions]
        return frozenset(starts | {each.start for each in adoptions} | {each.until for each in adoptions if each.until})

    def era(self, day: date) -> int:
        """Return the number of days up to this one on which some value of the policy changed."""
        return sum(start <= day for start in self.changes)

    def as_on(self, day: date) -> "Policy":
        """Return the policy as it stands on a day, to be asked on any other: nothing of it changes with time.

        Maxima of offences keep their own days.
        """
        fixed = {name: replace(entry, values=(entry.on(day),)) for name, entry in self.classes.items()}
        settings = {name: (pick(values, day),) for name, values in self.settings.items()}
        overlays = {
            code: replace(
                overlay,
                adoptions=tuple(
                    replace(each, start=date.min, until=None) for each in overlay.adoptions if each.applies(day)
                ),
            )
            for code, overlay in self.overlays.items()
        }
        return replace(self, classes=fixed, settings=settings, overlays=overlays, _cache={})

    def adopting(self, overlays: Iterable[Overlay]) -> "Policy":
        """Return this policy with further controllers' adoptions, and a version of its own for them.

        Unknown rules raise PolicyError.
        """
        merged = dict(self.overlays)
        for overlay in overlays:
            for adoption in overlay.adoptions:
                if adoption.rule not in self.classes:
                    raise PolicyError(
                        f"The adoptions of {overlay.controller} name the rule {adoption.rule}, which the schedule"
                        " does not hold. Correct the id, or add the class to the schedule first."
                    )
            merged[overlay.controller] = overlay
        return replace(self, version=_version(self.version, merged), overlays=merged, _cache={})

    def _resolve(self, day: date, controller: str | None) -> Rules:
        overlay = self.overlays.get(controller) if controller else None
        terms = {name: entry.on(day) for name, entry in self.classes.items()}
        adopted: set[str] = set()
        adoptions: dict[str, Adoption] = {}
        if overlay is not None and overlay.everything:
            adopted = set(terms) - set(GROUP_3_RULES)
        for adoption in sorted(overlay.adoptions, key=lambda each: each.start) if overlay else ():
            if adoption.applies(day):
                adopted.add(adoption.rule)
                adoptions[adoption.rule] = adoption
                if adoption.length is not None:
                    terms[adoption.rule] = replace(terms[adoption.rule], length=adoption.length)
        if overlay is not None and overlay.group_3:
            adopted.add(overlay.group_3)
        return Rules(
            day=day,
            controller=controller,
            classes=self.classes,
            terms=terms,
            adopted=frozenset(adopted),
            group_3="PER-G3B" if "PER-G3B" in adopted else "PER-G3A",
            settings={name: pick(values, day).content for name, values in self.settings.items()},
            families=self.families,
            systems=self.systems,
            roles=self.codes.roles,
            offences=self.offences,
            version=self.version,
            adoptions=adoptions,
        )


def _version(version: str, overlays: Mapping[str, Overlay]) -> str:
    """Return the version of a policy with adoptions: that of its files, and a digest of those."""
    files = version.split("+", maxsplit=1)[0]
    told = "".join(repr(overlays[code]) for code in sorted(overlays))
    return f"{files}+{hashlib.sha256(told.encode()).hexdigest()[:8]}" if told else files
