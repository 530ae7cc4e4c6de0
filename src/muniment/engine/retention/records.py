"""The decision about a record: its class, and every person on it, the longest floor of all.

A record is kept whole for the last person on it. Only a live statutory must-destroy date cuts.
"""

from dataclasses import dataclass
from datetime import date

from muniment.engine.policy.model import POLICING, RecordClass, Rules
from muniment.engine.retention.class_due import ClassDue, class_due, misplaced
from muniment.engine.retention.decision import Bound, Decision
from muniment.engine.retention.judgement import outcome
from muniment.engine.retention.persons import (
    BY_TIME,
    DECEASED,
    FLOOR,
    FLOOR_ENDED,
    GROUP_1,
    VICTIM,
    is_child,
    is_death_pending,
)
from muniment.engine.retention.record_profile import Present, RecordProfile, fitted

BY_PERSON = ("person_group", "minimum_until_event")  # what is done at the end is the person's rule
ALONE = ("on_application", "review_only")  # the class's own day: nobody's clock puts it off


def decide_record(record: RecordProfile, rules: Rules) -> Decision:
    """Return the decision about one record."""
    record = fitted(record, rules)
    entry = rules.classes[record.class_id] if record.class_id else None
    if entry is None:
        unplaced = record.declared in rules.families and record.traits.group is None
        lacking = frozenset({"offence" if unplaced else "record_class"})
        return _conclude(record, rules, _Finding(critical=lacking))
    terms = rules.terms[entry.id]
    misfit = misplaced(record, entry)
    own = ClassDue(action=terms.action, lacking=misfit) if misfit else class_due(record, entry, terms, rules)
    if own.is_ceiling:
        return _conclude(record, rules, _ceiling(record, entry, own, rules))
    return _conclude(record, rules, _floors(record, entry, own, rules))


@dataclass(frozen=True)
class _Finding:
    due: date | None = None
    rule: str | None = None
    critical: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    blockers: frozenset[str] = frozenset()
    claims: frozenset[str] = frozenset()
    bounds: tuple[Bound, ...] = ()
    because: frozenset[str] = frozenset()


def _floors(record: RecordProfile, entry: RecordClass, own: ClassDue, rules: Rules) -> _Finding:
    """Return the longest floor: the class, each offender's group date, the disclosure law, victims and witnesses."""
    terms = rules.terms[entry.id]
    standings = [each.standing for each in record.offending]
    follows = entry.partition == POLICING and terms.kind not in ALONE
    offender = follows and bool(record.offenders)
    bounds = [Bound(entry.id, own.on)] if own.on else []
    if offender:
        bounds += sorted(
            (Bound(each.floor_rule or FLOOR, each.floor) for each in standings if each.floor is not None),
            key=lambda bound: bound.rule,
        )
    if follows:
        bounds += _victims(record, rules)
    floor_open = offender and any(each.floor_open for each in standings)
    opened = record.others_retained or floor_open
    by_person = terms.kind in BY_PERSON and offender
    critical = own.lacking.union(*(each.critical for each in standings if by_person))
    # A minimum blocks disposal and never causes it, so without a person's date nothing falls due.
    opened = opened or (own.has_own_floor and own.action == "none" and not (own.on and by_person))
    latest = None if opened or critical else max((bound.on for bound in bounds if bound.on), default=None)
    rule = next((bound.rule for bound in bounds if bound.on == latest), None) if latest else None
    claims, blockers, lacking = _may_act(record, entry, own, rules, by_person)
    return _Finding(
        due=latest,
        rule=rule or (FLOOR if floor_open else entry.id),
        critical=critical,
        lacking=lacking,
        blockers=blockers,
        claims=claims,
        bounds=tuple(bounds),
        because=frozenset({entry.id} | {each.rule for each in standings if offender and each.rule}),
    )


def _victims(record: RecordProfile, rules: Rules) -> list[Bound]:
    length = rules.terms[VICTIM].length
    days: list[date] = []
    for link in record.links:
        if link.kind == "victim" and link.case_closed is not None and length is not None:
            days += [length.after(link.case_closed), link.closed_with_sentence or link.case_closed]
    return [Bound(VICTIM, max(days))] if days else []


