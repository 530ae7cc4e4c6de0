"""Reads about prime records that more than one screen needs. What is shown is what the reader may see."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import QuerySet

from muniment.core import references
from muniment.people.models import Belonging, PrimePerson
from muniment.people.survivorship import UNNAMED, Days, given_by
from muniment.records.models import Involvement, Nominal


def nominals_of(prime: PrimePerson) -> QuerySet[Nominal]:
    """Return the nominals of a prime person that the reader may see, in the order of their systems."""
    return (
        Nominal.objects.filter(belongings__prime=prime, belongings__until__isnull=True)
        .select_related("system__controller", "scope")
        .order_by("system__controller__name", "system__title", "reference")
    )


def nominals_by_prime(prime_ids: Iterable[int]) -> dict[int, list[Nominal]]:
    """Return for each prime person the nominals that the reader may see; who has none is left out."""
    found: dict[int, list[Nominal]] = {}
    belongings = (
        Belonging.objects.filter(prime_id__in=list(prime_ids), until__isnull=True)
        .select_related("nominal__system__controller", "nominal__scope")
        .order_by("nominal__system__controller__name", "nominal__system__title", "nominal__reference")
    )
    for belonging in belongings:
        found.setdefault(belonging.prime_id, []).append(belonging.nominal)
    return found


def identities(primes: Iterable[PrimePerson]) -> dict[int, "Identity"]:
    """Return prime key to identity, in four queries however many there are."""
    every = {prime.pk: prime for prime in primes}
    held = nominals_by_prime(every)
    days = Days([each.pk for nominals in held.values() for each in nominals])
    return {key: identity(every[key], nominals, days) for key, nominals in held.items()}


@dataclass(frozen=True)
class Called:
    """What somebody is called, and when they were born in words, empty when nobody says."""

    reference: str
    name: str
    born: str


@dataclass(frozen=True)
class _Named:
    pk: int
    name: str
    born: str
    born_earliest: date | None
    born_latest: date | None
    withdrawn_on: date | None


def called(primes: Iterable[PrimePerson]) -> dict[int, Called]:
    """Return what prime people are called, by key, as `identities` has it; reads nothing else of them."""
    every = {prime.pk: prime for prime in primes}
    columns = ("forename", "middle_names", "surname", "full_name")
    more = ("born", "born_earliest", "born_latest", "withdrawn_on")
    held: dict[int, list[_Named]] = {}
    rows = Belonging.objects.filter(prime_id__in=list(every), until__isnull=True)
    for key, nominal, forename, middle, surname, full, *told in rows.values_list(
        "prime_id", "nominal_id", *(f"nominal__{c}" for c in (*columns, *more))
    ):
        parts = " ".join(part for part in (forename, middle, surname) if part)
        held.setdefault(key, []).append(_Named(nominal, parts or full or UNNAMED, *told))
    days = Days([each.pk for named in held.values() for each in named])
    found = {}
    for key, named in held.items():
        names, births = given_by("name", named, days), given_by("born", named, days)
        born = births[0][0].text if births else ""
        found[key] = Called(every[key].reference, names[0][0].text if names else UNNAMED, born)
    return found


def membership_digest(prime_id: int) -> str:
    """Return the digest of all who make up a prime person now, seen or not; reviews and orders keep it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.membership_digest(%s)", [prime_id])
        return str(cursor.fetchone()[0])


def life_digest(prime_id: int) -> str:
    """Return the digest of a life as the reader sees it now: who makes it up, and every record of theirs."""
    members = Belonging.objects.filter(prime_id=prime_id, until__isnull=True)
    keys = sorted(members.values_list("nominal_id", flat=True))
    parts = Involvement.objects.filter(nominal__belongings__prime=prime_id, nominal__belongings__until__isnull=True)
    pairs = sorted(set(parts.values_list("nominal_id", "record_id")))
    return hashlib.sha256(repr((keys, pairs)).encode()).hexdigest()


def find_by_reference(reference: str) -> PrimePerson | None:
    """Return the prime person that a public reference means today, following redirects; None when unknown.

    Raise ValueError when the check character is wrong.
    """
    prime = PrimePerson.objects.filter(pk=references.number("prime", reference)).first()
    while prime is not None and prime.redirects_to_id is not None:
        prime = PrimePerson.objects.filter(pk=prime.redirects_to_id).first()
    return prime


@dataclass(frozen=True)
class Value:
    """A value of a fact about someone, and the sources that give it."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    """What the reader may know of a prime person: every fact with each value and its sources, best first."""

    reference: str
    name: str
    born: Value | None
    facts: dict[str, tuple[Value, ...]]
    sources: int


FACTS = {
    "Names": "name",
    "Date of birth": "born",
    "Sex": "sex",
    "Ethnicity": "ethnicity",
    "Place of birth": "birth_place",
    "Occupation": "occupation",
    "Address": "address",
    "Postcode": "postcode",
    "Telephone": "phone",
    "Email": "email",
    "PNC ID": "pncid",
    "CRO number": "cro",
    "National insurance number": "ni_number",
    "Driver number": "driver_number",
}


def identity(prime: PrimePerson, nominals: list[Nominal], days: Days | None = None) -> Identity:
    """Derive what to show of a prime person from nominals; the value that policy puts first comes first.

    `days` are of these nominals, where others are asked about with them.
    """
    days = days or Days([each.pk for each in nominals])
    facts = {title: _values(field, nominals, days) for title, field in FACTS.items()}
    aliases = sorted({alias for nominal in nominals for alias in nominal.aliases})
    if aliases:
        facts["Also known as"] = tuple(Value(alias, ()) for alias in aliases)
    names, born = facts["Names"], facts["Date of birth"]
    return Identity(
        reference=prime.reference,
        name=names[0].text if names else UNNAMED,
        born=born[0] if born else None,
        facts={title: values for title, values in facts.items() if values},
        sources=len(nominals),
    )


def _values(field: str, nominals: list[Nominal], days: Days) -> tuple[Value, ...]:
    return tuple(
        Value(
            claim.text, tuple(dict.fromkeys(f"{each.system.title}, {each.system.controller.name}" for each in givers))
        )
        for claim, givers in given_by(field, nominals, days)
    )
