"""Several people and the records that they share, decided together: the reference for a set.

Persons first, each by what every force's records tell; then records, each by everyone on it. Everything frozen, and
nothing here knows today's date.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from muniment.engine.policy.model import Policy, Rules
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.facts import Event, Facts, Hold, Involvement, Offence, Person, PossibleMatch, Sentence
from muniment.engine.retention.links import Link, measure
from muniment.engine.retention.persons import Standing, decide_person, stand
from muniment.engine.retention.profile import Profile, gather_from, gather_holds
from muniment.engine.retention.record_profile import Present, profile_of
from muniment.engine.retention.records import decide_record
from muniment.engine.values.dates import PartialDate

Reviewed = tuple[date | None, date | None]  # the last review, and the next that it chose


@dataclass(frozen=True)
class Life:
    """One prime person with everything linked to them; reviews are by the controller that held them.

    What a record says of itself is no part of an involvement here: it is taken from the record.
    """

    person: Person = field(default_factory=Person)
    involvements: tuple[Involvement, ...] = ()
    events: tuple[Event, ...] = ()
    reviews: Mapping[str, Reviewed] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What a record says of itself. `record_class` is a class of the schedule or a family such as CRIME."""

    controller: str = ""
    record_class: str | None = None
    outcome: str | None = None
    offence: Offence = field(default_factory=Offence)
    dates: Mapping[str, PartialDate] = field(default_factory=dict)
    others_retained: bool | None = None  # somebody on it whom nobody has recognised


@dataclass(frozen=True)
class Other:
    """Somebody of no concern who is on a record of the set, and all that matters of them."""

    person: int
    record: int
    role: str
    sentence: Sentence = field(default_factory=Sentence)
    kept_until: date | None = None  # as decided for the record's controller: `Standing.kept_until`


@dataclass(frozen=True)
class Decided:
    """The decisions of a set: by person and controller, "" for who is on no record; and by record.

    `kept` gives until when a person keeps records whole; `driving` names the first person on a record in an offender
    role.
    """

    persons: Mapping[tuple[int, str], Decision]
    kept: Mapping[tuple[int, str], date | None]
    records: Mapping[int, Decision]
    driving: Mapping[int, int | None]


