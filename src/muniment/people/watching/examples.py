"""What a run that waits would change, by some prime records, as a reader may see them."""

from dataclasses import dataclass

from muniment.people.models import HeldChange, PrimePerson, RunHold
from muniment.people.queries import nominals_by_prime
from muniment.records.models import Nominal


@dataclass(frozen=True)
class Example:
    """A prime record that a run would change: who it is of now, and who would go where."""

    prime: PrimePerson
    members: tuple[Nominal, ...]
    leaving: tuple[tuple[Nominal, PrimePerson | None], ...]  # to an existing prime record, or to a new one


def of_hold(hold: RunHold) -> list[Example]:
    """Return at most fifty prime records, with the nominals that the reader may see; those with none are left out."""
    moving: dict[PrimePerson, list[tuple[Nominal, PrimePerson | None]]] = {}
    rows = (
        HeldChange.objects.filter(hold=hold, is_example=True)
        .select_related("nominal__system__controller", "was", "becomes")
        .order_by("was", "nominal")
    )
    for row in rows:
        moving.setdefault(row.was, []).append((row.nominal, row.becomes))
    # Once the run is settled its prime records have moved on: then only who moved is told.
    now = nominals_by_prime(prime.pk for prime in moving) if hold.settled_at is None else {}
    return [Example(prime, tuple(now.get(prime.pk, ())), tuple(leaving)) for prime, leaving in moving.items()]
