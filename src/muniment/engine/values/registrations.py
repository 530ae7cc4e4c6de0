"""Vehicle registration marks and vehicle identification numbers.

The forms of marks are those of the DVLA (INF104 and V796). Characters that are misread for each other (0 and O, 8 and
B) are put right only where the form of a mark leaves one reading; otherwise the mark stays as written, and what it may
be is a possible match.
"""

import re
from dataclasses import dataclass

# In a shape L is a letter, D a digit, and a character stands for itself. Lengths vary: each shape is one length.
_SHAPES = (
    ("current", ("LLDDLLL",)),  # from September 2001
    ("prefix", tuple(f"L{'D' * n}LLL" for n in (1, 2, 3))),  # 1983 to 2001, year letter first; Q for unknown age
    ("suffix", tuple(f"LLL{'D' * n}L" for n in (1, 2, 3))),  # 1963 to 1983, year letter last
    ("diplomatic", ("DDDXDDD",)),
    ("trade", ("DDDDD",)),  # 2015 on: of a trader, on whichever vehicle they drive
    ("military", ("DDLLDD",)),
    ("undated", tuple(f"{'L' * a}{'D' * b}" for a in (1, 2, 3) for b in (1, 2, 3, 4))),  # and Northern Ireland
    ("undated", tuple(f"{'D' * b}{'L' * a}" for a in (1, 2, 3) for b in (1, 2, 3, 4))),
)
_BY_LENGTH = {
    length: [(form, shape) for form, shapes in _SHAPES for shape in shapes if len(shape) == length]
    for length in range(2, 8)
}
_VIN = re.compile(r"^[A-HJ-NPR-Z0-9]{17}$")
_JUNK = re.compile(r"[^A-Z0-9]")
_AS_LETTER = {"0": "O", "1": "I", "2": "Z", "5": "S", "8": "B", "6": "G", "4": "A"}
_AS_DIGIT = {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8", "G": "6"}
_NEVER = frozenset("IQ")  # in no current mark, but for a Q that stands first in one of unknown age
_YEARS = frozenset("ABCDEFGHJKLMNPQRSTVWXY")  # letters of a year; Q for one that is not known
# One sign for all that are misread for each other.
_FOLDED = str.maketrans({"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8", "G": "6"})


@dataclass(frozen=True)
class Mark:
    """A registration mark: without spaces, its form (`other` for a foreign one, kept as written), and whether mended.

    `form` is current, prefix, suffix, undated, northern_ireland, unknown_age, diplomatic, trade, military or other.
    """

    text: str
    form: str
    is_mended: bool = False

    @property
    def folded(self) -> str:
        """The mark with one sign for all that are misread for each other."""
        return fold(self.text)

    @property
    def names_a_vehicle(self) -> bool:
        """Whether the mark is of one vehicle at a time; a trade plate is of a trader."""
        return self.form != "trade"

    def __str__(self) -> str:
        """Write the mark with its space, as on the plate."""
        places = {"current": 4, "suffix": -1, "trade": 0, "other": 0, "diplomatic": 3, "military": 2}
        if self.form == "suffix":
            return f"{self.text[:3]} {self.text[3:]}"
        if self.form in ("prefix", "unknown_age"):
            return f"{self.text[:-3]} {self.text[-3:]}"
        if self.form in places:
            at = places[self.form]
            return f"{self.text[:at]} {self.text[at:]}".strip()
        return " ".join(re.findall(r"[A-Z]+|\d+", self.text))


def read(text: str) -> Mark | None:
    """Read a registration mark in any spacing and case; None when nothing of it is left."""
    plain = _JUNK.sub("", text.upper())
    if not plain:
        return None
    if form := _form(plain):
        return Mark(plain, form)
    # One sign put right, in a mark that bears its age: two, or a shorter mark, could be anything, a foreign one too.
    mended = {found for known in _BY_LENGTH.get(len(plain), ()) for found in _mended(plain, known)}
    if len(mended) == 1:
        found, form = mended.pop()
        return Mark(found, form, is_mended=True)
    return Mark(plain, "other")


def mark(text: str) -> str | None:
    """Return a British registration mark without spaces, or None when it has the form of none."""
    found = read(text)
    return found.text if found and found.form != "other" and not found.is_mended else None


def fold(plain: str) -> str:
    """Return signs with one for all that are misread for each other."""
    return plain.upper().translate(_FOLDED)


def vin(text: str) -> str | None:
    """Return a 17-character vehicle identification number (ISO 3779: no I, O or Q), or None.

    One in which a sign is repeated throughout is a filler.
    """
    plain = _JUNK.sub("", text.upper())
    return plain if _VIN.match(plain) and len(set(plain)) > 3 else None


def _form(plain: str) -> str:
    """Return the form that a mark has as it stands, or nothing."""
    return next((form for _, shape in _BY_LENGTH.get(len(plain), ()) if (form := _fits(plain, shape))), "")


def _fits(plain: str, shape: str) -> str:
    """Return the form of a mark that has a shape, or nothing where it breaks a rule of that form."""
    for sign, kind in zip(plain, shape, strict=True):
        if not (sign.isalpha() if kind == "L" else sign.isdigit() if kind == "D" else sign in "DX"):
            return ""
    forms = [form for form, known in _BY_LENGTH[len(shape)] if known == shape]
    form = forms[0]
    if form == "current":
        return "" if _NEVER & set(plain) else form
    if form == "prefix":
        return ("unknown_age" if plain[0] == "Q" else form) if plain[0] in _YEARS else ""
    if form == "suffix":
        return form if plain[-1] in _YEARS - {"Q"} else ""
    letters = {sign for sign in plain if sign.isalpha()}
    if form == "undated" and shape[0] == "L" and len(letters) > 1 and letters & {"I", "Z"}:
        return "northern_ireland"
    return form


def _mended(plain: str, known: tuple[str, str]) -> list[tuple[str, str]]:
    """Return what a mark is under a form and its shape if one sign is put right; nothing where it fits none."""
    form, shape = known
    if form not in ("current", "prefix", "suffix"):
        return []
    wrong = [at for at, (sign, kind) in enumerate(zip(plain, shape, strict=True)) if (kind == "L") != sign.isalpha()]
    if len(wrong) != 1:
        return []
    (at,) = wrong
    sign = (_AS_LETTER if shape[at] == "L" else _AS_DIGIT).get(plain[at], "")
    found = f"{plain[:at]}{sign}{plain[at + 1 :]}"
    return [(found, fitting)] if sign and (fitting := _fits(found, shape)) else []
