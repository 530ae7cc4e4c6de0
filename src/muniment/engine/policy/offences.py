"""Offence to review group, derived from our own table over the carried offence lists.

A CJS code beats a Home Office class; a class that mixes groups takes the strictest; maxima are taken as on the
day of the offence and on the day asked, the stricter. An offence that cannot be placed is unknown, never group 3.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

SERIOUS_YEARS = 10  # Criminal Justice Act 2003 s.224 as it stood: life, or ten years or more
_FIVE_DIGITS = re.compile(r"^\d{5}$")
_CLASS = re.compile(r"^(\d{1,3})/(\d{1,2})$")
_CATEGORY = re.compile(r"^\d{1,3}$")
INCHOATE = "ABC"  # attempt, aiding, conspiracy: a letter after the code of the substantive offence
_SUFFIX = re.compile(r"^(.*\d)[A-Z]$")
_TEN_YEAR_LIMBS = {"specified_violent": 2, "specified_sexual": 2}
_FIXED_LIMBS = {"murder": 1, "terrorism": 1, "sexual": 2, "violent": 2, "serious": 2, "other": 3}


@dataclass(frozen=True)
class Maximum:
    """A statutory maximum in years from a day on; 99 stands for life."""

    start: date
    years: float


@dataclass(frozen=True)
class OffenceEntry:
    """One line of the table: a limb of the group table, its maxima, and the notification threshold."""

    id: str
    title: str
    limb: str
    maxima: tuple[Maximum, ...]
    notification: str | None  # always | adult_always | sentence | months_12
    authority: str

    def group(self, from_day: date, to_day: date, maximum: float | None = None) -> int:
        """Return the strictest group over the maxima in force between two days, or for a maximum given."""
        if self.limb in _FIXED_LIMBS:
            return _FIXED_LIMBS[self.limb]
        if maximum is None:
            later = [entry.years for entry in self.maxima if from_day < entry.start <= to_day]
            before = [entry.years for entry in self.maxima if entry.start <= from_day] or [self.maxima[0].years]
            maximum = max([before[-1], *later])
        return 1 if maximum >= SERIOUS_YEARS else _TEN_YEAR_LIMBS[self.limb]


@dataclass(frozen=True)
class Grouping:
    """Where an offence falls; `group` None is unknown, and `reason` then says why."""

    group: int | None
    notification: str | None = None
    specified_violence: bool = False
    terrorism: bool = False
    entry: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class OffenceTable:
    """The table, indexed: by CJS prefix, by class, and the carried lists that codes are looked up in."""

    entries: Mapping[str, OffenceEntry]
    by_prefix: tuple[tuple[str, str], ...]  # (prefix, entry id), longest first
    by_class: Mapping[str, tuple[str, ...]]  # every listed class -> entry ids; several for a mixed class
    mixed: Mapping[str, tuple[str, ...]]  # classes whose codes are not all placed alike: what the class alone may be
    by_category: Mapping[str, str]  # whole class number -> entry id, for subclasses that no list holds
    unknown_classes: frozenset[str]
    cjs_classes: Mapping[str, str]  # the carried CJS list: code -> class
    _memo: dict[tuple[str | None, str | None], tuple[str, ...] | str] = field(
        default_factory=dict, compare=False, repr=False
    )

    def place(self, cjs: str | None, ho_class: str | None) -> tuple[str, ...] | str:
        """Return the ids of the entries that an offence may fall in, or a reason code for not knowing."""
        key = (cjs, ho_class)
        if key not in self._memo:
            self._memo[key] = self._place(cjs, ho_class)
        return self._memo[key]

    def group(
        self,
        cjs: str | None,
        ho_class: str | None,
        happened: date | None,
        asked_on: date,
        maximum: float | None = None,
    ) -> Grouping:
        """Return where an offence falls; `happened` None stands for the day asked."""
        placed = self.place(cjs, ho_class)
        if isinstance(placed, str):
            return Grouping(group=None, reason=placed)
        return self.strictest(placed, happened or asked_on, asked_on, maximum)

    def strictest(self, placed: tuple[str, ...], start: date, asked_on: date, maximum: float | None) -> Grouping:
        """Return the strictest grouping of several entries."""
        entries = [self.entries[name] for name in placed]
        if len(entries) > 1:
            entries.sort(key=lambda entry: (entry.group(start, asked_on, maximum), entry.id))
        return Grouping(
            group=entries[0].group(start, asked_on, maximum),
            notification=next((entry.notification for entry in entries if entry.notification), None),
            specified_violence=any(entry.limb in ("specified_violent", "murder") for entry in entries),
            terrorism=any(entry.limb == "terrorism" for entry in entries),
            entry=entries[0].id,
        )

    def _place(self, cjs: str | None, ho_class: str | None) -> tuple[str, ...] | str:
        code = (cjs or "").strip().upper()
        if code:
            placed = self._place_code(code)
            if placed is not None:
                return placed
        if not ho_class or not ho_class.strip():
            return "offence_unmapped" if code else "offence"
        normal = normal_class(ho_class)
        if normal is None:
            return "offence_unmapped"
        placed = self._place_class(normal)
        return (self.mixed.get(normal) or placed) if placed else "offence_unmapped"

    def _place_code(self, code: str) -> tuple[str, ...] | None:
        for prefix, name in self.by_prefix:
            if code.startswith(prefix):
                return (name,)
        ho_class = self.class_of(code)
        return self._place_class(ho_class) if ho_class else None

    def class_of(self, cjs: str) -> str | None:
        """Return the Home Office class that the carried list gives a CJS code or, where it tells nothing, its base."""
        code = cjs.strip().upper()
        for candidate in (code, base_code(code)):
            ho_class = self.cjs_classes.get(candidate) if candidate else None
            if ho_class and self._place_class(ho_class):
                return ho_class
        return None

    @cached_property
    def _classes(self) -> dict[str, str]:
        """The class of every code of the list that has one."""
        return {code: found for code in self.cjs_classes if (found := self.class_of(code))}

    def codes_of(self, ho_classes: tuple[str, ...]) -> list[str]:
        """Return the CJS codes of these Home Office classes, attempts and the like with them."""
        if ho_classes not in self._codes:
            self._codes[ho_classes] = self._codes_of(ho_classes)
        return self._codes[ho_classes]

    @cached_property
    def _codes(self) -> dict[tuple[str, ...], list[str]]:
        """What was asked of `codes_of` before: holds ask the same of every record that comes."""
        return {}

    def _codes_of(self, ho_classes: tuple[str, ...]) -> list[str]:
        wanted = tuple(number_of(each) or each for each in ho_classes)
        found = {code for code, ho_class in self._classes.items() if ho_class.startswith(wanted)}
        inchoate = (f"{code}{letter}" for code in found for letter in INCHOATE)
        return sorted(found | {code for code in inchoate if (self.class_of(code) or "").startswith(wanted)})

    def _place_class(self, ho_class: str) -> tuple[str, ...] | None:
        category = ho_class[:3]
        if ho_class in self.unknown_classes or category in self.unknown_classes:
            return None
        if ho_class in self.by_class:
            return self.by_class[ho_class]
        return (self.by_category[category],) if category in self.by_category else None


def normal_class(text: str) -> str | None:
    """Return a Home Office class as NNN/NN from 046/00, 46/0 or 04600; None when it is neither."""
    text = text.strip()
    if _FIVE_DIGITS.match(text):
        return f"{text[:3]}/{text[3:]}"
    if match := _CLASS.match(text):
        return f"{int(match[1]):03d}/{int(match[2]):02d}"
    return None


def number_of(text: str) -> str | None:
    """Return a Home Office class as NNN/NN or, where the text gives the class without a subclass, as NNN."""
    text = text.strip()
    return f"{int(text):03d}" if _CATEGORY.match(text) else normal_class(text)


def may_mean(text: str, wanted: str) -> bool:
    """Say whether what a record gives as its class may be of the class wanted, however either is written.

    022 wants every 022/nn, and a record that says 022 alone may be any of them. What is no class is compared as text.
    """
    given, meant = number_of(text), number_of(wanted)
    if given is None or meant is None:
        return text.strip().upper().startswith(wanted.strip().upper())
    return given.startswith(meant) or meant.startswith(given)


def base_code(code: str) -> str | None:
    """Return the substantive offence of an inchoate code: attempt (A), aiding (B), conspiracy (C)."""
    match = _SUFFIX.match(code)
    return match[1] if match else None
