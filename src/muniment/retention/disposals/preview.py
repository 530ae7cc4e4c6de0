"""What an order does besides destroying its records, before anybody approves it, as far as the reader may see it."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Sum
from django.db.models.functions import Length

from muniment.core.models import Content
from muniment.people.models import Belonging
from muniment.records.models import Involvement, Nominal
from muniment.retention import queries
from muniment.retention.disposals import goes_with
from muniment.retention.elsewhere import copies, duties
from muniment.retention.models import DisposalOrder, Duty, Hold


@dataclass(frozen=True)
class Preview:
    """The effects that stand beside what goes with the records; names are of people who stay."""

    links: int
    others: int  # people, other than the order's, who lose records
    orphaned: int  # of these, those of whom nothing is left
    names: tuple[str, ...]
    holders: tuple[str, ...]
    national: tuple[str, ...]
    shelves: tuple[str, ...]
    bytes: int  # of texts, encrypted
    holds_checked: str


def of_order(order: DisposalOrder, stands_in_the_way: int) -> Preview:
    """Return what an order would do; `stands_in_the_way` is how many holds and requests were found against it."""
    records = queries.going(order)
    parts = Involvement.objects.filter(record__in=records)
    going = goes_with.nominals_of(order)
    asked = duties.called_for(order)
    given = Counter(holder.name for holders in copies.held(records).values() for holder in holders)
    wanted = Counter(duty.title for duty in asked if duty.where == Duty.Where.NATIONAL)
    others, orphaned = _others(order, records, going)
    shelves = [duty for duty in asked if duty.where == Duty.Where.SHELF]
    return Preview(
        links=parts.count(),
        others=others,
        orphaned=orphaned,
        names=_names_lost(going),
        holders=tuple(
            f"{name} ({number} record{'' if number == 1 else 's'})" for name, number in sorted(given.items())
        ),
        national=tuple(f"{name} ({number})" for name, number in sorted(wanted.items())),
        shelves=tuple(" ".join(filter(None, (each.location, each.medium))) for each in shelves),
        bytes=_bytes(records),
        holds_checked=_holds(stands_in_the_way),
    )


def _others(order: DisposalOrder, records: list[int], going: set[int]) -> tuple[int, int]:
    """Return how many other people lose records, and of how many nothing is left."""
    now = Belonging.objects.filter(until__isnull=True)
    touched = now.filter(nominal__involvements__record__in=records).exclude(prime=order.prime_id)
    primes = set(touched.values_list("prime_id", flat=True))
    left = now.filter(prime__in=primes).exclude(nominal__in=going)
    return len(primes), len(primes - set(left.values_list("prime_id", flat=True)))


def _names_lost(going: set[int]) -> tuple[str, ...]:
    """Return the names that only nominals which go say of people of whom something stays."""
    belongs = dict(
        Belonging.objects.filter(nominal__in=going, until__isnull=True).values_list("nominal_id", "prime_id")
    )
    stay = Belonging.objects.filter(prime__in=set(belongs.values()), until__isnull=True).exclude(nominal__in=going)
    kept: dict[int, set[str]] = {}
    for each in stay.select_related("nominal"):
        kept.setdefault(each.prime_id, set()).update(_names(each.nominal))
    lost = {
        name
        for nominal in Nominal.objects.filter(pk__in=belongs)
        for name in _names(nominal)
        if (prime := belongs[nominal.pk]) in kept and name not in kept[prime]
    }
    return tuple(sorted(lost))


def _names(nominal: Nominal) -> set[str]:
    return {" ".join(name.split()).title() for name in (nominal.name, *nominal.aliases) if name.strip()}


def _bytes(records: list[int]) -> int:
    texts = Content.objects.filter(goes_with.of_records(records)) if records else Content.objects.none()
    return int(texts.aggregate(all=Sum(Length("ciphertext")))["all"] or 0)


def _holds(found: int) -> str:
    standing = Hold.objects.filter(released_at__isnull=True).count()
    if found:
        return f"Checked just now against {standing} standing holds and every open request: {found} stand in the way."
    return f"Checked just now against {standing} standing holds and every open request: none stands in the way."
