"""Reads about retention that more than one screen or action needs."""

from collections.abc import Iterable

from muniment.core.models import Controller
from muniment.people.models import PrimePerson
from muniment.retention.models import DisposalOrder, HeldRecord, Hold, PersonDecision, Review, SubjectEvent


def person_decision(prime: PrimePerson, controller: Controller) -> PersonDecision | None:
    """Return what a controller's policy says about a prime person, or None when nothing is decided."""
    return PersonDecision.objects.filter(prime=prime, controller=controller).first()


def open_events(prime: PrimePerson) -> list[SubjectEvent]:
    """Return the requests, appeals and enquiries about a person that have not been closed, newest first."""
    return list(SubjectEvent.objects.filter(prime=prime, closed__isnull=True).order_by("-dated", "-pk"))


def open_reviews(prime: PrimePerson) -> list[Review]:
    """Return the reviews of a person that are not decided."""
    return list(Review.objects.filter(prime=prime).exclude(state__in=["decided", "closed"]).order_by("pk"))


def standing_holds(record_ids: Iterable[int]) -> list[Hold]:
    """Return the holds that cover any of these records."""
    keys = HeldRecord.objects.filter(record_id__in=list(record_ids), hold__released_at__isnull=True)
    return list(Hold.objects.filter(pk__in=keys.values("hold_id")).order_by("pk"))


def holds_on(record_ids: Iterable[int]) -> list[str]:
    """Return the holds that cover any of these records, in words."""
    return [f"{hold.reference} {hold.title}" for hold in standing_holds(record_ids)]


def holds_on_order(order: DisposalOrder) -> list[str]:
    """Return the holds that cover anything an order would still destroy, in words."""
    keys = order.items.filter(record__isnull=False, destroyed_at__isnull=True).values_list("record_id", flat=True)
    return holds_on(keys)
