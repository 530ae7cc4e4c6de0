"""Says a decision in words that a reader can check with a pencil, and names the nearest fact that would change it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from muniment.engine.policy.model import Length, Policy, Rules
from muniment.engine.retention.deciding import decide
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.facts import Facts, Hold, Involvement, Offence
from muniment.engine.retention.links import Measuring
from muniment.engine.values.dates import exactly

KINDS = ("record", "event", "date", "sum", "rule", "authority", "missing", "hold", "outcome", "nearest")
_ANY_OFFENCE = Offence(ho_class="046/00")  # shop theft: a known offence of the lowest group


@dataclass(frozen=True)
class Line:
    """One line of an explanation: what kind of thing it says, the words, and the id or day it rests on."""

    kind: str
    text: str
    rule: str | None = None
    on: date | None = None
    record: int | None = None


@dataclass(frozen=True)
class Change:
    """One fact that, were it otherwise, would change the decision; `facts` are those with it changed."""

    text: str
    facts: Facts


def words(decision: Decision, facts: Facts, policy: Policy, on: date) -> tuple[Line, ...]:
    """Return the explanation of a decision that was made from these facts on this day."""
    rules = policy.on(on, facts.controller)
    lines = [*_records(decision, facts), *_events(facts), *_sums(decision, facts, rules), *_holds(decision, facts)]
    lines += [Line("missing", f"Not known, and needed: {name.replace('_', ' ')}.") for name in decision.missing]
    lines += [
        Line("event", f"Stands in the way: {name.replace('_', ' ')}.")
        for name in decision.because
        if name not in rules.classes and name not in {hold.id for hold in facts.holds}
    ]
    for name in decision.because:
        if name in rules.classes:
            terms = rules.terms[name]
            lines.append(Line("rule", f"{name}: {rules.classes[name].title}.", rule=name))
            lines.append(Line("authority", f"{name}: {terms.authority} ({terms.evidence}).", rule=name))
    lines.append(Line("outcome", _outcome(decision, on), rule=decision.rule, on=decision.due))
    change = nearest(facts, policy, on)
    if change is not None:
        lines.append(Line("nearest", f"This would be otherwise if {change.text}."))
    return tuple(lines)


_LINKS_MEASURED, _FEWEST = 600, 8  # what looking for the nearest change may cost


def nearest(facts: Facts, policy: Policy, on: date, work: Measuring | None = None) -> Change | None:
    """Return the first change of one fact, nearest first, under which outcome, date or group would differ.

    Each change is a decision over the whole life, so of a long one only the entries that come first are tried: the
    driver and the newest. What is dropped is a nearer change of an older entry; a later kind of change stands then.
    """
    work = work or Measuring()
    decision = decide(facts, policy, on, work)
    for change in _changes(facts, decision, on):
        other = decide(change.facts, policy, on, work)
        if (other.outcome, other.due, other.group) != (decision.outcome, decision.due, decision.group):
            return change
    return None


def _changes(facts: Facts, decision: Decision, on: date) -> Iterator[Change]:
    """Yield changes in the order in which a reader would ask about them: what stops, what lacks, what counts."""
    tries = max(_FEWEST, _LINKS_MEASURED // max(1, len(facts.involvements)))
    yield from _freed(facts, on)
    yield from islice(_supplied(facts, decision, on), tries)
    driver = decision.driving_involvement
    newest = sorted(facts.involvements, key=lambda one: one.dated or date.min, reverse=True)
    ordered = sorted(newest, key=lambda one: one.id != driver)
    yield from islice((change for item in ordered for change in _moved(facts, item)), tries)
    born = facts.person.born
    if born is not None:
        older = replace(facts.person, born=exactly(born.latest - timedelta(days=366)))
        yield Change("the date of birth were a year earlier", replace(facts, person=older))
    review = replace(facts.person, last_review=on)
    yield Change(f"a review had been completed on {on.isoformat()}", replace(facts, person=review))
    suspicion = Involvement(role="SUSPECT", id=-1, record=-1, offence=_ANY_OFFENCE, dated=on)
    text = f"the person were suspected of an offence on {on.isoformat()}"
    yield Change(text, replace(facts, involvements=(*facts.involvements, suspicion)))
    if decision.outcome in ("dispose", "archive", "review"):
        hold = Hold(id="HOLD", start=on)
        yield Change("a hold covered it", replace(facts, holds=(*facts.holds, hold)))


def _freed(facts: Facts, on: date) -> Iterator[Change]:
    for hold in facts.holds:
        others = tuple(one for one in facts.holds if one is not hold)
        yield Change(f"the hold {hold.id} did not cover it", replace(facts, holds=others))
    for event in facts.events:
        rest = tuple(one for one in facts.events if one is not event)
        yield Change(f"there were no {event.kind.replace('_', ' ')}", replace(facts, events=rest))
    for flag in facts.person.flags:
        kept = tuple(one for one in facts.person.flags if one is not flag)
        text = f"the person did not carry the flag {flag.id.replace('_', ' ')}"
        yield Change(text, replace(facts, person=replace(facts.person, flags=kept)))
    if facts.person.possible_match is not None:
        apart = replace(facts.person, possible_match=None)
        yield Change("the doubtful match were found to be someone else", replace(facts, person=apart))
    for item in facts.involvements:
        if item.others_retained:
            alone = replace(facts, involvements=_with(facts, item, replace(item, others_retained=False)))
            yield Change("nobody else on the record were still inside retention", alone)


def _supplied(facts: Facts, decision: Decision, on: date) -> Iterator[Change]:
    if "date_of_birth" in decision.missing:
        born = replace(facts.person, born=exactly(date(on.year - 50, 1, 1)))
        yield Change("a date of birth of an adult were known", replace(facts, person=born))
    for item in facts.involvements:
        for text, other in _filled(item, decision, on):
            yield Change(text, replace(facts, involvements=_with(facts, item, other)))


def _filled(item: Involvement, decision: Decision, on: date) -> Iterator[tuple[str, Involvement]]:
    known = on.isoformat()
    for name in decision.missing:
        if name == "offence":
            yield "the offence were known to be shop theft", replace(item, offence=_ANY_OFFENCE)
        elif name == "involvement_date" and item.dated is None:
            yield f"the action were known to be of {known}", replace(item, dated=on)
        elif name == "result" and item.result is None:
            yield "the charge were known to have ended in acquittal", replace(item, result="acquitted")
        elif name == "release_date":
            yield (
                f"the release were known to be of {known}",
                replace(item, sentence=replace(item.sentence, released=on)),
            )
        elif name == "sentence_months":
            yield (
                "the sentence were known to be of six months",
                replace(item, sentence=replace(item.sentence, months=6)),
            )
        elif name.endswith(("_date", "_closed", "_ended")) or name not in (
            "age_at_event",
            "arrest_power",
            "involvements",
            "offender",
        ):
            yield (
                f"the {name.replace('_', ' ')} were known to be {known}",
                replace(item, dates={**item.dates, name: exactly(on)}),
            )


def _moved(facts: Facts, item: Involvement) -> Iterator[Change]:
    if item.dated is not None:
        other = replace(item, dated=item.dated + timedelta(days=1))
        text = f"the {item.role.lower().replace('_', ' ')} entry of {item.dated.isoformat()} were of the next day"
        yield Change(text, replace(facts, involvements=_with(facts, item, other)))
    for kind, day in item.dates.items():
        later = {**item.dates, kind: exactly(day.latest + timedelta(days=1))}
        text = f"the {kind.replace('_', ' ')} were {later[kind]} and not {day}"
        yield Change(text, replace(facts, involvements=_with(facts, item, replace(item, dates=later))))


def _with(facts: Facts, old: Involvement, new: Involvement) -> tuple[Involvement, ...]:
    return tuple(new if one is old else one for one in facts.involvements)


def _records(decision: Decision, facts: Facts) -> Iterator[Line]:
    for item in sorted(facts.involvements, key=lambda one: (one.dated or date.max, one.id)):
        drives = " It set the clock or the group." if item.id == decision.driving_involvement else ""
        offence = item.offence.cjs or item.offence.ho_class
        text = f"Record {item.record}{f' of {item.controller}' if item.controller else ''}: {item.role.lower()}"
        text += f", offence {offence}" if offence else ", no offence recorded"
        text += f", {item.dated.isoformat()}" if item.dated else ", day of the action not known"
        text += f", {item.result}" if item.result else ""
        yield Line("record", f"{text}.{drives}", on=item.dated, record=item.record)
        for kind, day in item.dates.items():
            yield Line(
                "date", f"Record {item.record}: {kind.replace('_', ' ')} {day}.", on=day.latest, record=item.record
            )


def _events(facts: Facts) -> Iterator[Line]:
    for event in facts.events:
        when = event.dated.isoformat() if event.dated else "on a day not known"
        end = f", closed {event.closed.isoformat()}" if event.closed else ", open"
        yield Line("event", f"{event.kind.replace('_', ' ').capitalize()} {when}{end}.", on=event.dated)


def _sums(decision: Decision, facts: Facts, rules: Rules) -> Iterator[Line]:
    """Write every floor and ceiling as a sum, so that the longest can be seen to win."""
    if decision.clear_from is not None:
        yield Line("date", f"The clear period runs from {decision.clear_from.isoformat()}.", on=decision.clear_from)
    for bound in decision.bounds:
        what = "must be destroyed by" if bound.ceiling else "kept at least until"
        if bound.on is None:
            yield Line("sum", f"{bound.rule}: kept for a time that has no known end.", rule=bound.rule)
            continue
        length = rules.terms[bound.rule].length if bound.rule in rules.terms else None
        period = f" ({_period(length)})" if length is not None else ""
        sum_ = _sum(bound.on, length, decision, facts)
        yield Line("sum", f"{bound.rule}{period}: {sum_}{what} {bound.on.isoformat()}.", rule=bound.rule, on=bound.on)


def _sum(on: date, length: Length | None, decision: Decision, facts: Facts) -> str:
    """Write a day as a start and a length: the rule's own or, for victims, that of a sentence on the record."""
    lengths = [(length, "")] if length is not None else []
    ordered = {each.months for item in facts.involvements for each in (item.sentence, item.sentenced) if each.months}
    lengths += [(Length(months=months), " of the sentence") for months in sorted(ordered)]
    starts = [decision.clear_from, *(day.latest for item in facts.involvements for day in item.dates.values())]
    starts += [item.dated for item in facts.involvements] + [facts.person.born.latest if facts.person.born else None]
    for each, whose in lengths:
        for start in starts:
            if start is not None and each.after(start) == on:
                return f"{start.isoformat()} + {_period(each)}{whose} = {on.isoformat()}; "
    return ""


def _period(length: Length) -> str:
    years, months = divmod(length.months, 12)
    parts = [(years, "year"), (months, "month"), (length.days, "day")]
    said = [f"{number} {unit}{'s' if number != 1 else ''}" for number, unit in parts if number]
    return " ".join(said) or "0 days"


def _holds(decision: Decision, facts: Facts) -> Iterator[Line]:
    for hold in facts.holds:
        if hold.id in decision.because:
            since = f" since {hold.start.isoformat()}" if hold.start else ""
            yield Line("hold", f"Held under {hold.id}{since}.", on=hold.start)


def _outcome(decision: Decision, on: date) -> str:
    due = f"due {decision.due.isoformat()}" if decision.due else "with no due date"
    rule = f" under {decision.rule}" if decision.rule else ""
    return f"On {on.isoformat()}: {decision.outcome}, {due}{rule} (policy {decision.policy_version})."
