"""Possible matches of one kind: those of which the same features agree at the same levels, for the same rule."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from django.db.models import Q, QuerySet

from muniment.batch.matching.policy import in_force
from muniment.engine.matching.features import FEATURES
from muniment.engine.matching.features import Nominal as Form
from muniment.engine.matching.model import compare
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS, reason
from muniment.people import stakes
from muniment.people.linking import joins, linkage_models, pairs
from muniment.people.models import Judgement, MatchEdge
from muniment.people.queries import nominals_by_prime
from muniment.people.said import contradictions
from muniment.records.models import Involvement, Nominal, SourceSystem

MOST, HANDFUL = 1000, 5  # pairs of a filter that are told apart by kind, and that are shown before they are decided
_OF_PAIR = ("left__system__controller", "right__system__controller", "left__scope", "right__scope")
_GRAVE = Q(stake__gte=stakes.GOES_SOON) | Q(were_one=True)
Levels = tuple[tuple[str, str], ...]

# Why a pair is left out when its kind is decided, in the order in which it is asked.
LEFT_OUT: Mapping[str, str] = {
    "grave": "of what you chose, of whichever kind: much hangs on them, because one falls due now and the other does"
    " not, or they are one person here",
    "restricted": "a restricted record, or somebody sealed, is among what you see of them",
    "said": "somebody could not tell, or what was said has to be looked at again",
    "shared": "one of the two is in a pair of this kind with somebody else: joining both would join more than the two",
    "again": "the same two prime records are in another pair of this kind, which is decided for both",
    "identifiers": "joining them would put different PNCIDs or CRO numbers in one prime record",
    "against": "what was said before says otherwise",
    "beyond": "more than are decided at once: they come next",
}


@dataclass(frozen=True)
class Filter:
    """Which of the pairs that wait are meant; empty means every."""

    rule: str = ""
    system: int | None = None  # the key of a source of either
    least: float | None = None
    most: float | None = None

    def pairs(self) -> QuerySet[MatchEdge]:
        """Return the pairs that wait and are meant."""
        found: QuerySet[MatchEdge] = pairs.placed(pairs.unjudged())
        if self.rule:
            found = found.filter(blocked_by="" if self.rule == "weight" else self.rule)
        if self.system:
            found = found.filter(Q(left__system=self.system) | Q(right__system=self.system))
        if self.least is not None:
            found = found.filter(weight__gte=self.least)
        if self.most is not None:
            found = found.filter(weight__lt=self.most)
        return found

    def apart(self) -> QuerySet[MatchEdge]:
        """Return those of the pairs on which not too much hangs to be decided with others, in the order of the list."""
        return self.pairs().exclude(_GRAVE).select_related(*_OF_PAIR).order_by(*pairs.FIRST)

    def grave(self) -> int:
        """Return how many of the pairs are judged one by one because much hangs on them, MOST at most."""
        return self.pairs().filter(_GRAVE)[:MOST].count()

    def words(self) -> list[str]:
        """Return the filter in words, the rule apart, which is part of each kind."""
        said = []
        if self.system:
            said.append(f"One of the two is of {SourceSystem.objects.get(pk=self.system)}.")
        if self.least is not None:
            said.append(f"The weight is {self.least:g} bits or more.")
        if self.most is not None:
            said.append(f"The weight is less than {self.most:g} bits.")
        return said


@dataclass(frozen=True)
class Kind:
    """The pairs of a filter that agree alike: feature by feature, at which level, and for which rule they wait."""

    rule: str
    levels: Levels
    edges: tuple[MatchEdge, ...]

    @property
    def code(self) -> str:
        """A short text that tells this kind from any other."""
        return hashlib.sha256(f"{self.rule}|{self.levels}".encode()).hexdigest()[:12]

    @property
    def said(self) -> list[str]:
        """How each feature agrees that both have, the names and the birth first."""
        return [_LEVELS[each] for each in _LEVELS if each in self.levels]

    @property
    def why(self) -> str:
        """Why a person is asked."""
        return reason(self.rule)

    @property
    def weights(self) -> tuple[float, float]:
        """The least and the greatest weight."""
        found = [each.weight for each in self.edges]
        return min(found), max(found)

    def words(self) -> list[str]:
        """Return the kind in words that name nobody."""
        return [self.why, *(f"{text[:1].upper()}{text[1:]}." for text in self.said)]


# In the order in which somebody reads them; the words name the feature.
_LEVELS = {(feature.name, level.name): level.words for feature in FEATURES for level in feature.levels}


def kinds(wanted: Filter) -> tuple[list[Kind], bool]:
    """Return the kinds of the pairs that may be decided together, the most frequent first, and whether more wait."""
    model = linkage_models.active()
    edges = list(wanted.apart()[: MOST + 1])
    if model is None or not edges:
        return [], False
    nominals = {each.pk: each for edge in edges for each in (edge.left, edge.right)}
    forms = joins.standardised(list(nominals.values()))
    found: dict[tuple[str, Levels], list[MatchEdge]] = defaultdict(list)
    for edge in edges[:MOST]:
        compared = compare(forms[edge.left_id], forms[edge.right_id], model)
        levels = tuple(sorted((each.feature, each.level) for each in compared.contributions))
        found[edge.blocked_by, levels].append(edge)
    told = [Kind(rule, levels, tuple(each)) for (rule, levels), each in found.items()]
    return sorted(told, key=lambda each: (-len(each.edges), each.code)), len(edges) > MOST


@dataclass(frozen=True)
class Prepared:
    """A kind as it would be decided: its pairs, how many are left out and why, and a handful drawn at random."""

    kind: Kind
    verdict: str
    words: tuple[str, ...]
    edges: tuple[MatchEdge, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A short text that tells what would be decided from anything else."""
        told = "|".join([self.verdict, *(f"{each.left_id}-{each.right_id}" for each in self.edges)])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def once(self) -> list[MatchEdge]:
        """The first pair of each two prime records: draws are made from these, so that nobody fills one alone."""
        first: dict[frozenset[int], MatchEdge] = {}
        for edge in self.edges:
            first.setdefault(frozenset(_primes(edge)), edge)
        return list(first.values())

    @property
    def handful(self) -> list[MatchEdge]:
        """Some of the pairs, drawn at random, and the same as long as nothing changes."""
        once = self.once
        drawn = Random(self.digest).sample(once, min(HANDFUL, len(once)))  # noqa: S311 - no secret
        return sorted(drawn, key=lambda each: each.pk)

    @property
    def told(self) -> list[tuple[str, str]]:
        """How many pairs are left out for which reason, in words."""
        return left_out_in_words(self.left_out)


