"""Pairs of nominals that a run left for a person to judge."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from muniment.core import planned
from muniment.people.handing_over import array
from muniment.people.models import Belonging, Judgement, MatchEdge

_NOW = Belonging.objects.filter(until__isnull=True)
# What was said of a pair and stands: what is reopened waits for a person as if nobody had said anything.
_JUDGED = Judgement.objects.filter(
    left=OuterRef("left"), right=OuterRef("right"), superseded_at__isnull=True, reopened_at__isnull=True
)
# What has to be looked at again stops a disposal at once; the next run lists its pair.
_IS_REOPENED = Q(superseded_at__isnull=True, reopened_at__isnull=False)
_REOPENED = Judgement.objects.filter(_IS_REOPENED, left=OuterRef("left"), right=OuterRef("right"))
# Which pairs come first: those on which most hangs, then who is one with nothing to join them, then the likest.
FIRST = ("-stake", "-were_one", "-weight", "pk")


def people_on(record_ids: Iterable[int]) -> set[int]:
    """Return the keys of the prime people on some records."""
    on_it = _NOW.filter(nominal__involvements__record_id__in=list(record_ids))
    return set(on_it.values_list("prime_id", flat=True))


def near(primes: Collection[int]) -> frozenset[int]:
    """Return the keys of who is in a pair with one of these people that is left for a person, judged or not."""
    if not primes:
        return frozenset()
    return frozenset(row["prime_id"] for row in planned.rows(_NEAR, {"primes": array(sorted(primes))}))


def _with_any(nominals: list[int]) -> QuerySet[MatchEdge]:
    asked = Q(needs_person=True) | Exists(_REOPENED)
    return MatchEdge.objects.filter(Q(left_id__in=nominals) | Q(right_id__in=nominals), asked)


def unjudged() -> QuerySet[MatchEdge]:
    """Return the pairs that a run left for a person, of which nobody could tell yet."""
    waiting: QuerySet[MatchEdge] = unjudged_of(MatchEdge.objects.filter(needs_person=True))
    return waiting


def unjudged_of(pairs: QuerySet[Any]) -> QuerySet[Any]:
    """Return those of some pairs, of a model with `left` and `right`, of which nobody has said yet if they are one."""
    left: QuerySet[Any] = pairs.exclude(Exists(_JUDGED.exclude(verdict="unsure")))
    return left


def placed(pairs: QuerySet[Any]) -> QuerySet[Any]:
    """Return pairs, each with `left_prime` and `right_prime`, the keys of the people that its nominals are of now."""
    found: QuerySet[Any] = pairs.annotate(
        left_prime=Subquery(_NOW.filter(nominal=OuterRef("left")).values("prime")[:1]),
        right_prime=Subquery(_NOW.filter(nominal=OuterRef("right")).values("prime")[:1]),
    )
    return found


def _is_settled() -> Case:
    """Say of a pair whether somebody has said that it is as it should be: two people, or one.

    What was judged otherwise than it is, two people the same or one different, waits for a run to follow.
    """
    with_right = {"prime__belongings__nominal": OuterRef("right"), "prime__belongings__until__isnull": True}
    are_one = Exists(_NOW.filter(nominal=OuterRef("left"), **with_right))
    same, different = (Exists(_JUDGED.filter(verdict=verdict)) for verdict in ("same", "different"))
    return Case(When(are_one, then=same), default=different)


# By the one side and by the other, so that the few pairs of some people are looked up and not all looked through.
_NEAR_BY = """
SELECT e.left_id, e.right_id FROM own JOIN people_matchedge e ON e.{side} = own.nominal_id WHERE e.needs_person
UNION SELECT j.left_id, j.right_id FROM own JOIN people_judgement j ON j.{side} = own.nominal_id
WHERE j.superseded_at IS NULL AND j.reopened_at IS NOT NULL
"""
_NEAR = f"""
WITH own AS (SELECT nominal_id FROM people_belonging WHERE prime_id = ANY(%(primes)s) AND until IS NULL),
pair AS ({_NEAR_BY.format(side="left_id")} UNION {_NEAR_BY.format(side="right_id")})
SELECT DISTINCT b.prime_id FROM (SELECT left_id AS nominal_id FROM pair UNION SELECT right_id FROM pair) of
JOIN people_belonging b ON b.nominal_id = of.nominal_id AND b.until IS NULL
"""  # noqa: S608


@dataclass(frozen=True)
class Waiting:
    """The pairs with someone on some records: those about which nobody has said yet, by record, in the order to judge.

    `seen` are the records of which the reader sees any pair, judged or not, `people` the keys of who is on any.
    """

    people: frozenset[int]
    unsettled: Mapping[int, tuple[MatchEdge, ...]]
    seen: frozenset[int]

    def is_settled(self, record: int) -> bool:
        """Say whether no possible match waits for a person, or for a run to follow what they said.

        Who sees none of the pairs cannot know that they are settled: then they count as waiting.
        """
        return record in self.seen and record not in self.unsettled


def waiting_on(record_ids: Iterable[int]) -> Waiting:
    """Return the pairs with someone on each of some records, as far as the reader may see them."""
    on_it = _NOW.filter(nominal__involvements__record_id__in=list(record_ids))
    records: dict[int, set[int]] = defaultdict(set)
    for prime, record in on_it.values_list("prime_id", "nominal__involvements__record_id"):
        records[prime].add(record)
    primes = dict(_NOW.filter(prime_id__in=records).values_list("nominal_id", "prime_id"))
    every = _with_any(list(primes)).annotate(is_settled=_is_settled()).order_by(*FIRST)

    def touched(left: int, right: int) -> set[int]:
        return {record for key in (left, right) if key in primes for record in records[primes[key]]}

    seen: set[int] = set()
    unsettled: dict[int, list[MatchEdge]] = defaultdict(list)
    for edge in every:
        about = touched(edge.left_id, edge.right_id)
        seen |= about
        for record in () if edge.is_settled else about:
            unsettled[record].append(edge)
    told = {record: tuple(edges) for record, edges in unsettled.items()}
    return Waiting(frozenset(records), told, frozenset(seen))
