"""Measures one involvement: is it offender-type notice, what does it start, what group does it bring.

A link is what one involvement contributes to its person. Everything a whole set needs is here as plain columns,
so that `batch` can compute the same from tables.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from muniment.engine.policy.model import RecordClass, Role, Rules
from muniment.engine.policy.offences import Grouping
from muniment.engine.retention.facts import Involvement, Offence
from muniment.engine.values.dates import PartialDate, add_months, add_years

NOT_PROCEEDED = ("nfa", "acquitted")


@dataclass(frozen=True)
class Ages:
    """How old the person may have been at an event; all False when the date of birth is unknown."""

    under_10: bool = False  # for certain
    unsure_10: bool = False  # may have been
    under_18: bool = False  # may have been
    unsure_18: bool = False  # may have been, and may not


@dataclass(frozen=True)
class Link:
    """One involvement, measured. Dates are the latest possible unless their name says otherwise."""

    id: int
    record: int
    role: str
    kind: str  # offender | victim | other
    is_harmed: bool  # a victim or child at risk, not a witness
    dated: date | None
    first: date | None
    start: date | None  # where the clear period would run from
    event: date | None  # the offence or, failing that, the action
    group: int | None
    offence_group: int | None  # by the offence alone
    is_unknown: bool
    is_unplaced: bool  # an offence is told that falls in no group
    is_terrorism: bool
    ages: Ages
    is_convicted: bool
    is_dealt_with: bool  # convicted or cautioned
    is_charged: bool
    has_penalty_notice: bool
    has_ended: bool  # by whatever result, as far as an offender's
    marker: str | None  # what the role warns of, while it does
    conviction: date | None
    ended: date | None  # of proceedings that did not end in conviction
    released: date | None
    months: int | None
    is_custodial: bool
    is_pending: bool
    lacks_start: bool
    lacks_conviction: bool
    lacks_months: bool
    lacks_release: bool
    lacks_result: bool
    lacks_decision: bool  # when what did not end in conviction ended
    is_implausible: bool
    others_retained: bool
    case_closed: date | None
    closed_with_sentence: date | None  # of the longest sentence on the record
    lacks_length: bool  # a custodial sentence on the record has no length
    reported: date | None  # of a crime without a named suspect whose case never closed


Made = TypeVar("Made")


def measure(involvement: Involvement, born: PartialDate | None, rules: Rules) -> Link:
    """Return what an involvement contributes to a person born then, on the day of the rules."""
    given, involvement = involvement, as_known(involvement, rules)
    role = rules.roles[involvement.role]
    entry = class_of(involvement, rules)
    is_offender = role.offender and not (entry is not None and entry.no_offender)
    days = _start_days(involvement, rules) if is_offender else _own_days(involvement)
    sentence = involvement.sentence
    custodial = is_offender and sentence.custodial is True
    convicted = is_offender and (role.code == "CONVICTED" or involvement.result == "convicted" or custodial)
    dealt_with = convicted or (is_offender and "cautioned" in (role.code.lower(), involvement.result))
    conviction = _conviction(involvement) if convicted else None
    start = max(days, default=None)
    if start is not None and custodial and sentence.released is not None:
        start = max(start, sentence.released)
    event = involvement.happened or (PartialDate(min(days), min(days)) if days else None)
    ages = ages_at(born, event, rules) if is_offender else Ages()
    too_young = ages.under_10 and dealt_with  # nobody of that age can be: the birth is wrong
    if too_young:
        ages = replace(ages, under_10=False)
    ended = _ended(involvement) if is_offender and not convicted else None
    grouping = offence_of(involvement, rules)
    mappa, lacks_months = _mappa(grouping, involvement, rules, _Standing(dealt_with, custodial, ages.under_18))
    placed = _implicated(involvement, grouping.group, rules)
    own = [group for group in (placed, _class_group(entry), 1 if mappa else None) if group]
    group = min(own) if own and is_offender and not ages.under_10 else None
    suspect = bool(involvement.named_suspect) or is_offender
    closed, reported = _latest(involvement, "case_closed"), _latest(involvement, "reported_date")
    months = max(sentence.months or 0, involvement.sentenced.months or 0)
    return Link(
        id=involvement.id,
        record=involvement.record,
        role=role.code,
        kind="offender" if is_offender else "other" if role.offender else role.kind,
        is_harmed=not role.offender and role.dpa38 == "victim",
        dated=involvement.dated,
        first=min(days, default=None),
        start=start,
        event=event.latest if event else None,
        group=group,
        offence_group=grouping.group,
        is_unknown=is_offender and not ages.under_10 and group is None,
        is_unplaced=grouping.group is None and grouping.reason != "offence",
        is_terrorism=is_offender and grouping.terrorism,
        ages=ages,
        is_convicted=convicted,
        is_dealt_with=dealt_with,
        is_charged=is_offender and role.code in ("CHARGED", "ACQUITTED"),
        has_penalty_notice=is_offender and involvement.result == "penalty_notice",
        has_ended=is_offender and _has_ended(involvement, dealt_with),
        marker=None if _marker_has_ended(involvement, role, rules) else role.marker,
        conviction=conviction,
        ended=ended,
        released=sentence.released if custodial else None,
        months=sentence.months,
        is_custodial=custodial,
        is_pending=is_offender and involvement.result == "pending",
        lacks_start=is_offender and not days,
        lacks_conviction=convicted and conviction is None,
        lacks_months=is_offender and lacks_months and group != 1,
        lacks_release=is_offender
        and sentence.released is None
        and (custodial or (sentence.custodial is None and bool(sentence.months))),
        lacks_result=is_offender and _lacks_result(involvement, convicted, rules),
        lacks_decision=is_offender and not convicted and ended is None and _had_decision(involvement),
        is_implausible=involvement is not given
        or too_young
        or _is_implausible(involvement, born, event, rules)
        or (is_offender and _is_before_birth(involvement, born, rules)),
        others_retained=bool(involvement.others_retained),
        case_closed=closed,
        closed_with_sentence=add_months(closed, months) if closed and months else closed,
        lacks_length=any(each.custodial and each.months is None for each in (sentence, involvement.sentenced)),
        reported=None if suspect or closed else reported,
    )


def as_known(involvement: Involvement, rules: Rules) -> Involvement:
    """Return the involvement without the days that cannot be known on the day of the rules: they tell of nothing.

    The same object where there is none. A trigger event may lie a little ahead; some, such as an expiry, far ahead;
    none but a birth lies further back than a life is long.
    """
    limits = rules.settings["plausible"]
    past, horizon = _plausible(rules.day, limits["back_years"], limits["ahead_months"])
    dates = {
        kind: found
        for kind, found in involvement.dates.items()
        if (kind in limits["far_ahead"] or found.earliest <= horizon)
        and (kind in limits["far_back"] or found.latest >= past)
    }
    dated, happened = involvement.dated, involvement.happened
    if dated is not None and not past <= dated <= rules.day:
        dated = None
    if happened is not None and not (happened.latest >= past and happened.earliest <= rules.day):
        happened = None
    if (len(dates), dated, happened) == (len(involvement.dates), involvement.dated, involvement.happened):
        return involvement
    return replace(involvement, dates=dates, dated=dated, happened=happened)


@lru_cache(maxsize=64)
def _plausible(day: date, back_years: int, ahead_months: int) -> tuple[date, date]:
    return add_years(day, -back_years), add_months(day, ahead_months)


class Measuring:
    """Work for decisions about lives that differ in one fact: what is the same is worked out once.

    The same is what is the same object; all are kept, so that none takes another's place.
    """

    def __init__(self) -> None:
        """Begin with nothing worked out."""
        self._kept: dict[tuple[int, ...], tuple[Any, tuple[object, ...]]] = {}

    def once(self, make: Callable[..., Made], *given: object) -> Made:
        """Return `make(*given)`, made once for the same objects."""
        key = (id(make), *map(id, given))
        if key not in self._kept:
            self._kept[key] = make(*given), (make, *given)
        made: Made = self._kept[key][0]
        return made


def class_of(involvement: Involvement, rules: Rules) -> RecordClass | None:
    """Return the schedule entry that the record declares, None for a family or nothing."""
    return rules.classes.get(involvement.record_class) if involvement.record_class else None


def offence_of(involvement: Involvement, rules: Rules) -> Grouping:
    """Return where the involvement's offence falls, or the record's where the involvement has none."""
    offence = involvement.offence
    if offence.cjs is None and offence.ho_class is None:
        offence = involvement.record_offence
    happened = involvement.happened.earliest if involvement.happened else None
    return rules.offences.group(offence.cjs, offence.ho_class, happened, rules.day, offence.max_penalty_years)


def _implicated(involvement: Involvement, own: int | None, rules: Rules) -> int | None:
    """Return the group of the involvement's own offence, or the stricter one of what its record is classed as.

    Who is charged with less on the record of something graver is implicated in that (section 3.1 of the notes).
    """
    record, told = involvement.record_offence, involvement.offence
    if own is None or (record.cjs is None and record.ho_class is None):
        return own
    if told in (record, Offence()) and record.max_penalty_years is None:
        return own  # which is the record's
    happened = involvement.happened.earliest if involvement.happened else None
    return min(own, rules.offences.group(record.cjs, record.ho_class, happened, rules.day).group or own)


def ages_at(born: PartialDate | None, event: PartialDate | None, rules: Rules) -> Ages:
    """Return how old a person with a partial date of birth was, or may have been, at an event."""
    if born is None or event is None:
        return Ages()
    ten, adult = rules.settings["ages"]["responsibility"], rules.settings["ages"]["majority"]
    certainly = event.latest < add_years(born.earliest, ten)
    under_18 = event.earliest < add_years(born.latest, adult)
    return Ages(
        under_10=certainly,
        unsure_10=not certainly and event.earliest < add_years(born.latest, ten),
        under_18=under_18,
        unsure_18=under_18 and event.latest >= add_years(born.earliest, adult),
    )


def _start_days(involvement: Involvement, rules: Rules) -> list[date]:
    starts = rules.settings["clear_starts"]
    kinds = list(starts["always"])
    if involvement.result in NOT_PROCEEDED or involvement.role == "ACQUITTED":
        kinds += starts["not_proceeded"]
    stand_in = rules.settings["role_dates"]["fallback"].get(involvement.role)
    dated = involvement.dated or _latest(involvement, stand_in or "")
    found = [_latest(involvement, kind) for kind in kinds]
    return [day for day in (dated, *found) if day is not None]


def _own_days(involvement: Involvement) -> list[date]:
    return [involvement.dated] if involvement.dated else []


def _conviction(involvement: Involvement) -> date | None:
    recorded = _latest(involvement, "conviction_date")
    return recorded or (involvement.dated if involvement.role == "CONVICTED" else None)


def _ended(involvement: Involvement) -> date | None:
    if involvement.result not in NOT_PROCEEDED and involvement.role != "ACQUITTED":
        return None
    found = _latest(involvement, "decision_or_acquittal") or _latest(involvement, "decision_date")
    return found or (involvement.dated if involvement.role == "ACQUITTED" else None)


def _has_ended(involvement: Involvement, dealt_with: bool) -> bool:
    if dealt_with or involvement.role == "ACQUITTED" or involvement.result in (*NOT_PROCEEDED, "penalty_notice"):
        return True
    return bool(set(involvement.dates) & {"decision_or_acquittal", "conviction_date"})


def _latest(involvement: Involvement, kind: str) -> date | None:
    found = involvement.dates.get(kind)
    return found.latest if found else None


def _marker_has_ended(involvement: Involvement, role: Role, rules: Rules) -> bool:
    ends = [_latest(involvement, kind) for kind in role.marker_ends]
    return any(day is not None and day < rules.day for day in ends)


def _lacks_result(involvement: Involvement, convicted: bool, rules: Rules) -> bool:
    """Whether it is not known how the matter ended, or role and result contradict one another.

    What the record came to, where the person's own result is not told, may be someone else's: it only leaves open more.
    """
    if involvement.role in ("CONVICTED", "CAUTIONED"):
        return involvement.result in NOT_PROCEEDED
    told = bool(set(involvement.dates) & {"decision_or_acquittal", "conviction_date"})
    if involvement.result is not None or convicted or told:
        return False
    endings, outcome = rules.settings["endings"], involvement.outcome
    if involvement.role in endings["roles"] or outcome in endings["outcomes"]:
        return True
    return involvement.role in endings["roles_unless_closed"] and outcome not in endings["closed"]


def _had_decision(involvement: Involvement) -> bool:
    """Whether a decision ended it on another day than that of the action which the role names."""
    result, role = involvement.result, involvement.role
    return (result == "acquitted" and role != "ACQUITTED") or (result == "nfa" and role == "CHARGED")


def _class_group(entry: RecordClass | None) -> int | None:
    return entry.group if entry is not None and entry.sets_group else None


@dataclass(frozen=True)
class _Standing:
    dealt_with: bool
    custodial: bool
    under_18: bool


def _mappa(grouping: Grouping, involvement: Involvement, rules: Rules, standing: _Standing) -> tuple[bool, bool]:
    """Return whether the sentence brings MAPPA (correction 4), and whether that hangs on an unrecorded length."""
    limits = rules.settings["mappa"]
    threshold = notification_threshold(grouping.notification, standing.under_18)
    if standing.dealt_with and threshold == "any":
        return True, False
    if not standing.custodial:
        return False, False
    if threshold == "custody":
        return True, False
    months = involvement.sentence.months
    asks_length = grouping.specified_violence or threshold == "months"
    if months is None:
        return False, asks_length
    violence = grouping.specified_violence and months >= limits["specified_violence_months"]
    return violence or (threshold == "months" and months >= limits["notification_months"]), False


def notification_threshold(notification: str | None, under_18: bool) -> str | None:
    """Return what brings notification: any disposal, custody, twelve months' custody (months), or nothing."""
    if notification is None:
        return None
    adult = {"always": "any", "adult_always": "any", "sentence": "custody", "months_12": "months"}[notification]
    return "months" if under_18 and notification != "always" else adult


def _is_before_birth(involvement: Involvement, born: PartialDate | None, rules: Rules) -> bool:
    """Whether something on the record of an offender lies before they were born, but for a birth."""
    births = rules.settings["plausible"]["far_back"]
    told = [day.latest for kind, day in involvement.dates.items() if kind not in births]
    return born is not None and bool(told) and min(told) < born.earliest


def _is_implausible(
    involvement: Involvement, born: PartialDate | None, event: PartialDate | None, rules: Rules
) -> bool:
    happened, dated = involvement.happened, involvement.dated
    if happened is not None and dated is not None and happened.earliest > dated:
        return True
    closed, began = _latest(involvement, "case_closed"), happened.earliest if happened else dated
    if closed is not None and began is not None and closed < began:
        return True
    concluded, released = _latest(involvement, "investigation_concluded"), involvement.sentence.released
    if concluded is not None and dated is not None and concluded < dated:
        return True
    if released is not None and (involvement.sentence.custodial is False or (dated is not None and released < dated)):
        return True
    if born is None or event is None:
        return False
    return born.earliest > event.latest or add_years(born.latest, rules.settings["ages"]["oldest"]) <= event.earliest
