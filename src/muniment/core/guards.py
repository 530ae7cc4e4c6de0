"""What may be opened for some purposes alone: the duties that know of it stand higher, and register here.

A page about somebody asks `pass_by`, and does not open. A page that lists asks `closed`, and tells of those no more
than who they are.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

COMPARING = "comparing"  # the duty of telling who is one person: policy may open it for purposes of its own
WITHHELD = "Use restricted"  # what stands in a list instead of what is not told


@dataclass(frozen=True)
class Guard:
    """Why the use of what is held of somebody is restricted, as a sentence, and the access purposes that open it."""

    words: str
    purposes: frozenset[str]


class UseRestricted(Exception):
    """What was asked for does not open for the purpose that was given."""

    def __init__(self, guard: Guard, subject: str) -> None:
        """Take what restricts its use, and the reference of what was asked for."""
        super().__init__(f"{guard.words} It does not open for the purpose that you gave.")
        self.guard, self.subject = guard, subject


Restricting = Mapping[int, frozenset[int]]  # by the key of a nominal, the controllers that restrict its use


@dataclass(frozen=True)
class Source:
    """A duty that restricts: `guard` is asked of nominals, one controller or None for all, and the duty of the page.

    `closed` is asked of many nominals at once, with the access purpose and the duty, which of them do not open.
    """

    guard: Callable[[Collection[int], int | None, str], Guard | None]
    closed: Callable[[Collection[int], str, str], Restricting]


_sources: list[Source] = []


def register(source: Source) -> None:
    """Have a duty asked about nominals that are opened, by key; of one record also by the key of its controller."""
    if source not in _sources:
        _sources.append(source)


def pass_by(
    nominals: Collection[int], purpose: str, subject: str, controller: int | None = None, duty: str = ""
) -> None:
    """Let somebody by who looks at nominals for an access purpose. Raise UseRestricted where it does not open them."""
    for source in _sources:
        guard = source.guard(nominals, controller, duty)
        if guard is not None and purpose not in guard.purposes:
            raise UseRestricted(guard, subject)


def closed(nominals: Collection[int], purpose: str, duty: str = "") -> dict[int, frozenset[int]]:
    """Return which of some nominals do not open for an access purpose, and the controllers that restrict them."""
    found: dict[int, frozenset[int]] = {}
    for source in _sources if nominals else ():
        for nominal, controllers in source.closed(nominals, purpose, duty).items():
            found[nominal] = found.get(nominal, frozenset()) | controllers
    return found
