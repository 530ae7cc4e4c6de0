"""What the duties above people say on the pages of a person: notices, and what can be done.

Pages about people may not know of reviews, holds or requests, which stand above them; those register here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from muniment.core.models import User
from muniment.people.models import PrimePerson


@dataclass(frozen=True)
class Notice:
    """Something that everyone who opens the person must see."""

    words: str
    href: str = ""
    stops: bool = False  # whether it stands in the way of disposal
    unless: str = ""  # of which disposals it does not, as the end of a sentence


@dataclass(frozen=True)
class Act:
    """Something that the reader can do about the person."""

    words: str
    href: str


@dataclass(frozen=True)
class Linked:
    """Something other than a person that is linked to the person: a place, a vehicle."""

    words: str
    how: str
    href: str


@dataclass(frozen=True)
class Surroundings:
    """Everything that is said around a person."""

    notices: tuple[Notice, ...] = ()
    acts: tuple[Act, ...] = ()
    linked: tuple[Linked, ...] = ()


Source = Callable[[PrimePerson, User], Surroundings]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Have a duty asked about each person that is opened."""
    if source not in _sources:
        _sources.append(source)


def around(prime: PrimePerson, user: User) -> Surroundings:
    """Return what every duty says around a person, to one reader."""
    every: Iterable[Surroundings] = [source(prime, user) for source in _sources]
    parts = list(every)
    return Surroundings(
        tuple(notice for part in parts for notice in part.notices),
        tuple(act for part in parts for act in part.acts),
        tuple(each for part in parts for each in part.linked),
    )
