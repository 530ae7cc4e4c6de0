"""Who made up a prime person as at any day, as known on any day.

*As known* is recorded time: what stood here before a moment. *As at* is valid time: of whom the sources told on a day.
Two records that are of one person always were, so who belongs together is a matter of what was known; on what day
a source had each of them is a matter of fact, which may be learnt late (docs/adr/0027).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from muniment.people.models import Belonging, PrimePerson


def end_of(day: date) -> datetime:
    """Return the moment at which a day ends here."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def recorded(known_by: datetime) -> QuerySet[Belonging]:
    """Return who belonged to whom by all that was recorded before a moment, as far as the reader may see it.

    What was destroyed since is not in it.
    """
    stood = Q(until__isnull=True) | Q(until__gte=known_by)
    return Belonging.objects.filter(stood, start__lt=known_by)


def told_on(day: date) -> Q:
    """Return what finds the belongings of whom a source told on a day."""
    return Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gt=day))


def members(primes: Collection[int], *, as_at: date, known_by: datetime) -> QuerySet[Belonging]:
    """Return who made up some prime people as at a day, as known before a moment."""
    return recorded(known_by).filter(told_on(as_at), prime__in=primes)


def findable(held: QuerySet[Belonging]) -> QuerySet[Belonging]:
    """Return those of some belongings whose reference leads the reader to somebody today.

    One that leads nowhere may be of somebody who was sealed since, or destroyed: it is not told.
    """
    leads_to = Q(prime=OuterRef("prime")) | Q(prime=OuterRef("prime__redirects_to"))
    return held.filter(Exists(Belonging.objects.filter(leads_to, until__isnull=True)))


@dataclass(frozen=True)
class Group:
    """A prime person as it was known: of whom the sources told on the day, and who was one with them on others."""

    prime: PrimePerson
    told: tuple[Belonging, ...]
    besides: tuple[Belonging, ...]


@dataclass(frozen=True)
class AsKnown:
    """What was known of a prime person before a moment: its own records, and those that were of others then.

    `own` is None while the reference bore nothing that the reader may see: not made yet, or retired.
    """

    own: Group | None
    others: tuple[Group, ...]


def as_known(prime: PrimePerson, *, as_at: date, known_by: datetime) -> AsKnown:
    """Return how everyone who was ever part of a prime person was grouped, as known before a moment."""
    ever = Belonging.objects.filter(prime=prime).values("nominal_id")
    bore = set(recorded(known_by).filter(nominal__in=ever).values_list("prime_id", flat=True))
    held = (
        findable(recorded(known_by))
        .filter(prime__in=bore)
        .select_related("prime", "nominal__system__controller")
        .order_by("prime_id", "nominal__system__controller__name", "nominal__system__title", "nominal__reference")
    )
    by_prime: dict[int, list[Belonging]] = {}
    for each in held:
        by_prime.setdefault(each.prime_id, []).append(each)
    groups = {key: _group(found, as_at) for key, found in by_prime.items()}
    return AsKnown(groups.pop(prime.pk, None), tuple(groups.values()))


def _group(found: list[Belonging], as_at: date) -> Group:
    told = [each for each in found if each.valid_from <= as_at < (each.valid_until or date.max)]
    return Group(found[0].prime, tuple(told), tuple(each for each in found if each not in told))
