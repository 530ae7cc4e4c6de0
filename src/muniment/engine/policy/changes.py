"""What a schedule says otherwise than another: that of another day, or with another adoption."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from muniment.engine.policy.model import RecordClass, Rules, Terms

# Of the terms of a class: what decides, and what it rests on.
PARTS = ("trigger", "kind", "length", "review_every", "action", "authority", "verified", "evidence", "applies_to")


@dataclass(frozen=True)
class Part:
    """One part of what a class says, as it was and as it is."""

    name: str  # of PARTS, or `adopted`, or `paper`, the document that adopts it
    was: Any
    now: Any


@dataclass(frozen=True)
class Change:
    """A class or rule that says otherwise, part by part; `was` and `now` are its terms, and papers what adopts it."""

    entry: RecordClass
    was: Terms
    now: Terms
    parts: tuple[Part, ...]
    papers: tuple[str | None, str | None]


def changes(was: Rules, now: Rules) -> list[Change]:
    """Return the classes and rules of which one schedule says otherwise than another, in the order of their ids.

    Both are of one policy folder: the same classes, on two days or with other adoptions.
    """
    found = []
    for key in sorted(now.classes):
        parts = tuple(_parts(key, was, now))
        if parts:
            papers = (_paper(key, was), _paper(key, now))
            found.append(Change(now.classes[key], was.terms[key], now.terms[key], parts, papers))
    return found


def _paper(key: str, rules: Rules) -> str | None:
    return rules.adoptions[key].authority if key in rules.adoptions else None


def _parts(key: str, was: Rules, now: Rules) -> Iterator[Part]:
    before, after = was.terms[key], now.terms[key]
    for name in PARTS:
        if getattr(before, name) != getattr(after, name):
            yield Part(name, getattr(before, name), getattr(after, name))
    if (key in was.adopted) != (key in now.adopted):
        yield Part("adopted", key in was.adopted, key in now.adopted)
    if _paper(key, was) != _paper(key, now):
        yield Part("paper", _paper(key, was), _paper(key, now))
