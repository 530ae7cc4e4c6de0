"""Names as British systems write them, brought to a form in which two spellings of one name meet.

The cleaning follows what the Ministry of Justice runs on its Core Person Record: upper case, junk phrases out,
hyphen to space, apostrophe dropped, `MC X` joined. Letters outside ASCII lose their marks where Unicode knows a
base letter; other scripts are kept as they are.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

import jellyfish

# Letters that Unicode does not take apart into a base letter and a mark.
_LETTERS = str.maketrans(
    {
        "ß": "SS",
        "Æ": "AE",
        "Ø": "O",
        "Œ": "OE",
        "Ł": "L",
        "Đ": "D",
        "Ð": "D",
        "Þ": "TH",
        "Ħ": "H",
        "ı": "I",
    }
)
_APOSTROPHES = re.compile(r"['’‘`´ʼ]")
_NOT_LETTERS = re.compile(r"[^\w]+|_+|\d+(?![A-Z\d])")
_NOT_WORDS = re.compile(r"[\W_]+")
_MC = re.compile(r"\b(MC|O) (?=[A-Z]{2})")
_LATIN = re.compile(r"[^A-Z]")
# What is said beside a name: in brackets, or after such a word up to the next comma. NEE is a surname too, where
# nothing stands before it or behind it.
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|(?<=\S )(?:NEE|AKA|A\.K\.A\.|ALIAS|FORMERLY) +[^,]+")
_GENERATIONS = {"JR", "JNR", "JUNIOR", "SR", "SNR", "SENIOR", "II", "III", "IV"}
_HONOURS = {"ESQ", "ESQUIRE", "MBE", "OBE", "CBE", "KBE", "DBE", "BEM", "QPM", "KPM", "QC", "KC"}
_SUFFIXES = frozenset(_GENERATIONS | _HONOURS)


def fold(text: str) -> str:
    """Return text in upper case without marks, apostrophes or doubled spaces."""
    # Upper case after the letters are taken apart: the ordinal mark in "2º" hides a small one.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).upper().translate(_LETTERS))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(_APOSTROPHES.sub("", text).split())


def tokens(text: str | None, *, junk: Collection[str] = (), noise: Collection[str] = ()) -> tuple[str, ...]:
    """Split a name into words; `junk` phrases void what they stand in, `noise` words are left out.

    `NOT ENTERED` and its like (junk) say that no name is known, wherever they stand: the phrase is struck. Titles
    and particles (noise) stand in some copies of a name and not in others.
    """
    if not text:
        return ()
    folded = fold(text)
    for phrase in junk:
        if phrase in folded:
            # `TBC` is a word of its own; `MIG_ERROR_` stands glued to the name.
            end = r"(?![A-Z])" if phrase[-1].isalpha() else ""
            folded = re.sub(rf"(?<![A-Z]){re.escape(phrase)}{end}", " ", folded)
    words = _MC.sub(r"\1", " ".join(_NOT_LETTERS.sub(" ", folded).split())).split()
    return tuple(word for word in words if word not in noise)


@dataclass(frozen=True)
class Arranged:
    """A full name in folded text: what stands beside it is left out, and a comma tells the surname from the rest.

    `surname` and `given` are None where no comma says which is which: the name is then as it is spoken.
    """

    name: str
    surname: str | None = None
    given: str | None = None


def arrange(text: str) -> Arranged:
    """Tell the parts of a full name: `SMITH, Mary Ann` has its surname first, `John Smith, Jr` has not."""
    folded = fold(text)
    name = " ".join(_ASIDE.sub(" ", folded).split())
    if not _NOT_WORDS.sub("", name):
        name = folded
    first, *others = (part.strip() for part in name.split(","))
    rest = [part for part in others if not _is_suffix(part)]
    if not rest:
        return Arranged(first)
    return Arranged(f"{first}, {' '.join(rest)}", first, " ".join(rest))


def _is_suffix(part: str) -> bool:
    words = _NOT_WORDS.sub(" ", part).split()
    return bool(words) and _SUFFIXES.issuperset(words)


def sound(word: str) -> str | None:
    """Return how a word sounds (Metaphone), or None when it has too few Latin letters to tell."""
    letters = _LATIN.sub("", word)
    if len(letters) < 2:
        return None
    return jellyfish.metaphone(letters).replace(" ", "") or None


def address_words(text: str) -> tuple[str, ...]:
    """Split an address into its words and numbers; 12A stays one word."""
    return tuple(_NOT_WORDS.sub(" ", fold(text)).split())
