"""Whether what a page of retention tells of people and records opens to the purpose for which somebody looks."""

from collections.abc import Iterable

from django.http import HttpRequest

from muniment.core.visits import visitor
from muniment.people import guarded as people
from muniment.records import guarded as records
from muniment.records.models import Involvement


def pass_by(
    request: HttpRequest, subject: str, *, of: Iterable[int | None] = (), told: Iterable[int | None] = ()
) -> None:
    """Let somebody by to what is `of` people and `told` by records, by their keys.

    Raise UseRestricted where the use of one of them is restricted and the purpose given does not open it.
    """
    purpose = visitor(request).purpose
    people.pass_by({key for key in of if key}, purpose, subject)
    records.pass_all({key for key in told if key}, purpose, subject)


def pass_life(request: HttpRequest, subject: str, prime: int | None) -> None:
    """Let somebody by to the whole life of a person: themselves, and everybody on their records."""
    parts = Involvement.objects.filter(nominal__belongings__prime=prime, nominal__belongings__until__isnull=True)
    pass_by(request, subject, of=[prime], told=parts.values_list("record_id", flat=True) if prime else ())
