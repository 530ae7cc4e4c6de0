"""What a pair of nominals comes to, as a run finds it: the weight, and what the hard rules say of it.

The batch (`muniment.batch.matching.edges`) finds the same for whole sets; a test holds the two together.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from typing import NamedTuple

from muniment.engine.matching.features import Nominal
from muniment.engine.matching.model import Model, Points, compare
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS, PairFacts, are_twins, forbids
from muniment.engine.matching.tables import Tables

# Twins differ in the forename and may weigh less than a doubtful pair; they must be seen all the same.
TWINS_DEPTH = 12.0
# Weights are kept to so many places, so that two ways of adding up the same numbers give one order.
PLACES = 6
CORPORATE = "corporate"


class Weighed(NamedTuple):
    """A pair with its weight in bits: whether it joins without a person, what forbids it, and whether it may be twins.

    `speaks` says whether the weight is one that a run keeps.
    """

    left: int
    right: int
    weight: float
    speaks: bool
    automatic: bool
    blocked_by: str | None  # a key of `muniment.engine.matching.rules.REASONS`
    twins: bool

    def tells(self, automatic: float, *, are_one: bool) -> bool:
        """Whether a pair is worth keeping: it joins two or could have, or a person is asked about it.

        What a rule keeps apart, and weight would not have joined, tells nobody anything.
        """
        return self.speaks and (are_one or self.weight >= automatic or self.blocked_by in {None, "contested"})

    def waits(self, automatic: float, *, are_one: bool) -> bool:
        """Whether only a person can say if the two are one.

        What is joined by other ways needs nobody; what a hard rule forbids is worth a person's time only where the
        weight alone would have joined it.
        """
        return not are_one and (self.blocked_by is None or self.weight >= automatic)


@dataclass(frozen=True)
class Scales:
    """What pairs are weighed by: a frozen model, the tables and points of a day, and that day."""

    model: Model
    tables: Tables
    points: Points
    on: date

    @property
    def least(self) -> float:
        """The weight from which a pair is kept."""
        return min(self.points.doubtful, self.points.automatic)

    def weigh(self, one: Nominal, two: Nominal) -> Weighed | None:
        """Weigh two standardised nominals of one partition; None where a run would keep nothing of the pair."""
        left, right = sorted((one, two), key=lambda nominal: int(nominal["person_id"]))
        if left["partition"] == CORPORATE:
            return self._corporate(left, right)
        compared = compare(left, right, self.model)
        weight = round(compared.weight, PLACES)
        if weight < self.least - (TWINS_DEPTH if self.points.hard_rules else 0.0):
            return None
        levels = {each.feature: each.level for each in compared.contributions}
        facts = self._facts(left, right)
        blocked = forbids(levels, facts) if self.points.hard_rules else None
        twins = self.points.hard_rules and are_twins(levels, facts)
        speaks = weight >= self.least
        if not (speaks or twins):
            return None
        automatic = weight >= self.points.automatic and blocked is None
        return Weighed(left["person_id"], right["person_id"], weight, speaks, automatic, blocked, twins)

    def _facts(self, left: Nominal, right: Nominal) -> PairFacts:
        crowded = self.model.crowded
        return PairFacts(
            born_is_known=self._is_known_to_the_day(left) and self._is_known_to_the_day(right),
            postcode_is_crowded=f"postcode|{left['postcode']}" in crowded,
            address_is_crowded=f"address|{' '.join(left['address'] or ())}" in crowded,
            phone_is_crowded=f"phone|{left['phone']}" in crowded,
            email_is_crowded=f"email|{left['email']}" in crowded,
            shares_rare_name=any(
                self.tables.is_rare(name) and name not in self.model.common_names
                for name in set(left["others"] or ()) & set(right["others"] or ())
            ),
            names_are_exchanged=_is_one(left["forename"], right["surname"])
            and _is_one(right["forename"], left["surname"]),
            **self._of_forenames(left["forename"], right["forename"]),
            forenames_are_two=self._are_two_names(left, right),
            house_numbers_differ=bool(left["address"] and right["address"])
            and _numbers(left["address"]) != _numbers(right["address"]),
        )

    def _of_forenames(self, left: str | None, right: str | None) -> dict[str, bool]:
        if not left or not right:
            return dict.fromkeys(("initials_differ", "forename_is_initial", "forenames_are_listed"), False)
        return {
            "initials_differ": left[0] != right[0],
            "forename_is_initial": min(len(left), len(right)) == 1,
            "forenames_are_listed": {left, right} <= self.tables.forenames,
        }

    def _are_two_names(self, left: Nominal, right: Nominal) -> bool:
        """Whether two forenames are in the lists, neither of them as a short form only, and no two spellings of one."""
        forenames = {left["forename"], right["forename"]}
        if not forenames <= self.tables.forenames or forenames & self.tables.short_forms:
            return False
        sounds = {left["forename_sound"], right["forename_sound"]}
        if _ends_in_a(left["forename"]) != _ends_in_a(right["forename"]):
            return True
        return None not in sounds and len(sounds) == 2

    def _is_known_to_the_day(self, nominal: Nominal) -> bool:
        return not nominal["born_default"] and nominal["born_from"] is not None and nominal["born_from"] <= self.on

    def _corporate(self, left: Nominal, right: Nominal) -> Weighed | None:
        """Weigh two corporate nominals: one national insurance number or one e-mail address, and nothing else."""
        two = _are_two_at_a_mailbox(left, right)
        if _is_one(left["ni_number"], right["ni_number"]):
            two = False
        elif not _is_one(left["email"], right["email"]):
            return None
        blocked = "name" if two else None
        return Weighed(left["person_id"], right["person_id"], self.points.automatic, True, not two, blocked, False)


def _ends_in_a(name: str) -> bool:
    """Whether a name ends as those of women do: Metaphone leaves vowels out, and Julia is not Julie."""
    return name.rstrip("H").endswith("A")


def _numbers(address: Sequence[str]) -> list[str]:
    return [word for word in address if any(letter in "0123456789" for letter in word)]


def _is_one(left: str | None, right: str | None) -> bool:
    return left is not None and left == right


def _are_two_at_a_mailbox(left: Nominal, right: Nominal) -> bool:
    """A mailbox may be of a team: it joins nobody whose names share no word, or whose surname and birth differ."""
    strangers = bool(left["names"] and right["names"]) and set(left["names"]).isdisjoint(right["names"])
    others = all(left[name] and right[name] and left[name] != right[name] for name in ("surname", "born"))
    return strangers or others


def contested(
    weighed: Iterable[Weighed], nominals: Mapping[int, Nominal], apart: Collection[tuple[int, int]], decisive: float
) -> list[Weighed]:
    """Return pairs, none of them automatic that leads to one of two who are told apart, as another of them does.

    Two are told apart by PNCIDs or CRO numbers, as twins, and by `apart`, the pairs that people say are different. A
    pair that is stronger than the other by `decisive` bits stays. All pairs with each nominal in question are needed.
    """
    pairs = list(weighed)
    told: dict[int, set[int]] = {}
    for one, two in (*apart, *((each.left, each.right) for each in pairs if each.twins)):
        told.setdefault(one, set()).add(two)
        told.setdefault(two, set()).add(one)
    arms: dict[int, dict[int, float]] = {}
    rivals = told.keys() | {key for key, nominal in nominals.items() if any(map(nominal.get, UNIQUE_IDENTIFIERS))}
    for each in pairs:
        # Whoever it was said not to be is no rival.
        if each.automatic and each.right not in told.get(each.left, ()):
            for who, other in ((each.left, each.right), (each.right, each.left)):
                if other in rivals:
                    arms.setdefault(who, {})[other] = each.weight
    torn = {
        (who, this)
        for who, others in arms.items()
        for this, that in _apart(others, nominals, told)
        if others[this] - others[that] < decisive
    }
    return [
        each._replace(automatic=False, blocked_by="contested")
        if each.automatic and ((each.left, each.right) in torn or (each.right, each.left) in torn)
        else each
        for each in pairs
    ]


def _apart(
    some: Collection[int], nominals: Mapping[int, Nominal], told: Mapping[int, Collection[int]]
) -> Iterator[tuple[int, int]]:
    """Give the pairs of some nominals who are told apart, each in both directions."""
    for one in some:
        for two in told.get(one, ()):
            if two in some:
                yield one, two
    for kind in UNIQUE_IDENTIFIERS:
        bearing = {key: value for key in some if (value := nominals[key][kind])}
        if len(set(bearing.values())) > 1:
            yield from ((one, two) for one, two in permutations(bearing, 2) if bearing[one] != bearing[two])
