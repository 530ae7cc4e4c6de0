"""The second step for a person: from a profile to a standing and a decision."""

from dataclasses import dataclass, replace
from datetime import date

from muniment.engine.policy.model import Rules
from muniment.engine.retention.decision import Bound, Decision
from muniment.engine.retention.judgement import outcome
from muniment.engine.retention.profile import Profile
from muniment.engine.retention.recurrence import during, next_multiple
from muniment.engine.values.dates import add_years

FLOOR_ENDED = "CRI-CPIA-NC"  # not prosecuted, or acquitted
FLOOR, GROUP_1, GROUP_2, BY_TIME = "CRI-CPIA", "PER-G1", "PER-G2", "PER-G3B"
BY_REVIEW, UNDER_10, AT_18 = "PER-G3A", "PER-U10", "PER-U18"
VICTIM, DECEASED, TRIGGERED, CHOSEN = "PER-VIC", "PER-DECEASED", "PER-TRIGGERED", "PER-NEXT"
SERIOUS_UNDETECTED, OTHER_UNDETECTED = "CRI-UND-S", "CRI-UND-O"
# What may set a person's date.
RULES = (
    *(FLOOR_ENDED, FLOOR, GROUP_1, GROUP_2, BY_TIME, BY_REVIEW, UNDER_10, AT_18, VICTIM, DECEASED, TRIGGERED),
    *(SERIOUS_UNDETECTED, OTHER_UNDETECTED, CHOSEN),
)


@dataclass(frozen=True)
class Standing:
    """Where a person stands on the day: everything that a record of theirs needs to know about them."""

    group: int | None
    clear_from: date | None
    rule: str | None  # the person's own rule
    floor: date | None  # the regular due date, before anything brings a review forward
    floor_rule: str | None
    floor_open: bool  # a floor without a known end: an appeal, live proceedings
    due: date | None
    due_rule: str | None
    critical: frozenset[str]  # facts without which nothing can be said
    lacking: frozenset[str]  # facts without which nothing is disposed of
    blockers: frozenset[str]
    is_offender: bool
    kept_at_review: bool
    bounds: tuple[Bound, ...]

    @property
    def kept_until(self) -> date | None:
        """Until before which day records with others on them stay whole for this person; None for no offender.

        The last of all days where nobody can tell, and in groups 1 and 2, which only a review ends.
        """
        if not self.is_offender:
            return None
        return date.max if self.critical or self.floor is None or self.group in (1, 2) else self.floor


def decide_person(profile: Profile, rules: Rules) -> Decision:
    """Return the decision about the person."""
    standing = stand(profile, rules)
    others = {"others_retained"} if profile.offending.others_retained else set()
    reached = standing.due is not None and standing.due <= rules.day
    blockers = standing.blockers | others
    claims = {
        "reached": reached,
        "critical": bool(standing.critical),
        "held": bool(profile.held.by),
        "automatic": is_by_time(standing),
        "disposes": True,
        "clean": not blockers and not standing.lacking,
    }
    result = outcome([name for name, true in claims.items() if true])
    lacking = standing.lacking if reached and standing.rule not in (GROUP_1, None) else frozenset()
    because = {standing.due_rule, standing.rule} - {None} | profile.held.by
    if reached or standing.critical:
        because |= blockers
    if standing.floor_open or standing.floor_rule == FLOOR or "release_date" in lacking:
        because.add(FLOOR)
    elif standing.floor_rule == FLOOR_ENDED:
        because.add(FLOOR_ENDED)
    if standing.group == 1:
        because |= profile.flagged.setting
    driver = _driver(profile, standing)
    return Decision(
        outcome=result,
        group=standing.group,
        clear_from=standing.clear_from,
        due=standing.due,
        rule=standing.due_rule,
        because=tuple(sorted(name for name in because if name)),
        missing=tuple(sorted(standing.critical | lacking)),
        driving_involvement=driver,
        driving_record=next((link.record for link in profile.links if link.id == driver), None),
        bounds=standing.bounds,
        adopted=standing.rule in rules.adopted,
        class_id=None,
        policy_version=rules.version,
    )


def _driver(profile: Profile, standing: Standing) -> int | None:
    """Return the involvement that set the group, for group 1, or the clock."""
    if standing.group == 1:
        return min((link.id for link in profile.links if link.kind == "offender" and link.group == 1), default=None)
    return profile.offending.driver


def is_by_time(standing: Standing) -> bool:
    """Whether the date that was set is one of time-based disposal, adopted by the controller."""
    return (
        standing.rule == BY_TIME and not standing.kept_at_review and standing.due_rule in (BY_TIME, FLOOR, FLOOR_ENDED)
    )


