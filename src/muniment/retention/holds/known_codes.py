"""Codes that people type, held against those that policy knows: a slip in a hold would leave material unprotected."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from muniment.engine.policy import Policy
from muniment.engine.policy.offences import base_code, number_of

_NEAREST = 4
_LIKE = 0.5  # of difflib: what is less like is no help


@dataclass(frozen=True)
class Read:
    """What was typed, as policy writes it, and a sentence on each code that it does not know."""

    codes: tuple[str, ...]
    problems: tuple[str, ...]


def read(kind: str, typed: Iterable[str], policy: Policy) -> Read:
    """Read codes of a kind of `READERS`."""
    words, find, known = READERS[kind]
    codes, problems = [], []
    for text in typed:
        code = find(text, policy)
        if code is None:
            problems.append(f"Policy knows no {words} '{text[:60]}'{_nearest(text, known(policy))}.")
        else:
            codes.append(code)
    return Read(tuple(dict.fromkeys(codes)), tuple(problems))


def _nearest(text: str, known: Iterable[str]) -> str:
    first = text.strip().upper()[:1]
    folded = {code.upper(): code for code in known}
    alike = [code for code in folded if code.startswith(first)] or list(folded)
    near = difflib.get_close_matches(text.strip().upper(), alike, _NEAREST, _LIKE)
    return f"; the nearest are {', '.join(folded[code] for code in near)}" if near else ""


def _classes(policy: Policy) -> Mapping[str, str]:
    """Return the classes of records and the families that sources declare; the rules of persons are none."""
    own = [*(code for code in policy.classes if not code.startswith("PER-")), *policy.families]
    return {code.upper(): code for code in own}


def _areas(policy: Policy) -> Mapping[str, str]:
    """Return the business areas by code and by name."""
    areas = policy.codes.lists["business_areas"]
    return {entry[name].upper(): entry["code"] for name in ("label", "code") for entry in areas}


def _ho_classes(policy: Policy) -> set[str]:
    """Return every class of the carried list, and the numbers that they begin with."""
    table = policy.offences
    classes = {*table.by_class, *table.unknown_classes, *table.by_category}
    return classes | {each[:3] for each in classes}


def _offence_class(text: str, policy: Policy) -> str | None:
    number = number_of(text)
    return number if number in _ho_classes(policy) else None


def _cjs(text: str, policy: Policy) -> str | None:
    """Return a code of the carried list, or one of an attempt and the like of it."""
    code, known = text.strip().upper(), policy.offences.cjs_classes
    return code if code in known or base_code(code) in known else None


READERS: Mapping[str, tuple[str, Callable[[str, Policy], str | None], Callable[[Policy], Iterable[str]]]] = {
    "classes": ("record class", lambda text, policy: _classes(policy).get(text.strip().upper()), _classes),
    "areas": ("business area", lambda text, policy: _areas(policy).get(text.strip().upper()), _areas),
    "ho_classes": ("Home Office offence class", _offence_class, _ho_classes),
    "cjs": ("CJS offence code", _cjs, lambda policy: policy.offences.cjs_classes),
}
