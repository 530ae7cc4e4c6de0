"""The values of a fact that source records give of one person: first the one that policy puts first."""

from collections.abc import Collection, Iterable
from datetime import date
from functools import cached_property
from typing import Any, Protocol, TypeVar

from django.db import connection

from muniment.batch.matching import policy
from muniment.batch.matching.standardise import cleaning_on
from muniment.core import words
from muniment.engine.matching.cleaning import ALIKE, Cleaning
from muniment.engine.matching.survivorship import Claim

UNNAMED = "Name not known"


class Gives(Protocol):
    """A nominal, or as much of one as tells a fact."""

    @property
    def pk(self) -> int:
        """Its key."""

    @property
    def born_earliest(self) -> date | None:
        """The first day on which the person may be born."""

    @property
    def born_latest(self) -> date | None:
        """The last."""

    @property
    def withdrawn_on(self) -> date | None:
        """The day on which its source had it no more."""


_Gives = TypeVar("_Gives", bound=Gives)


class Days:
    """Since when each of some nominals is as it is, and when it was told last; asked for once, when it is needed."""

    def __init__(self, nominals: Collection[int]) -> None:
        """Take the keys of every nominal that may be asked about."""
        self._nominals = nominals

    @cached_property
    def told(self) -> dict[int, tuple[date, date]]:
        """The two days by nominal, of those that the reader may see."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT nominal, since, last FROM muniment.told(%s)", [list(self._nominals)])
            return {nominal: (since, last) for nominal, since, last in cursor.fetchall()}


def given_by(field: str, nominals: Iterable[_Gives], days: Days) -> list[tuple[Claim, list[_Gives]]]:
    """Return each value of a fact with the nominals that give it, in the order of the rules in force today."""
    given: dict[str, tuple[list[str], list[_Gives]]] = {}
    for nominal in nominals:
        text = str(getattr(nominal, field)).strip()
        if text and text != UNNAMED:
            shown = _shown(field, nominal, text)
            spellings, givers = given.setdefault(" ".join(shown.casefold().split()), ([], []))
            spellings.append(shown)
            givers.append(nominal)
    values = [(min(spellings, key=str.isupper), givers) for spellings, givers in given.values()]
    if len(values) < 2:
        return [(Claim(text, len(givers)), givers) for text, givers in values]
    rules = policy.in_force().survivorship
    needs_days = "latest" in rules.of(field)
    claims = [(_claim(field, text, givers, days if needs_days else None), givers) for text, givers in values]
    first = rules.first(field)
    return sorted(claims, key=lambda pair: first(pair[0]))


def _claim(field: str, text: str, givers: list[_Gives], days: Days | None) -> Claim:
    since = [days.told[each.pk][0] for each in givers if each.pk in days.told] if days else []
    return Claim(
        text,
        len(givers),
        is_held=any(each.withdrawn_on is None for each in givers),
        is_known=any(_is_known(field, str(getattr(each, field))) for each in givers),
        days=min((_open(each) for each in givers if each.born_earliest), default=None) if field == "born" else None,
        since=max(since, default=None),
    )


def _open(nominal: Gives) -> int:
    assert nominal.born_earliest is not None
    return ((nominal.born_latest or date.max) - nominal.born_earliest).days + 1


def _is_known(field: str, text: str) -> bool:
    """Whether a value tells anything: it is no placeholder, and of an identifier the check letters are right."""
    cleaning = cleaning_on(policy.today())
    return _cleaned(cleaning, field, text) not in (None, (), [])


def _cleaned(cleaning: Cleaning, field: str, text: str) -> Any:
    if field in ALIKE:
        return ALIKE[field](text)
    by = {
        "name": cleaning.name,
        "born": cleaning.born,
        "sex": cleaning.sex,
        "ethnicity": cleaning.code,
        "address": cleaning.address,
        "postcode": cleaning.postcode,
        "pncid": cleaning.pncid,
    }
    return by.get(field, cleaning.plain)(text)


def _shown(field: str, nominal: Gives, text: str) -> str:
    if field == "born":
        return _day(nominal, text)
    return words.say(field, text) if words.has(field, text.upper()) else text


def _day(nominal: Gives, text: str) -> str:
    if nominal.born_earliest is None or nominal.born_latest is None:
        return f"{text} (not a date)"
    return words.between(nominal.born_earliest, nominal.born_latest)
