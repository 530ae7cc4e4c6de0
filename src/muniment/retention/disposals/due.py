"""What the clock lets go without a review, what stands in the way of the rest, and records that are about nobody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, Max, Min, OuterRef, QuerySet, Sum

from muniment.core import words
from muniment.core.long_lists import MOST
from muniment.core.models import Controller
from muniment.records.models import Involvement, Record
from muniment.retention.models import (
    UNDER_WAY,
    BatchPerson,
    DisposalItem,
    DisposalOrder,
    KeptException,
    PersonDecision,
    RecordDecision,
)

LIVE = ("proposed", "approved", "stopped", "instructed", "destroyed")


@dataclass(frozen=True)
class Cause:
    """Why people who have fallen due go to a person and not by the clock, and how many of their reviews wait.

    `code` is as the queue of reviews takes it, empty where there is nothing to review.
    """

    text: str
    people: int
    code: str = ""
    reviews: int = 0


@dataclass(frozen=True)
class Nobody:
    """Records of one class and controller about nobody who is named, that have fallen due with one outcome."""

    controller: str
    code: str
    class_id: str
    title: str
    outcome: str
    records: int
    earliest: date


@dataclass(frozen=True)
class Exceptions:
    """Why what has fallen due goes to a person, and the records about nobody whom the reader may see named.

    `counted_at` is when that was counted of which there is much; None where all of it was counted now. Of much, what is
    about nobody is about nobody at all.
    """

    causes: list[Cause]
    nobody: list[Nobody]
    counted_at: datetime | None


def due(controllers: Iterable[Controller], on: date) -> QuerySet[PersonDecision]:
    """Return the decisions to dispose that have fallen due, with no order or batch under way, longest due first."""
    ordered = DisposalOrder.objects.filter(prime=OuterRef("prime"), controller=OuterRef("controller"), state__in=LIVE)
    batched = BatchPerson.objects.filter(
        prime=OuterRef("prime"), batch__controller=OuterRef("controller"), batch__state__in=UNDER_WAY
    )
    return (
        PersonDecision.objects.filter(outcome="dispose", due__lte=on, controller__in=list(controllers))
        .exclude(Exists(ordered))
        .exclude(Exists(batched))
        .select_related("prime", "controller")
        .order_by("due", "pk")
    )


# Everybody who has fallen due and goes to a person, once for each cause.
_EXCEPTIONS = """
retention_persondecision d LEFT JOIN retention_review r ON r.prime_id = d.prime_id
    AND r.controller_id = d.controller_id AND r.state IN ('open', 'started')
