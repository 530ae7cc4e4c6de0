"""The evidence that linkage weighs: for each feature of two nominals, the levels of agreement.

Levels run from the strongest agreement to disagreement; the first one that holds is the level of the pair. A
feature that either record lacks is *missing* and counts for nothing. The same levels are written as SQL in
`muniment.batch.matching.conditions`; a test holds the two together, so that a person who asks why two nominals
are one sees the very numbers that the batch used.

`expected` is the share of true matches expected at each level before any data are seen. It is general
knowledge of how records err, not a fit to a data set: training moves it to what the data say, and it keeps
a file with few fields or few duplicates from running away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jellyfish

Nominal = Mapping[str, Any]  # one row of the standardised table


@dataclass(frozen=True)
class Level:
    """One level of agreement: its name, the share of matches expected there, and the words that explain it."""

    name: str
    expected: float
    words: str
    frequency: str | None = None  # the column whose commonness tempers this agreement


@dataclass(frozen=True)
class Feature:
    """One comparison: the columns that both records must have, its levels, and the test for each but the last."""

    name: str
    columns: tuple[str, ...]
    levels: tuple[Level, ...]
    tests: tuple[Callable[[Nominal, Nominal], bool], ...]

    def level(self, left: Nominal, right: Nominal) -> int | None:
        """Return the index of the first level that holds, or None when either record lacks the feature."""
        for column in self.columns:
            if not left[column] or not right[column]:
                return None
        for index, test in enumerate(self.tests):
            if test(left, right):
                return index
        return len(self.tests)


def _bytes(text: str) -> str:
    # DuckDB measures strings in bytes, jellyfish in characters; both must give one number.
    return text if text.isascii() else text.encode().decode("latin-1")


def likeness(left: str, right: str) -> float:
    """Return the Jaro-Winkler similarity of two strings, from 0 to 1."""
    return float(jellyfish.jaro_winkler_similarity(_bytes(left), _bytes(right)))


def closeness(left: str, right: str) -> float:
    """Return the Jaro similarity of two strings, from 0 to 1."""
    return float(jellyfish.jaro_similarity(_bytes(left), _bytes(right)))


def edits(left: str, right: str) -> int:
    """Return how many letters must be changed, added, dropped or exchanged with their neighbour."""
    return int(jellyfish.damerau_levenshtein_distance(_bytes(left), _bytes(right)))


def _same(column: str) -> Callable[[Nominal, Nominal], bool]:
    return lambda a, b: a[column] is not None and bool(a[column] == b[column])


def _one_edit(column: str) -> Callable[[Nominal, Nominal], bool]:
    return lambda a, b: _differ_by_a_slip(a[column], b[column])


def _differ_by_a_slip(left: str, right: str) -> bool:
    # The similarity is cheap and rules most pairs out before the distance, which is dear, is taken.
    return bool(abs(len(left) - len(right)) <= 1 and closeness(left, right) >= 0.8 and edits(left, right) <= 1)


def _overlap(column: str) -> Callable[[Nominal, Nominal], bool]:
    return lambda a, b: not set(a[column]).isdisjoint(b[column])


def _shared(column: str, count: int) -> Callable[[Nominal, Nominal], bool]:
    return lambda a, b: len(set(a[column]) & set(b[column])) >= count


def _share(column: str, least: float) -> Callable[[Nominal, Nominal], bool]:
    def test(a: Nominal, b: Nominal) -> bool:
        left, right = set(a[column]), set(b[column])
        return bool(len(left & right) >= least * len(left | right))

    return test


def _close(column: str) -> Callable[[Nominal, Nominal], bool]:
    def test(a: Nominal, b: Nominal) -> bool:
        left, right = a[column], b[column]
        return likeness(left, right) >= 0.92 or (min(len(left), len(right)) >= 4 and _differ_by_a_slip(left, right))

    return test


def _similar(column: str, sound: str) -> Callable[[Nominal, Nominal], bool]:
    return lambda a, b: _same(sound)(a, b) or likeness(a[column], b[column]) >= 0.8


def _initial(a: Nominal, b: Nominal) -> bool:
    left, right = a["forename"], b["forename"]
    return min(len(left), len(right)) == 1 and left[0] == right[0]


def _forename_elsewhere(a: Nominal, b: Nominal) -> bool:
    # One word is not counted twice: where a forename is the other's surname, that has agreed already.
    left, right = a["forename"], b["forename"]
    if left in b["names"] and right in a["names"]:
        return True
    return (left in b["names"] and left not in b["family"]) or (right in a["names"] and right not in a["family"])


def _forename_crossed(a: Nominal, b: Nominal) -> bool:
    return a["forename"] in b["family"] or b["forename"] in a["family"]


def _surname_elsewhere(a: Nominal, b: Nominal) -> bool:
    return not set(a["family"]).isdisjoint(b["names"]) or not set(b["family"]).isdisjoint(a["names"])


def _born_exchanged(a: Nominal, b: Nominal) -> bool:
    left, right = a["born"], b["born"]
    return bool(left[:4] == right[:4] and left[4:6] == right[6:] and left[6:] == right[4:6])


def _born_year_default(a: Nominal, b: Nominal) -> bool:
    return bool(a["born"][:4] == b["born"][:4]) and bool(a["born_default"] or b["born_default"])


def _born_two_parts(a: Nominal, b: Nominal) -> bool:
    left, right = a["born"], b["born"]
    agreeing = (left[:4] == right[:4]) + (left[4:6] == right[4:6]) + (left[6:] == right[6:])
    return bool(agreeing >= 2)


def _place_alike(a: Nominal, b: Nominal) -> bool:
    return likeness(a["birth_place"], b["birth_place"]) >= 0.9 or _overlap("birth_tokens")(a, b)


def _mailbox(a: Nominal, b: Nominal) -> bool:
    return _same("mailbox")(a, b) or likeness(a["email"], b["email"]) >= 0.92


def _identifier(name: str, label: str) -> Feature:
    return Feature(
        name,
        (name,),
        (
            Level("same", 0.96, f"{label} is the same", name),
            Level("close", 0.02, f"{label} differs by one character"),
            Level("different", 0.02, f"{label} differs"),
        ),
        (_same(name), _one_edit(name)),
    )


FEATURES: tuple[Feature, ...] = (
    Feature(
        "forename",
        ("forename",),
        (
            Level("same", 0.77, "the forename is the same", "forename"),
            Level("nickname", 0.05, "one forename is a short or pet form of the other"),
            Level("close", 0.08, "the forenames differ by a slip of the pen"),
            Level("elsewhere", 0.04, "the forename stands elsewhere in the other's names"),
            Level("crossed", 0.01, "the forename of one is the surname of the other, and not the other way about"),
            Level("similar", 0.03, "the forenames sound or look alike, or one is an initial"),
            Level("different", 0.02, "the forenames differ"),
        ),
        (
            _same("forename"),
            _overlap("roots"),
            _close("forename"),
            _forename_elsewhere,
            _forename_crossed,
            lambda a, b: _initial(a, b) or _similar("forename", "forename_sound")(a, b),
        ),
    ),
    Feature(
        "surname",
        ("surname",),
        (
            Level("same", 0.80, "the surname is the same", "surname"),
            Level("close", 0.09, "the surnames differ by a slip of the pen"),
            Level("elsewhere", 0.05, "the surname, or a part of it, stands elsewhere in the other's names"),
            Level("similar", 0.02, "the surnames sound or look alike"),
            Level("different", 0.04, "the surnames differ"),
        ),
        (
            _same("surname"),
            _close("surname"),
            _surname_elsewhere,
            _similar("surname", "surname_sound"),
        ),
    ),
    Feature(
        "other_names",
        ("others",),
        (
            Level("several", 0.20, "two or more other names are shared"),
            Level("one", 0.60, "another name is shared"),
            Level("initial", 0.10, "an initial of another name agrees"),
            Level("different", 0.10, "no other name is shared"),
        ),
        (_shared("others", 2), _overlap("others"), _overlap("initials")),
    ),
    Feature(
        "born",
        ("born",),
        (
            Level("same", 0.82, "the date of birth is the same", "born"),
            Level("exchanged", 0.01, "day and month of birth are exchanged"),
            Level("close", 0.08, "the dates of birth differ by one digit"),
            Level("year", 0.04, "the year of birth agrees and one date is not known further, or is 1 January"),
            Level("parts", 0.03, "two of day, month and year of birth agree"),
            Level("different", 0.02, "the dates of birth differ"),
        ),
        (_same("born"), _born_exchanged, _one_edit("born"), _born_year_default, _born_two_parts),
    ),
    Feature(
        "postcode",
        ("postcode",),
        (
            Level("same", 0.55, "the postcode is the same", "postcode"),
            Level("close", 0.06, "the postcodes differ by one character"),
            Level("sector", 0.04, "the postcode sector is the same"),
            Level("district", 0.10, "the postcode district is the same"),
            Level("different", 0.25, "the postcodes differ"),
        ),
        (_same("postcode"), _one_edit("postcode"), _same("sector"), _same("district")),
    ),
    Feature(
        "address",
        ("address",),
        (
            Level("same", 0.50, "the address is the same"),
            Level("most", 0.15, "most words of the addresses agree"),
            Level("half", 0.10, "half of the words of the addresses agree"),
            Level("some", 0.10, "some words of the addresses agree"),
            Level("different", 0.15, "the addresses differ"),
        ),
        (_same("address"), _share("address", 0.6), _share("address", 0.4), _share("address", 0.2)),
    ),
    Feature(
        "birth_place",
        ("birth_place",),
        (
            Level("same", 0.70, "the place of birth is the same", "birth_place"),
            Level("alike", 0.15, "the places of birth are alike"),
            Level("different", 0.15, "the places of birth differ"),
        ),
        (_same("birth_place"), _place_alike),
    ),
    Feature(
        "occupation",
        ("occupation",),
        (
            Level("same", 0.70, "the occupation is the same", "occupation"),
            Level("different", 0.30, "the occupations differ"),
        ),
        (_same("occupation"),),
    ),
    Feature(
        "sex",
        ("sex",),
        (Level("same", 0.98, "the sex is the same"), Level("different", 0.02, "the sex differs")),
        (_same("sex"),),
    ),
    Feature(
        "ethnicity",
        ("ethnicity",),
        (
            Level("same", 0.85, "the ethnicity is the same", "ethnicity"),
            Level("different", 0.15, "the ethnicity differs"),
        ),
        (_same("ethnicity"),),
    ),
    Feature(
        "phone",
        ("phone",),
        (
            Level("same", 0.60, "the telephone number is the same", "phone"),
            Level("close", 0.05, "the telephone numbers differ by one digit"),
            Level("different", 0.35, "the telephone numbers differ"),
        ),
        (_same("phone"), _one_edit("phone")),
    ),
    Feature(
        "email",
        ("email",),
        (
            Level("same", 0.70, "the e-mail address is the same", "email"),
            Level("alike", 0.10, "the e-mail addresses are alike"),
            Level("different", 0.20, "the e-mail addresses differ"),
        ),
        (_same("email"), _mailbox),
    ),
    _identifier("pncid", "the PNCID"),
    _identifier("cro", "the CRO number"),
    _identifier("ni_number", "the national insurance number"),
    _identifier("driver_number", "the driver number"),
)

FREQUENCY_COLUMNS: tuple[str, ...] = tuple(
    dict.fromkeys(level.frequency for feature in FEATURES for level in feature.levels if level.frequency)
)
