"""Who would be one person by what a reader may see of some nominals, had somebody said more of them.

It is the grouping of a run, over the pairs that are kept. The worker, who sees everything, may come to something else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cached_property
from itertools import combinations

from muniment.engine.matching import said as saying
from muniment.engine.matching import standing as stands
from muniment.engine.matching.grouping import Evidence, Grouped, Pair, Sayings, group
from muniment.engine.matching.rules import UNIQUE_IDENTIFIERS
from muniment.engine.matching.weighing import CORPORATE, Weighed
from muniment.people.linking import joins
from muniment.people.linking.linkage_models import Published
from muniment.people.models import Belonging, Judgement, MatchEdge
from muniment.people.said.contradictions import merged_at_source
from muniment.records.models import Nominal

MOST = 60  # nominals of which every pair is weighed anew; the work grows with their square


class Knot:
    """Nominals with what is kept of them: their standard forms, the pairs weighed, and what people and sources said."""

    def __init__(self, nominals: Collection[Nominal], published: Published) -> None:
        """Read what the reader may see of these nominals."""
        self.published = published
        self.nominals = {each.pk: each for each in nominals}
        self.forms = joins.standardised(list(nominals))
        keys = list(self.nominals)
        self.edges = list(MatchEdge.objects.filter(left_id__in=keys, right_id__in=keys).order_by("-weight"))
        standing = Judgement.objects.filter(left_id__in=keys, right_id__in=keys, superseded_at__isnull=True)
        self.judged = list(standing.select_related("reason"))
        merged = {_ordered(pair) for pair in merged_at_source(keys)} if keys else set()
        self.merged = {pair for pair in merged if set(pair) <= self.nominals.keys()}
        self.shown = self._shown()

    def _shown(self) -> list[Pair]:
        held: dict[int, list[int]] = defaultdict(list)
        now = Belonging.objects.filter(nominal__in=self.nominals, until__isnull=True)
        for prime, nominal in now.order_by("nominal").values_list("prime_id", "nominal_id"):
            held[prime].append(nominal)
        return [(first, other) for first, *others in held.values() for other in others]

    @cached_property
    def weighed(self) -> list[Weighed] | None:
        """The pairs that a run would keep, also those that tell nobody anything; None of too many nominals."""
        if len(self.nominals) > MOST:
            return None
        found = (
            self.published.scales.weigh(self.forms[one], self.forms[two])
            for one, two in combinations(sorted(self.nominals), 2)
            if self.forms[one]["partition"] == self.forms[two]["partition"]
        )
        return [each for each in found if each is not None]

    @cached_property
    def speak(self) -> list[Pair]:
        """The pairs that speak for being one person."""
        if self.weighed is not None:
            return [(each.left, each.right) for each in self.weighed if each.speaks]
        return [(each.left_id, each.right_id) for each in self.edges if each.weight >= self.published.scales.least]

    @cached_property
    def twins(self) -> list[Pair]:
        """The pairs that may be twins."""
        if self.weighed is not None:
            return [(each.left, each.right) for each in self.weighed if each.twins]
        return [(each.left_id, each.right_id) for each in self.edges if each.blocked_by == "twins"]

    @cached_property
    def identifiers(self) -> dict[str, dict[int, str]]:
        """The identifiers that a person has only one of, by kind and by who bears them."""
        return {
            kind: {key: str(row[kind]) for key, row in self.forms.items() if row[kind] and not _is_corporate(row)}
            for kind in UNIQUE_IDENTIFIERS
        }

    def grouped(self, more: Sayings = Sayings(), *, without: Collection[Pair] = ()) -> Grouped:  # noqa: B008 - frozen
        """Group the nominals as a run would, had somebody said more; it takes the place of what was said of a pair.

        `without` are pairs of which what was said is left out.
        """
        anew = {_ordered(pair) for pair in (*more.same, *more.different, *without)}
        said: dict[str, set[Pair]] = {verdict: set() for verdict in (saying.SAME, saying.DIFFERENT)}
        for each in self.judged:
            if each.verdict in said and (each.left_id, each.right_id) not in anew:
                said[each.verdict].add((each.left_id, each.right_id))
        same = (
            said[saying.SAME] | (self.merged - said[saying.DIFFERENT] - anew) | {_ordered(each) for each in more.same}
        )
        different = said[saying.DIFFERENT] | {_ordered(each) for each in more.different}
        scales = self.published.scales
        automatic = [(each.left_id, each.right_id, each.weight) for each in self.edges if each.is_automatic]
        automatic.sort(key=lambda each: (-each[2], *(str(self.forms[key]["source_key"]) for key in each[:2])))
        blocked = {(each.left_id, each.right_id): each.blocked_by for each in self.edges if each.blocked_by}
        evidence = Evidence(
            speak=self.speak,
            automatic=lambda: automatic,
            twins=self.twins,
            identifiers=self.identifiers,
            known=lambda _: stands.Known(scales.model, self.forms, blocked),
        )
        return group(evidence, Sayings(tuple(sorted(same)), tuple(sorted(different))), self.shown, scales.points)

    def parts(self, grouped: Grouped) -> list[list[Nominal]]:
        """Return the groups as nominals, the largest first."""
        found: dict[int, list[Nominal]] = defaultdict(list)
        for key, nominal in self.nominals.items():
            found[grouped.groups.find(key)].append(nominal)
        return sorted(found.values(), key=lambda part: (-len(part), min(each.pk for each in part)))


def _is_corporate(row: dict[str, object]) -> bool:
    return row["partition"] == CORPORATE


def _ordered(pair: Iterable[int]) -> Pair:
    one, two = sorted(pair)
    return one, two
