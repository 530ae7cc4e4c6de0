"""Pairs of nominals that a run left for a person to judge."""

from collections.abc import Collection, Iterable

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from muniment.people.models import Belonging, Judgement, MatchEdge

_NOW = Belonging.objects.filter(until__isnull=True)
_DIFFERENT = Judgement.objects.filter(
    left=OuterRef("left"), right=OuterRef("right"), superseded_at__isnull=True, verdict="different"
)


def people_on(record_ids: Iterable[int]) -> set[int]:
    """Return the keys of the prime people on some records."""
    on_it = _NOW.filter(nominal__involvements__record_id__in=list(record_ids))
    return set(on_it.values_list("prime_id", flat=True))


def of_people(primes: Collection[int]) -> QuerySet[MatchEdge]:
    """Return the pairs of any nominal of these people that a run left for a person, judged or not."""
    # Keys first, so that the few edges of these people are looked up and not all edges looked through.
    nominals = list(_NOW.filter(prime_id__in=primes).values_list("nominal_id", flat=True))
    return MatchEdge.objects.filter(Q(left_id__in=nominals) | Q(right_id__in=nominals), needs_person=True)


def apart(pairs: QuerySet[MatchEdge]) -> QuerySet[MatchEdge]:
    """Return those whose two nominals are of two people now, each with `left_prime` and `right_prime`, their keys."""
    return pairs.annotate(
        left_prime=Subquery(_NOW.filter(nominal=OuterRef("left")).values("prime")[:1]),
        right_prime=Subquery(_NOW.filter(nominal=OuterRef("right")).values("prime")[:1]),
    ).exclude(left_prime=F("right_prime"))


def undecided(pairs: QuerySet[MatchEdge]) -> QuerySet[MatchEdge]:
    """Return those that nobody has judged to be different; what was judged the same waits for a run to follow."""
    return pairs.exclude(Exists(_DIFFERENT))


def unsettled(record_id: int) -> QuerySet[MatchEdge]:
    """Return the pairs with someone on a record that the reader may see and nobody has judged to be different."""
    return undecided(_apart_on(record_id)).order_by("-weight", "pk")


def is_unsettled(record_id: int) -> bool:
    """Say whether a possible match of someone on a record waits for a person, or for a run to follow what they said.

    Who sees none of the pairs cannot know that they are settled: then it counts as waiting.
    """
    return not _apart_on(record_id).exists() or unsettled(record_id).exists()


def _apart_on(record_id: int) -> QuerySet[MatchEdge]:
    return apart(of_people(people_on([record_id])))