def stand(profile: Profile, rules: Rules) -> Standing:
    """Return where the person stands on the day of the rules."""
    group, rule = group_and_rule(profile, rules)
    clear_from = _clear_from(profile)
    critical = _critical(profile, rules, group, rule)
    floor, floor_rule, kept = (None, rule, False) if critical else _regular(profile, rules, rule, clear_from)
    by_clock = rule in (GROUP_2, BY_REVIEW, BY_TIME, UNDER_10)
    bounds = [Bound(rule, floor)] if rule and floor else []
    floor_open = by_clock and (profile.offending.is_pending or profile.happened.floor_open)
    if by_clock:
        bounds += _disclosure_floors(profile, rules, floor_open)
        later = max((bound.on for bound in bounds if bound.on), default=None)
        if floor is not None and later is not None and later > floor:
            floor, floor_rule = later, min(bound.rule for bound in bounds if bound.on == later)
    if floor_open:
        floor, floor_rule = None, FLOOR
    due, due_rule = _brought_forward(profile, rules, (None, rule) if critical else (floor, floor_rule))
    standing = Standing(
        group=group,
        clear_from=clear_from,
        rule=rule,
        floor=floor,
        floor_rule=floor_rule,
        floor_open=floor_open and not critical,
        due=None if critical else due,
        due_rule=due_rule,
        critical=critical,
        lacking=_lacking(profile, by_clock),
        blockers=frozenset(),
        is_offender=profile.offending.count > 0 or group == 1,
        kept_at_review=kept,
        bounds=tuple(bounds),
    )
    return _block(standing, profile, rules)


def group_and_rule(profile: Profile, rules: Rules) -> tuple[int | None, str | None]:
    """Return the person's group, the strictest of all links and flags, and the rule that carries it."""
    offending, group = profile.offending, profile.offending.group
    if profile.flagged.group == 1 or group == 1:
        return 1, GROUP_1
    if offending.count == 0:
        return None, VICTIM if profile.victim.count else None
    if offending.count_from_10 == 0:
        return None, UNDER_10
    if group == 2:
        return 2, GROUP_2
    if offending.has_unknown or group is None:
        return None, None  # unknown is never group 3
    return 3, rules.group_3


def _clear_from(profile: Profile) -> date | None:
    if profile.offending.count == 0:
        return None
    days = [day for day in (profile.offending.start, profile.happened.reset) if day is not None]
    return max(days, default=None)


def _critical(profile: Profile, rules: Rules, group: int | None, rule: str | None) -> frozenset[str]:
    offending, victim = profile.offending, profile.victim
    found = {
        "involvements": not profile.links and group is None,
        "death_verified": is_death_pending(profile) and profile.flagged.died is None,
        "event_date": profile.happened.lacks_day or (rule == UNDER_10 and offending.under_10_event is None),
    }
    if group == 1:
        found["first_record"] = profile.first is None and profile.last_review is None
    elif rule == VICTIM:
        found["case_closed"] = victim.lacks_closed
        found["offence"] = victim.lacks_offence
    elif offending.count_from_10:
        found["offence"] = offending.has_unknown
        found["involvement_date"] = offending.lacks_start
        found["conviction_date"] = offending.lacks_conviction
        found["sentence_months"] = offending.lacks_months
    return frozenset(name for name, true in found.items() if true)


def _regular(
    profile: Profile, rules: Rules, rule: str | None, clear_from: date | None
) -> tuple[date | None, str | None, bool]:
    """Return the regular due date, the rule that set it, and whether a review kept the person past it."""
    if rule is None:
        return None, None, False
    terms, last, chosen = rules.terms[rule], profile.last_review, profile.next_review
    if rule == GROUP_1:
        return _group_1(profile, rules), rule, False
    if rule == VICTIM:
        return (*_victim(profile, rules), False)
    clock = profile.offending.under_10_event if rule == UNDER_10 else clear_from
    if clock is None or terms.length is None:
        return None, rule, False
    first = terms.length.after(clock)
    if rule == BY_TIME:
        kept = last is not None and last >= first
        every = rules.terms[BY_REVIEW].review_every
        return (next_multiple(clock, terms.length, every, last, chosen) if kept and every else first), rule, kept
    every = terms.review_every
    return (next_multiple(clock, terms.length, every, last, chosen) if every else first), rule, False


def _group_1(profile: Profile, rules: Rules) -> date | None:
    terms = rules.terms[GROUP_1]
    since = profile.last_review or profile.first
    if since is None or terms.review_every is None or terms.length is None:
        return None
    # Without a date of birth: a hundred years from the first record.
    deemed = profile.born.latest if profile.born else profile.first
    hundredth = terms.length.after(deemed) if deemed else None
    return during(since, terms.review_every, hundredth, profile.last_review, profile.next_review)


def _victim(profile: Profile, rules: Rules) -> tuple[date | None, str | None]:
    """Return the latest of the victims' and witnesses' floors: from the case's end, or the unsolved crime's own."""
    victim = profile.victim
    lengths = {name: rules.terms[name].length for name in (VICTIM, SERIOUS_UNDETECTED, OTHER_UNDETECTED)}
    floors = [
        (lengths[name].after(day), name)  # type: ignore[union-attr]
        for name, day in (
            (VICTIM, victim.closed),
            (SERIOUS_UNDETECTED, victim.reported_serious),
            (OTHER_UNDETECTED, victim.reported_other),
        )
        if day is not None and lengths[name] is not None
    ]
    if victim.closed_with_sentence is not None:
        floors.append((victim.closed_with_sentence, VICTIM))
    if not floors:
        return None, VICTIM
    latest = max(day for day, _ in floors)
    return latest, max(name for day, name in floors if day == latest)


