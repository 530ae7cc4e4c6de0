"""Decide about the records of an order again, from what is known at this moment.

A stored decision is as old as the last run of the schedule. What cannot be undone rests on facts of the moment: an
offence that came in last night, another person's period, a match that someone has found doubtful.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils import timezone

from muniment.people.linking import pairs
from muniment.retention import queries
from muniment.retention.deciding import schedule_tables
from muniment.retention.models import DisposalOrder, RecordDecision
from muniment.retention.policies import policy_now

IN_DOUBT = "possible_match"  # the reason that the engine gives where a possible match would change the decision


@dataclass(frozen=True)
class Decided:
    """What policy says about a record now, in the words that `letting_go.may_go` reads."""

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


def says_the_same(kept: str, now: Decided) -> bool:
    """Say whether a digest that an order keeps is of what is decided now.

    What a doubt had sent to a person the clock may let go by itself once that is settled: that stands against nothing.
    """
    asked = replace(now, outcome="review") if now.outcome == "dispose" else now
    return kept in {digest(now), digest(asked)}


Decisions = Mapping[int, Decided]  # by the key of the record


def decide(order: DisposalOrder) -> Decisions:
    """Return what is decided now about each record that an order would still destroy.

    Only who sees everything may ask: the worker. The order's own review does not count as one, as it did not when
    the order was proposed. Everybody on the records is decided with them, and whoever may be the same as one of
    them, because each can keep a record.
    """
    return decide_together([order])[order.pk]


def decide_together(orders: Iterable[DisposalOrder]) -> dict[int, Decisions]:
    """Return, by the key of the order, what `decide` says of each: at once, which takes hardly longer than one.

    An order that shares a person with one before it is left out: what that one destroys may move its dates, and what
    is decided here does not see what the caller's transaction has done.
    """
    records: dict[int, list[int]] = {}
    people: set[int] = set()
    reviews = []
    for order in orders:
        going = queries.going(order)
        own = _people(going)
        if people.isdisjoint(own):
            records[order.pk] = going
            people |= own
            reviews += [order.review_id] if order.review_id else []
    every = tuple(key for keys in records.values() for key in keys)
    if not every:
        return {key: {} for key in records}
    part = schedule_tables.Part(tuple(sorted(people)), every, without_reviews=tuple(reviews))
    made = schedule_tables.decide(policy_now.policy(), timezone.localdate(), part=part)
    wanted = set(every)
    decided = {
        row["record_id"]: Decided(
            row["outcome"], row["due"], row["rule"] or "", tuple(row["missing"]), tuple(row["because"])
        )
        for row in made.records.to_pylist()
        if row["record_id"] in wanted
    }
    return {key: {one: decided[one] for one in keys if one in decided} for key, keys in records.items()}


def _people(records: Iterable[int]) -> set[int]:
    """Return the people on some records, and who may be the same as one of them."""
    primes = pairs.people_on(records)
    return primes | pairs.near(primes)
