"""What went, held against the scope of a hold as it stood at that moment, and against what stands now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from muniment.retention.holds import gone
from muniment.retention.models import Hold, HoldVersion, hold_versions

_Said = dict[int, bool | None]


@dataclass
class Sorted:
    """What was destroyed, by key of the item; what is in none of these was not in scope."""

    went: _Said = field(default_factory=dict)  # in scope then, or of what stands now
    stood: _Said = field(default_factory=dict)  # of these, while they were in scope
    let_go: _Said = field(default_factory=dict)  # in scope once, and out of it when they went
    unknown: _Said = field(default_factory=dict)
    number: int = 0
    bare: int = 0  # of all these, without marks

    @property
    def others(self) -> int:
        """How many went that were not in scope."""
        return self.number - len(self.went) - len(self.let_go) - len(self.unknown)


def sort_out(hold: Hold, controllers: list[int], since: date) -> Sorted:
    """Ask each record of some controllers that went since a day whether it was in scope then, and is of what stands.

    What went while a version stood was looked through for the words of that version before it went: of these nothing
    is in doubt. Of words that came by a later version nobody can say.
    """
    versions = list(hold.versions.all()) or hold_versions.in_force(hold)
    asked = _Asked({each.number: gone.Scope.of_version(each, controllers) for each in versions})
    found = Sorted()
    for row in gone.rows(controllers, since=since):
        found.number += 1
        found.bare += row.marks is None
        then = [each for each in versions if each.stood_at(row.at)]
        now = [asked.beside(each, then, row) for each in versions if each.until is None and each not in then]
        if any(asked.of(each, row) for each in then):
            found.went[row.item] = found.stood[row.item] = True
        elif True in now:
            found.went[row.item] = True
        elif None in now:
            found.unknown[row.item] = None
        elif any(each.until and each.until <= row.at and asked.of(each, row) for each in versions):
            found.let_go[row.item] = True
    return found


class _Asked:
    """The questions that the versions of a hold ask, alone and beside one another."""

    def __init__(self, scopes: dict[int, gone.Scope]) -> None:
        self._scopes = scopes
        self._rest = cache(lambda one, other: scopes[one].beside(scopes[other]))

    def of(self, version: HoldVersion, row: gone.Row) -> bool | None:
        return gone.fits(self._scopes[version.number], row)

    def beside(self, version: HoldVersion, then: Sequence[HoldVersion], row: gone.Row) -> bool | None:
        """Say whether a record was of a version that came later, beside those that stood when it went."""
        said = [self.of(version, row)]
        if said[0] is None:
            said += [gone.fits(self._rest(version.number, each.number), row) for each in then]
        return False if False in said else True if True in said else None
