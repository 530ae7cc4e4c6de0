"""Decide about the records of an order again, from what is known at this moment.

A stored decision is as old as the last run of the schedule. What cannot be undone rests on facts of the moment: an
offence that came in last night, another person's period, a match that someone has found doubtful.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils import timezone

from muniment.people.models import Belonging, MatchEdge
from muniment.records.models import Involvement
from muniment.retention import policy_now, schedule_tables
from muniment.retention.models import DisposalOrder, RecordDecision

IN_DOUBT = "possible_match"  # the reason that the engine gives where a possible match would change the decision


@dataclass(frozen=True)
class Decided:
    """What policy says about a record now, in the words that `disposal.may_go` reads."""

    outcome: str
    due: date | None
    rule: str
    missing: tuple[str, ...]
    because: tuple[str, ...]


def digest(decision: "RecordDecision | Decided") -> str:
    """Return the digest of what a decision says; an order keeps it, and a different one later stops the order.

    A possible match is no part of it: it is settled before a proposal, and one that comes up later stops by itself.
    """
    said: list[Any] = [decision.outcome, str(decision.due), decision.rule]
    said += [sorted(decision.missing), sorted(set(decision.because) - {IN_DOUBT})]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def decide(order: DisposalOrder) -> dict[int, Decided]:
    """Return record key to decision for the records that an order would still destroy.

    Only who sees everything may ask: the worker. The order's own review does not count as one, as it did not when
    the order was proposed. Everybody on the records is decided with them, and whoever may be the same as one of
    them, because each can keep a record.
    """
    records = list(
        order.items.filter(record__isnull=False, destroyed_at__isnull=True).values_list("record_id", flat=True)
    )
    if not records:
        return {}
    part = schedule_tables.Part(tuple(_people(records)), tuple(records), without_review=order.review_id or 0)
    made = schedule_tables.decide(schedule_tables.read(part), policy_now.policy(), timezone.localdate())
    wanted = set(records)
    return {
        row["record_id"]: Decided(
            row["outcome"], row["due"], row["rule"] or "", tuple(row["missing"]), tuple(row["because"])
        )
        for row in made.records.to_pylist()
        if row["record_id"] in wanted
    }


def _people(records: Iterable[int]) -> set[int]:
    current = Belonging.objects.filter(until__isnull=True)
    nominals = Involvement.objects.filter(record_id__in=list(records)).values("nominal_id")
    primes = set(current.filter(nominal_id__in=nominals).values_list("prime_id", flat=True))
    own = current.filter(prime_id__in=primes).values("nominal_id")
    edges = MatchEdge.objects.filter(Q(left_id__in=own) | Q(right_id__in=own), needs_person=True)
    near = {key for pair in edges.values_list("left_id", "right_id") for key in pair}
    return primes | set(current.filter(nominal_id__in=near).values_list("prime_id", flat=True))
