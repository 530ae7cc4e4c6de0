"""One record with the people on it, and the class that fits them, before anything is decided about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from muniment.engine.policy.model import Rules
from muniment.engine.retention.facts import Facts, Involvement
from muniment.engine.retention.families import RecordTraits, resolve, traits
from muniment.engine.retention.links import Link, as_known
from muniment.engine.retention.persons import Standing
from muniment.engine.retention.profile import Held, Profile
from muniment.engine.values.dates import PartialDate


@dataclass(frozen=True)
class RecordProfile:
    """One record with the people on it: what the class needs, then what each person needs."""

    traits: RecordTraits
    class_id: str | None  # resolved
    declared: str | None
    dates: dict[str, PartialDate]
    links: tuple[Link, ...]  # on this record
    profile: Profile
    standing: Standing
    held: Held
    others_retained: bool

    @property
    def offenders(self) -> tuple[Link, ...]:
        """The links on this record in offender roles."""
        return tuple(link for link in self.links if link.kind == "offender")


def gather_record(facts: Facts, profile: Profile, standing: Standing, held: Held, rules: Rules) -> RecordProfile:
    """Return the profile of the record asked about."""
    pairs = [
        (as_known(item, rules), link)
        for item, link in zip(facts.involvements, profile.links, strict=True)
        if item.record == facts.about
    ]
    involvements: Sequence[Involvement] = [item for item, _ in pairs]
    links = tuple(link for _, link in pairs)
    known = traits(involvements, links)
    declared = next((item.record_class for item in involvements if item.record_class), None)
    dates: dict[str, PartialDate] = {}
    for item in involvements:
        dates.update(item.dates)
    return RecordProfile(
        traits=known,
        class_id=resolve(declared, known, rules),
        declared=declared,
        dates=dates,
        links=links,
        profile=profile,
        standing=standing,
        held=held,
        others_retained=any(item.others_retained for item in involvements),
    )


def fitted(record: RecordProfile, rules: Rules) -> RecordProfile:
    """Give a class of people without a conviction, or under age, up for the one that the facts call for."""
    entry = rules.classes.get(record.class_id or "")
    if entry is None:
        return record
    here = set() if entry.of_unconvicted else {link.id for link in record.links}
    if entry.unless_convicted and any(link.is_dealt_with and link.id not in here for link in record.profile.links):
        return replace(record, class_id=entry.unless_convicted)
    grown = record.profile.born is not None and not any(link.ages.under_18 for link in record.offenders)
    if entry.if_adult and record.offenders and grown:
        return replace(record, class_id=entry.if_adult)
    if entry.if_qualifying and record.traits.group in (1, 2):
        return replace(record, class_id=entry.if_qualifying)
    if entry.if_qualifying_charge and record.traits.group in (1, 2) and record.traits.charged:
        return replace(record, class_id=entry.if_qualifying_charge)
    return record
