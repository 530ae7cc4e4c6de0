"""Whose use is restricted, on what ground and until when, and for which access purposes it opens all the same."""

from collections.abc import Collection
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from muniment.core import words
from muniment.core.guards import Guard
from muniment.people import carried
from muniment.people.models import Belonging, PrimePerson
from muniment.retention.models import PersonRequest, Restriction
from muniment.retention.policies import request_policy


def standing(on: date | None = None) -> QuerySet[Restriction]:
    """Return the restrictions that stand on a day: also on that on which whoever asked was told of their end."""
    day = on or timezone.localdate()
    return Restriction.objects.filter(Q(ended_on=None) | Q(ended_on__gte=day))


def to_look_at(on: date | None = None) -> QuerySet[PersonRequest]:
    """Return the requests whose restriction is to be looked at again by a day, today unless another is given."""
    due = standing(on).filter(ended_on=None, review_on__lte=on or timezone.localdate())
    return PersonRequest.objects.filter(pk__in=due.values("request"))


def about(prime: PrimePerson) -> list[Restriction]:
    """Return what restricts the use of what is held of a person, as they are made up now."""
    found = standing().filter(carried.about([prime.pk], at="made_at"))
    return list(found.select_related("controller", "request").order_by("pk"))


def marks(primes: Collection[PrimePerson]) -> dict[int, str]:
    """Return why the use of what is held of people is restricted, in words, by key, of those of whom it is."""
    keys = [each.pk for each in primes]
    stands = keys and standing().exists()  # most often there is none, and finding has to be quick
    if not stands or not standing().filter(carried.about(keys, at="made_at")).exists():
        return {}
    return {prime.pk: in_words(found) for prime in primes if (found := about(prime))}


def guard(nominals: Collection[int], controller: int | None) -> Guard | None:
    """Return what restricts the use of nominals, or of one record of a controller that they are on; none elsewhere."""
    was = Belonging.objects.filter(
        Q(until=None) | Q(until__gt=OuterRef("made_at") - carried.GRACE),
        prime=OuterRef("prime"),
        nominal__in=list(nominals),
        start__lt=OuterRef("made_at") + carried.GRACE,
    )
    found = standing().filter(Exists(was))
    found = found if controller is None else found.filter(controller=controller)
    several = list(found.select_related("controller").order_by("pk"))
    if not several:
        return None
    return Guard(in_words(several), request_policy.on(timezone.localdate()).restriction.purposes)


def in_words(several: Collection[Restriction]) -> str:
    """Return what restricts, in sentences: by whom, since when, on what ground and until when."""
    said = request_policy.on(timezone.localdate())
    return " ".join(
        f"{each.controller.name} has restricted the use of what it keeps of this person since"
        f" {words.day(each.begun_on)}: {_lower(said.keeping_of(each.request.regime).get(each.ground, each.ground))}."
        f" {_until(each)}"
        for each in several
    )


def _until(each: Restriction) -> str:
    if each.ended_on:
        return f"That ends with {words.day(each.ended_on)}."
    return f"It is looked at again by {words.day(each.review_on)}."


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