def _may_act(
    record: RecordProfile, entry: RecordClass, own: ClassDue, rules: Rules, by_person: bool
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the claims about acting, what blocks it, and what is lacking for it."""
    policing = entry.partition == POLICING
    standings = [each.standing for each in record.offending if policing]
    claims: set[str] = set()
    if by_person:
        if all(each.rule == BY_TIME and not each.kept_at_review for each in standings):
            claims = {"automatic", "disposes"}
    else:
        claims = {"disposes"} if own.action == "dispose" else {"archives"} if own.action == "archive" else set()
        if rules.is_automatic(entry.id):
            claims.add("automatic")
    blockers: set[str] = set().union(*(each.profile.happened.blocking for each in record.people))
    if not policing and _law_is_open(record, rules):  # nobody's clock follows such a record, but proceedings do
        blockers.add(FLOOR)
    if any(link.is_implausible for link in record.links):
        blockers.add("implausible_dates")
    if policing:
        blockers = blockers.union(*(_whoever(each, rules) for each in record.people))
    for standing in standings:
        blockers |= standing.blockers - {"hold_released"}
        # Any suspect makes it that person's clock: unless their group goes by time, a person looks at what falls due.
        if standing.rule != BY_TIME or standing.critical:
            blockers.add(standing.rule or "offence")
    lacking: set[str] = set().union(*(each.lacking | each.critical for each in standings))
    if claims & {"disposes", "archives"}:
        lacking |= _unknown(record, entry, policing and rules.terms[entry.id].kind not in ALONE)
    return frozenset(claims), frozenset(blockers), frozenset(lacking)


def _whoever(person: Present, rules: Rules) -> set[str]:
    """Return what keeps anything about a person from going by itself, whatever part they had in the record."""
    standing, possible = person.standing, person.profile.possible
    stricter = possible.group is not None and standing.group is not None and possible.group < standing.group
    matched = possible.group is not None or possible.clear_from is not None
    unplaced = matched and None in (standing.group, possible.group)
    found = {
        standing.rule or "offence": standing.group in (1, 2) or (standing.is_offender and standing.rule is None),
        "possible_match": stricter or unplaced,
        DECEASED: is_death_pending(person.profile),
        "child": is_child(person.profile, rules),
        "implausible_dates": person.profile.is_reviewed_ahead,
    }
    markers = {link.marker for link in person.profile.links if link.marker}
    return {name for name, true in found.items() if true} | markers | person.profile.flagged.blocking


def _unknown(record: RecordProfile, entry: RecordClass, follows: bool) -> set[str]:
    """Return the facts without which nobody can say that a class's date is the last."""
    found = {
        "date_of_birth": entry.minors_from_18 and record.lacks_born,
        "case_closed": follows
        and any(link.kind == "victim" and link.case_closed is None and link.reported is None for link in record.links),
        "offence": entry.if_group_1 is not None and record.traits.group is None and record.tells_unplaced,
        "sentence_months": follows and any(link.kind == "victim" and link.lacks_length for link in record.links),
    }
    return {name for name, true in found.items() if true}


def _ceiling(record: RecordProfile, entry: RecordClass, own: ClassDue, rules: Rules) -> _Finding:
    """Return what a must-destroy date comes to: it cuts every floor but a hold and the disclosure law."""
    # Nobody knows that the matter is over: what was taken in it may still be disclosable.
    unended = entry.needs_result and bool(record.offenders) and not any(link.has_ended for link in record.offenders)
    open_floor = unended or _law_is_open(record, rules)
    conflict = set(record.held.by) | ({FLOOR} if open_floor else set())
    conflict = conflict.union(*(each.profile.happened.blocking | _speaks_against(each) for each in record.people))
    ceiling = [Bound(entry.id, own.on, ceiling=True)] if own.on else []
    claims = {"ceiling", "disposes"} | ({"conflict"} if conflict else set())
    if rules.is_automatic(entry.id):
        claims.add("automatic")
    return _Finding(
        due=None if own.lacking else own.on,
        rule=entry.id,
        critical=own.lacking,
        lacking=frozenset({"result"} if unended else ()),
        claims=frozenset(claims),
        blockers=frozenset(conflict),
        bounds=(*ceiling, *(Bound(FLOOR, floor) for floor in _law_floors(record, rules))),
        because=frozenset({entry.id}),
    )


def _speaks_against(person: Present) -> set[str]:
    """Return what tells, or may tell, of a conviction that would keep what was taken."""
    possible = person.profile.possible
    found = {GROUP_1: person.profile.flagged.group == 1, "possible_match": possible.group in (1, 2)}
    return {name for name, true in found.items() if true}


def _law_floors(record: RecordProfile, rules: Rules) -> list[date]:
    """Return the days that the disclosure law gives for the people on the record."""
    length, ended = rules.terms[FLOOR].length, rules.terms[FLOOR_ENDED].length
    floors = [link.released for link in record.offenders if link.released]
    floors += [length.after(link.conviction) for link in record.offenders if link.conviction and length]
    floors += [ended.after(link.ended) for link in record.offenders if link.ended and ended]
    return [*floors, record.floor_closed] if record.floor_closed else floors


def _law_is_open(record: RecordProfile, rules: Rules) -> bool:
    """Whether the minimum of the disclosure law is not past for the people on the record, whatever its class."""
    return (
        any(each.profile.happened.floor_open for each in record.people)
        or any(link.is_pending or link.lacks_release for link in record.offenders)
        or any(floor > rules.day for floor in _law_floors(record, rules))
    )


def _conclude(record: RecordProfile, rules: Rules, finding: _Finding) -> Decision:
    reached = finding.due is not None and finding.due <= rules.day
    released, last = record.held.released, record.last_review
    blockers = set(finding.blockers)
    if finding.due and released and released >= finding.due and (last is None or last < released):
        blockers.add("hold_released")
    claims = set(finding.claims)
    claims |= {"reached"} if reached else set()
    claims |= {"critical"} if finding.critical else set()
    claims |= {"held"} if record.held.by else set()
    claims |= {"clean"} if not blockers and not finding.lacking else set()
    because = set(finding.because) | set(record.held.by) | ({finding.rule} if finding.rule else set())
    if reached or finding.critical:
        because |= blockers
    if record.others_retained:
        because.add("others_retained")
    offenders = record.offenders
    driver = min((link.id for link in offenders), default=None)
    return Decision(
        outcome=outcome(claims),
        group=min((group for each in record.people if (group := each.standing.group)), default=None),
        clear_from=record.clear_from,
        due=finding.due,
        rule=finding.rule,
        because=tuple(sorted(because)),
        missing=tuple(sorted(finding.critical | (finding.lacking if reached else frozenset()))),
        driving_involvement=driver,
        driving_record=record.links[0].record if record.links else None,
        bounds=finding.bounds,
        adopted=(finding.rule or "") in rules.adopted,
        class_id=record.class_id or record.declared,
        policy_version=rules.version,
    )
