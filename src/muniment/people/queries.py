"""Reads about prime records that more than one screen needs. What is shown is what the reader may see."""

import hashlib
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from muniment.core import references
from muniment.people.models import Belonging, PrimePerson
from muniment.records.models import Nominal


def nominals_of(prime: PrimePerson) -> QuerySet[Nominal]:
    """Return the nominals of a prime person that the reader may see, in the order of their systems."""
    return (
        Nominal.objects.filter(belongings__prime=prime, belongings__until__isnull=True)
        .select_related("system__controller", "scope")
        .order_by("system__controller__name", "system__title", "reference")
    )


def membership_digest(prime_id: int) -> str:
    """Return the digest of who makes up a prime person now; reviews and orders keep it."""
    keys = Belonging.objects.filter(prime_id=prime_id, until__isnull=True).order_by("nominal_id")
    joined = ",".join(str(key) for key in keys.values_list("nominal_id", flat=True))
    return hashlib.sha256(joined.encode()).hexdigest()


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


_FACTS = {
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


def identity(prime: PrimePerson, nominals: list[Nominal]) -> Identity:
    """Derive what to show of a prime person from nominals; the value that most sources give comes first."""
    facts = {title: _values(field, nominals) for title, field in _FACTS.items()}
    aliases = sorted({alias for nominal in nominals for alias in nominal.aliases})
    if aliases:
        facts["Also known as"] = tuple(Value(alias, ()) for alias in aliases)
    names, born = facts["Names"], facts["Date of birth"]
    return Identity(
        reference=prime.reference,
        name=names[0].text if names else "Name not known",
        born=born[0] if born else None,
        facts={title: values for title, values in facts.items() if values},
        sources=len(nominals),
    )


def _values(field: str, nominals: list[Nominal]) -> tuple[Value, ...]:
    given: dict[str, tuple[str, list[str]]] = {}
    for nominal in nominals:
        text = str(getattr(nominal, field)).strip()
        if text and text != "Name not known":
            shown = _day(nominal) if field == "born" else text
            key = " ".join(shown.casefold().split())
            given.setdefault(key, (shown, []))[1].append(f"{nominal.system.title}, {nominal.system.controller.name}")
    ordered = sorted(given.values(), key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple(Value(text, tuple(dict.fromkeys(sources))) for text, sources in ordered)


def _day(nominal: Nominal) -> str:
    earliest, latest = nominal.born_earliest, nominal.born_latest
    if earliest is None or latest is None:
        return f"{nominal.born} (not a date)"
    if earliest == latest:
        return _long(earliest)
    if earliest.year == latest.year and earliest.month == latest.month:
        return f"{earliest:%B %Y}"
    return f"{earliest.year}" if earliest.year == latest.year else f"{_long(earliest)} to {_long(latest)}"


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
