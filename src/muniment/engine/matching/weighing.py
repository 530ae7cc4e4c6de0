"""What a pair of nominals comes to, as a run finds it: the weight, and what the hard rules say of it.

The batch (`muniment.batch.matching.edges`) finds the same for whole sets; a test holds the two together.
"""

from dataclasses import dataclass
from datetime import date

from muniment.engine.matching.features import Nominal
from muniment.engine.matching.model import Model, Points, compare
from muniment.engine.matching.rules import PairFacts, are_twins, forbids
from muniment.engine.matching.tables import Tables

# Twins differ in the forename and may weigh less than a doubtful pair; they must be seen all the same.
TWINS_DEPTH = 12.0
# Weights are kept to so many places, so that two ways of adding up the same numbers give one order.
PLACES = 6
CORPORATE = "corporate"


@dataclass(frozen=True)
class Weighed:
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
        blocked = forbids(levels, self._facts(left, right)) if self.points.hard_rules else None
        twins = self.points.hard_rules and are_twins(levels)
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
            initials_differ=bool(left["forename"] and right["forename"])
            and left["forename"][0] != right["forename"][0],
        )

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


def _is_one(left: str | None, right: str | None) -> bool:
    return left is not None and left == right


def _are_two_at_a_mailbox(left: Nominal, right: Nominal) -> bool:
    """A mailbox may be of a team: it joins nobody whose names share no word, or whose surname and birth differ."""
    strangers = bool(left["names"] and right["names"]) and set(left["names"]).isdisjoint(right["names"])
    others = all(left[name] and right[name] and left[name] != right[name] for name in ("surname", "born"))
    return strangers or others
