"""Copies of what was destroyed here that others were given: a disposal is proven when they are gone there too.

The register of what was given stands above; it registers here, as duties do around people.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from muniment.retention.models import DisposalOrder


@dataclass(frozen=True)
class Copy:
    """Something destroyed here that somebody else still has, as far as is known: what, who, and what they were told."""

    reference: str
    holder: str
    state: str


@dataclass(frozen=True)
class Holder:
    """Somebody who has a record, as far as is known here, by a supply."""

    code: str
    name: str


Holders = Callable[[Iterable[int]], Mapping[int, tuple[Holder, ...]]]
Source = Callable[[Iterable[DisposalOrder]], Mapping[int, tuple[Copy, ...]]]
_sources: list[Source] = []
_holders: list[Holders] = []


def register(source: Source, holders: Holders | None = None) -> None:
    """Have a register asked about each order that has destroyed something, and who has what is to go."""
    if source not in _sources:
        _sources.append(source)
    if holders is not None and holders not in _holders:
        _holders.append(holders)


def held(records: Iterable[int]) -> dict[int, tuple[Holder, ...]]:
    """Return who was given each of some records and has it still, by the key of the record; others are left out."""
    found: dict[int, tuple[Holder, ...]] = {}
    keys = list(records)
    for asked in _holders if keys else ():
        for key, holders in asked(keys).items():
            found[key] = found.get(key, ()) + tuple(holders)
    return found


def outstanding(orders: Iterable[DisposalOrder]) -> dict[int, tuple[Copy, ...]]:
    """Return the copies that are not confirmed to be gone, by the key of the order; orders without any are left out."""
    found: dict[int, tuple[Copy, ...]] = {}
    destroyed = [order for order in orders if order.destroyed_at]
    for source in _sources if destroyed else ():
        for key, copies in source(destroyed).items():
            found[key] = found.get(key, ()) + tuple(copies)
    return found


def of(order: DisposalOrder) -> tuple[Copy, ...]:
    """Return the copies of one order that are not confirmed to be gone."""
    return outstanding([order]).get(order.pk, ())
