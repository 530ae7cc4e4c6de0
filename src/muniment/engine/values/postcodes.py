"""UK postcodes: unit, sector, district and area.

Form as the Royal Mail's Programmers' Guide to the Postcode Address File gives it, with the 01, 0O and 1I that
people and scanners exchange put right where only one reading is possible.
"""

import re
from dataclasses import dataclass

_UNIT = re.compile(r"^([A-Z]{1,2})(\d[A-Z\d]?)(\d)([A-Z]{2})$")
_JUNK = re.compile(r"[^A-Z0-9]")
_DIGITS = str.maketrans("OI", "01")
_LETTERS = str.maketrans("01", "OI")


@dataclass(frozen=True)
class Postcode:
    """A postcode taken apart; sector, district and area are None for a code that is not of UK form."""

    unit: str  # without a space
    sector: str | None = None
    district: str | None = None
    area: str | None = None

    @property
    def is_uk(self) -> bool:
        """Whether the code has the form of a UK postcode."""
        return self.district is not None

    def __str__(self) -> str:
        """Write the postcode with its space, as on an envelope."""
        return f"{self.unit[:-3]} {self.unit[-3:]}" if self.is_uk else self.unit


def parse(text: str) -> Postcode | None:
    """Read a postcode in any spacing and case; None when nothing of it is left.

    A code of another form (a foreign one, or one with a slip in it) is kept as its letters and digits: it can
    still agree with itself.
    """
    unit = _JUNK.sub("", text.upper())
    if not unit:
        return None
    match = _UNIT.match(unit) or _UNIT.match(_mend(unit))
    if match is None:
        return Postcode(unit)
    area, rest, sector, end = match.groups()
    return Postcode(area + rest + sector + end, area + rest + " " + sector, area + rest, area)


def _mend(unit: str) -> str:
    if not 5 <= len(unit) <= 7:
        return unit
    return unit[0].translate(_LETTERS) + unit[1:-3] + unit[-3].translate(_DIGITS) + unit[-2:].translate(_LETTERS)
