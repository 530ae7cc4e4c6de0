"""Who is looked at together: the household and the crime group of a person, and the reviews of them that wait.

It is what the reader may see, one step from the person, and nothing that very many share (`objects.network`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from muniment.core.models import Controller
from muniment.objects.network import PERSON, Asked, Leg, Node, Walk
from muniment.people.models import PrimePerson
from muniment.people.queries import called
from muniment.retention.models import Review
from muniment.retention.reviews import assessment

MOST = 20  # that one page shows

_ASKED = Asked(kinds=frozenset({"record", "address", "telephone"}), steps=1)


@dataclass(frozen=True)
class Linked:
    """Somebody to be looked at with the person: who, what links them, and their review if one waits."""

    name: str
    born: str
    reference: str
    how: str
    review: Review | None


@dataclass(frozen=True)
class Together:
    """Those whose reviews wait, the nearest first, how many more of them there are, and how many of whom none waits."""

    people: tuple[Linked, ...]
    more: int
    without: int
    free: tuple[Review, ...]  # of all, those that nobody has


def together(prime: PrimePerson, controller: Controller) -> Together:
    """Return who is looked at together with a person, for one force or office."""
    ways = _ways(prime)
    reviews = {each.prime_id: each for each in _waiting(ways, [controller.pk])}
    ordered = sorted(reviews, key=lambda key: (-len(ways[key]), key))
    shown = PrimePerson.objects.in_bulk(ordered[:MOST])
    who = called(shown.values())
    people = tuple(
        Linked(who[key].name, who[key].born, who[key].reference, _said(ways[key]), reviews[key])
        for key in ordered[:MOST]
        if key in who
    )
    free = tuple(each for each in reviews.values() if not each.allocated_to and each.state == Review.State.OPEN)
    return Together(people, max(0, len(ordered) - MOST), len(ways) - len(ordered), free)


def reviews_with(prime: PrimePerson, controllers: Iterable[int]) -> list[int]:
    """Return the keys of the undecided reviews of a person and of who is looked at together with them."""
    return [each.pk for each in _waiting({prime.pk, *_ways(prime)}, list(controllers))]


def _waiting(primes: Collection[int], controllers: list[int]) -> list[Review]:
    found = Review.objects.filter(prime__in=list(primes), controller__in=controllers)
    return list(found.exclude(state__in=[Review.State.DECIDED, Review.State.CLOSED]).order_by("pk"))


def _ways(prime: PrimePerson) -> dict[int, list[Leg]]:
    """Return by what each person of the household or the crime group is linked."""
    walk = Walk(Node(PERSON, prime.pk), _ASKED)
    walk.go()
    found = {}
    for node, reached in walk.found.items():
        legs = [way[0] for way in reached.ways if _counts(way[0])] if node.kind == PERSON else []
        if legs:
            found[node.key] = legs
    return found


def _counts(leg: Leg) -> bool:
    """Say whether a link makes two a household or a crime group: one address, one telephone, both suspects."""
    kinds = assessment.policy_kinds()
    return leg.how != "record" or {kinds.get(leg.part), kinds.get(leg.their_part)} == {assessment.OFFENDER}


def _said(legs: list[Leg]) -> str:
    records = sorted({leg.reference for leg in legs if leg.how == "record"})
    said = []
    if any(leg.how == "address" for leg in legs):
        said.append("gives the same address")
    if any(leg.how == "telephone" for leg in legs):
        said.append("gives the same telephone")
    if records:
        said.append(f"suspected together on {', '.join(records)}")
    text = ", ".join(said)
    return text[:1].upper() + text[1:]
