"""Whether people open for a purpose, one by one and in lists: their use may be restricted."""

from collections.abc import Collection

from muniment.core import guards
from muniment.people.models import Belonging


def pass_by(primes: Collection[int], purpose: str, subject: str, *, duty: str = "") -> None:
    """Let somebody by who looks at people for an access purpose. Raise UseRestricted where it does not open one."""
    guards.pass_by(sorted(_nominals(primes)), purpose, subject, duty=duty)


def closed(primes: Collection[int], purpose: str, *, duty: str = "") -> set[int]:
    """Return which of some people do not open for an access purpose, by the key of their prime record."""
    of = _nominals(primes)
    restricting = guards.closed(of.keys(), purpose, duty)
    return {prime for nominal, prime in of.items() if nominal in restricting}


def _nominals(primes: Collection[int]) -> dict[int, int]:
    """Return, by the key of a nominal, the person of whom it is part now."""
    held = Belonging.objects.filter(prime__in=list(primes), until__isnull=True) if primes else Belonging.objects.none()
    return dict(held.values_list("nominal_id", "prime_id"))