def _disclosure_floors(profile: Profile, rules: Rules, floor_open: bool) -> list[Bound]:
    length = rules.terms[FLOOR].length
    offending = profile.offending
    days = [offending.released, profile.happened.floor_closed]
    if offending.conviction is not None and length is not None:
        days.append(length.after(offending.conviction))
    bounds = [Bound(FLOOR, day) for day in days if day is not None]
    ended = rules.terms[FLOOR_ENDED].length
    if offending.ended is not None and ended is not None:
        bounds.append(Bound(FLOOR_ENDED, ended.after(offending.ended)))
    return [*bounds, Bound(FLOOR, None)] if floor_open else bounds


def is_child(profile: Profile, rules: Rules) -> bool:
    """Whether the person is, or may be, under age on the day."""
    return profile.born is not None and add_years(profile.born.latest, rules.settings["ages"]["majority"]) > rules.day


def is_death_pending(profile: Profile) -> bool:
    """Whether the review after a person's death is still to be done."""
    flagged, last = profile.flagged, profile.last_review
    return flagged.is_deceased and (last is None or (flagged.died is not None and last < flagged.died))


def _brought_forward(
    profile: Profile, rules: Rules, regular: tuple[date | None, str | None]
) -> tuple[date | None, str | None]:
    """Return the due date and its rule once death, reviews that were chosen or triggered and age 18 are looked at."""
    due, rule = regular
    candidates: list[tuple[date, str]] = []
    if is_death_pending(profile) and profile.flagged.died is not None:
        candidates.append((_after(rules, DECEASED, profile.flagged.died), DECEASED))
    if profile.next_review is not None:
        candidates.append((_after(rules, CHOSEN, profile.next_review), CHOSEN))
    if profile.happened.trigger is not None:
        candidates.append((_after(rules, TRIGGERED, profile.happened.trigger), TRIGGERED))
    at_18 = _at_18(profile, rules)
    if at_18 is not None:
        candidates.append((_after(rules, AT_18, at_18), AT_18))
    for day, name in sorted(candidates):
        if due is None or day < due:
            due, rule = day, name
    return due, rule


def _at_18(profile: Profile, rules: Rules) -> date | None:
    """Return the day from which the review at 18 is wanted: no earlier than the notice of it; None when it was held."""
    if not profile.offending.any_under_18 or profile.born is None:
        return None
    wanted = max(
        add_years(profile.born.latest, rules.settings["ages"]["majority"]), profile.offending.first_minor or date.min
    )
    return wanted if profile.last_review is None or profile.last_review < wanted else None


def _after(rules: Rules, rule: str, day: date) -> date:
    length = rules.terms[rule].length
    return length.after(day) if length is not None else day


def _lacking(profile: Profile, by_clock: bool) -> frozenset[str]:
    if not by_clock:
        return frozenset()
    found = {
        "release_date": profile.offending.lacks_release,
        "date_of_birth": profile.born is None,
        "result": profile.offending.lacks_result,
        "decision_day": profile.offending.lacks_decision,
        "age_at_event": profile.offending.any_unsure_10,
    }
    return frozenset(name for name, true in found.items() if true)


def _block(standing: Standing, profile: Profile, rules: Rules) -> Standing:
    """Add what keeps the person from being disposed of by the clock."""
    day, last, due = rules.day, profile.last_review, standing.due
    at_18 = _at_18(profile, rules)
    released = profile.held.released
    found = {
        "implausible_dates": profile.offending.is_implausible or profile.is_reviewed_ahead,
        UNDER_10: 0 < profile.offending.count != profile.offending.count_from_10,
        "child": standing.is_offender and is_child(profile, rules),
        AT_18: at_18 is not None and at_18 <= day,
        "kept_at_review": standing.kept_at_review,
        DECEASED: is_death_pending(profile),
        TRIGGERED: bool(profile.happened.triggering),
        "hold_released": released is not None
        and due is not None
        and released >= due
        and (last is None or last < released),
        "possible_match": changes_by_match(standing, profile, rules),
    }
    blockers = {name for name, true in found.items() if true} | {link.marker for link in profile.links if link.marker}
    return replace(standing, blockers=frozenset(blockers | profile.flagged.blocking | profile.happened.blocking))


def changes_by_match(standing: Standing, profile: Profile, rules: Rules) -> bool:
    """Whether the decision would change, were the doubtful match the same person.

    Where no clock tells when, in group 1 or for want of a fact, what a reviewer weighs is the life: it has to be whole.
    """
    possible = profile.possible
    if possible.group is None and possible.clear_from is None:
        return False
    if standing.group in (1, None) or standing.due is None or None in (possible.group, possible.clear_from):
        return True
    assert possible.group is not None and possible.clear_from is not None
    if possible.group < standing.group:
        return True
    length = rules.terms[standing.rule].length if standing.rule else None
    if length is None or standing.clear_from is None:
        return False
    return possible.clear_from > standing.clear_from and length.after(possible.clear_from) > rules.day
