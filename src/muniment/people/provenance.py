"""Where each fact about a prime person comes from, with the values that lost: from nominals that the reader may see.

Which value is shown first is the rule of `people.queries.identity`: what most source records give.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import F

from muniment.people.queries import FACTS, given_by
from muniment.records.models import Involvement, Nominal, Record


@dataclass(frozen=True)
class Telling:
    """A source record that gives a value: as it writes it, in a row unchanged since a day and told last on another.

    `record` is one that the same row tells of, where there is one that the reader may see.
    """

    nominal: Nominal
    written: str
    since: date | None
    last: date | None
    record: Record | None


@dataclass(frozen=True)
class Given:
    """A value and who gives it."""

    text: str
    tellings: tuple[Telling, ...]


@dataclass(frozen=True)
class Fact:
    """A fact with its values: first the one that is shown, and why it is, then those that lost."""

    title: str
    why: str
    values: tuple[Given, ...]


def facts(nominals: list[Nominal]) -> list[Fact]:
    """Return every fact that any of some nominals gives."""
    days, records = _days(nominals), _records(nominals)

    def telling(nominal: Nominal, written: str) -> Telling:
        since, last = days.get(nominal.pk, (None, None))
        return Telling(nominal, written, since, last, records.get(nominal.pk))

    found = []
    for title, field in FACTS.items():
        values = tuple(
            Given(text, tuple(telling(each, str(getattr(each, field)).strip()) for each in givers))
            for text, givers in given_by(field, nominals)
        )
        if values:
            found.append(Fact(title, _why(values), values))
    aliases: dict[str, list[Telling]] = {}
    for nominal in nominals:
        for alias in nominal.aliases:
            aliases.setdefault(alias, []).append(telling(nominal, alias))
    if aliases:
        values = tuple(Given(text, tuple(tellings)) for text, tellings in sorted(aliases.items()))
        found.append(Fact("Also known as", "Every one is shown: none takes the place of another.", values))
    return found


def _why(values: tuple[Given, ...]) -> str:
    """Say why the first of some values is shown and the others are not."""
    first, *others = (len(each.tellings) for each in values)
    told = sum((first, *others))
    if not others:
        return "Nobody says otherwise." if told > 1 else "One source record alone gives it."
    if first > others[0]:
        return (
            f"Shown first because {first} of the {told} source records that give one say so: more than any other value."
        )
    return (
        f"Shown first by the alphabet alone: {first} of the {told} source records that give one"
        f" {'says' if first == 1 else 'say'} so, and as many say otherwise."
    )


def _days(nominals: Iterable[Nominal]) -> dict[int, tuple[date, date]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nominal, since, last FROM muniment.told(%s)", [[each.pk for each in nominals]])
        return {nominal: (since, last) for nominal, since, last in cursor.fetchall()}


def _records(nominals: list[Nominal]) -> dict[int, Record]:
    """Return for each nominal a record that the row tells of which gives its values."""
    parts = Involvement.objects.filter(nominal__in=nominals, row_id=F("nominal__row_id")).select_related("record")
    return {part.nominal_id: part.record for part in parts.order_by("-pk")}
