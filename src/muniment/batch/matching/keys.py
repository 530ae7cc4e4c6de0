"""Blocking keys: what two nominals must share, at least one of, to be compared at all.

Most keys join two or more facts, so that few nominals share them; together they leave open any facts that may be
wrong, missing or written in another order. Keys of one fact serve small files, and the rarest values of large
ones: the model stops those that many records share. A key begins with its kind. Keys are text, the same in the
batch and in PostgreSQL; the model names those that too many records share.
"""

# DuckDB's || gives null when a part is null, and the nulls are filtered out of the list.
_FORE, _SUR = "coalesce(forename_sound, forename)", "coalesce(surname_sound, surname)"
# least() passes over a null, and one name alone is no pair.
_BOTH = "forename is not null and surname is not null"
_PAIR = f"case when {_BOTH} then least({_FORE}, {_SUR}) || '|' || greatest({_FORE}, {_SUR}) end"
_YEAR, _MONTH, _DAY = "nullif(born[1:4], '0000')", "nullif(born[5:6], '00')", "nullif(born[7:8], '00')"
_FULL_DAY = "case when not born_default then born end"

_SINGLE = {
    "pncid": "pncid",
    "cro": "cro",
    "ni": "ni_number",
    "driver": "driver_number",
    "phone": "phone",
    "email": "email",
    "names": f"case when {_BOTH} then least(forename, surname) || '|' || greatest(forename, surname) end",
    "sounds": _PAIR,
    "sounds-year": f"({_PAIR}) || '|' || {_YEAR}",
    "sounds-district": f"({_PAIR}) || '|' || coalesce(district, postcode)",
    "sounds-place": f"({_PAIR}) || '|' || birth_place",
    "surname-year-month": f"{_SUR} || '|' || {_YEAR} || {_MONTH}",
    "surname-year-day": f"{_SUR} || '|' || {_YEAR} || {_DAY}",
    "surname-month-day": f"{_SUR} || '|' || case when not born_default then {_MONTH} || {_DAY} end",
    "forename-year-month": f"{_FORE} || '|' || {_YEAR} || {_MONTH}",
    "forename-year-day": f"{_FORE} || '|' || {_YEAR} || {_DAY}",
    "forename-month-day": f"{_FORE} || '|' || case when not born_default then {_MONTH} || {_DAY} end",
    "born-district": f"{_FULL_DAY} || '|' || coalesce(district, postcode)",
    "born-initials": "born || '|' || least(forename[1], surname[1]) || greatest(forename[1], surname[1])",
    "postcode-year": f"postcode || '|' || {_YEAR}",
    "mailbox": f"mailbox || '|' || coalesce({_SUR}, {_FORE})",
    "address-surname": f"array_to_string(address, ' ') || '|' || {_SUR}",
    "address-forename": f"array_to_string(address, ' ') || '|' || {_FORE}",
    "address": "array_to_string(address, ' ')",
    "postcode": "postcode",
    "born": "born",
    "surname": "surname",
    "forename": "forename",
    "start": f"case when {_BOTH} then left(forename, 2) || '|' || left(surname, 3) end",
    "box": "mailbox",
    "place-occupation": "birth_place || '|' || occupation",
    "address-born": f"array_to_string(address, ' ') || '|' || {_YEAR}",
}

# Kinds of one fact: their cost is bounded for the file as a whole, not for each nominal.
LONE = ("address", "postcode", "born", "surname", "forename", "start", "box", "place-occupation")

# For each of up to eight sounds of any name, so that order and aliases do not matter.
_EACH = {"name-born": "born", "name-postcode": "postcode"}

KEYS = (
    "list_distinct(list_filter(["
    + ", ".join(f"'{kind}|' || ({parts})" for kind, parts in _SINGLE.items())
    + "]"
    + "".join(
        f" || list_transform(sounds[1:8], lambda s: '{kind}|' || s || '|' || {column})"
        for kind, column in _EACH.items()
    )
    + ", lambda k: k is not null))"
)
