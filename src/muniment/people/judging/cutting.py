"""The cut that the evidence supports of a prime record in question, and the judgements that it takes.

The pairs in question are barred, and the nominals are grouped anew as a run would group them: what strong pairs join
stays together, the strongest first.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from muniment.engine.matching import said as saying
from muniment.engine.matching.bridges import bridges
from muniment.engine.matching.grouping import Pair, Sayings
from muniment.engine.matching.rules import REASONS, reason
from muniment.people.judging.clusters import ALONE, LOOSE, TWO
from muniment.people.linking.loose import LEAST_PART
from muniment.people.linking.regrouping import Knot
from muniment.people.models import Judgement, LooseJoin
from muniment.records.models import Nominal

_KINDS = {"pncid": "PNCIDs", "cro": "CRO numbers"}


@dataclass(frozen=True)
class Question:
    """Two nominals of one prime record that may not be one: why, in words, and of which kind the reason is."""

    left: Nominal
    right: Nominal
    kind: str
    words: str


@dataclass(frozen=True)
class Proposal:
    """A cut: its parts, the pairs that would be judged not the same, and why. Without questions there is none.

    `bars` is what would stand between the parts then, what is said already with what would be.
    """

    questions: tuple[Question, ...]
    parts: tuple[tuple[Nominal, ...], ...]
    pairs: tuple[tuple[Nominal, Nominal], ...]
    bars: Sayings

    @property
    def digest(self) -> str:
        """A short text that tells this cut from any other, so that what is accepted is what was shown."""
        told = "|".join(f"{one.pk}-{two.pk}" for one, two in self.pairs)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def part_of(self, nominal: Nominal) -> int:
        """Return the number of the part that a nominal would be in, from 1."""
        return next(at for at, part in enumerate(self.parts, 1) if nominal in part)


def propose(knot: Knot) -> Proposal:
    """Return the cut that the questions about a prime record lead to."""
    questions = tuple(_questions(knot))
    asked = [each for each in questions if each.kind != LOOSE] or list(questions[:1])
    # What others have contradicted is left out: what they said bars already, and the evidence tells on which side.
    doubted = {_key(each) for each in knot.judged if each.reopened_because == Judgement.Reopened.CONTRADICTED}
    barred = {_pair(each.left, each.right) for each in asked} - doubted
    parts = tuple(tuple(part) for part in knot.parts(knot.grouped(_apart(barred), without=doubted)))
    part_of = {nominal.pk: at for at, part in enumerate(parts) for nominal in part}
    across = {pair for pair in {*barred, *_spoken(knot)} if part_of[pair[0]] != part_of[pair[1]]}
    needed = sorted(across - _said(knot, saying.DIFFERENT))
    pairs = tuple((knot.nominals[one], knot.nominals[two]) for one, two in needed)
    return Proposal(questions, parts, pairs, _apart(across))


def _apart(pairs: Iterable[Pair]) -> Sayings:
    return Sayings(different=tuple(sorted(pairs)))


def as_one(knot: Knot, proposal: Proposal) -> tuple[tuple[Nominal, Nominal], ...]:
    """Return the pairs to be judged the same for a prime record to be one person: those in question.

    Where none is, the weakest pair of those that hold it together.
    """
    asked = sorted({_pair(each.left, each.right) for each in proposal.questions})
    if not asked:
        weakest = _weakest(knot)
        asked = [weakest] if weakest else []
    return tuple((knot.nominals[one], knot.nominals[two]) for one, two in asked)


def _weakest(knot: Knot) -> Pair | None:
    """Return the weakest pair of a spanning tree of the strongest ones."""
    parent = {key: key for key in knot.nominals}

    def root(key: int) -> int:
        while parent[key] != key:
            key = parent[key]
        return key

    last = None
    for edge in knot.edges:  # the strongest first
        one, two = root(edge.left_id), root(edge.right_id)
        if one != two:
            parent[one] = two
            last = (edge.left_id, edge.right_id)
    return last


def _questions(knot: Knot) -> Iterator[Question]:
    """Yield what speaks for two, the gravest first; of which nobody has said that the two are one."""
    settled = _said(knot, saying.SAME)
    for kind, pair, words in (
        *_of_said(knot),
        *_of_identifiers(knot),
        *_of_twins(knot),
        *_of_alone(knot),
        *_of_loose(knot),
    ):
        if pair not in settled:
            yield Question(knot.nominals[pair[0]], knot.nominals[pair[1]], kind, words)


def _said(knot: Knot, verdict: str) -> set[Pair]:
    """Return the pairs of which a verdict stands that nobody has to look at again."""
    return {_key(each) for each in knot.judged if each.verdict == verdict and each.reopened_at is None}


def _of_said(knot: Knot) -> Iterator[tuple[str, Pair, str]]:
    for each in knot.judged:
        if each.reopened_at is not None:
            yield TWO, _key(each), f"{each.by} judged: {_low(each)}. {each.get_reopened_because_display()}"
        elif each.verdict == saying.DIFFERENT:
            yield TWO, _key(each), f"{each.by} judged them not one person, and the prime record has not followed yet."


def _low(each: Judgement) -> str:
    return each.get_verdict_display().lower()


def _of_identifiers(knot: Knot) -> Iterator[tuple[str, Pair, str]]:
    """Yield, for each two values of an identifier, every pair of their bearers, unless one of them is judged one."""
    same = {frozenset(pair) for pair in _said(knot, saying.SAME)}
    for kind, borne in knot.identifiers.items():
        bearing: dict[str, list[int]] = defaultdict(list)
        for key in sorted(borne):
            bearing[borne[key]].append(key)
        for one, two in combinations(sorted(bearing), 2):
            pairs = [_ordered(a, b) for a in bearing[one] for b in bearing[two]]
            if not any(frozenset(pair) in same for pair in pairs):
                yield from ((TWO, pair, f"They bear different {_KINDS[kind]}: {one} and {two}.") for pair in pairs)


def _of_twins(knot: Knot) -> Iterator[tuple[str, Pair, str]]:
    yield from ((TWO, _ordered(*pair), REASONS["twins"]) for pair in knot.twins)


def _of_alone(knot: Knot) -> Iterator[tuple[str, Pair, str]]:
    for edge in knot.edges:
        if edge.needs_person and edge.stands:
            yield ALONE, (edge.left_id, edge.right_id), reason(edge.blocked_by, stand=True)


def _of_loose(knot: Knot) -> Iterator[tuple[str, Pair, str]]:
    """Yield the pairs that alone hold two parts together, by what the reader sees and by what the last run saw."""
    keys = list(knot.nominals)
    kept = LooseJoin.objects.filter(left_id__in=keys, right_id__in=keys).order_by("weight")
    said = [*_said(knot, saying.SAME), *knot.merged]
    joining = [(each.left_id, each.right_id) for each in knot.edges if each.is_automatic] + 2 * said
    held = bridges(joining)
    for each in kept:
        smaller = held.get((each.left_id, each.right_id), 0)
        if smaller >= LEAST_PART:
            words = f"This pair alone joins a part of {smaller} source records to the rest, at {each.weight:.1f} bits."
            yield LOOSE, (each.left_id, each.right_id), words


def _spoken(knot: Knot) -> set[Pair]:
    """Return the pairs that evidence, a judgement or a source speaks of."""
    return {*((each.left_id, each.right_id) for each in knot.edges), *map(_key, knot.judged), *knot.merged}


def _key(each: Judgement) -> Pair:
    return each.left_id, each.right_id


def _pair(left: Nominal, right: Nominal) -> Pair:
    return _ordered(left.pk, right.pk)


def _ordered(one: int, two: int) -> Pair:
    return (one, two) if one < two else (two, one)
