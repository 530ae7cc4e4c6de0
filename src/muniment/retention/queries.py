"""Reads about retention that more than one screen or action needs."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils import timezone

from muniment.core import access
from muniment.core.models import Controller, User, UserScope
from muniment.people.carried import about
from muniment.people.models import PrimePerson
from muniment.records.models import Involvement, Nominal
from muniment.retention.anonymity import Known, known
from muniment.retention.models import DisposalItem, DisposalOrder, PersonDecision, Review, SubjectEvent

CAME_BACK = ("returned", "undone")  # states of a disposal that has opened its review again


def person_decision(prime: PrimePerson, controller: Controller) -> PersonDecision | None:
    """Return what a controller's policy says about a prime person, or None when nothing is decided."""
    return PersonDecision.objects.filter(prime=prime, controller=controller).first()


def open_events(prime: PrimePerson) -> list[SubjectEvent]:
    """Return the requests, appeals and enquiries about a person that have not been closed, newest first."""
    return list(events_about(prime).filter(closed__isnull=True))


def events_about(prime: PrimePerson) -> QuerySet[SubjectEvent]:
    """Return what was recorded of a person, or of anybody who has become part of them since, newest first."""
    return SubjectEvent.objects.filter(about([prime.pk], at="made_at")).order_by("-dated", "-pk")


def decided_about(prime: PrimePerson) -> QuerySet[Review]:
    """Return the decided reviews of a person, or of anybody who has become part of them since, last first."""
    return Review.objects.filter(about([prime.pk], at="decided_at"), state="decided").order_by("-decided_at", "-pk")


def open_reviews(prime: PrimePerson) -> list[Review]:
    """Return the reviews of a person that are not decided."""
    return list(Review.objects.filter(prime=prime).exclude(state__in=["decided", "closed"]).order_by("pk"))


def stayed(review: Review) -> list[DisposalItem]:
    """Return the person's records that a disposal left here, with why, last first, for who looks again."""
    on = {"nominal__belongings__prime": review.prime_id, "nominal__belongings__until__isnull": True}
    records = Involvement.objects.filter(record__system__controller=review.controller_id, **on).values("record_id")
    left = DisposalItem.objects.filter(record_id__in=records, order__destroyed_at__isnull=False)
    return list(left.exclude(kept_because="").select_related("order").order_by("-order", "reference"))


def people_of(order: DisposalOrder) -> Known:
    """Return what would name the people of an order: whoever it is about, and everyone on what it would destroy."""
    own = Q(belongings__prime=order.prime_id, belongings__until__isnull=True)
    on_them = Nominal.objects.filter(involvements__record_id__in=list(order.items.values_list("record_id", flat=True)))
    found = [*Nominal.objects.filter(own), *on_them] if order.prime_id else list(on_them)
    names = (
        name
        for each in found
        for name in (each.forename, each.middle_names, each.surname, each.full_name, *each.aliases)
    )
    return known(names, (each.born_earliest for each in found if each.born_earliest == each.born_latest))


def came_back(reviews: Iterable[Review]) -> dict[int, DisposalOrder]:
    """Return the disposals that were returned or undone and opened reviews again, the last of each, by review."""
    undecided = [review.pk for review in reviews if review.state not in {"decided", "closed"}]
    orders = DisposalOrder.objects.filter(review__in=undecided, state__in=CAME_BACK).order_by("pk")
    return {order.review_id or 0: order for order in orders}


def colleagues(review: Review) -> list[User]:
    """Return who may work a review: by their roles, and because they may see something of what it is about."""
    on = timezone.localdate()
    parts = Involvement.objects.filter(
        nominal__belongings__prime=review.prime_id,
        nominal__belongings__until__isnull=True,
        record__system__controller=review.controller_id,
    )
    opened = UserScope.objects.filter(scope_id__in=set(parts.values_list("record__scope_id", flat=True)))
    opened = opened.filter(Q(until__isnull=True) | Q(until__gt=on))
    found = access.holders("review.work", on=on, controller=review.controller).filter(pk__in=opened.values("user_id"))
    return list(found.order_by("last_name", "first_name"))


def going(order: DisposalOrder) -> list[int]:
    """Return the keys of the records that an order would still destroy."""
    left = order.items.filter(record__isnull=False, destroyed_at__isnull=True, kept_because="")
    return list(left.values_list("record_id", flat=True))
