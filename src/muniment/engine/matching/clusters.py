"""Groups of nominals that are one person, joined edge by edge under constraints.

Edges are taken in the order given (the strongest first, ties by source reference) and joined unless a constraint
would break inside the joined group, directly or through others. The same edges in the same order give the same
groups, whatever order the nominals arrived in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass
class Groups:
    """Disjoint groups of persons (numbers), with what may not come together in one group.

    `identifiers` gives for each kind the persons that bear one; a group may hold one value of each kind. Two groups
    are joined only if at least `least_links` of the pairs across them speak for it: one likeness between a member of
    this family and one of that would otherwise chain strangers together.
    """

    identifiers: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    least_links: float = 0.0
    _parents: dict[int, int] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)
    _barred: dict[str, dict[int, set[int]]] = field(default_factory=dict)
    _links: dict[int, dict[int, int]] = field(default_factory=dict)
    _borne: dict[str, dict[int, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Give each group, at first one person, the identifiers that it bears."""
        self._borne = {kind: dict(values) for kind, values in self.identifiers.items()}

    def bar(self, reason: str, pairs: Iterable[tuple[int, int]]) -> None:
        """Say that two persons may not come together, and why; before any join."""
        barred = self._barred.setdefault(reason, {})
        for one, two in pairs:
            barred.setdefault(one, set()).add(two)
            barred.setdefault(two, set()).add(one)

    def link(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Say which pairs speak for being one person; each pair once, before any join."""
        for one, two in pairs:
            self._links.setdefault(one, {})[two] = 1
            self._links.setdefault(two, {})[one] = 1

    def find(self, person: int) -> int:
        """Return the person that stands for the group of a person."""
        root = person
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while (parent := self._parents.get(person, person)) != root:
            self._parents[person] = root
            person = parent
        return root

    def obstacle(self, one: int, two: int, but: frozenset[str] = frozenset()) -> str | None:
        """Return the reason why two groups may not be joined (reasons in `but` apart), or None."""
        one, two = self.find(one), self.find(two)
        if one == two:
            return None
        for reason, barred in self._barred.items():
            if reason in but:
                continue
            fewer, other = (one, two) if len(barred.get(one, ())) <= len(barred.get(two, ())) else (two, one)
            if any(self.find(person) == other for person in barred.get(fewer, ())):
                return reason
        if "group-identifier" not in but and self._identifiers_differ(one, two):
            return "group-identifier"
        if "group-links" not in but and not self._is_linked(one, two):
            return "group-links"
        return None

    def _identifiers_differ(self, one: int, two: int) -> bool:
        return any(one in borne and two in borne and borne[one] != borne[two] for borne in self._borne.values())

    def _is_linked(self, one: int, two: int) -> bool:
        links = self._links.get(one, {}).get(two, 0)
        return links >= self.least_links * self._sizes.get(one, 1) * self._sizes.get(two, 1)

    def join(self, one: int, two: int) -> None:
        """Join the groups of two persons."""
        one, two = self.find(one), self.find(two)
        if one == two:
            return
        if (self._sizes.get(one, 1), -one) < (self._sizes.get(two, 1), -two):
            one, two = two, one
        self._parents[two] = one
        self._sizes[one] = self._sizes.get(one, 1) + self._sizes.pop(two, 1)
        for barred in self._barred.values():
            if two in barred:
                barred[one] = barred.get(one, set()) | barred.pop(two)
        for borne in self._borne.values():
            if two in borne:
                borne.setdefault(one, borne[two])
                del borne[two]
        self._join_links(one, two)

    def _join_links(self, one: int, two: int) -> None:
        kept, given = self._links.setdefault(one, {}), self._links.pop(two, {})
        kept.pop(two, None)
        given.pop(one, None)
        for other, count in given.items():
            kept[other] = kept.get(other, 0) + count
            theirs = self._links[other]
            theirs[one] = theirs.get(one, 0) + theirs.pop(two)
