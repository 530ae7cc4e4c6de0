"""Whom a changed nominal touches: who may be the same, and everyone whose membership depends on that."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from muniment.engine.matching import standing as stands
from muniment.engine.matching.features import Nominal
from muniment.engine.matching.grouping import Evidence, Grouped, Pair, Sayings, group
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS
from muniment.engine.matching.weighing import CORPORATE, Weighed, contested
from muniment.people.linking import candidates, comparing, nominal_tables
from muniment.people.linking.held_pairs import HeldPairs
from muniment.people.linking.linkage_models import Published
from muniment.people.said.said_of_pairs import Said, Shown


@dataclass(frozen=True)
class Neighbourhood:
    """Nominals whose memberships are decided together, by key, and the pairs that a run would weigh of them.

    It holds everyone whom evidence, somebody's word or having been shown as one leads to from a changed nominal.
    `weighed` are pairs with a changed nominal, whoever the other is, and pairs within.
    """

    changed: frozenset[int]
    members: Mapping[int, Nominal]
    near: frozenset[int]  # who is compared with somebody who has changed
    weighed: tuple[Weighed, ...]
    said: Sayings
    shown: list[Pair]
    held: HeldPairs  # the pairs that are kept of any of them

    def decides(self, one: int, two: int) -> bool:
        """Whether a pair is decided here: it is with somebody who has changed, or of two whose memberships are."""
        return one in self.changed or two in self.changed or (one in self.members and two in self.members)

    def grouped(self, published: Published) -> Grouped:
        """Group the members as a run would."""
        within = [each for each in self.weighed if each.left in self.members and each.right in self.members]
        scales, keys = published.scales, {key: str(row["source_key"]) for key, row in self.members.items()}
        automatic = [(each.left, each.right, each.weight) for each in within if each.automatic]
        automatic.sort(key=lambda each: (-each[2], keys[each[0]], keys[each[1]]))
        blocked = {(each.left, each.right): each.blocked_by for each in within if each.speaks and each.blocked_by}
        evidence = Evidence(
            speak=[(each.left, each.right) for each in within if each.speaks],
            automatic=lambda: automatic,
            twins=[(each.left, each.right) for each in within if each.twins],
            identifiers={
                kind: {
                    key: row[kind] for key, row in self.members.items() if row[kind] and row["partition"] != CORPORATE
                }
                for kind in UNIQUE_IDENTIFIERS
            },
            known=lambda nominals: stands.Known(scales.model, self.members, blocked),
        )
        made = group(evidence, self.said, self.shown, scales.points)
        if any(each.were_one for each in made.refused):
            # The next run asks of those shown as one by then: the likest pair may be with somebody who has come. Who
            # came apart is no more shown as one then; that is asked now.
            then = group(evidence, self.said, self._shown_by(made), scales.points)
            made.refused = [*(each for each in made.refused if each.reason == "parted"), *then.refused]
        return made

    def _shown_by(self, made: Grouped) -> list[Pair]:
        """Return pairs of those that will be shown as one, as `Shown.pairs` does of those that are."""
        people: dict[tuple[int, object], list[int]] = defaultdict(list)
        for key in sorted(self.members):
            people[made.groups.find(key), self.members[key]["partition"]].append(key)
        return sorted((first, other) for first, *others in people.values() for other in others)


def around(keys: Collection[int], published: Published) -> Neighbourhood:
    """Return the neighbourhood of nominals that have come, changed or gone; those that are there are standardised.

    Whoever else in it has changed since they were standardised, and waits for a turn of their own, has changed too:
    someone sealed a moment ago is compared with nobody who is open.
    """
    found = _as_kept(set(keys), published)
    while outdated := nominal_tables.outdated(found.members.keys() | found.near, on=published.scales.on):
        found = _as_kept({*found.changed, *outdated}, published)
    return found


def _as_kept(keys: set[int], published: Published) -> Neighbourhood:
    scales, points = published.scales, published.scales.points
    nominal_tables.standardise_few(keys, on=scales.on)
    forms = comparing.Forms(scales.on)
    pairs = candidates.touching(forms.of(keys), published)
    weighed = comparing.weigh(pairs, forms, scales)
    held = HeldPairs()
    inside, said, shown = _closure(keys, weighed, held)
    members = forms.of(inside)
    within = candidates.within(members, published, without=keys)
    weighed = (*weighed, *comparing.weigh_again(within, forms, held, scales))
    said = _within(said, members)
    if points.hard_rules:
        # Whom evidence leads to is inside, so that everything is here that a nominal inside may be torn between.
        weighed = tuple(contested(weighed, members, said.different, points.automatic))
    return Neighbourhood(frozenset(keys), members, frozenset(comparing.both(pairs)), weighed, said, shown, held)


def _closure(keys: set[int], weighed: Iterable[Weighed], held: HeldPairs) -> tuple[set[int], Sayings, list[Pair]]:
    """Return everyone to whom evidence, somebody's word or having been one leads from some nominals, with both.

    The pairs that are kept of everyone inside are looked up on the way.
    """
    joined: dict[int, set[int]] = defaultdict(set)
    for each in weighed:
        if each.automatic:
            joined[each.left].add(each.right)
            joined[each.right].add(each.left)
    said, shown = Said(), Shown()
    inside, frontier = set(keys), set(keys)
    while frontier:
        found = {key for pair in said.look_up(frontier).same for key in pair} | held.look_up(frontier)
        found.update(key for one in frontier for key in joined[one])
        frontier = (found | shown.look_up(frontier)) - inside
        inside |= frontier
    return inside, said.of_all(), shown.pairs()


def _within(said: Sayings, members: Collection[int]) -> Sayings:
    return Sayings(
        *(
            tuple(pair for pair in pairs if pair[0] in members and pair[1] in members)
            for pairs in (said.same, said.different, said.taken_back)
        )
    )
