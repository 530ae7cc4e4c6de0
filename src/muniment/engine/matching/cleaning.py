"""Values of a nominal brought to the form in which they are compared, one at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from muniment.engine.matching.tables import Tables
from muniment.engine.values import births, contacts, identifiers, names, postcodes


class Born(NamedTuple):
    """A date of birth: YYYYMMDD with 00 for what is not known, whether it is vague, and its first and last day."""

    digits: str
    vague: bool
    earliest: date | None
    latest: date | None


class Postcode(NamedTuple):
    """A postcode without a space, its sector and its district."""

    unit: str
    sector: str | None
    district: str | None


class FullName(NamedTuple):
    """The words of a full name: as spoken, of surname and of given names; a comma may put the surname first."""

    spoken: tuple[str, ...]
    surname: tuple[str, ...]
    given: tuple[str, ...]
    is_surname_first: bool


@dataclass(frozen=True, eq=False)
class Cleaning:
    """What cleans values, by the lists of a day; each takes the text that a source gives."""

    tables: Tables
    year: int  # which tells the century of a PNCID that gives two digits

    def name(self, value: str) -> tuple[str, ...]:
        """Return the words of a name, in capitals, without titles and what says that none is known."""
        if names.fold(value) in self.tables.text_junk:
            return ()
        return names.tokens(value, junk=self.tables.name_junk, noise=self.tables.name_noise)

    def full_name(self, value: str) -> FullName:
        """Return the parts of a full name."""
        arranged = names.arrange(value)
        spoken, surname, given = (self.name(part or "") for part in (arranged.name, arranged.surname, arranged.given))
        return FullName(spoken, surname, given, arranged.surname is not None)

    def plain(self, value: str) -> str | None:
        """Return text as words in capitals; None where it says nothing."""
        if names.fold(value) in self.tables.text_junk:
            return None
        return " ".join(names.tokens(value)) or None

    def code(self, value: str) -> str | None:
        """Return a code or its words in capitals, with its digits: W1 is not W2. None where it says nothing."""
        if names.fold(value) in self.tables.text_junk:
            return None
        return " ".join(names.address_words(value)) or None

    def words(self, value: str) -> list[str]:
        """Return the words of a text."""
        return (self.plain(value) or "").split()

    def sex(self, value: str) -> str | None:
        """Return a sex by one word, whichever code or word the source has for it; what is in no list stays as it is."""
        folded = names.fold(value)
        return self.tables.sexes[folded] if folded in self.tables.sexes else self.plain(value)

    def address(self, value: str) -> list[str] | None:
        """Return the telling words of an address, sorted, each once."""
        if names.fold(value) in self.tables.text_junk:
            return None
        return sorted(set(names.address_words(value)) - self.tables.address_noise) or None

    def born(self, value: str) -> Born | None:
        """Return a date of birth, unless it stands for one that is not known."""
        born = births.read(value)
        if born is None or born.iso in self.tables.born_placeholders:
            return None
        days = born.interval
        return Born(born.digits, born.is_vague, days.earliest if days else None, days.latest if days else None)

    def postcode(self, value: str) -> Postcode | None:
        """Return a postcode, unless it stands for none."""
        found = postcodes.parse(value)
        if found is None or found.unit in self.tables.postcode_placeholders or found.unit in self.tables.text_junk:
            return None
        return Postcode(found.unit, found.sector, found.district)

    def pncid(self, value: str) -> str | None:
        """Return a PNCID whose check letter is right."""
        return identifiers.pncid(value, this_year=self.year)

    def roots(self, word: str) -> list[str]:
        """Return a forename and what it may be short for."""
        return sorted(self.tables.roots.get(word, frozenset()) | {word})


def sounds(words: Iterable[str]) -> list[str]:
    """Return how words sound, each sound once."""
    return sorted({sound for word in words if (sound := names.sound(word)) is not None})


# What is cleaned alike whatever the lists say.
ALIKE = {
    "phone": contacts.phone,
    "email": contacts.email,
    "cro": identifiers.cro,
    "ni_number": identifiers.ni_number,
    "driver_number": identifiers.driver_number,
}