class Together:
    """Some people with all their records, measured; what is decided of them hangs on possible matches too.

    Persons and records are told by numbers of the caller's. A record that an involvement names and that is not given
    tells of nothing. `others` are on records of the set without being of it. Raises KeyError for a role that no policy
    knows.
    """

    def __init__(
        self,
        lives: Mapping[int, Life],
        records: Mapping[int, Told],
        policy: Policy,
        asked_on: date,
        others: Iterable[Other] = (),
    ) -> None:
        """Measure every involvement, by the policy before any controller's own."""
        self._lives, self._records, self._policy, self._day = lives, records, policy, asked_on
        self._base = policy.on(asked_on)
        self._others: dict[int, list[Other]] = {}
        for other in others:
            self._others.setdefault(other.record, []).append(other)
        whole = self._whole()
        self._items = {number: tuple(whole[item.id] for item in life.involvements) for number, life in lives.items()}
        self._links = {
            number: tuple(measure(item, lives[number].person.born, self._base) for item in items)
            for number, items in self._items.items()
        }
        self._on: dict[int, dict[int, tuple[Link, ...]]] = {}
        for number in sorted(self._links):
            for link in self._links[number]:
                people = self._on.setdefault(link.record, {})
                people[number] = (*people.get(number, ()), link)

    def groups(self) -> dict[int, tuple[int | None, date | None]]:
        """Return the group of each person and where their clear period starts, which no controller changes."""
        found = {}
        for number, life in self._lives.items():
            facts = Facts(life.person, self._items[number], life.events)
            standing = stand(gather_from(self._links[number], facts, self._base), self._base)
            found[number] = standing.group, standing.clear_from
        return found

    def decide(
        self,
        holds: Iterable[tuple[Hold, int]] = (),
        *,
        possible: Mapping[int, PossibleMatch] | None = None,
        only: Iterable[int] | None = None,
    ) -> Decided:
        """Decide every person for each controller with a record of theirs, and records for their controllers.

        `holds` come with the record that each covers, `possible` are doubtful matches by person, in place of their
        own. Of the records those in `only` are decided, or all.
        """
        covering: dict[int, list[Hold]] = {}
        for hold, record in holds:
            covering.setdefault(record, []).append(hold)
        known = {
            (each.number, each.controller): each
            for number in self._lives
            for each in self._known(number, covering, possible)
        }
        beside = self._beside(known)
        persons = {
            key: decide_person(_with_others(each.profile) if key in beside else each.profile, each.rules)
            for key, each in known.items()
        }
        wanted = list(self._records if only is None else only)
        return Decided(
            persons,
            {key: each.standing.kept_until for key, each in known.items()},
            {number: self._record(number, known, covering.get(number, ())) for number in wanted},
            {number: min(self._offenders(number), default=None) for number in wanted},
        )

    def _whole(self) -> dict[int, Involvement]:
        """Return every involvement, by its id, with what its record and the others on it say."""
        by_record: dict[int, list[Involvement]] = {}
        for life in self._lives.values():
            for item in life.involvements:
                by_record.setdefault(item.record, []).append(item)
        whole = {}
        for number, items in by_record.items():
            told, others = self._records.get(number), self._others.get(number, ())
            roles = [*(item.role for item in items), *(other.role for other in others)]
            sentences = [*(item.sentence for item in items), *(other.sentence for other in others)]
            suspected = any(self._is_offender(role, told) for role in roles)
            sentenced = longest([sentence for sentence in sentences if sentence.custodial])
            said = _said(told) if told else {}
            for item in items:
                whole[item.id] = replace(item, named_suspect=suspected, sentenced=sentenced, **said)
        return whole

    def _is_offender(self, role: str, told: Told | None) -> bool:
        entry = self._base.classes.get((told and told.record_class) or "")
        return self._base.roles[role].offender and not (entry is not None and entry.no_offender)

    def _known(
        self, number: int, covering: Mapping[int, list[Hold]], possible: Mapping[int, PossibleMatch] | None
    ) -> Iterator["_Known"]:
        life, items = self._lives[number], self._items[number]
        own = {item.record for item in items}
        held = gather_holds((hold for record in own for hold in covering.get(record, ())), self._day)
        match = life.person.possible_match if possible is None else possible.get(number)
        for controller in sorted({item.controller for item in items} or {""}):
            rules = self._policy.on(self._day, controller or None)
            last, following = life.reviews.get(controller, (None, None))
            person = replace(life.person, last_review=last, next_review=following, possible_match=match)
            facts = Facts(person, items, life.events, controller=controller)
            profile = replace(gather_from(self._links[number], facts, rules), held=held)
            yield _Known(number, controller, rules, profile, stand(profile, rules))

    def _beside(self, known: Mapping[tuple[int, str], "_Known"]) -> set[tuple[int, str]]:
        """Return who is a suspect on a record beside another who is inside retention, with its controller."""
        found: set[tuple[int, str]] = set()
        for number in self._on:
            offenders = self._offenders(number)
            told = self._records.get(number)
            others = {
                other.person: other.kept_until
                for other in self._others.get(number, ())
                if self._is_offender(other.role, told)
            }
            if not offenders or len(offenders) + len(others) < 2:
                continue
            controller = next(item.controller for item in self._items[offenders[0]] if item.record == number)
            until = others | {person: known[person, controller].standing.kept_until for person in offenders}
            kept = {person for person, day in until.items() if day is not None and day > self._day}
            found |= {(person, controller) for person in offenders if kept - {person}}
        return found

    def _record(self, number: int, known: Mapping[tuple[int, str], "_Known"], holds: Iterable[Hold]) -> Decision:
        told = self._records[number]
        rules = self._policy.on(self._day, told.controller or None)
        people, items = [], []
        for person, links in self._on.get(number, {}).items():
            each = known[person, told.controller]
            people.append(Present(each.profile, each.standing, links))
            items += [item for item in self._items[person] if item.record == number]
        items = items or [Involvement(role="", record=number, **_said(told))]
        return decide_record(profile_of(items, tuple(people), gather_holds(holds, self._day), rules), rules)

    def _offenders(self, number: int) -> list[int]:
        """Return who of the set is on a record in an offender role."""
        people = self._on.get(number, {})
        return [person for person, links in people.items() if any(link.kind == "offender" for link in links)]


@dataclass(frozen=True)
class _Known:
    """One person as one controller knows them."""

    number: int
    controller: str
    rules: Rules
    profile: Profile
    standing: Standing


def _with_others(profile: Profile) -> Profile:
    return replace(profile, offending=replace(profile.offending, others_retained=True))


def _said(told: Told) -> dict[str, Any]:
    """Return what a record says of each involvement in it, by the field that takes it."""
    return {
        "controller": told.controller,
        "record_class": told.record_class,
        "outcome": told.outcome,
        "record_offence": told.offence,
        "dates": told.dates,
        "others_retained": told.others_retained,
    }


def longest(sentences: list[Sentence]) -> Sentence:
    """Return the longest custodial sentence of a record; without a length where one has none."""
    if not sentences:
        return Sentence()
    months = [sentence.months for sentence in sentences]
    return Sentence(custodial=True, months=None if None in months else max(month or 0 for month in months))
