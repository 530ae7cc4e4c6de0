"""Why a person or a record is kept, in words that a reader can recompute with a pencil.

The words are made from the facts that the reader may see. What the decision rests on besides is said as "a record you
cannot open, held by X", and of the sealed nothing at all is said.
"""

from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from muniment.core import words
from muniment.core.models import Controller
from muniment.engine.policy import Policy, Rules
from muniment.engine.policy.model import Length
from muniment.engine.retention import decide, explain
from muniment.engine.retention.decision import Bound, Decision
from muniment.engine.retention.facts import Facts, Involvement
from muniment.engine.retention.links import Measuring
from muniment.engine.retention.persons import GROUP_1
from muniment.people.models import PrimePerson
from muniment.records import models as records
from muniment.retention.deciding import afresh, facts_seen, quality
from muniment.retention.models import Hold, PersonDecision, RecordDecision
from muniment.retention.policies import policy_now

CLEAR_START = "clear_period_start"


@dataclass(frozen=True)
class Sum:
    """One floor or ceiling as a sum: whose period, how it comes to its day, and whether it set the date."""

    title: str
    text: str
    sets_date: bool


@dataclass(frozen=True)
class Part:
    """One record that the decision rests on: what part, of what, when, and every date that the record gives."""

    record: int
    reference: str
    text: str
    dates: str
    drives: bool


@dataclass(frozen=True)
class Explanation:
    """The decision as stored, and everything that a reader needs to recompute it.

    `agrees` says whether the facts that the reader may see give the same outcome, date and rule; when they do not,
    sums and what would change it are left out, since they would explain another decision.
    """

    outcome: str
    sentence: str
    due: date | None
    rule: str
    rule_title: str
    authority: str
    is_verified: bool
    is_adopted: bool
    group: int | None
    clear_from: date | None
    sums: tuple[Sum, ...]
    driver: Part | None
    holds: tuple[Hold, ...]
    missing: tuple[str, ...]
    lacking: tuple[quality.Lacking, ...]  # of a person: the same, with whether it matters
    stops: tuple[str, ...]
    is_doubtful: bool  # a possible match would change it
    nearest: str
    unseen: tuple[str, ...]
    parts: tuple[Part, ...]
    agrees: bool


def explain_person(prime: PrimePerson, controller: Controller | None = None) -> dict[Controller, Explanation]:
    """Explain what each controller's policy says about a person, or one's: those that have decided and may be seen."""
    stored = PersonDecision.objects.filter(prime=prime).select_related("controller").order_by("controller__name")
    decisions = list(stored.filter(controller=controller) if controller else stored)
    if not decisions:
        return {}
    seen = facts_seen.about_person(prime)
    return {each.controller: _explained(each, seen.under(each.controller.code), prime) for each in decisions}


def explain_record(record: records.Record) -> Explanation | None:
    """Explain what policy says about a record; None when nothing is decided."""
    stored = RecordDecision.objects.filter(record=record).select_related("driving_prime").first()
    if stored is None:
        return None
    prime = stored.driving_prime or people_on(record).first()
    if prime is None:
        return _explained(stored, facts_seen.about_record_alone(record), None)
    facts = facts_seen.about_person(prime).under(record.system.controller.code, record.pk)
    return _explained(stored, facts, prime)


def people_on(record: records.Record) -> QuerySet[PrimePerson]:
    """Return the prime people on a record whom the reader may see, the first made first."""
    now = {"belongings__until__isnull": True, "belongings__nominal__involvements__record": record}
    return PrimePerson.objects.filter(**now).distinct().order_by("pk")


def explain_as_on(made: Decision, facts: Facts, prime: PrimePerson | None, on: date) -> Explanation:
    """Explain what would have been decided on a day by some facts, which the schedule has not stored."""
    kept = {name: getattr(made, name) for name in ("outcome", "due", "missing", "because")}
    as_stored: PersonDecision | RecordDecision = (
        PersonDecision(
            rule=made.rule or "",
            group=made.group,
            clear_from=made.clear_from,
            driving_involvement_id=made.driving_involvement,
            **kept,
        )
        if facts.about is None
        else RecordDecision(rule=made.rule or "", **kept)
    )
    return _explained(as_stored, facts, prime, on)


