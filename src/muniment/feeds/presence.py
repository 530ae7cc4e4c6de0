"""Which columns a table maps, and which of them a file has: in its header, or in any of its rows."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds.chunks import Chunk
from muniment.feeds.feed import Field, Table
from muniment.feeds.review import person_fields, row_fields

_ALIKE = 0.6  # of difflib, from which one name may be another renamed
_ALIKE_IN_DELTA = 0.8  # rows of a delta may lack anything, so that a likeness says less
_LISTS = frozenset({"aliases", "purposes", "flag"})  # the fields that hold lists
TEXT = ".#text"


@dataclass(frozen=True)
class Wanted:
    """The columns that one field is made from, whether every row has to fill it, and whether it takes several values.

    Where it is `listed`, it is read as a list of JSON.
    """

    columns: tuple[str, ...]
    required: bool = False
    several: bool = False
    listed: bool = False


def wanted(table: Table) -> dict[str, list[Wanted]]:
    """Return what a table maps, by the repeated part that it stands in; the row itself is the part without a name."""
    parts: dict[str, list[Wanted]] = {"": [_wanted(place, spec) for place, spec in row_fields(table)]}
    own = parts[""]
    own += [Wanted((name,)) for thing in table.things for name in thing.when]
    for person in table.persons:
        specs = [_wanted(place, spec) for place, spec in person_fields(person)] + [Wanted(person.when, several=True)]
        if person.each is None:
            own += specs
            continue
        for each in specs:
            outer = tuple(name[3:] for name in each.columns if name.startswith("../"))
            own.append(replace(each, columns=outer, required=False))
            inner = tuple(name for name in each.columns if not name.startswith("../"))
            parts.setdefault(person.each, []).append(replace(each, columns=inner))
    own += [Wanted((name,), several=True) for name in (*parts.keys() - {""}, *(table.attributes or {}).values())]
    own += [Wanted((name,)) for name in table.key]
    if "column" in table.as_of:
        own.append(Wanted((table.as_of["column"],)))
    return {part: [each for each in specs if each.columns] for part, specs in parts.items()}


def _wanted(place: str, spec: Field) -> Wanted:
    required = spec.required or (place == "record.reference" and spec.made_from is None)
    listed = "json_list" in spec.convert
    return Wanted(
        (*spec.columns, *(spec.made_from or ())),
        required=required and spec.default is None,
        several=listed or place.rpartition(".")[2] in _LISTS,
        listed=listed,
    )


@dataclass
class Seen:
    """The names that the rows of a nested file have, and in how many of them: by repeated part, as `wanted` gives."""

    wanted: Mapping[str, list[Wanted]]
    lines: Counter[str] = field(default_factory=Counter)  # the rows, and the entries of each repeated part
    names: dict[str, Counter[str]] = field(default_factory=dict)
    nests: set[str] = field(default_factory=set)  # names of what holds names itself

    def __post_init__(self) -> None:
        """Begin with nothing seen."""
        self.names = {part: Counter() for part in self.wanted}

    def note(self, row: Mapping[str, Any]) -> None:
        """Take one row into account."""
        self._note("", row)

    def _note(self, part: str, entry: Any) -> None:
        self.lines[part] += 1
        found = set(self._named(part, entry, "")) if isinstance(entry, Mapping) else {""}
        self.names[part].update(found)

    def _named(self, part: str, value: Mapping[str, Any], prefix: str) -> Iterator[str]:
        for key, inner in value.items():
            path = f"{prefix}{key}"
            yield path
            entries = inner if isinstance(inner, list) else [inner]
            if not part and path in self.wanted:
                self.nests.add(path)
                for entry in entries:
                    if entry is not None:
                        self._note(path, entry)
                continue
            for entry in entries:
                if isinstance(entry, Mapping):
                    self.nests.add(path)
                    yield from self._named(part, entry, f"{path}.")

    def lacks(self) -> bool:
        """Whether a mapped column was in no row so far."""
        return any(self.never(part) for part in self.wanted)

    def never(self, part: str) -> list[str]:
        """Return the mapped columns of a part that were in none of its lines; nothing where it has no lines."""
        if not self.lines[part]:
            return []
        names = self.names[part]
        columns = dict.fromkeys(name for each in self.wanted[part] for name in each.columns)
        return [name for name in columns if name not in names and name.removesuffix(TEXT) not in names]

    def renamed(self, part: str, name: str, *, delta: bool) -> str | None:
        """Return an unmapped name that the lines have instead of a mapped one, as far as likeness tells."""
        mapped = {column for each in self.wanted[part] for column in each.columns}
        nests = name in self.wanted
        others = [other for other in self.names[part] if other not in mapped and (other in self.nests) == nests]
        others = [other for other in others if not _counts_on(name, other)]
        if delta:
            others = [other for other in others if self.names[part][other] == self.lines[part]]
        return alike(name, others, _ALIKE_IN_DELTA if delta else _ALIKE)


def lacking(table: Table, seen: Seen) -> list[str]:
    """Return the columns for which a nested file has to be refused, each with the name that it has instead, if any."""
    delta = table.kind == "delta"
    found = []
    for part, specs in seen.wanted.items():
        never = seen.never(part)
        # The rows of a delta, and those that are events, need not have what others must.
        strict = not (delta or table.event)
        needed = {
            each.columns[0]
            for each in specs
            if strict and each.required and all(name in never for name in each.columns)
        }
        for name in never:
            other = seen.renamed(part, name, delta=delta)
            if other or name in needed:
                found.append(_told(part, name, other))
    return found


def missing(table: Table, header: set[str]) -> list[str]:
    """Return the mapped columns that a header lacks, each with the one that it has instead, if any."""
    found = []
    for part, specs in wanted(table).items():
        inner = {name.removeprefix(f"{part}.") for name in header if name.startswith(f"{part}.")} if part else header
        columns = dict.fromkeys(name for each in specs for name in each.columns)
        found += [_told(part, name, alike(name, inner)) for name in columns if inner and name not in inner]
    return found


class Unseen:
    """The mapped columns that no row of a file has had so far, and the columns with values that nothing maps."""

    def __init__(self, table: Table) -> None:
        """Begin with all columns of a table."""
        self._left = {
            part: dict.fromkeys(name for each in specs for name in each.columns)
            for part, specs in wanted(table).items()
        }
        self._mapped = {part: set(names) for part, names in self._left.items()}
        self._filled: set[str] = set()
        self._rest_is_kept = bool(table.record) and table.attributes is None
        self._unmapped: dict[str, None] = {}

    def take(self, chunk: Chunk) -> None:
        """Take the rows of a chunk into account."""
        frames = {"": (len(chunk), chunk.columns)} | {
            part: (len(child.parent), child.columns) for part, child in chunk.children.items()
        }
        for part, (lines, columns) in frames.items():
            if lines:
                self._filled.add(part)
                for name in columns.keys() & self._left[part].keys():
                    del self._left[part][name]
                self._note_unmapped(part, columns)

    def _note_unmapped(self, part: str, columns: Mapping[str, pa.Array]) -> None:
        if self._rest_is_kept and not part:
            return
        mapped = self._mapped[part]
        for name, values in columns.items():
            if name in mapped or f"{name}{TEXT}" in mapped or name.removesuffix(TEXT) in mapped:
                continue
            path = placed(part, name)
            if path not in self._unmapped and _says_something(values):
                self._unmapped[path] = None

    def unmapped(self) -> tuple[str, ...]:
        """Return the columns that say something and that nothing maps, by their whole paths, as the file has them."""
        return tuple(self._unmapped)

    def columns(self) -> tuple[str, ...]:
        """Return them by their whole paths; of a repeated part that no row has, its own path alone."""
        if "" not in self._filled:
            return ()
        found: list[str] = []
        for part, names in self._left.items():
            if part in self._filled:
                found += [placed(part, name) for name in names if part or name not in self._left]
            else:
                found.append(part)
        return tuple(found)


def _says_something(values: pa.Array) -> bool:
    return pc.any(pc.greater(pc.binary_length(values), 0)).as_py() is True


def refusal(name: str, table: Table, found: list[str], where: str = "") -> str:
    """Return the sentence by which a file, or a member of it, is refused for the columns that it lacks."""
    return (
        f"{name} lacks the column {', '.join(found)}{where}: have it exported with its usual names, or change the"
        f" table {table.name} of the feed."
    )


def _told(part: str, name: str, other: str | None) -> str:
    return f"'{placed(part, name)}'" + (f" (it has '{placed(part, other)}')" if other else "")


def placed(part: str, name: str) -> str:
    """Return a column by its whole path."""
    return ".".join(piece for piece in (part, name) if piece)


def alike(name: str, others: Iterable[str], cutoff: float = _ALIKE) -> str | None:
    """Return the name most like another, step of its path by step, or None."""
    steps = _steps(name)
    scores = {}
    for other in sorted(others):
        theirs = _steps(other)
        if len(theirs) == len(steps):
            scores[other] = min(
                difflib.SequenceMatcher(None, one, two).ratio() for one, two in zip(steps, theirs, strict=True)
            )
    best = max(scores, key=lambda other: scores[other], default=None)
    return best if best is not None and scores[best] >= cutoff else None


def _steps(name: str) -> list[str]:
    return [re.sub(r"[\W_]+", "", step.casefold()) for step in name.split(".")]


def _counts_on(one: str, other: str) -> bool:
    """Whether one name is another with a number, as phone2 beside phone, and so no new name of the same."""
    mine, theirs = "".join(_steps(one)), "".join(_steps(other))
    return mine != theirs and re.sub(r"\d", "", mine) == re.sub(r"\d", "", theirs)
