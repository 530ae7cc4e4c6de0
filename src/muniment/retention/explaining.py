"""Why a person or a record is kept, in words that a reader can recompute with a pencil.

The words are made from the facts that the reader may see. What the decision rests on besides is said as "a record you
cannot open, held by X", and of the sealed nothing at all is said.
"""

from dataclasses import dataclass, replace
from datetime import date

from django.db import connection
from django.utils import timezone

from muniment.core import policy_in_force
from muniment.core.models import Controller
from muniment.engine.retention import decide, explain
from muniment.engine.retention import facts as engine
from muniment.engine.retention.decision import Decision
from muniment.engine.values.dates import PartialDate
from muniment.people.models import PrimePerson
from muniment.records import models as records
from muniment.retention.models import HeldRecord, PersonDecision, RecordDecision, Review, SubjectEvent


@dataclass(frozen=True)
class Explanation:
    """The decision as stored, the lines that explain it, and what the reader cannot be shown."""

    outcome: str
    due: date | None
    rule: str
    rule_title: str
    authority: str
    is_verified: bool
    is_adopted: bool
    group: int | None
    lines: tuple[explain.Line, ...]
    nearest: str
    unseen: tuple[str, ...]
    agrees: bool


def explain_person(prime: PrimePerson, controller: Controller) -> Explanation | None:
    """Explain what a controller's policy says about a person; None when nothing is decided."""
    stored = PersonDecision.objects.filter(prime=prime, controller=controller).first()
    if stored is None:
        return None
    facts = facts_seen(prime, controller)
    return _explained(stored, facts, prime, stored.group)


def explain_record(record: records.Record) -> Explanation | None:
    """Explain what policy says about a record; None when nothing is decided."""
    stored = RecordDecision.objects.filter(record=record).select_related("driving_prime").first()
    if stored is None:
        return None
    prime = (
        stored.driving_prime
        or PrimePerson.objects.filter(belongings__until__isnull=True, belongings__nominal__involvements__record=record)
        .order_by("pk")
        .first()
    )
    if prime is None:
        facts = replace(_alone(record), controller=record.system.controller.code)
        return _explained(stored, facts, None, None)
    facts = replace(facts_seen(prime, record.system.controller), about=record.pk)
    return _explained(stored, facts, prime, None)


def _explained(
    stored: PersonDecision | RecordDecision, facts: engine.Facts, prime: PrimePerson | None, group: int | None
) -> Explanation:
    policy, on = policy_in_force.load(), timezone.localdate()
    made = decide(facts, policy, on)
    agrees = (made.outcome, made.due, made.rule or "") == (stored.outcome, stored.due, stored.rule)
    rules = policy.on(on, facts.controller)
    terms = rules.terms.get(stored.rule)
    return Explanation(
        outcome=stored.outcome,
        due=stored.due,
        rule=stored.rule,
        rule_title=rules.classes[stored.rule].title if stored.rule in rules.classes else "",
        authority=terms.authority if terms else "",
        is_verified=bool(terms and terms.verified),
        is_adopted=stored.rule in rules.adopted,
        group=group,
        lines=_named(explain.words(made, facts, policy, on)) if agrees or facts.involvements else (),
        nearest=_nearest(facts, policy, on) if agrees else "",
        unseen=unseen_holders(prime) if prime else (),
        agrees=agrees,
    )


def _nearest(facts: engine.Facts, policy: object, on: date) -> str:
    change = explain.nearest(facts, policy, on)  # type: ignore[arg-type]
    if change is None:
        return ""
    other: Decision = decide(change.facts, policy, on)  # type: ignore[arg-type]
    when = f" on {other.due:%-d %B %Y}" if other.due else ""
    return f"If {change.text}, the outcome would be {other.outcome}{when}."


def _named(lines: tuple[explain.Line, ...]) -> tuple[explain.Line, ...]:
    """Name records as their sources do, not by our keys."""
    keys = {line.record for line in lines if line.record}
    names = dict(records.Record.objects.filter(pk__in=keys).values_list("pk", "reference"))
    return tuple(
        replace(line, text=line.text.replace(f"Record {line.record}", f"Record {names[line.record]}", 1))
        if line.record in names
        else line
        for line in lines
    )


