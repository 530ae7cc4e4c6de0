"""Whether one scope of a hold is shown to contain another, by their lists alone: what is not shown counts as narrower.

A list asks whether any of its entries fits a record, so a list with more entries fits more. Where any list is enough,
more lists fit more; where every list has to fit, fewer do. Nothing is looked up: two scopes that come to the same
records by different words are not shown to (docs/adr/0044).
"""

from collections.abc import Collection, Mapping
from typing import Any

from muniment.retention.holds import reach

Parts = Mapping[str, Any]
_BY_WORDS = {"keywords", "units", "places"}  # which are looked for in any case of letters


def is_any(scope: Parts) -> bool:
    """Whether any list of a scope is enough; of one list it is the same either way."""
    return scope.get("match") != reach.EVERY or len(reach.kinds(scope)) == 1


def is_every(scope: Parts) -> bool:
    """Whether every list of a scope has to fit."""
    return scope.get("match") == reach.EVERY or len(reach.kinds(scope)) == 1


def has_list(wide: Parts, narrow: Parts, kind: str) -> bool:
    """Whether one scope has a list of a kind with everything that is on another's."""
    keys = reach.ONE_LIST.get(kind, (kind,))
    had = [key for key in keys if narrow.get(key)]
    return bool(had) and all(_entries(narrow, key) <= _entries(wide, key) for key in had)


def _entries(scope: Parts, key: str) -> set[Any]:
    given = scope.get(key) or ()
    return {str(each).strip().lower() for each in given} if key in _BY_WORDS else set(given)


def has_days(wide: Parts, narrow: Parts) -> bool:
    """Whether everything between the days of one scope lies between those of another; ISO texts compare as days."""
    begins = not wide.get("from") or (bool(narrow.get("from")) and wide["from"] <= narrow["from"])
    ends = not wide.get("until") or (bool(narrow.get("until")) and narrow["until"] <= wide["until"])
    return begins and ends


def contains(wide: Parts, narrow: Parts, controllers: Collection[int], bound: Collection[int]) -> bool:
    """Whether a scope, of some controllers, is shown to contain another of those that are `bound` by it."""
    if not set(bound) <= set(controllers) or not has_days(wide, narrow):
        return False
    asked, had = reach.kinds(wide), reach.kinds(narrow)
    if not asked:
        return True  # everything of its controllers
    # A list of classes may name the audit, which is no record: it is not left out or shortened.
    if not had or ("classes" in had and not has_list(wide, narrow, "classes")):
        return False
    shared = [kind for kind in had if kind in asked and has_list(wide, narrow, kind)]
    by_any = is_any(wide) and is_any(narrow) and len(shared) == len(had)
    by_every = is_every(wide) and is_every(narrow) and len(shared) == len(asked)
    one_of_every = is_any(wide) and is_every(narrow) and bool(shared)
    return by_any or by_every or one_of_every
