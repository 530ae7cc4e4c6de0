"""What goes with the records of an order, before anybody approves it: counted by the rules by which it goes.

`sweeping` does it, within the destruction; a test holds the two to each other.
"""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from muniment.core import content
from muniment.core.models import Content
from muniment.people.models import Belonging, Judgement
from muniment.records.models import (
    Involvement,
    Nominal,
    NominalFlag,
    PlaceLink,
    Record,
    RecordDates,
    VehicleLink,
)
from muniment.retention import queries
from muniment.retention.models import DisposalOrder


@dataclass(frozen=True)
class GoesWith:
    """What a reader sees that goes with some records, and of their people what stays."""

    nominals: tuple[str, ...]  # system and reference of each
    others: int  # nominals on the records that stay, because another record is about them
    texts: int
    judgements: int
    places: int
    vehicles: int
    left_of_person: int  # nominals that the person of the order keeps


def to_come(order: DisposalOrder) -> bool:
    """Whether anything of an order is still to go."""
    return order.state in {order.State.PROPOSED, order.State.APPROVED, order.State.INSTRUCTED}


def of_order(order: DisposalOrder) -> GoesWith:
    """Return what would go with what an order would still destroy, as far as the reader may see it."""
    records = queries.going(order)
    on_them = Nominal.objects.filter(involvements__record__in=records).distinct()
    going = list(_lonely(order, records).select_related("system").order_by("system__title", "reference"))
    keys = [nominal.pk for nominal in going]
    own = Belonging.objects.filter(prime=order.prime_id, until__isnull=True) if order.prime_id else None
    return GoesWith(
        nominals=tuple(f"{nominal.system.title} {nominal.reference}" for nominal in going),
        others=on_them.exclude(pk__in=keys).count(),
        texts=Content.objects.filter(of_records(records)).count() if records else 0,
        judgements=Judgement.objects.filter(Q(left__in=keys) | Q(right__in=keys)).count(),
        places=_loose(PlaceLink, "place", records, keys),
        vehicles=_loose(VehicleLink, "vehicle", records, keys),
        left_of_person=own.exclude(nominal__in=keys).count() if own is not None else 0,
    )


def nominals_of(order: DisposalOrder) -> set[int]:
    """Return the keys of the nominals that go with what an order would still destroy, as far as the reader sees."""
    return set(_lonely(order, queries.going(order)).values_list("pk", flat=True))


def of_records(records: list[int]) -> Q:
    """Match the content of some records."""
    asked = Q()
    for key in records:
        asked |= content.of_record(key)
    return asked


def _lonely(order: DisposalOrder, records: list[int]) -> QuerySet[Nominal]:
    """Match the nominals that no other record is about, as `sweeping` finds them once the records are gone."""
    elsewhere = Involvement.objects.filter(nominal=OuterRef("pk")).exclude(record__in=records)
    told = Q(row__in=Record.objects.filter(pk__in=records).values("row"))
    told |= Q(row__in=Involvement.objects.filter(record__in=records).values("row"))
    told |= Q(row__in=RecordDates.objects.filter(record__in=records).values("row"))
    own = Belonging.objects.filter(prime=order.prime_id, until__isnull=True)
    flags = NominalFlag.objects.exclude(told).exclude(nominal__in=own.values("nominal"))
    lonely = Nominal.objects.filter(
        ~Exists(elsewhere), involvements__record__in=records, system__controller=order.controller_id
    )
    return lonely.exclude(Exists(flags.filter(nominal=OuterRef("pk")))).distinct()


def _loose(links: type[PlaceLink | VehicleLink], name: str, records: list[int], nominals: list[int]) -> int:
    """Return how many places or vehicles lose their last link."""
    of_them = Q(record__in=records) | Q(nominal__in=nominals)
    linked = set(links._default_manager.filter(of_them).values_list(name, flat=True))
    kept = links._default_manager.filter(**{f"{name}__in": linked}).exclude(of_them)
    return len(linked - set(kept.values_list(name, flat=True)))
