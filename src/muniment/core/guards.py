"""What may be opened for some purposes alone: the duties that know of it stand higher, and register here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass


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


Source = Callable[[Collection[int], int | None], Guard | None]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Have a duty asked about nominals that are opened, by key; of one record also by the key of its controller."""
    if source not in _sources:
        _sources.append(source)


def pass_by(nominals: Collection[int], purpose: str, subject: str, controller: int | None = None) -> None:
    """Let somebody by who looks at nominals for an access purpose. Raise UseRestricted where it does not open them."""
    for source in _sources:
        guard = source(nominals, controller)
        if guard is not None and purpose not in guard.purposes:
            raise UseRestricted(guard, subject)
