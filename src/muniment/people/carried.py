"""What was said of a prime person holds for whoever its records belong to since: people merge and are taken apart.

A request, a hold or a review was about everybody who made up the person then (section 4 of the architecture). A run
that joins two people, or takes one apart, loses none of it. Who joined them later is meant for as long as they are one.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import F, Q

from muniment.people.models import Belonging

GRACE = timedelta(days=1)  # what is said and a run that moves people may pass each other


def joined(said: str, at: str) -> str:
    """Return the join that finds, as `b`, those whom a row is about now.

    `said` is a table's alias with `prime_id`, `at` its column with the moment at which it was said.
    """
    return (
        f"people_belonging was ON was.prime_id = {said}.prime_id"
        f" AND (was.until IS NULL OR was.until > {said}.{at} - interval '{GRACE.days} day'"
        f" AND was.start < {said}.{at} + interval '{GRACE.days} day')"
        " JOIN people_belonging b ON b.nominal_id = was.nominal_id AND b.until IS NULL"
    )


def about(primes: Collection[int], *, at: str) -> Q:
    """Return what finds the rows that are about these people, of a model with `prime` and a moment `at`.

    Of people whom the reader does not see all, as far as they see them.
    """
    was = Belonging.objects.filter(
        nominal__belongings__prime__in=primes, nominal__belongings__until__isnull=True, until__isnull=False
    ).exclude(prime__in=primes)
    spans = was.annotate(since=F("start") - GRACE, to=F("until") + GRACE).values_list("prime_id", "since", "to")
    found = Q(prime__in=primes)
    for prime, since, to in spans.distinct():
        found |= Q(**{"prime": prime, f"{at}__gt": since, f"{at}__lt": to})
    return found


def said_of(nominals: Collection[int], keeps: Collection[int], *, at: str) -> Q:
    """Return what finds the rows that would be about nominals, were they one person bearing these prime records.

    What was said of another prime record is theirs from when until when they were part of it.
    """
    was = Belonging.objects.filter(nominal__in=nominals).exclude(prime__in=keeps)
    found = Q(prime__in=keeps)
    for prime, start, until in was.values_list("prime_id", "start", "until").distinct():
        within = Q(**{"prime": prime, f"{at}__gt": start - GRACE})
        found |= within & Q(**{f"{at}__lt": until + GRACE}) if until else within
    return found


def now(primes: Collection[int], since: datetime) -> set[int]:
    """Return the keys of the people, as they are made up now, of whom something was said at a moment."""
    were = Q(until__gt=since - GRACE, start__lt=since + GRACE)
    made_up = Belonging.objects.filter(Q(until__isnull=True) | were, prime__in=primes)
    today = Belonging.objects.filter(until__isnull=True, nominal__in=made_up.values("nominal"))
    return {*primes, *today.values_list("prime_id", flat=True)}
