"""What the clock lets go without a review, what stands in the way of the rest, and records that are about nobody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from muniment.core import words
from muniment.core.models import Controller
from muniment.records.models import Involvement, Record
from muniment.retention.models import (
    UNDER_WAY,
    BatchPerson,
    DisposalItem,
    DisposalOrder,
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


_CAUSES = """
SELECT every.kind, every.code, count(*), count(r.id) FROM retention_persondecision d
LEFT JOIN retention_review r ON r.prime_id = d.prime_id AND r.controller_id = d.controller_id
    AND r.state IN ('open', 'started')
CROSS JOIN LATERAL (
    SELECT 'reason' AS kind, unnest(d.because) AS code UNION ALL SELECT 'fact', unnest(d.missing)
) every
WHERE d.outcome IN ('review', 'hold', 'escalate') AND d.controller_id = ANY(%(controllers)s)
    AND (d.due IS NULL OR d.due <= %(on)s)
GROUP BY every.kind, every.code ORDER BY count(*) DESC, every.code
"""


def causes(controllers: Iterable[Controller], on: date) -> list[Cause]:
    """Return what sends people who have fallen due to a person instead of the queue, most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(_CAUSES, {"controllers": [each.pk for each in controllers], "on": on})
        rows = cursor.fetchall()
    held = sum(count for kind, code, count, _ in rows if kind == "reason" and code.isdigit())
    found = [
        Cause(cause_in_words(kind, code), count, f"{kind}:{code}", reviews)
        for kind, code, count, reviews in rows
        if not code.isdigit()
    ]
    found += [Cause("A hold covers their records", held)] if held else []
    return sorted(found, key=lambda each: -each.people)


def cause_in_words(kind: str, code: str) -> str:
    """Say a cause: a reason, a flag or a rule by its code, or a fact that is not known."""
    if kind == "fact":
        return f"Not known: {words.say('fact', code)[:1].lower()}{words.say('fact', code)[1:]}"
    if words.has("reason", code):
        return words.say("reason", code)
    if words.has("flag", code):
        return f"Flag: {words.say('flag', code)}"
    return f"Rule: {words.class_title(code)}"


_NOBODY = """
SELECT c.name, c.code, d.resolved_class, d.outcome, count(*), min(d.due) FROM retention_recorddecision d
JOIN records_record r ON r.id = d.record_id JOIN records_sourcesystem s ON s.id = r.system_id
JOIN core_controller c ON c.id = s.controller_id
WHERE d.outcome IN ('dispose', 'review', 'archive') AND d.due <= %(on)s AND s.controller_id = ANY(%(controllers)s)
    AND NOT EXISTS (SELECT 1 FROM records_involvement i WHERE i.record_id = d.record_id)
    AND NOT EXISTS (SELECT 1 FROM retention_disposalitem i JOIN retention_disposalorder o ON o.id = i.order_id
        WHERE i.record_id = d.record_id AND o.state IN ('proposed', 'approved', 'instructed'))
GROUP BY c.name, c.code, d.resolved_class, d.outcome ORDER BY count(*) DESC, c.name
"""


def about_nobody(controllers: Iterable[Controller], on: date) -> list[Nobody]:
    """Return the counts, by class, of due records about nobody whom the reader may see named."""
    with connection.cursor() as cursor:
        cursor.execute(_NOBODY, {"controllers": [each.pk for each in controllers], "on": on})
        return [
            Nobody(name, code, kind, words.class_title(kind), words.say("decision", outcome), count, earliest)
            for name, code, kind, outcome, count, earliest in cursor.fetchall()
        ]


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
