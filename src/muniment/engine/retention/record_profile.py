"""One record with the people on it, and the class that fits them, before anything is decided about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from muniment.engine.policy.model import Rules
from muniment.engine.retention.facts import Facts, Involvement
from muniment.engine.retention.families import RecordTraits, resolve, traits
from muniment.engine.retention.links import Link, as_known
from muniment.engine.retention.persons import Standing
from muniment.engine.retention.profile import Held, Profile
from muniment.engine.values.dates import PartialDate


@dataclass(frozen=True)
class Present:
    """One of the people on a record: what is known of them, where they stand, and their part in it."""

    profile: Profile
    standing: Standing
    links: tuple[Link, ...]  # to this record

    @cached_property
    def is_offender(self) -> bool:
        """Whether they are here in an offender role."""
        return any(link.kind == "offender" for link in self.links)

    @property
    def is_harmed(self) -> bool:
        """Whether they are here as a victim or a child at risk."""
        return any(link.is_harmed for link in self.links)

    @property
    def is_dealt_with_elsewhere(self) -> bool:
        """Whether another record tells of a conviction or caution."""
        here = {link.id for link in self.links}
        return any(link.is_dealt_with and link.id not in here for link in self.profile.links)


@dataclass(frozen=True)
class RecordProfile:
    """One record with the people on it: what the class needs, then what each person needs."""

    traits: RecordTraits
    class_id: str | None  # resolved
    declared: str | None
    dates: dict[str, PartialDate]
    people: tuple[Present, ...]
    held: Held
    others_retained: bool
    tells_unplaced: bool  # an offence is told here that falls in no group

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The links to this record."""
        return tuple(link for each in self.people for link in each.links)

    @cached_property
    def offenders(self) -> tuple[Link, ...]:
        """The links on this record in offender roles."""
        return tuple(link for link in self.links if link.kind == "offender")

    @cached_property
    def offending(self) -> tuple[Present, ...]:
        """The people who are here in offender roles."""
        return tuple(each for each in self.people if each.is_offender)

    @cached_property
    def born(self) -> PartialDate | None:
        """The birth of the youngest whose birth is known."""
        return _youngest(each.profile.born for each in self.people)

    @property
    def harmed_born(self) -> PartialDate | None:
        """The birth of the youngest who is harmed; none where one's is unknown, who may be the youngest."""
        births = [each.profile.born for each in self.people if each.is_harmed]
        return None if None in births else _youngest(births)

    @property
    def lacks_born(self) -> bool:
        """Whether somebody's birth is unknown."""
        return any(each.profile.born is None for each in self.people)

    @property
    def lacks_offenders_born(self) -> bool:
        """Whether the birth of somebody in an offender role is unknown."""
        return any(each.profile.born is None for each in self.offending)

    @property
    def is_dealt_with_elsewhere(self) -> bool:
        """Whether another record tells of a conviction or caution of an offender here; of anyone, where none is."""
        return any(each.is_dealt_with_elsewhere for each in self.offending or self.people)

    @property
    def clear_from(self) -> date | None:
        """The last day on which anyone's clear period starts."""
        return max((day for each in self.people if (day := each.standing.clear_from)), default=None)

    @property
    def floor_closed(self) -> date | None:
        """The last day on which a minimum that an event set for anyone ended."""
        return max((day for each in self.people if (day := each.profile.happened.floor_closed)), default=None)

    @cached_property
    def last_review(self) -> date | None:
        """The last review of anyone."""
        return max((day for each in self.people if (day := each.profile.last_review)), default=None)

    @cached_property
    def next_review(self) -> date | None:
        """The last day that such a review chose for the next; none that does not lie after it."""
        chosen = max((day for each in self.people if (day := each.profile.next_review)), default=None)
        return chosen if chosen and self.last_review and chosen > self.last_review else None


def _youngest(births: Iterable[PartialDate | None]) -> PartialDate | None:
    known = [born for born in births if born is not None]
    if not known:
        return None
    return PartialDate(max(born.earliest for born in known), max(born.latest for born in known))


def gather_record(facts: Facts, profile: Profile, standing: Standing, held: Held, rules: Rules) -> RecordProfile:
    """Return the profile of the record asked about."""
    pairs = [
        (item, link) for item, link in zip(facts.involvements, profile.links, strict=True) if item.record == facts.about
    ]
    here = Present(profile, standing, tuple(link for _, link in pairs))
    return profile_of([item for item, _ in pairs], (here,), held, rules)


def profile_of(
    involvements: Sequence[Involvement], people: tuple[Present, ...], held: Held, rules: Rules
) -> RecordProfile:
    """Return the profile of one record: the involvements on it say of it what it says, people are those of them.

    A record with nobody on it has one involvement, which is nobody's.
    """
    known = [as_known(item, rules) for item in involvements]
    links = [link for each in people for link in each.links]
    found = traits(known if people else (), links)
    told = known[0]
    tells_unplaced = any(link.is_unplaced for link in links)
    if not people:  # it is placed by its own offence
        offence = told.record_offence
        group = rules.offences.group(offence.cjs, offence.ho_class, None, rules.day).group
        found = replace(found, outcome=told.outcome, group=group)
        tells_unplaced = group is None and bool(offence.cjs or offence.ho_class)
    declared = next((item.record_class for item in known if item.record_class), None)
    dates: dict[str, PartialDate] = {}
    for item in known:
        dates.update(item.dates)
    return RecordProfile(
        traits=found,
        class_id=resolve(declared, found, rules),
        declared=declared,
        dates=dates,
        people=people,
        held=held,
        others_retained=any(item.others_retained for item in involvements),
        tells_unplaced=tells_unplaced,
    )


def fitted(record: RecordProfile, rules: Rules) -> RecordProfile:
    """Give a class of people without a conviction, or under age, up for the one that the facts call for."""
    entry = rules.classes.get(record.class_id or "")
    if entry is None:
        return record
    dealt_with = record.is_dealt_with_elsewhere or (entry.of_unconvicted and record.traits.convicted)
    if entry.unless_convicted and dealt_with:
        return replace(record, class_id=entry.unless_convicted)
    grown = not record.lacks_offenders_born and not any(link.ages.under_18 for link in record.offenders)
    if entry.if_adult and record.offenders and grown:
        return replace(record, class_id=entry.if_adult)
    if entry.if_qualifying and record.traits.group in (1, 2):
        return replace(record, class_id=entry.if_qualifying)
    if entry.if_qualifying_charge and record.traits.group in (1, 2) and record.traits.charged:
        return replace(record, class_id=entry.if_qualifying_charge)
    return record
