"""What the class of a record says alone: when, with what action, and what it cannot be told without."""

from dataclasses import dataclass, replace
from datetime import date

from muniment.engine.policy.model import RecordClass, Rules, Terms
from muniment.engine.retention.record_profile import RecordProfile
from muniment.engine.retention.recurrence import during, next_multiple
from muniment.engine.values.dates import PartialDate, add_years


@dataclass(frozen=True)
class ClassDue:
    """What the class alone says: when, with what action, and what it could not be told without."""

    on: date | None = None
    action: str = "none"
    lacking: frozenset[str] = frozenset()
    is_ceiling: bool = False
    has_own_floor: bool = True


def class_due(record: RecordProfile, entry: RecordClass, terms: Terms, rules: Rules) -> ClassDue:
    """Return what the class alone says of the record, before anybody on it is looked at."""
    if terms.kind == "person_group" and record.offenders:
        return ClassDue(has_own_floor=False)
    if terms.kind == "indefinite" and terms.action == "none":
        return ClassDue()
    trigger = _trigger(record, entry, terms, rules)
    if trigger is None:
        nobody = terms.kind == "person_group" and terms.trigger == "clear_period_start"
        return ClassDue(action=terms.action, lacking=frozenset({"offender" if nobody else terms.trigger}))
    if terms.kind == "must_destroy_by":
        return _destroy_by(record, entry, terms, trigger.earliest)
    if terms.kind == "indefinite":
        return _indefinite(terms, trigger.latest, record)
    return _measured(record, entry, terms, trigger.latest)


def misplaced(record: RecordProfile, entry: RecordClass) -> frozenset[str]:
    """Return what has to be known before a class of the convicted, or of adults, can be believed."""
    offenders, elsewhere = record.offenders, record.is_dealt_with_elsewhere
    over = bool(offenders) and all(link.has_ended for link in offenders)
    minor = any(link.ages.under_18 for link in offenders) and record.traits.group not in (1, 2)
    found = {
        "conviction_date": entry.needs_conviction and over and not record.traits.convicted and not elsewhere,
        "date_of_birth": entry.of_adults and record.lacks_offenders_born,
        "age_at_event": entry.of_adults and minor and not elsewhere,
    }
    return frozenset(name for name, true in found.items() if true)


def _measured(record: RecordProfile, entry: RecordClass, terms: Terms, day: date) -> ClassDue:
    if terms.length is None:
        return ClassDue(action="review", lacking=frozenset({"offender"}))
    due, last, chosen = terms.length.after(day), record.last_review, record.next_review
    action = "review" if terms.kind in ("on_application", "person_group", "review_only") else terms.action
    if entry.at_least is not None:
        other = record.dates.get(entry.at_least.trigger)
        if other is None:
            return ClassDue(action=action, lacking=frozenset({entry.at_least.trigger}))
        due = max(due, entry.at_least.length.after(other.latest))
    if entry.reviewed_during and terms.review_every is not None:
        firsts = [link.first for link in record.links if link.first]
        since = day if terms.kind == "from_trigger" else min(firsts, default=None)
        if since is not None or last is not None:
            return ClassDue(during(since or day, terms.review_every, due, last, chosen), action)
    elif terms.review_every is not None:
        due = max(due, next_multiple(day, terms.length, terms.review_every, last, chosen))
    return ClassDue(due, action)


def _trigger(record: RecordProfile, entry: RecordClass, terms: Terms, rules: Rules) -> PartialDate | None:
    """Return the day that starts the class's clock; the later 18th birthday for a minor, where the class says so."""
    born, harmed, adult = record.born, record.harmed_born, rules.settings["ages"]["majority"]
    found = record.dates.get(terms.trigger) or _named_by_role(record, terms.trigger, rules)
    if found is None and terms.trigger == "clear_period_start" and record.clear_from:
        found = PartialDate(record.clear_from, record.clear_from)
    if found is None and terms.trigger == "date_of_birth":
        found = born
    elif found is None and terms.trigger == "victim_date_of_birth":
        found = harmed
    elif found is None and terms.trigger == "child_18th_birthday" and harmed is not None:
        found = PartialDate(add_years(harmed.earliest, adult), add_years(harmed.latest, adult))
    if found is not None and entry.minors_from_18 and born is not None:
        birthday = add_years(born.latest, adult)
        if birthday > found.latest:
            found = PartialDate(birthday, birthday)
    return found


def _named_by_role(record: RecordProfile, trigger: str, rules: Rules) -> PartialDate | None:
    """Return the day of the action of a role that says the same as a trigger, such as CONVICTED and conviction_date."""
    stand_in = rules.settings["role_dates"]["fallback"]
    days = [link.dated for link in record.links if link.dated and stand_in.get(link.role) == trigger]
    return PartialDate(min(days), max(days)) if days else None


def _indefinite(terms: Terms, day: date, record: RecordProfile) -> ClassDue:
    if terms.action == "archive":
        return ClassDue(day, "archive")
    if terms.review_every is not None:
        return ClassDue(during(day, terms.review_every, None, record.last_review, record.next_review), "review")
    return ClassDue(None, "none")


def _destroy_by(record: RecordProfile, entry: RecordClass, terms: Terms, day: date) -> ClassDue:
    months = max((link.months for link in record.offenders if link.is_custodial and link.months), default=0)
    if entry.indefinite_from_months is not None and months >= entry.indefinite_from_months:
        return ClassDue(None, "none")
    lacks = {
        "date_of_birth": entry.if_adult is not None
        and (record.lacks_offenders_born or any(link.ages.unsure_18 for link in record.offenders)),
        "sentence_months": entry.plus_sentence
        and any(link.is_custodial and link.months is None for link in record.offenders),
        "arrest_power": entry.not_terrorism and any(link.is_terrorism for link in record.offenders),
    }
    if any(lacks.values()):
        return ClassDue(None, terms.action, frozenset(name for name, true in lacks.items() if true), is_ceiling=True)
    length = terms.length
    if length is None:
        return ClassDue(None, "none")
    if entry.plus_sentence:
        length = replace(length, months=length.months + months)
    return ClassDue(length.after(day), terms.action, is_ceiling=True)
