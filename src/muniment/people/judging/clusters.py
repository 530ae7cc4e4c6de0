"""Prime records that a steward should look at: what speaks for two people in one, and where one hangs on little.

Each reader sees those that they may see the reason for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from muniment.batch.matching.policy import in_force
from muniment.engine import policy
from muniment.people.linking import pairs
from muniment.people.models import Belonging, Judgement, JudgingAct, LooseJoin, MatchEdge, PrimePerson
from muniment.people.queries import Identity, identities, membership_digest
from muniment.records.models import Involvement

MOST = 500  # prime records that are ranked; the list says when there are more

TWO, ALONE, LOOSE, LARGE = "two", "alone", "loose", "large"
# What each reason to look means, in the order of how likely somebody is harmed: said on the page.
MEANS: Mapping[str, str] = {
    TWO: "Something says that it is two people: different PNCIDs or CRO numbers, possible twins, or a judgement of two"
    " of its source records that says so or has to be looked at again.",
    ALONE: "Nothing joins a part of it any more: neither evidence nor anybody's word, only that it was shown as one.",
    LOOSE: "One single pair joined two parts of it, each of two or more source records, when linkage last ran: without"
    " that pair it would be two people.",
    LARGE: "It has very many source records.",
}
SHORT: Mapping[str, str] = {
    TWO: "Something says that it is two",
    ALONE: "Nothing joins a part of it",
    LOOSE: "One pair holds two parts together",
    LARGE: "Very many source records",
}
_ORDER = {kind: at for at, kind in enumerate(MEANS)}


@dataclass(frozen=True)
class Cluster:
    """A prime record to look at: why, and what every wrong part of it bears."""

    prime: PrimePerson
    why: tuple[str, ...]
    pairs: int  # that are in question
    nominals: int
    records: int
    offending: int  # records on which it is an offender or suspected
    forces: int

    @property
    def reasons(self) -> list[str]:
        """Why somebody should look, in a few words each."""
        return [SHORT[each] for each in self.why]


@dataclass
class _Found:
    why: set[str] = field(default_factory=set)
    pairs: int = 0


class Ranked(Sequence[Cluster]):
    """Prime records to look at, the worst first: how bad they are is found out of those that are shown.

    Those of whom a graver thing is wrong come first, whatever they bear; what they bear is counted for a page of them
    and whoever is in it with the same wrong. People with hundreds of records come last of all mostly.
    """

    def __init__(self, found: Mapping[int, _Found], *, are_more: bool) -> None:
        """Take what was found of each; `are_more` says that there are others."""
        self.are_more = are_more
        self._found = found
        self._of: dict[str, list[int]] = {kind: [] for kind in MEANS}
        for prime, each in found.items():
            self._of[_worst(each)].append(prime)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._found)

    @overload
    def __getitem__(self, some: int) -> Cluster: ...

    @overload
    def __getitem__(self, some: slice) -> list[Cluster]: ...

    def __getitem__(self, some: int | slice) -> Cluster | list[Cluster]:
        """Return one or some of them, in order."""
        if isinstance(some, int):
            return self[:][some]
        start, stop, _ = some.indices(len(self))
        at, ranked = 0, []
        for primes in self._of.values():
            if at < stop and start < at + len(primes):
                within = slice(max(start - at, 0), stop - at)
                ranked += _ranked({prime: self._found[prime] for prime in primes})[within]
            at += len(primes)
        return ranked

    def __iter__(self) -> Iterator[Cluster]:
        """Give each, ranked once."""
        return iter(self[:])

    def of(self, kind: str) -> int:
        """Return of how many something is wrong."""
        return sum(kind in each.why for each in self._found.values())


def clusters() -> Ranked:
    """Return the prime records to look at, at most `MOST`."""
    found: dict[int, _Found] = defaultdict(_Found)
    for kind, edges in ((TWO, _of_two()), (ALONE, _alone()), (LOOSE, _loose())):
        for prime in _in_one(edges)[: MOST + 1]:
            found[prime].why.add(kind)
            found[prime].pairs += 1
    for prime in _large():
        found[prime].why.add(LARGE)
    for prime in _settled(found):
        found[prime].why -= {LARGE, LOOSE}
    keys = [prime for prime, each in found.items() if each.why]
    seen = PrimePerson.objects.in_bulk(keys[:MOST])
    return Ranked({prime: found[prime] for prime in seen}, are_more=len(keys) > MOST)


def _worst(found: _Found) -> str:
    return min(found.why, key=_ORDER.__getitem__)


def _of_two() -> list[QuerySet[Any]]:
    edges = pairs.unjudged_of(MatchEdge.objects.filter(blocked_by__in=["identifier", "twins"]))
    said = Q(verdict="different") | Q(reopened_at__isnull=False)
    return [edges, Judgement.objects.filter(said, superseded_at__isnull=True)]


def _alone() -> list[QuerySet[Any]]:
    return [pairs.unjudged().filter(were_one=True).exclude(blocked_by="parted")]


def _loose() -> list[QuerySet[Any]]:
    return [pairs.unjudged_of(LooseJoin.objects.all())]


def _in_one(found: Iterable[QuerySet[Any]]) -> list[int]:
    """Return, for each pair of which both are one person now, the key of the prime record."""
    return [
        prime
        for each in found
        for prime in pairs.placed(each)
        .filter(left_prime=F("right_prime"))
        .values_list("left_prime", flat=True)[: MOST + 1]
    ]


def large_from() -> int:
    """Return from how many source records on a prime record is large, by policy."""
    return in_force().stewardship.large_from


def _large() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT muniment.of_many(%s)", [large_from()])
        large = [prime for (prime,) in cursor.fetchall()]
    members = Belonging.objects.filter(prime__in=large, until__isnull=True).values("prime")
    wide = members.annotate(size=Count("pk")).filter(size__gte=large_from())
    return list(wide.order_by("-size").values_list("prime", flat=True)[: MOST + 1])


def _settled(primes: Collection[int]) -> set[int]:
    """Return those said to be one person as a whole, to whom nobody has come or gone since."""
    acts = JudgingAct.objects.filter(prime__in=primes, act=JudgingAct.Act.ONE, withdrawn_at__isnull=True)
    said = set(acts.values_list("prime_id", "membership_digest"))
    return {prime for prime, digest in said if digest == membership_digest(prime)}


def _ranked(found: Mapping[int, _Found]) -> list[Cluster]:
    """Rank those with one wrong by how many records make an offender of whoever is in it by mistake."""
    primes = PrimePerson.objects.in_bulk(list(found))
    offenders = [code for code, role in policy.load().codes.roles.items() if role.kind == "offender"]
    parts = Involvement.objects.filter(nominal__belongings__prime__in=primes, nominal__belongings__until__isnull=True)
    counted = parts.values("nominal__belongings__prime").annotate(
        records=Count("record", distinct=True),
        offending=Count("record", distinct=True, filter=Q(role__in=offenders)),
        forces=Count("record__system__controller", distinct=True),
    )
    told: dict[int, Any] = {row["nominal__belongings__prime"]: row for row in counted}
    size = dict(
        Belonging.objects.filter(prime__in=primes, until__isnull=True)
        .values("prime")
        .annotate(size=Count("pk"))
        .values_list("prime", "size")
    )
    none = {"records": 0, "offending": 0, "forces": 0}
    order = sorted(
        primes,
        key=lambda key: (
            -told.get(key, none)["offending"],
            -told.get(key, none)["records"],
            key,
        ),
    )
    return [_cluster(primes[key], found[key], size.get(key, 0), told.get(key, none)) for key in order]


def _cluster(prime: PrimePerson, found: _Found, size: int, told: Mapping[str, int]) -> Cluster:
    why = tuple(sorted(found.why, key=_ORDER.__getitem__))
    return Cluster(prime, why, found.pairs, size, told["records"], told["offending"], told["forces"])


def named(shown: Collection[Cluster]) -> list[tuple[Cluster, Identity]]:
    """Return clusters, each with who it is: for those of one page."""
    known = identities(each.prime for each in shown)
    return [(each, known[each.prime.pk]) for each in shown if each.prime.pk in known]
