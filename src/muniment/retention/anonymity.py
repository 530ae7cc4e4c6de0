"""Whether words name one of certain people: what is printed on a certificate must not."""

import re
import unicodedata
from calendar import month_name
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from muniment.core.verdicts import ALLOWED, Verdict, refused

PART = 3  # letters of a name that tell of somebody
_MONTHS = [name.casefold() for name in month_name]  # the first is none
_MONTH = {name[:length]: number for number, name in enumerate(_MONTHS) if name for length in (3, 4, len(name))}
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_CENTURY = 100
_NOBODY = frozenset({"unknown", "not", "known", "name", "none"})  # what systems write where there is no name


@dataclass(frozen=True)
class Known:
    """The parts of people's names, folded, and the days on which they were born."""

    names: frozenset[str]
    births: frozenset[date]


def known(names: Iterable[str], births: Iterable[date | None]) -> Known:
    """Return what would name people, of their names as written and their dates of birth."""
    parts = frozenset(part for name in names for part in _words(name) if len(part) >= PART)
    return Known(parts - _NOBODY, frozenset(filter(None, births)))


def names_nobody(text: str, people: Known) -> Verdict:
    """Allow words that hold no part of a name, of three letters or more, and no date of birth of these people."""
    named = sorted(set(_words(text)) & people.names)
    if named:
        said = ", ".join(f"'{word}'" for word in named)
        return refused(f"Write the note without {said}: that is of a name, and the note is printed on the certificate.")
    if people.births.intersection(_days(text)):
        return refused("Write the note without the date of birth: the note is printed on the certificate.")
    return ALLOWED


def _fold(text: str) -> str:
    """Return text in small letters without accents."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", _fold(text))


def _days(text: str) -> Iterator[date]:
    """Yield every full day that a text may tell: 14/06/1984, 14.6.84, 1984-06-14, 14th June 1984, 14061984."""
    parts = re.findall(r"\d+|[a-z]+", _ORDINAL.sub("", _fold(text)))
    parts = [part for part in parts if part != "of"]
    for three in zip(parts, parts[1:], parts[2:], strict=False):
        yield from _read(*three)
    for digits in parts:
        if re.fullmatch(r"\d{6}|\d{8}", digits):
            yield from _read(digits[:2], digits[2:4], digits[4:])
            yield from _read(digits[:-4], digits[-4:-2], digits[-2:])


def _read(first: str, second: str, third: str) -> Iterator[date]:
    """Yield the days that three parts may mean: day, month, year; month, day, year; year, month, day."""
    for day, month, year in ((first, second, third), (second, first, third), (third, second, first)):
        number = str(_MONTH.get(month, month))
        if day.isdigit() and number.isdigit() and year.isdigit() and len(year) in {2, 4}:
            for century in (0,) if len(year) > 2 else (19 * _CENTURY, 20 * _CENTURY):
                try:
                    yield date(century + int(year), int(number), int(day))
                except ValueError:
                    continue
