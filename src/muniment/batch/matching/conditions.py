"""The levels of `muniment.engine.matching.features` as SQL conditions on `_l` and `_r` columns, in DuckDB's words.

One entry for each test of each feature, in the same order; the last level needs none. A null makes a condition
null, which a CASE passes over, as the Python tests return False.
"""


def _same(column: str) -> str:
    return f"{column}_l = {column}_r"


def _one_edit(column: str) -> str:
    # The similarity is cheap and rules most pairs out before the distance, which is dear, is taken.
    return (
        f"(abs(length({column}_l) - length({column}_r)) <= 1 and "
        f"jaro_similarity({column}_l, {column}_r) >= 0.8 and "
        f"damerau_levenshtein({column}_l, {column}_r) <= 1)"
    )


def _likeness(column: str, least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


def _close(column: str) -> str:
    return (
        f"({_likeness(column, 0.92)} or (least(length({column}_l), length({column}_r)) >= 4 and {_one_edit(column)}))"
    )


def _overlap(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


def _share(column: str, least: float) -> str:
    common = f"array_length(list_intersect({column}_l, {column}_r))"
    words = f"array_length({column}_l) + array_length({column}_r)"
    # |A or B| = |A| + |B| - |A and B|, and the lists hold each word once. Most pairs share none: that is cheap to see.
    return f"({_overlap(column)} and {common} >= {least} * ({words} - {common}))"


def _identifier(column: str) -> tuple[str, ...]:
    return (_same(column), _one_edit(column))


_INITIAL = "(least(length(forename_l), length(forename_r)) = 1 and substr(forename_l, 1, 1) = substr(forename_r, 1, 1))"
_LEFT, _RIGHT = "list_contains(names_r, forename_l)", "list_contains(names_l, forename_r)"
_FORENAME_ELSEWHERE = (
    f"(({_LEFT} and {_RIGHT}) or ({_LEFT} and not list_contains(family_r, forename_l)) "
    f"or ({_RIGHT} and not list_contains(family_l, forename_r)))"
)
_YEAR, _MONTH, _DAY = (
    f"substr(born_l, {start}, {size}) = substr(born_r, {start}, {size})" for start, size in ((1, 4), (5, 2), (7, 2))
)

CONDITIONS: dict[str, tuple[str, ...]] = {
    "forename": (
        _same("forename"),
        _overlap("roots"),
        _close("forename"),
        _FORENAME_ELSEWHERE,
        "(list_contains(family_r, forename_l) or list_contains(family_l, forename_r))",
        f"({_INITIAL} or forename_sound_l = forename_sound_r or {_likeness('forename', 0.8)})",
    ),
    "surname": (
        _same("surname"),
        _close("surname"),
        "(list_has_any(family_l, names_r) or list_has_any(family_r, names_l))",
        f"(surname_sound_l = surname_sound_r or {_likeness('surname', 0.8)})",
    ),
    "other_names": (
        "array_length(list_intersect(others_l, others_r)) >= 2",
        _overlap("others"),
        _overlap("initials"),
    ),
    "born": (
        _same("born"),
        f"({_YEAR} and substr(born_l, 5, 2) = substr(born_r, 7, 2) and substr(born_l, 7, 2) = substr(born_r, 5, 2))",
        _one_edit("born"),
        f"({_YEAR} and (born_default_l or born_default_r))",
        f"(cast({_YEAR} as int) + cast({_MONTH} as int) + cast({_DAY} as int) >= 2)",
    ),
    "postcode": (_same("postcode"), _one_edit("postcode"), _same("sector"), _same("district")),
    "address": (_same("address"), _share("address", 0.6), _share("address", 0.4), _share("address", 0.2)),
    "birth_place": (
        _same("birth_place"),
        f"({_likeness('birth_place', 0.9)} or {_overlap('birth_tokens')})",
    ),
    "occupation": (_same("occupation"),),
    "sex": (_same("sex"),),
    "ethnicity": (_same("ethnicity"),),
    "phone": (_same("phone"), _one_edit("phone")),
    "email": (_same("email"), f"(mailbox_l = mailbox_r or {_likeness('email', 0.92)})"),
    "pncid": _identifier("pncid"),
    "cro": _identifier("cro"),
    "ni_number": _identifier("ni_number"),
    "driver_number": _identifier("driver_number"),
}

COLUMNS: tuple[str, ...] = (
    "forename",
    "roots",
    "forename_sound",
    "names",
    "surname",
    "surname_sound",
    "family",
    "others",
    "initials",
    "born",
    "born_default",
    "postcode",
    "sector",
    "district",
    "address",
    "birth_place",
    "birth_tokens",
    "occupation",
    "sex",
    "ethnicity",
    "phone",
    "email",
    "mailbox",
    "pncid",
    "cro",
    "ni_number",
    "driver_number",
)
