"""Hard rules of matching: what no weight can buy.

In March 2024 the Information Commissioner reprimanded West Midlands Police for merging two people who shared a name
and a date of birth. So policing nominals are joined without a person only on name and date of birth *and* a fact
that namesakes born on one day do not share. Sex, ethnicity, occupation, force and area are never such a fact.
"""

from collections.abc import Mapping
from dataclasses import dataclass

NAME_AGREES = frozenset({"same", "nickname", "close", "elsewhere"})
IDENTIFIERS = ("pncid", "cro", "ni_number", "driver_number")
# A person has one of each for life; two different ones are two people, or a fault that a person must look at.
UNIQUE_IDENTIFIERS = ("pncid", "cro")

REASONS: Mapping[str, str] = {
    "weight": "The evidence is not strong enough to join them without a person.",
    "name": "The names do not agree well enough to join them without a person.",
    "born": "The full date of birth is not the same on both, so a person must decide.",
    "support": "Only name and date of birth agree; an identifier, address, telephone, e-mail or rare middle name "
    "is needed besides.",
    "twins": "They share surname, date of birth and home but not the forename: they may be twins.",
    "identifier": "They bear different PNCIDs or CRO numbers.",
    "judgement": "A person has said that someone in one group is not someone in the other.",
    "group-twins": "Joining them would put two people who may be twins in one group.",
    "group-links": "Too few of the pairs across the two groups speak for joining them.",
    "group-identifier": "Joining them would put different PNCIDs or CRO numbers in one group.",
}


@dataclass(frozen=True)
class PairFacts:
    """What the rules need besides levels: whether the evidence of home and name is telling for this pair."""

    born_is_known: bool  # to the day on both, and not 1 January
    postcode_is_crowded: bool  # more nominals than a household have it
    address_is_crowded: bool
    shares_rare_name: bool  # a middle name in full, rare in the population


def forbids(levels: Mapping[str, str | None], facts: PairFacts) -> str | None:
    """Return the key in `REASONS` of the first rule that forbids an automatic join, or None when all allow it.

    `levels` gives for each feature the name of its level, None when either record lacks it.
    """
    if has_conflict(levels):
        return "identifier"
    if are_twins(levels):
        return "twins"
    if levels.get("forename") not in NAME_AGREES or levels.get("surname") not in NAME_AGREES:
        return "name"
    identified = any(levels.get(name) == "same" for name in IDENTIFIERS)
    if levels.get("born") != "same" or not (facts.born_is_known or identified):
        return "born"
    return None if _is_supported(levels, facts) else "support"


def are_twins(levels: Mapping[str, str | None]) -> bool:
    """Whether two nominals look like twins: one surname, day of birth and home, but another forename."""
    at_home = levels.get("postcode") == "same" or levels.get("address") in ("same", "most")
    return (
        levels.get("surname") == "same"
        and levels.get("born") == "same"
        and at_home
        and levels.get("forename") in ("similar", "different")
        and not any(levels.get(name) == "same" for name in IDENTIFIERS)
    )


def has_conflict(levels: Mapping[str, str | None]) -> bool:
    """Whether both bear an identifier that a person has only one of, and the two differ."""
    return any(levels.get(name) in ("close", "different") for name in UNIQUE_IDENTIFIERS)


def _is_supported(levels: Mapping[str, str | None], facts: PairFacts) -> bool:
    return (
        any(levels.get(name) == "same" for name in (*IDENTIFIERS, "phone", "email"))
        or (levels.get("postcode") == "same" and not facts.postcode_is_crowded)
        or (levels.get("address") in ("same", "most") and not facts.address_is_crowded)
        or facts.shares_rare_name
    )
