"""The words that feeds may use: purposes, markings, classes, roles, trigger events."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from muniment.engine import policy


@dataclass(frozen=True)
class Vocabulary:
    """Closed lists of codes; a code outside its list is quarantined, never guessed."""

    purposes: frozenset[str]
    corporate_purposes: frozenset[str]
    markings: tuple[str, ...]  # in order of rank
    highest_marking: str
    partitions: frozenset[str]
    areas: frozenset[str]
    corporate_areas: frozenset[str]  # of the organisation itself: nothing in them is policing
    outcomes: frozenset[str]
    results: frozenset[str]
    place_roles: frozenset[str]
    vehicle_roles: frozenset[str]
    roles: frozenset[str]
    events: frozenset[str]
    triggers: frozenset[str]
    classes: frozenset[str]

    def with_classes(self, ids: Iterable[str]) -> "Vocabulary":
        """Return the same words with these classes added, such as those of the policy in force."""
        return replace(self, classes=self.classes | frozenset(ids))

    def rank(self, marking: str) -> int | None:
        """Return the rank of a marking, 0 the lowest, or None when it is no marking."""
        return self.markings.index(marking) if marking in self.markings else None

    @property
    def highest_rank(self) -> int:
        """The rank of the highest marking that this system may hold."""
        return self.markings.index(self.highest_marking)


@cache
def standard() -> Vocabulary:
    """Return the words of the policy in force and of this version of Muniment. Raise PolicyError without policy."""
    text = Path(__file__).with_name("vocabulary.yaml").read_text(encoding="utf-8")
    words: dict[str, Any] = yaml.safe_load(text)
    current = policy.load()
    lists = {name: [entry["code"] for entry in entries] for name, entries in current.codes.lists.items()}
    marks = sorted(current.codes.lists["markings"], key=lambda entry: int(entry["rank"]))
    own = ("corporate_purposes", "partitions", "outcomes", "results", "events", "place_roles", "vehicle_roles")
    return Vocabulary(
        purposes=frozenset(lists["policing_purposes"]),
        markings=tuple(entry["code"] for entry in marks),
        highest_marking=words["highest_marking"],
        areas=frozenset(lists["business_areas"]),
        corporate_areas=frozenset(
            entry["code"] for entry in current.codes.lists["business_areas"] if entry["partition"] == "corporate"
        ),
        roles=frozenset(current.codes.roles),
        triggers=frozenset(words["triggers"]) | frozenset(_triggers(current)),
        classes=frozenset(id_ for id_ in current.classes if not id_.startswith("PER-")) | frozenset(current.families),
        **{name: frozenset(words[name]) for name in own},
    )


def _triggers(current: policy.Policy) -> Iterator[str]:
    for entry in current.classes.values():
        yield from (terms.trigger for terms in entry.values)
        if entry.at_least is not None:
            yield entry.at_least.trigger
