"""The preview of judgements: what would be one person afterwards, and for whom that changes anything."""

from dataclasses import dataclass

from muniment.core.models import User
from muniment.people.judging import consequences
from muniment.people.judging.consequences import Change, Told
from muniment.people.judging.openings import Opening, openings
from muniment.records.models import Nominal


@dataclass(frozen=True)
class Preview:
    """A change with all that is told of it. `unseen` are those who hold records that the reader cannot open."""

    change: Change
    told: Told
    openings: list[Opening]
    unseen: list[str]

    @property
    def heads(self) -> list[str]:
        """The heads of the columns, one for each prime record before and after."""
        return [each.title if not each.is_now else f"Now: {each.title}" for each in self.change.wholes]

    @property
    def lines(self) -> list["Shown"]:
        """The lines of the table, each cell with its head and whether a whole would differ there from every one now."""
        now = len(self.change.before)
        return [
            Shown(
                each.name,
                [
                    (head, text, at >= now and text not in each.cells[:now])
                    for at, (head, text) in enumerate(zip(self.heads, each.cells, strict=True))
                ],
            )
            for each in self.told.lines
        ]

    @property
    def changing(self) -> list[Opening]:
        """What the change does for whom: those for whom it does the same together."""
        found: dict[str, list[str]] = {}
        for each in self.openings:
            found.setdefault(each.changes, []).extend(each.who)
        return [Opening(tuple(who), (), changes) for changes, who in found.items() if changes]

    @property
    def opened(self) -> list["Row"]:
        """How much of each whole each role opens."""
        return [Row(each.who, list(zip(self.heads, each.opens, strict=True))) for each in self.openings]


@dataclass(frozen=True)
class Shown:
    """A line of the table: its name, and its cells with their heads and whether they differ from what is now."""

    name: str
    cells: list[tuple[str, str, bool]]


@dataclass(frozen=True)
class Row:
    """Who opens how much, with the heads of the columns."""

    who: tuple[str, ...]
    cells: list[tuple[str, str]]


def of_pair(left: Nominal, right: Nominal, reader: User) -> Preview | None:
    """Return what would come of the judgement that changes something: same of two, and different of who is one."""
    found = consequences.if_same(left, right) or consequences.if_different(left, right)
    return preview(found, reader) if found else None


def preview(change: Change, reader: User) -> Preview:
    """Return a change with all that is told of it to a reader."""
    told = consequences.told(change, reader)
    return Preview(change, told, openings(change), consequences.unseen_holders(change.primes))
