"""Pairs of nominals that a run left for a person to judge."""

from collections.abc import Collection, Iterable

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from muniment.people.models import Belonging, Judgement, MatchEdge

_NOW = Belonging.objects.filter(until__isnull=True)
_JUDGED = Judgement.objects.filter(left=OuterRef("left"), right=OuterRef("right"), superseded_at__isnull=True)
# Which pairs come first: those that are shown as one though nothing joins them, then the likest.
FIRST = ("-were_one", "-weight", "pk")


def people_on(record_ids: Iterable[int]) -> set[int]:
    """Return the keys of the prime people on some records."""
    on_it = _NOW.filter(nominal__involvements__record_id__in=list(record_ids))
    return set(on_it.values_list("prime_id", flat=True))


def of_people(primes: Collection[int]) -> QuerySet[MatchEdge]:
    """Return the pairs of any nominal of these people that a run left for a person, judged or not."""
    # Keys first, so that the few edges of these people are looked up and not all edges looked through.
    nominals = list(_NOW.filter(prime_id__in=primes).values_list("nominal_id", flat=True))
    return MatchEdge.objects.filter(Q(left_id__in=nominals) | Q(right_id__in=nominals), needs_person=True)


def placed(pairs: QuerySet[MatchEdge]) -> QuerySet[MatchEdge]:
    """Return pairs, each with `left_prime` and `right_prime`, the keys of the people that its nominals are of now."""
    return pairs.annotate(
        left_prime=Subquery(_NOW.filter(nominal=OuterRef("left")).values("prime")[:1]),
        right_prime=Subquery(_NOW.filter(nominal=OuterRef("right")).values("prime")[:1]),
    )


def undecided(pairs: QuerySet[MatchEdge]) -> QuerySet[MatchEdge]:
    """Return those about which nobody has said that they are as they should be: two people, or one.

    What was judged otherwise than it is, two people the same or one different, waits for a run to follow.
    """
    are_one = Q(left_prime=F("right_prime"))
    right = Q(are_one, Exists(_JUDGED.filter(verdict="same"))) | Q(
        ~are_one, Exists(_JUDGED.filter(verdict="different"))
    )
    return placed(pairs).exclude(right)


def unsettled(record_id: int) -> QuerySet[MatchEdge]:
    """Return the pairs with someone on a record that the reader may see and nobody has settled."""
    return undecided(_on(record_id)).order_by(*FIRST)


def is_unsettled(record_id: int) -> bool:
    """Say whether a possible match of someone on a record waits for a person, or for a run to follow what they said.

    Who sees none of the pairs cannot know that they are settled: then it counts as waiting.
    """
    return not _on(record_id).exists() or unsettled(record_id).exists()


def _on(record_id: int) -> QuerySet[MatchEdge]:
    return of_people(people_on([record_id]))