def _explained(
    stored: PersonDecision | RecordDecision, facts: Facts, prime: PrimePerson | None, on: date | None = None
) -> Explanation:
    policy, on = policy_now.policy(), on or timezone.localdate()
    work = Measuring()
    made, rules = decide(facts, policy, on, work), policy.on(on, facts.controller)
    agrees = (made.outcome, made.due, made.rule or "") == (stored.outcome, stored.due, stored.rule)
    terms = rules.terms.get(stored.rule)
    driving = stored.driving_involvement_id if isinstance(stored, PersonDecision) else made.driving_involvement
    parts = _parts(facts, driving)
    return Explanation(
        outcome=stored.outcome,
        sentence=sentence(stored, on),
        due=stored.due,
        rule=stored.rule,
        rule_title=words.class_title(stored.rule) if stored.rule else "",
        authority=terms.authority if terms else "",
        is_verified=bool(terms and terms.verified),
        is_adopted=stored.rule in rules.adopted,
        group=stored.group if isinstance(stored, PersonDecision) else None,
        clear_from=stored.clear_from if isinstance(stored, PersonDecision) else None,
        sums=_sums(made, facts, rules) if agrees else (),
        driver=next((part for part in parts if part.drives), None),
        holds=tuple(Hold.objects.filter(pk__in=[int(code) for code in stored.because if code.isdigit()])),
        missing=tuple(words.say("fact", code) for code in stored.missing),
        lacking=quality.lacking(facts, policy, on) if isinstance(stored, PersonDecision) and stored.missing else (),
        stops=stops(stored, rules),
        is_doubtful=afresh.IN_DOUBT in stored.because,
        nearest=_nearest(facts, policy, on, work) if agrees else "",
        unseen=unseen_holders(prime) if prime else (),
        parts=parts,
        agrees=agrees,
    )


def sentence(stored: PersonDecision | RecordDecision, on: date) -> str:
    """Say in one sentence what is decided and when."""
    due = words.day(stored.due) if stored.due else ""
    past = stored.due is not None and stored.due <= on
    said = {
        "retain": f"Kept until {due}" if due else "Kept, with no date on which that ends",
        "review": f"A person has to review it; it fell due on {due}" if past else f"A person reviews it on {due}",
        "dispose": f"May be disposed of since {due}" if past else f"May be disposed of from {due}",
        "archive": f"To be offered to an archive since {due}" if past else f"To be offered to an archive from {due}",
        "hold": "A hold stops disposal" + (f"; without it, it would have fallen due on {due}" if past else ""),
        "escalate": "A duty to destroy and a duty to keep meet: ask the force solicitor",
    }[stored.outcome]
    if stored.outcome == "review" and not due:
        return "A person has to review it: what is known does not give a date."
    return f"{said}."


def stops(stored: PersonDecision | RecordDecision, rules: Rules) -> tuple[str, ...]:
    """Return what stops a disposal without a person, each as a sentence; holds, by their keys, are told apart."""
    found = []
    for code in stored.because:
        if code == stored.rule or code.isdigit():
            continue
        if code in rules.settings["flags"]["kinds"]:
            found.append(f"The person carries the flag '{words.say('flag', code)}'.")
        elif code not in rules.classes or words.has("reason", code):  # other rules only explain the date
            found.append(words.say("reason", code).rstrip(".") + ".")
    if stored.rule and stored.outcome == "review" and not rules.is_automatic(stored.rule):
        found.append("Nobody has verified or adopted this rule, so it never disposes of anything by itself.")
    return tuple(dict.fromkeys(found))


def _nearest(facts: Facts, policy: Policy, on: date, work: Measuring) -> str:
    change = explain.nearest(facts, policy, on, work)
    if change is None or len(change.facts.holds) > len(facts.holds):  # that a hold would keep it is so of everything
        return ""
    other = decide(change.facts, policy, on, work)
    when = f", {words.day(other.due)}" if other.due else ""
    outcome = words.say("decision", other.outcome).lower()
    return f"If {words.without_iso(_in_words(change, facts))}, it would be: {outcome}{when}."


def _in_words(change: explain.Change, facts: Facts) -> str:
    """Return the text of a change, what it takes away named as pages name it."""
    event = next((each for each in facts.events if each not in change.facts.events), None)
    flag = next((each for each in facts.person.flags if each not in change.facts.person.flags), None)
    if event is not None:
        when = f" of {event.dated}" if event.dated else ""
        return f"'{words.say('event', event.kind)}'{when} had not been recorded"
    if flag is not None:
        return f"the person did not carry the flag '{words.say('flag', flag.id)}'"
    return change.text


def _sums(made: Decision, facts: Facts, rules: Rules) -> tuple[Sum, ...]:
    """Write every floor and ceiling as a sum, the one that set the date first."""
    found = {_sum(bound, made, facts, rules): None for bound in made.bounds}
    return tuple(sorted(found, key=lambda each: not each.sets_date))


