"""Hard rules of matching: what no weight can buy.

In March 2024 the Information Commissioner reprimanded West Midlands Police for merging two people who shared a name
and a date of birth. So policing nominals are joined without a person only on name and date of birth *and* a fact
that namesakes born on one day do not share. Sex, ethnicity, occupation, force and area are never such a fact. Home and
telephone are one only where the forename tells brothers and sisters apart, because a family shares them.
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
    "born": "No full date of birth is known to be the same on both, so a person must decide.",
    "support": "Only name and date of birth agree; an identifier, address, telephone, e-mail or rare middle name "
    "is needed besides.",
    "family": "The forename agrees only by a word elsewhere in the names or nearly, or the sex or all middle names "
    "differ; families share home, telephone, e-mail and middle names, so an identifier is needed besides.",
    "twins": "They share surname, date of birth and home but not the forename, or not the middle names: they "
    "may be twins.",
    "identifier": "They bear different PNCIDs or CRO numbers.",
    "contested": "The record may as well be of somebody else, whom a PNCID, a CRO number, another forename at one home "
    "or a judgement tells apart from this one.",
    "judgement": "A person has said that someone in one group is not someone in the other.",
    "group-twins": "Joining them would put two people who may be twins in one group.",
    "group-links": "Too few of the pairs across the two groups speak for joining them.",
    "group-identifier": "Joining them would put different PNCIDs or CRO numbers in one group.",
    "reopened": "Somebody has judged the two, and something says otherwise since.",
    "parted": "They were one person here until a source told of somebody else: neither the name nor the date of birth "
    "agrees any more.",
}
# What is said of two who were shown as one and stay so, before the reason that nothing joins them any more.
STANDING = "They are one person here because they were before, and nothing joins them any more."


def reason(key: str, *, stand: bool = False) -> str:
    """Return the sentence that says why a person is asked about a pair; `stand` of two who are one until they say."""
    words = REASONS.get(key, REASONS["weight"])
    return f"{STANDING} {words}" if stand else words


@dataclass(frozen=True)
class PairFacts:
    """What the rules need besides levels: whether the evidence of home and name is telling for this pair."""

    born_is_known: bool  # to the day on both: one that has been, and not 1 January
    postcode_is_crowded: bool  # more nominals than a household have it
    address_is_crowded: bool
    phone_is_crowded: bool  # more people than a household have it, as that of a hostel or a station
    email_is_crowded: bool
    shares_rare_name: bool  # a middle name in full, rare in the population
    names_are_exchanged: bool  # the forename of each is the surname of the other
    initials_differ: bool  # of the forenames
    forename_is_initial: bool  # of either
    forenames_are_listed: bool  # both stand in a list of forenames
    forenames_are_two: bool  # neither is a short form only, and they are no two spellings of one
    house_numbers_differ: bool  # or those of the flats

    @property
    def are_two_names(self) -> Mapping[str, bool]:
        """Whether forenames that agree at a level may be two people's own: neither slip, short form nor spelling."""
        return {"close": self.forenames_are_listed, "nickname": self.forenames_are_two}


def forbids(levels: Mapping[str, str | None], facts: PairFacts) -> str | None:
    """Return the key in `REASONS` of the first rule that forbids an automatic join, or None when all allow it.

    `levels` gives for each feature the name of its level, None when either record lacks it.
    """
    if has_conflict(levels):
        return "identifier"
    if are_twins(levels, facts):
        return "twins"
    if not _names_agree(levels, facts):
        return "name"
    if levels.get("born") != "same" or not (facts.born_is_known or is_identified(levels)):
        return "born"
    return None if is_identified(levels) else _doubt(levels, facts)


def is_identified(levels: Mapping[str, str | None]) -> bool:
    """Whether an identifier agrees."""
    return any(levels.get(name) == "same" for name in IDENTIFIERS)


def _names_agree(levels: Mapping[str, str | None], facts: PairFacts) -> bool:
    agree = levels.get("forename") in NAME_AGREES and levels.get("surname") in NAME_AGREES
    return agree and not facts.forename_is_initial


def _doubt(levels: Mapping[str, str | None], facts: PairFacts) -> str | None:
    """Return what forbids a join that no identifier supports, or None."""
    own = facts.shares_rare_name or (levels.get("email") == "same" and not facts.email_is_crowded)
    if not own and not _shares_home_or_telephone(levels, facts):
        return "support"
    return "family" if _may_be_relatives(levels, facts) else None


def _may_be_relatives(levels: Mapping[str, str | None], facts: PairFacts) -> bool:
    """Whether two of one family born on one day would agree on the forename as much as these two.

    One word in common, be it a surname that stands in the column of forenames or a twin's name as a middle name, makes
    the forename agree elsewhere; twins may have names a letter apart: ones that rhyme, or of a brother and a sister.
    Brothers may share their first name and be called by the second. A mother's e-mail address is given for her
    children, and one rare middle name to all of them.
    """
    forename = levels.get("forename")
    if _are_told_apart(levels, facts) or levels.get("sex") == "different":
        return True
    if forename == "elsewhere":
        return not facts.names_are_exchanged
    return forename == "close" and (facts.initials_differ or levels.get("sex") != "same")


def _are_told_apart(levels: Mapping[str, str | None], facts: PairFacts) -> bool:
    """Whether forenames that agree are of two people all the same: by themselves, or by the names that follow."""
    return facts.are_two_names.get(str(levels.get("forename")), False) or levels.get("other_names") == "different"


def are_twins(levels: Mapping[str, str | None], facts: PairFacts) -> bool:
    """Whether two nominals look like twins: one surname, day of birth and home, but another forename."""
    at_home = levels.get("postcode") == "same" or levels.get("address") in ("same", "most")
    return (
        levels.get("surname") == "same"
        and levels.get("born") == "same"
        and at_home
        and (levels.get("forename") in ("similar", "different") or _are_told_apart(levels, facts))
        and not is_identified(levels)
    )


def tell_of_two(levels: Mapping[str, str | None]) -> bool:
    """Whether two nominals tell of two people: another name and another date of birth, and no identifier agrees."""
    return (
        "different" in (levels.get("forename"), levels.get("surname"))
        and levels.get("born") == "different"
        and not is_identified(levels)
    )


def has_conflict(levels: Mapping[str, str | None]) -> bool:
    """Whether both bear an identifier that a person has only one of, and the two differ."""
    return any(levels.get(name) in ("close", "different") for name in UNIQUE_IDENTIFIERS)


def _shares_home_or_telephone(levels: Mapping[str, str | None], facts: PairFacts) -> bool:
    return (
        (levels.get("phone") == "same" and not facts.phone_is_crowded)
        or (levels.get("postcode") == "same" and not facts.postcode_is_crowded)
        or (_shares_address(levels, facts) and not facts.address_is_crowded)
    )


def _shares_address(levels: Mapping[str, str | None], facts: PairFacts) -> bool:
    """Whether the address is one: the next house has most words of it in common, and another flat has nearly all."""
    return levels.get("address") == "same" or (levels.get("address") == "most" and not facts.house_numbers_differ)
