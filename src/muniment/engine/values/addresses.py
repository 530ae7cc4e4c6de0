"""UK addresses in free text, taken apart: business, flat, building, number, street, locality, town, postcode.

The parts are those of BS 7666 and the Postcode Address File, read from the way people write. The words that tell
them are policy (`policy/matching/addresses.yaml`). What cannot be told is left where it stands: nothing is guessed
that would make a house of a flat or one number of another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from muniment.engine.values import names, postcodes

VERSION = "1"  # of this way of reading; what was read by another is read again

_POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})$")
_BREAKS = re.compile(r"[\r\n;()\[\]|]+")
_JUNK = re.compile(r"[^A-Z0-9&,/\- ]+")
_CARE_OF = re.compile(r"^(?:C/O|C O|CARE OF)\b[^,]*(?:,|$)")
_ONE = r"(\d{1,5}(?:/\d{1,5})?) ?([A-Z](?![A-Z]))?"
_NUMBER = re.compile(rf"^(?:(?:NO|NUMBER|NUM) )?{_ONE}(?:(?: ?- ?| TO | ?& ?){_ONE})?(?= |$)")
_LABEL = r"(?:NO |NUMBER )?(?:[A-Z]?\d{1,4}[A-Z]?(?:[-/]\d{1,4}[A-Z]?)?|[A-Z])"
_DIRECTIONS = frozenset({"NORTH", "SOUTH", "EAST", "WEST", "UPPER", "LOWER"})


@dataclass(frozen=True)
class Words:
    """The word lists that addresses are read by; each maps a form as written to the one that stands for it."""

    thoroughfares: Mapping[str, str]
    sub_buildings: Mapping[str, str]
    floors: Mapping[str, str]
    buildings: frozenset[str]
    organisations: frozenset[str]
    regions: frozenset[str]
    near: frozenset[str]
    no_place: frozenset[str]
    no_postcode: frozenset[str]  # codes that stand for no place

    @cached_property
    def nowhere(self) -> frozenset[str]:
        """What says that there is no address, without spaces."""
        return frozenset(said.replace(" ", "") for said in self.no_place)

    @cached_property
    def units(self) -> re.Pattern[str]:
        """How a part of a building begins: the word and its number or letter."""
        words = sorted(self.sub_buildings, key=len, reverse=True)
        return re.compile(rf"(?<![A-Z0-9])({'|'.join(words)}) ?({_LABEL})(?=[ ,]|$)")

    @cached_property
    def storeys(self) -> re.Pattern[str]:
        """How a floor is written, with or without the word for a flat behind it."""
        forms = sorted(self.floors, key=len, reverse=True)
        flats = "|".join(sorted(self.sub_buildings, key=len, reverse=True))
        return re.compile(rf"(?<![A-Z0-9])(?:THE )?({'|'.join(forms)})(?: (?:{flats}))?(?=[ ,]|$)")

    @cached_property
    def beside(self) -> re.Pattern[str]:
        """What makes of an address a place beside it."""
        return re.compile(rf"^(?:{'|'.join(sorted(self.near, key=len, reverse=True))})\b")


@dataclass(frozen=True)
class Address:
    """An address taken apart, all in capitals; an empty part is not told.

    `number` and `number_to` are as written, with a letter that belongs to them (12A); `number_to` ends a range.
    `unit` is the flat, room or floor: its kind and its number. `is_near` marks a place beside what is told.
    """

    organisation: str = ""
    unit: str = ""
    building: str = ""
    number: str = ""
    number_to: str = ""
    street: str = ""
    locality: tuple[str, ...] = ()  # what lies between street and town, nearest first
    town: str = ""
    postcode: str = ""  # without a space; a full one of UK form
    is_near: bool = False

    @property
    def premises(self) -> str:
        """What tells the building in its street: its number or range, or else its name; empty when nothing does."""
        if self.number:
            return f"{self.number}-{self.number_to}" if self.number_to else self.number
        return self.building

    @property
    def is_premises(self) -> bool:
        """Whether a building can be told by it, within a postcode or a town."""
        return bool(self.premises or self.organisation) and not self.is_near and bool(self.postcode or self.town)

    @property
    def places(self) -> frozenset[str]:
        """The locality and the town."""
        return frozenset({*self.locality, self.town} - {""})

    def parts(self) -> dict[str, str]:
        """Return what is told, by name, for people to read."""
        written = postcodes.parse(self.postcode) if self.postcode else None
        told = {
            "organisation": self.organisation,
            "unit": self.unit,
            "building": self.building,
            "number": f"{self.number}-{self.number_to}" if self.number_to else self.number,
            "street": self.street,
            "locality": ", ".join(self.locality),
            "town": self.town,
            "postcode": str(written) if written else "",
        }
        return {name: value for name, value in told.items() if value}


def parse(text: str, postcode: str, words: Words) -> Address | None:
    """Take an address apart; None where the text says that there is none, or says nothing.

    `postcode` is what the source gives beside the text; a code at the end of the text counts where it gives none.
    """
    plain = _plain(text)
    if _says_no_place(plain, words) or text.lstrip().startswith("="):  # a formula that a spreadsheet left
        return None
    plain, inside = _without_postcode(plain)
    code = _code(postcode, words) or _code(inside, words)
    beside = words.beside.match(plain)
    if beside:
        plain = plain[beside.end() :].strip(" ,")
    parts = [part for each in _CARE_OF.sub("", plain).split(",") if (part := each.strip(" -/&"))]
    while len(parts) > 1 and parts[-1] in words.regions:
        parts.pop()
    if not parts:
        return Address(postcode=code) if code else None
    return replace(_Reading(parts, words).address(), postcode=code, is_near=beside is not None)


def uprn(text: str) -> str | None:
    """Return a unique property reference number (1 to 12 digits, without leading noughts), or None when it is none."""
    digits = text.strip().removesuffix(".0").lstrip("0")
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None


def _plain(text: str) -> str:
    folded = names.fold(_BREAKS.sub(",", text)).replace(".", " ")
    return re.sub(r" ?, ?[, ]*", ", ", " ".join(_JUNK.sub(" ", folded).split())).strip(" ,-/")


def _says_no_place(plain: str, words: Words) -> bool:
    """Whether the text, or the first of its parts, says that there is no address."""
    spaced = plain.replace("/", " ").replace("-", " ")
    if not any(sign.isalnum() for sign in plain):
        return True
    said = {each.replace(" ", "") for each in (spaced, spaced.split(",")[0])}
    return bool(said & words.nowhere) or spaced.replace(" ", "").startswith(("NOFIXEDA", "OFNOFIXEDA"))


def _without_postcode(plain: str) -> tuple[str, str]:
    found = _POSTCODE.search(plain)
    return (plain[: found.start()].strip(" ,"), found[0]) if found else (plain, "")


def _code(text: str, words: Words) -> str:
    code = postcodes.parse(text) if text else None
    return code.unit if code and code.is_uk and code.unit not in words.no_postcode else ""


class _Reading:
    """One address being read, part by part, from the left."""

    def __init__(self, parts: list[str], words: Words) -> None:
        self.words, self.floor = words, ""
        self.units: list[str] = []
        self.parts = [part for each in parts if (part := self._take_unit(each))]
        self.organisation, self.building, self.street = "", "", ""
        self.number, self.number_to = "", ""
        self.rest: list[str] = []

    def address(self) -> Address:
        at_street = self._street_at()
        for index, part in enumerate(self.parts):
            if at_street is not None and index > at_street:
                self.rest.append(part)
            elif index == at_street:
                self._read_street(part)
            else:
                self._read_before(part, is_first=index == 0, alone=at_street is None)
        *locality, town = self.rest or [""]
        return Address(
            self.organisation,
            " ".join(sorted(self.units)) or self.floor,
            self.building,
            self.number,
            self.number_to,
            self.street,
            tuple(locality),
            town,
        )

    def _take_unit(self, part: str) -> str:
        """Take the flat, room or floor out of a part; return what is left of it."""
        while found := self.words.units.search(part):
            label = found[2].removeprefix("NUMBER ").removeprefix("NO ")
            self.units.append(f"{self.words.sub_buildings[found[1]]} {_without_noughts(label)}")
            part = f"{part[: found.start()]} {part[found.end() :]}"
        if storey := self.words.storeys.search(part):
            self.floor = self.words.floors[storey[1]]
            part = f"{part[: storey.start()]} {part[storey.end() :]}"
        return " ".join(part.split()).strip(" ,-/")

    def _street_at(self) -> int | None:
        """Return which part holds the street: the last of those with a kind of street, or what follows a number."""
        streets = [index for index, part in enumerate(self.parts) if self._cut(part)]
        if len(streets) > 1 and self._is_building(self.parts[streets[0]]):
            return streets[1]
        if streets:
            return streets[0]
        for index, part in enumerate(self.parts):
            if (found := _NUMBER.match(part)) and part[found.end() :].strip():
                return index
            if found and index + 1 < len(self.parts):
                return index + 1
        return None

    def _is_building(self, part: str) -> bool:
        """Whether a part that may be a street is the name of a building: Rose Court before High Street."""
        return part.rsplit(maxsplit=1)[-1] in self.words.buildings

    def _cut(self, part: str) -> int:
        """Return after how many words the street in a part ends; 0 where there is none."""
        tokens, is_numbered = self._tokens_of(part), part[:1].isdigit()
        kinds = self.words.thoroughfares
        for index, word in enumerate(tokens):
            last = index + 1 == len(tokens)
            if word == "ST":
                # In the middle of a part it is a street's only behind a number: Millbeck St Mary is a village.
                if index and (last or (is_numbered and tokens[index - 1] not in kinds)):
                    return index + 1
                continue
            if word not in kinds or (index == 0 and not (self._followed(tokens, 0))):
                continue
            end = index + 1
            while end < len(tokens) and tokens[end] in kinds:
                end += 1
            return end + 1 if tokens[end : end + 1] and tokens[end] in _DIRECTIONS and end + 1 == len(tokens) else end
        return 0

    def _followed(self, tokens: list[str], index: int) -> bool:
        return index + 1 < len(tokens) and (
            tokens[index + 1] in self.words.thoroughfares or tokens[index + 1] in {"ST", *_DIRECTIONS}
        )

    @staticmethod
    def _tokens_of(part: str) -> list[str]:
        """Return the words of a part behind its number."""
        found = _NUMBER.match(part)
        return (part[found.end() :] if found else part).split()

    def _take_number(self, part: str) -> str:
        found = _NUMBER.match(part)
        if found is None:
            return part
        if self.number:  # two numbers before a street: the first is that of the flat (2/1, 45 High Street)
            self.units = self.units or [f"{self.number}-{self.number_to}" if self.number_to else self.number]
        self.number = _without_noughts(found[1]) + (found[2] or "")
        self.number_to = _without_noughts(found[3]) + (found[4] or "") if found[3] else ""
        return part[found.end() :].strip(" ,")

    def _read_street(self, part: str) -> None:
        cut, tokens = self._cut(part), self._tokens_of(part)
        if not _NUMBER.match(part) and (at := self._number_within(tokens, cut)):
            self._name(" ".join(tokens[:at]))
            tokens, cut = self._tokens_of(" ".join(tokens[at:])), 0
            part = part.split(maxsplit=at)[at]
            cut = self._cut(part)
        self._take_number(part)
        street, rest = (tokens[:cut], tokens[cut:]) if cut else (tokens, [])
        self.street = self._street_name(street)
        if rest:
            self.rest.append(" ".join(rest))

    @staticmethod
    def _number_within(tokens: list[str], cut: int) -> int:
        """Return before which word of a street the number stands: The Red Lion 12 High Street."""
        return next((index for index, word in enumerate(tokens[:cut]) if index and re.match(r"\d+[A-Z]?$", word)), 0)

    def _street_name(self, tokens: list[str]) -> str:
        kinds = self.words.thoroughfares
        last = max((index for index, word in enumerate(tokens) if word in kinds or word == "ST"), default=-1)
        out = [
            kinds.get(word, "STREET" if word == "ST" and index else word) if index == last else word
            for index, word in enumerate(tokens)
        ]
        return " ".join(out)

    def _read_before(self, part: str, *, is_first: bool, alone: bool) -> None:
        """Read a part before the street, or of an address without one."""
        found = _NUMBER.match(part)
        rest = part[found.end() :].strip() if found else part
        if found and not rest:
            self._take_number(part)
        elif found and not alone:
            # A number before the name of a building is that of the flat: 12 Rose Court, High Street.
            self.units = self.units or [_without_noughts(found[1]) + (found[2] or "")]
            self._name(rest)
        elif (alone and not is_first) or (alone and len(self.parts) == 1 and not self._told(part)):
            self.rest.append(part)
        else:
            self._name(part)

    def _told(self, part: str) -> bool:
        """Whether a part is told as a building or a business by one of its words."""
        return bool({*part.split()} & (self.words.buildings | self.words.organisations))

    def _name(self, text: str) -> None:
        """Take a name: of a business where its words say so, otherwise of a building."""
        business = any(re.search(rf"\b{re.escape(word)}\b", text) for word in self.words.organisations)
        ends_in_building = text.rsplit(maxsplit=1)[-1] in self.words.buildings
        if business and not ends_in_building:
            self.organisation = self.organisation or text
        elif not self.building:
            self.building = text
        elif not self.organisation:
            self.organisation, self.building = self.building, text


def _without_noughts(text: str) -> str:
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", text)