def _sum(bound: Bound, made: Decision, facts: Facts, rules: Rules) -> Sum:
    title = words.class_title(bound.rule)
    sets_date = bound.on is not None and bound.on == made.due and bound.rule == made.rule
    if bound.on is None:
        return Sum(title, "Kept for a time that has no known end", sets_date)
    what = "must be destroyed by" if bound.ceiling else "kept until"
    length = rules.terms[bound.rule].length if bound.rule in rules.terms else None
    if length is None:
        return Sum(title, f"{what[:1].upper()}{what[1:]} {words.day(bound.on)}", sets_date)
    last, chosen = facts.person.last_review, facts.person.next_review
    if last and bound.on == chosen:
        return Sum(title, f"The review of {words.day(last)} chose {words.day(bound.on)} for the next", sets_date)
    periods = dict.fromkeys((length, *_multiples(rules.terms[bound.rule].review_every)), "")
    ordered = {each.months for item in facts.involvements for each in (item.sentence, item.sentenced) if each.months}
    periods |= {Length(months): " of the sentence" for months in ordered if Length(months) not in periods}
    for start, name in _starts(bound.rule, made, facts, rules).items():
        for period, whose in periods.items() if start < bound.on else ():
            if period.after(start) == bound.on:
                text = f"{name} {words.day(start)} + {words.period(period)}{whose} = {words.day(bound.on)}"
                return Sum(title, text[:1].upper() + text[1:], sets_date)
    return Sum(title, f"Not before {words.day(bound.on)}", sets_date)


def _multiples(every: Length | None) -> tuple[Length, ...]:
    """Return the periods after which reviews recur, as far as a life goes."""
    if every is None or not every.months:
        return ()
    return tuple(Length(every.months * times, every.days * times) for times in range(1, 1200 // every.months + 1))


def _starts(rule: str, made: Decision, facts: Facts, rules: Rules) -> dict[date, str]:
    """Return every day from which a rule's period may run, each with its likeliest name, the likeliest first."""
    trigger = rules.terms[rule].trigger
    found = [(made.clear_from, "the clear period began")] if made.clear_from and trigger == CLEAR_START else []
    told = [
        (end, kind)
        for item in facts.involvements
        for kind, day in item.dates.items()
        for end in (day.latest, day.earliest)
    ]
    found += [(day, words.say("date", kind).lower()) for day, kind in told if kind == trigger]
    found += [(facts.person.last_review, "last review")] if facts.person.last_review else []
    noticed = [item.dated for item in facts.involvements if item.dated]
    found += [(min(noticed), "first record")] if rule == GROUP_1 and noticed else []
    found += [(day, words.say("date", kind).lower()) for day, kind in told]
    for item in facts.involvements:
        found += [(item.happened.earliest, "happened")] if item.happened else []
        found += [(item.dated, words.say("role", item.role).lower())] if item.dated else []
    found += [(facts.person.born.latest, "born")] if facts.person.born else []
    starts: dict[date, str] = {}
    for start, name in found:
        starts.setdefault(start, name)
    return starts


def _part(item: Involvement, reference: str, driving: int | None) -> Part:
    offence = item.offence.cjs or item.offence.ho_class
    said = (
        words.say("role", item.role),
        f"offence {offence}" if offence else "no offence recorded",
        words.day(item.dated) if item.dated else "",
        words.say("outcome", item.result).lower() if item.result else "",
    )
    dates = (f"{words.say('date', kind).lower()} {words.partial(day)}" for kind, day in item.dates.items())
    return Part(item.record, reference, ", ".join(part for part in said if part), "; ".join(dates), item.id == driving)


def _parts(facts: Facts, driving: int | None) -> tuple[Part, ...]:
    """Return the records of the facts, newest first, named as their sources do."""
    keys = {item.record for item in facts.involvements}
    names = dict(records.Record.objects.filter(pk__in=keys).values_list("pk", "reference"))
    newest = sorted(facts.involvements, key=lambda item: (item.dated or _latest(item), item.id), reverse=True)
    return tuple(_part(item, names.get(item.record, ""), driving) for item in newest)


def _latest(item: Involvement) -> date:
    return max((day.latest for day in item.dates.values()), default=date.min)


def unseen_holders(prime: PrimePerson) -> tuple[str, ...]:
    """Return who holds records about a person that the reader cannot open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.unseen_holders(%s)", [prime.pk])
        return tuple(cursor.fetchone()[0])
