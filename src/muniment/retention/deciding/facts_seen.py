"""The facts about a person or a record that a reader may see, as the engine takes them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import QuerySet

from muniment.engine.retention import facts as engine
from muniment.engine.values.dates import PartialDate
from muniment.people import carried
from muniment.people.models import PrimePerson
from muniment.records import models as records
from muniment.retention import queries
from muniment.retention.deciding import letting_go
from muniment.retention.models import HeldRecord, LetGoRecord, Review, SubjectEvent
from muniment.retention.policies import policy_now

_OF_LINK = ("role", "cjs", "ho_class", "happened_earliest", "happened_latest", "dated", "result")
_OF_SENTENCE = ("sentence_custodial", "sentence_months", "released")
_OF_RECORD = ("class_id", "outcome", "cjs", "ho_class", "system__code", "system__controller__code")


@dataclass(frozen=True)
class Seen:
    """The facts about a person that a reader may see, and the last review by each controller, by its code."""

    facts: engine.Facts
    reviews: Mapping[str, Review]

    def under(self, controller: str, about: int | None = None) -> engine.Facts:
        """Return the facts as a controller decides on them, for its records or one; its own reviews alone count."""
        last = self.reviews.get(controller)
        person = replace(
            self.facts.person,
            last_review=last.decided_at.date() if last and last.decided_at else None,
            next_review=last.next_review if last else None,
        )
        return replace(self.facts, person=person, controller=controller, about=about)


def about_person(prime: PrimePerson) -> Seen:
    """Return the facts about a person that the reader may see."""
    now = {"belongings__prime": prime, "belongings__until__isnull": True}
    return _seen(
        records.Involvement.objects.filter(**{f"nominal__{name}": value for name, value in now.items()}),
        records.Nominal.objects.filter(**now),
        queries.events_about(prime),
        queries.decided_about(prime),
    )


def about_whole(nominals: Collection[int], keeps: Collection[int]) -> Seen:
    """Return the facts that the reader may see about nominals, were they one person.

    `keeps` are the keys of the prime records whose whole past would be theirs.
    """
    events, reviews = (carried.said_of(nominals, keeps, at=at) for at in ("made_at", "decided_at"))
    return _seen(
        records.Involvement.objects.filter(nominal_id__in=nominals),
        records.Nominal.objects.filter(pk__in=nominals),
        SubjectEvent.objects.filter(events).order_by("-dated", "-pk"),
        Review.objects.filter(reviews, state="decided").order_by("-decided_at", "-pk"),
    )


def _seen(
    involvements: QuerySet[records.Involvement],
    nominals: QuerySet[records.Nominal],
    events: Iterable[SubjectEvent],
    reviews: QuerySet[Review],
) -> Seen:
    parts = list(
        involvements.select_related("record__system__controller")
        .only(*_OF_LINK, *_OF_SENTENCE, *(f"record__{name}" for name in _OF_RECORD))
        .prefetch_related("record__dates_told")
    )
    on_records = {part.record_id for part in parts}
    suspects, sentenced = _with_suspects(on_records), _sentenced(on_records)
    unknown = letting_go.not_recognised(on_records)
    facts = engine.Facts(
        person=engine.Person(
            born=_born(list(nominals)),
            flags=tuple(
                engine.Flag(flag.flag, flag.start, flag.until)
                for flag in records.NominalFlag.objects.filter(nominal__in=nominals)
            ),
        ),
        involvements=tuple(
            replace(
                _involvement(part, part.record_id in suspects, sentenced.get(part.record_id, engine.Sentence())),
                others_retained=part.record_id in unknown,
            )
            for part in parts
        ),
        events=tuple(engine.Event(event.kind, event.dated, event.closed) for event in events),
        holds=tuple(_holds(on_records)),
    )
    return Seen(facts, _last_reviews(reviews))


def _with_suspects(record_ids: set[int]) -> set[int]:
    roles = [code for code, role in policy_now.policy().codes.roles.items() if role.offender]
    found = records.Involvement.objects.filter(record_id__in=record_ids, role__in=roles)
    return set(found.values_list("record_id", flat=True))


def _sentenced(record_ids: set[int]) -> dict[int, engine.Sentence]:
    """Return the longest custodial sentence on each record that has one; without months where a length is unknown."""
    months: dict[int, list[int | None]] = {}
    found = records.Involvement.objects.filter(record_id__in=record_ids, sentence_custodial=True)
    for record_id, length in found.values_list("record_id", "sentence_months"):
        months.setdefault(record_id, []).append(length)
    return {
        record_id: engine.Sentence(
            True, None if None in lengths else max(length for length in lengths if length is not None)
        )
        for record_id, lengths in months.items()
    }


def born(prime: PrimePerson) -> PartialDate | None:
    """Return the birth date that the reader may see, as far as the sources agree."""
    return _born(list(records.Nominal.objects.filter(belongings__prime=prime, belongings__until__isnull=True)))


def _born(nominals: list[records.Nominal]) -> PartialDate | None:
    earliest = [each.born_earliest for each in nominals if each.born_earliest]
    latest = [each.born_latest for each in nominals if each.born_latest]
    return PartialDate(min(earliest), max(latest)) if earliest and latest else None


def _last_reviews(decided: QuerySet[Review]) -> dict[str, Review]:
    found = decided.exclude(outcome=Review.Outcome.DISPOSE).select_related("controller")
    return {review.controller.code: review for review in reversed(found)}


def _holds(record_ids: set[int]) -> list[engine.Hold]:
    """Return the holds over some records; one that has let a record go is released for that one."""
    rows = [
        (each, each.hold.released_at)
        for each in HeldRecord.objects.filter(record_id__in=record_ids).select_related("hold", "record__decision")
    ] + [
        (each, each.at)
        for each in LetGoRecord.objects.filter(record_id__in=record_ids).select_related("hold", "record__decision")
    ]
    classes: dict[tuple[int, str, date, date | None], set[str]] = {}
    for each, until in rows:
        decision = getattr(each.record, "decision", None)
        key = (each.hold_id, each.hold.reference, each.hold.start, until and until.date())
        classes.setdefault(key, set()).update(
            name for name in (each.record.class_id, decision.resolved_class if decision else "") if name
        )
    return [
        engine.Hold(reference, start, until, frozenset(names))
        for (_, reference, start, until), names in sorted(classes.items(), key=lambda each: str(each[0]))
    ]


def about_record_alone(record: records.Record) -> engine.Facts:
    """Return the facts of a record about nobody who is named."""
    link = engine.Involvement(
        role="REPORTER",
        record=record.pk,
        controller=record.system.controller.code,
        dates=record.dates,
        record_class=record.class_id,
        outcome=record.outcome or None,
        record_offence=_offence(record.cjs, record.ho_class),
        named_suspect=False,
    )
    return engine.Facts(involvements=(link,), about=record.pk, controller=record.system.controller.code)


def _involvement(part: records.Involvement, has_suspect: bool, sentenced: engine.Sentence) -> engine.Involvement:
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
        offence=_offence(part.cjs, part.ho_class),
        happened=happened,
        dated=part.dated,
        result=part.result or None,
        sentence=engine.Sentence(part.sentence_custodial, part.sentence_months, part.released),
        dates=record.dates,
        record_class=record.class_id,
        outcome=record.outcome or None,
        record_offence=_offence(record.cjs, record.ho_class),
        named_suspect=has_suspect,
        sentenced=sentenced,
    )


def _offence(cjs: str, ho_class: str) -> engine.Offence:
    return engine.Offence(cjs or None, ho_class or None)
