"""Blocking keys: what two nominals must share, at least one of, to be compared at all.

Most keys join two or more facts, so that few nominals share them; together they leave open any facts that may be
wrong, missing or written in another order. Keys of one fact serve small files, and the rarest values of large
ones: the model stops those that many records share. A key is text that begins with its kind, the same in the batch
and for one nominal; what is kept and joined on is a number made of it and of the partition.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

# The facts that keys are made of, in DuckDB's words. || gives null when a part is null, and least() passes over one;
# one name alone is no pair.
_FORE, _SUR = "coalesce(forename_sound, forename)", "coalesce(surname_sound, surname)"
_BOTH = "forename is not null and surname is not null"
_YEAR, _MONTH, _DAY = "nullif(born[1:4], '0000')", "nullif(born[5:6], '00')", "nullif(born[7:8], '00')"

_FACTS = {
    "fore": _FORE,
    "sur": _SUR,
    "name": f"coalesce({_SUR}, {_FORE})",
    "names": f"case when {_BOTH} then least(forename, surname) || '|' || greatest(forename, surname) end",
    "sounds": f"case when {_BOTH} then least({_FORE}, {_SUR}) || '|' || greatest({_FORE}, {_SUR}) end",
    "letters": "least(forename[1], surname[1]) || greatest(forename[1], surname[1])",
    "start": f"case when {_BOTH} then left(forename, 2) || '|' || left(surname, 3) end",
    "year": _YEAR,
    "month": _MONTH,
    "day": _DAY,
    "month_day": f"case when not born_default then {_MONTH} || {_DAY} end",
    "full_day": "case when not born_default then born end",
    "area": "coalesce(district, postcode)",
    "home": "array_to_string(address, ' ')",
}


def _least(*texts: str | None) -> list[str]:
    return sorted(text for text in texts if text)


def _fore(row: Mapping[str, Any]) -> str | None:
    text: str | None = row["forename_sound"] or row["forename"]
    return text


def _sur(row: Mapping[str, Any]) -> str | None:
    text: str | None = row["surname_sound"] or row["surname"]
    return text


def _pair(*texts: str | None) -> str | None:
    return "|".join(_least(*texts)) if all(texts) else None


def _letters(row: Mapping[str, Any]) -> str | None:
    letters = _least(*(name[:1] for name in (row["forename"], row["surname"]) if name))
    return letters[0] + letters[-1] if letters else None


def _start(row: Mapping[str, Any]) -> str | None:
    return f"{row['forename'][:2]}|{row['surname'][:3]}" if row["forename"] and row["surname"] else None


def _part(first: int, last: int) -> Callable[[Mapping[str, Any]], str | None]:
    def part(row: Mapping[str, Any]) -> str | None:
        text = (row["born"] or "")[first:last]
        return text if text.strip("0") else None

    return part


def _month_day(row: Mapping[str, Any]) -> str | None:
    month, day = _part(4, 6)(row), _part(6, 8)(row)
    return month + day if month and day and not row["born_default"] else None


# The same facts of one nominal; whatever is not named here is a column.
_FACTS_OF_ONE: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "fore": _fore,
    "sur": _sur,
    "name": lambda row: _sur(row) or _fore(row),
    "names": lambda row: _pair(row["forename"], row["surname"]),
    "sounds": lambda row: _pair(_fore(row), _sur(row)) if row["forename"] and row["surname"] else None,
    "letters": _letters,
    "start": _start,
    "year": _part(0, 4),
    "month": _part(4, 6),
    "day": _part(6, 8),
    "month_day": _month_day,
    "full_day": lambda row: None if row["born_default"] else row["born"],
    "area": lambda row: row["district"] or row["postcode"],
    "home": lambda row: " ".join(row["address"]) if row["address"] else None,
}

# Each kind of key with its facts in braces.
_SINGLE = {
    "pncid": "{pncid}",
    "cro": "{cro}",
    "ni": "{ni_number}",
    "driver": "{driver_number}",
    "phone": "{phone}",
    "email": "{email}",
    "names": "{names}",
    "sounds": "{sounds}",
    "sounds-year": "{sounds}|{year}",
    "sounds-district": "{sounds}|{area}",
    "sounds-place": "{sounds}|{birth_place}",
    "surname-year-month": "{sur}|{year}{month}",
    "surname-year-day": "{sur}|{year}{day}",
    "surname-month-day": "{sur}|{month_day}",
    "forename-year-month": "{fore}|{year}{month}",
    "forename-year-day": "{fore}|{year}{day}",
    "forename-month-day": "{fore}|{month_day}",
    "born-district": "{full_day}|{area}",
    "born-initials": "{born}|{letters}",
    "postcode-year": "{postcode}|{year}",
    "mailbox": "{mailbox}|{name}",
    "address-surname": "{home}|{sur}",
    "address-forename": "{home}|{fore}",
    "address": "{home}",
    "postcode": "{postcode}",
    "born": "{born}",
    "surname": "{surname}",
    "forename": "{forename}",
    "start": "{start}",
    "box": "{mailbox}",
    "place-occupation": "{birth_place}|{occupation}",
    "address-born": "{home}|{year}",
}

# Kinds of one fact: their cost is bounded for the file as a whole, not for each nominal.
LONE = ("address", "postcode", "born", "surname", "forename", "start", "box", "place-occupation")

# For each of up to eight sounds of any name, so that order and aliases do not matter.
_EACH, _SOUNDS = {"name-born": "born", "name-postcode": "postcode"}, 8

_PARTS = re.compile(r"\{(\w+)\}|([^{}]+)")


def _sql(template: str) -> str:
    parts = _PARTS.findall(template)
    return " || ".join(f"({_FACTS.get(fact, fact)})" if fact else f"'{text}'" for fact, text in parts)


def _of_sounds(kind: str, column: str) -> str:
    return f"list_transform(sounds[1:{_SOUNDS}], lambda s: '{kind}|' || s || '|' || {column})"


# By kind, the list of the keys of a nominal; a key may be null.
OF_KIND = {kind: f"['{kind}|' || {_sql(template)}]" for kind, template in _SINGLE.items()} | {
    kind: f"list_distinct({_of_sounds(kind, column)})" for kind, column in _EACH.items()
}
KEYS = (
    "list_distinct(list_filter(["
    + ", ".join(f"'{kind}|' || {_sql(template)}" for kind, template in _SINGLE.items())
    + "]"
    + "".join(f" || {_of_sounds(kind, column)}" for kind, column in _EACH.items())
    + ", lambda k: k is not null))"
)

# Half of an MD5, without the sign: the same in DuckDB and here, whatever the version.
_NUMBER = "(md5_number_lower({partition} || '|' || {key}) & 9223372036854775807)::bigint"
NUMBERED = f"list_transform({KEYS}, lambda k: {_NUMBER.format(partition='partition', key='k')})"

_TEMPLATES = [(f"{kind}|", _PARTS.findall(template)) for kind, template in _SINGLE.items()]


def number(partition: str, key: str) -> int:
    """Return the number that stands for a key in a partition."""
    digest = hashlib.md5(f"{partition}|{key}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little") & (2**63 - 1)


def numbers_of(row: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the keys of one standardised nominal: those that `NUMBERED` gives it in a batch."""
    return [number(row["partition"], key) for key in keys_of(row)]


def keys_of(row: Mapping[str, Any]) -> list[str]:
    """Return the keys of one standardised nominal: those that `KEYS` gives it in a batch, in no order."""
    facts = dict(row) | {name: fact(row) for name, fact in _FACTS_OF_ONE.items()}
    found = set()
    for kind, parts in _TEMPLATES:
        texts = [facts[fact] if fact else text for fact, text in parts]
        if all(text is not None for text in texts):
            found.add(kind + "".join(texts))
    for kind, column in _EACH.items():
        if row[column] is not None:
            found |= {f"{kind}|{sound}|{row[column]}" for sound in row["sounds"][:_SOUNDS]}
    return sorted(found)