def unseen_holders(prime: PrimePerson) -> tuple[str, ...]:
    """Return who holds records about a person that the reader cannot open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.unseen_holders(%s)", [prime.pk])
        return tuple(cursor.fetchone()[0])


def facts_seen(prime: PrimePerson, controller: Controller) -> engine.Facts:
    """Return the facts about a person that the reader may see, as the engine takes them."""
    parts = list(
        records.Involvement.objects.filter(nominal__belongings__prime=prime, nominal__belongings__until__isnull=True)
        .select_related("record__system__controller", "nominal")
        .prefetch_related("record__dates")
    )
    suspects = _with_suspects({part.record_id for part in parts})
    nominals = records.Nominal.objects.filter(belongings__prime=prime, belongings__until__isnull=True)
    return engine.Facts(
        person=engine.Person(
            born=_born(list(nominals)),
            flags=tuple(
                engine.Flag(flag.flag, flag.start, flag.until)
                for flag in records.NominalFlag.objects.filter(nominal__in=nominals)
            ),
            last_review=_last_review(prime),
        ),
        involvements=tuple(_involvement(part, part.record_id in suspects) for part in parts),
        events=tuple(
            engine.Event(event.kind, event.dated, event.closed) for event in SubjectEvent.objects.filter(prime=prime)
        ),
        holds=tuple(_holds({part.record_id for part in parts})),
        controller=controller.code,
    )


def _with_suspects(record_ids: set[int]) -> set[int]:
    roles = [code for code, role in policy_in_force.load().codes.roles.items() if role.offender]
    found = records.Involvement.objects.filter(record_id__in=record_ids, role__in=roles)
    return set(found.values_list("record_id", flat=True))


def _born(nominals: list[records.Nominal]) -> PartialDate | None:
    earliest = [each.born_earliest for each in nominals if each.born_earliest]
    latest = [each.born_latest for each in nominals if each.born_latest]
    return PartialDate(min(earliest), max(latest)) if earliest and latest else None


def _last_review(prime: PrimePerson) -> date | None:
    last = Review.objects.filter(prime=prime, state="decided").order_by("-decided_at").first()
    return last.decided_at.date() if last and last.decided_at else None


def _holds(record_ids: set[int]) -> list[engine.Hold]:
    held = HeldRecord.objects.filter(record_id__in=record_ids, hold__released_at__isnull=True).select_related("hold")
    classes: dict[int, set[str]] = {}
    holds = {}
    for each in held.select_related("hold", "record__decision"):
        decision = getattr(each.record, "decision", None)
        classes.setdefault(each.hold_id, set()).update(
            name for name in (each.record.class_id, decision.resolved_class if decision else "") if name
        )
        holds[each.hold_id] = each.hold
    return [
        engine.Hold(hold.reference, hold.start, None, frozenset(classes[key])) for key, hold in sorted(holds.items())
    ]


def _alone(record: records.Record) -> engine.Facts:
    """The facts of a record about nobody who is named."""
    link = engine.Involvement(
        role="REPORTER",
        record=record.pk,
        controller=record.system.controller.code,
        dates={each.kind: PartialDate(each.earliest, each.latest) for each in record.dates.all()},
        record_class=record.class_id,
        outcome=record.outcome or None,
        record_offence=_offence(record.cjs, record.ho_class),
        named_suspect=False,
    )
    return engine.Facts(involvements=(link,), about=record.pk)


def _involvement(part: records.Involvement, has_suspect: bool) -> engine.Involvement:
    record = part.record
    happened = (
        PartialDate(part.happened_earliest, part.happened_latest or part.happened_earliest)
        if part.happened_earliest
        else None
    )
    return engine.Involvement(
        role=part.role,
        id=part.pk,
        record=part.record_id,
        controller=record.system.controller.code,
        system=record.system.code,
        offence=_offence(part.cjs or record.cjs, part.ho_class or record.ho_class),
        happened=happened,
        dated=part.dated,
        result=part.result or None,
        sentence=engine.Sentence(part.sentence_custodial, part.sentence_months, part.released),
        dates={each.kind: PartialDate(each.earliest, each.latest) for each in record.dates.all()},
        record_class=record.class_id,
        outcome=record.outcome or None,
        record_offence=_offence(record.cjs, record.ho_class),
        named_suspect=has_suspect,
    )


def _offence(cjs: str, ho_class: str) -> engine.Offence:
    return engine.Offence(cjs or None, ho_class or None)