CROSS JOIN LATERAL (
    SELECT 'reason' AS kind, unnest(d.because) AS code UNION ALL SELECT 'fact', unnest(d.missing)
) every
"""
_EXCEPTED = "d.outcome IN ('review', 'hold', 'escalate') AND (d.due IS NULL OR d.due <= %(on)s)"
_CAUSES = f"""
SELECT every.kind, every.code, count(*), count(r.id) FROM {_EXCEPTIONS}
WHERE {_EXCEPTED} AND d.controller_id = ANY(%(controllers)s) GROUP BY every.kind, every.code
"""  # noqa: S608
_KEEP_CAUSES = f"""
INSERT INTO retention_keptexception (counted_at, controller_id, scopes, of, kind, code, number, reviews, earliest)
SELECT now(), d.controller_id, seen.scopes, 'people', every.kind, every.code, count(*), count(r.id), min(d.due)
FROM {_EXCEPTIONS} JOIN (
    SELECT b.prime_id, array_agg(DISTINCT n.scope_id ORDER BY n.scope_id) AS scopes FROM people_belonging b
    JOIN records_nominal n ON n.id = b.nominal_id GROUP BY b.prime_id
) seen ON seen.prime_id = d.prime_id
WHERE {_EXCEPTED} GROUP BY d.controller_id, seen.scopes, every.kind, every.code
"""  # noqa: S608


def keep_counts(on: date) -> None:
    """Count, as who sees everything, what `exceptions` tells of much; it replaces what was kept."""
    KeptException.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_CAUSES, {"on": on})
        cursor.execute(_KEEP_NOBODY, {"on": on})


def exceptions(controllers: Iterable[Controller], on: date) -> Exceptions:
    """Return what has fallen due and goes to a person, as far as the reader may see it, the most first.

    Of many it is told as it was counted last: each row that is counted is asked for the reader's right to see it.
    """
    of = [each.pk for each in controllers]
    kept = KeptException.objects.filter(controller__in=of)
    counted = kept.values_list("of").annotate(Sum("number"), Max("counted_at"))
    many = {name: at for name, number, at in counted if number > MOST}
    given = {"controllers": of, "on": on}
    people, records = kept.filter(of="people"), kept.filter(of="records")
    by_cause = people.values_list("kind", "code").annotate(Sum("number"), Sum("reviews"))
    columns = records.values_list("controller__name", "controller__code", "code", "kind")
    by_class = columns.annotate(Sum("number"), Min("earliest"))
    return Exceptions(
        _causes(by_cause if "people" in many else _rows(_CAUSES, given)),
        _nobody(by_class if "records" in many else _rows(_NOBODY, given)),
        max(many.values(), default=None),
    )


def _rows(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())


def _causes(rows: Iterable[tuple[str, str, int, int]]) -> list[Cause]:
    """Return causes of their kind, code, people and reviews; holds, which are reasons by number, together."""
    told, held = [], 0
    for kind, code, people, reviews in rows:
        if code.isdigit():
            held += people
        else:
            told.append(Cause(cause_in_words(kind, code), people, f"{kind}:{code}", reviews))
    told += [Cause("A hold covers their records", held)] if held else []
    return sorted(told, key=lambda each: (-each.people, each.code))


def _nobody(rows: Iterable[tuple[str, str, str, str, int, date]]) -> list[Nobody]:
    return [
        Nobody(name, code, kind, words.class_title(kind), words.say("decision", outcome), count, earliest)
        for name, code, kind, outcome, count, earliest in sorted(rows, key=lambda row: (-row[4], row[0]))
    ]


def cause_in_words(kind: str, code: str) -> str:
    """Say a cause: a reason, a flag or a rule by its code, or a fact that is not known."""
    if kind == "fact":
        return f"Not known: {words.say('fact', code)[:1].lower()}{words.say('fact', code)[1:]}"
    if words.has("reason", code):
        return words.say("reason", code)
    if words.has("flag", code):
        return f"Flag: {words.say('flag', code)}"
    return f"Rule: {words.class_title(code)}"


_OF_NOBODY = """
FROM retention_recorddecision d
JOIN records_record r ON r.id = d.record_id JOIN records_sourcesystem s ON s.id = r.system_id
JOIN core_controller c ON c.id = s.controller_id
WHERE d.outcome IN ('dispose', 'review', 'archive') AND d.due <= %(on)s
    AND NOT EXISTS (SELECT 1 FROM records_involvement i WHERE i.record_id = d.record_id)
    AND NOT EXISTS (SELECT 1 FROM retention_disposalitem i JOIN retention_disposalorder o ON o.id = i.order_id
        WHERE i.record_id = d.record_id AND o.state IN ('proposed', 'approved', 'instructed'))
"""
_NOBODY = f"""
SELECT c.name, c.code, d.resolved_class, d.outcome, count(*), min(d.due) {_OF_NOBODY}
    AND s.controller_id = ANY(%(controllers)s)
GROUP BY c.name, c.code, d.resolved_class, d.outcome
"""
_KEEP_NOBODY = f"""
INSERT INTO retention_keptexception (counted_at, controller_id, scopes, of, kind, code, number, reviews, earliest)
SELECT now(), c.id, ARRAY[r.scope_id], 'records', d.outcome, d.resolved_class, count(*), 0, min(d.due) {_OF_NOBODY}
GROUP BY c.id, r.scope_id, d.outcome, d.resolved_class
"""


def records_about_nobody(controller: Controller, class_id: str, on: date) -> QuerySet[Record]:
    """Return a controller's due records of a class about nobody, without an order under way, longest due first."""
    under_way = DisposalItem.objects.filter(
        record=OuterRef("pk"), order__state__in=["proposed", "approved", "instructed"]
    )
    return (
        Record.objects.filter(
            system__controller=controller,
            decision__resolved_class=class_id,
            decision__outcome__in=["dispose", "review"],
            decision__due__lte=on,
        )
        .exclude(Exists(Involvement.objects.filter(record=OuterRef("pk"))))
        .exclude(Exists(under_way))
        .select_related("system__controller", "decision")
        .order_by("decision__due", "pk")
    )


def records_going(decisions: Iterable[PersonDecision], on: date) -> dict[int, tuple[int, int]]:
    """Return decision key to (records that may go, records of the person), of the deciding controller."""
    chosen = {(each.prime_id, each.controller_id): each.pk for each in decisions}
    rows = (
        RecordDecision.objects.filter(
            record__involvements__nominal__belongings__prime_id__in={prime for prime, _ in chosen},
            record__involvements__nominal__belongings__until__isnull=True,
        )
        .values_list(
            "record__involvements__nominal__belongings__prime_id",
            "record__system__controller_id",
            "record_id",
            "outcome",
            "due",
        )
        .distinct()
    )
    found: dict[int, tuple[int, int]] = {}
    for prime, controller, _, outcome, day in rows:
        key = chosen.get((prime, controller))
        if key is not None:
            going, every = found.get(key, (0, 0))
            goes = outcome in {"review", "dispose"} and (day is None or day <= on)
            found[key] = (going + goes, every + 1)
    return found