def left_out_in_words(left_out: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return how many pairs were left out, and why."""
    return [
        (f"{left_out[code]:,}{' or more' if left_out[code] >= MOST else ''}", text)
        for code, text in LEFT_OUT.items()
        if left_out.get(code)
    ]


def prepare(wanted: Filter, kind: Kind, verdict: str) -> Prepared:
    """Return what of a kind would be decided as a verdict says, and what is left to be judged pair by pair."""
    joined = verdict == Judgement.Verdict.SAME
    left_out: Counter[str] = Counter({"grave": wanted.grave()})
    restricted, said = _restricted(kind.edges), _said(kind.edges)
    crowded = _crowded(kind.edges) if joined else set()
    borne = _identifiers(kind.edges) if joined else {}
    kept: list[MatchEdge] = []
    decided: set[frozenset[int]] = set()  # prime records that a pair joins already
    for edge in kind.edges:
        why = (
            ("restricted" if edge.pk in restricted else "")
            or ("said" if (edge.left_id, edge.right_id) in said else "")
            or ("shared" if crowded & set(_primes(edge)) else "")
            or ("again" if joined and frozenset(_primes(edge)) in decided else "")
            or ("identifiers" if _differ(edge, borne) else "")
            or ("beyond" if len(kept) >= in_force().stewardship.bulk_most else "")
            or ("against" if contradictions.contradiction(edge.left, edge.right, verdict) else "")
        )
        if why:
            left_out[why] += 1
        else:
            kept.append(edge)
            decided.add(frozenset(_primes(edge)))
    return Prepared(kind, verdict, (*kind.words(), *wanted.words()), tuple(kept), dict(+left_out))


def _primes(edge: MatchEdge) -> tuple[int, ...]:
    return tuple(getattr(edge, name) for name in ("left_prime", "right_prime") if getattr(edge, name))


def _crowded(edges: Iterable[MatchEdge]) -> set[int]:
    """Return the prime records that some pairs would join with more than one other."""
    others: dict[int, set[int]] = defaultdict(set)
    for edge in edges:
        for prime in _primes(edge):
            others[prime].update(_primes(edge))
    return {prime for prime, each in others.items() if len(each) > 2}


def _restricted(edges: Collection[MatchEdge]) -> set[int]:
    """Return the pairs of which the reader sees something restricted or sealed, on either prime record."""
    primes = {prime for edge in edges for prime in _primes(edge)}
    now = {"nominal__belongings__prime__in": primes, "nominal__belongings__until__isnull": True}
    found = Involvement.objects.filter(**now).exclude(record__scope__restriction="")
    held = set(found.values_list("nominal__belongings__prime", flat=True))
    return {
        edge.pk
        for edge in edges
        if held & set(_primes(edge)) or any(_is_close(each) for each in (edge.left, edge.right))
    }


def _is_close(nominal: Nominal) -> bool:
    return bool(nominal.scope.restriction) or nominal.scope.partition == "sealed"


def _said(edges: Iterable[MatchEdge]) -> set[tuple[int, int]]:
    keys = [edge.left_id for edge in edges]
    found = Judgement.objects.filter(left__in=keys, superseded_at__isnull=True)
    return set(found.values_list("left_id", "right_id"))


def _identifiers(edges: Iterable[MatchEdge]) -> dict[int, list[Form]]:
    """Return the standard forms of everybody in the prime records of some pairs, by the key of the prime record."""
    held = nominals_by_prime({prime for edge in edges for prime in _primes(edge)})
    forms = joins.standardised([each for nominals in held.values() for each in nominals]) if held else {}
    return {prime: [forms[each.pk] for each in nominals] for prime, nominals in held.items()}


def _differ(edge: MatchEdge, borne: Mapping[int, list[Form]]) -> bool:
    both = [form for prime in _primes(edge) for form in borne.get(prime, ())]
    return any(len({form[kind] for form in both if form[kind]}) > 1 for kind in UNIQUE_IDENTIFIERS)
