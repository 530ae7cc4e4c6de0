"""Clerical samples: what remains to be labelled, and what the labels tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from muniment.batch.matching.policy import in_force
from muniment.core import words
from muniment.core.models import BatchRun
from muniment.engine.matching import estimates
from muniment.engine.matching.bands import Stratum, strata, stratum_code
from muniment.engine.matching.estimates import Agreement, Estimate, Frame, Labelled, Measure, Point
from muniment.engine.matching.interval import exact
from muniment.engine.matching.model import Points
from muniment.people.models import Label, Sample, SamplePair
from muniment.records.models import Nominal

POINTS = {
    "published": "What is published: joined, in whatever way",
    "automatic": "At the automatic point: joined without a person",
    "model": "At the model point, without the hard rules",
}


def sizes(figures: Mapping[str, Any]) -> dict[tuple[str, bool], int]:
    """Return how many pairs of each stratum a run counted, by band and whether they are one."""
    found: dict[tuple[str, bool], int] = {}
    for row in figures.get("weights", ()):
        key = row["band"], row["are_one"]
        found[key] = found.get(key, 0) + row["pairs"]
    return found


def points_of(run: BatchRun) -> Points:
    """Return the points that were in force when a run was made."""
    points = run.versions["points"]
    return Points(points["automatic"], points["doubtful"])


def visible(pairs: QuerySet[SamplePair]) -> QuerySet[SamplePair]:
    """Return the pairs of which the reader may see both records."""
    seen = {side: Exists(Nominal.objects.filter(pk=OuterRef(side))) for side in ("left", "right")}
    return pairs.filter(seen["left"], seen["right"])


def can_see(pair: SamplePair) -> bool:
    """Whether the reader may see both records of a pair."""
    return visible(SamplePair.objects.filter(pk=pair.pk)).exists()


def open_to(sample: Sample, name: str) -> QuerySet[SamplePair]:
    """Return the pairs that somebody who may see them has not labelled yet, in their order."""
    own = Label.objects.filter(pair=OuterRef("pk"), by=name)
    return visible(SamplePair.objects.filter(sample=sample)).exclude(Exists(own)).order_by("place")


def labellers(sample: Sample) -> list[str]:
    """Return who has labelled any pair of a sample."""
    return sorted(set(Label.objects.filter(pair__sample=sample).values_list("by", flat=True)))


@dataclass(frozen=True)
class Line:
    """A stratum of a sample: its words, how many pairs it has, and what was said of those that were drawn."""

    words: str
    population: int
    drawn: int
    labelled: int
    same: int
    different: int
    unsure: int
    interval: tuple[float, float] | None  # of the share of one person, exact, among those that could be told


@dataclass(frozen=True)
class Figure:
    """Precision and recall at a point, for everyone or for a group."""

    words: str
    precision: Estimate
    recall: Estimate


@dataclass(frozen=True)
class Results:
    """What the labels of a sample tell."""

    pairs: int
    labelled: int
    unsure: int
    disagreed: int
    lines: tuple[Line, ...]
    figures: tuple[Figure, ...]
    groups: tuple[tuple[str, tuple[Figure, ...]], ...]  # by kind of group, those with enough labels
    too_few: int  # groups that have too few
    agreement: Agreement | None
    unsampled: int  # pairs that share a key and weigh less than any band
    weak: int  # of these, at most so many are one person if the model is right

    @property
    def is_complete(self) -> bool:
        """Whether every pair has a label."""
        return bool(self.pairs) and self.labelled == self.pairs


def results(sample: Sample) -> Results:
    """Work out what the labels of a sample tell so far; pairs come in random order, so that a part is a sample too."""
    given = Label.objects.filter(pair__sample=sample).aggregate(number=Count("pk"), last=Max("at"))
    return _results(sample, (given["number"], given["last"], sample.pairs.count(), in_force().watching))


@lru_cache(maxsize=16)  # drawing the intervals takes a quarter of a second, and labels are read oftener than given
def _results(sample: Sample, _of: tuple[object, ...]) -> Results:
    """Return what a sample tells by the labels that it has at one moment."""
    told = _told(sample)
    held = {stratum_code(each.band, each.are_one): each for each in sample.strata.all()}
    # The reserve stands for the stratum, and what its drawer saw of it for what they may see of the stratum.
    shares = {code: each.population * each.seen / each.reserve if each.reserve else 0.0 for code, each in held.items()}
    every = strata(points_of(sample.run))
    frame = Frame(every, shares, sample.seed)
    labelled = [pair for pair, said in told if said]
    found = [_labelled(pair, estimates.together(said) or "", _groups(pair)) for pair, said in told if said]
    points = estimates.points(sample.run.versions["points"]["model"])
    groups, too_few = _by_group(found, frame, points)
    figures = sample.run.figures.filter(partition=sample.partition).first()
    counted = figures.figures if figures else {}
    unsampled = max(0, counted.get("candidates", 0) - sum(sizes(counted).values()))
    return Results(
        pairs=len(told),
        labelled=len(labelled),
        unsure=sum(set(said) == {estimates.UNSURE} for _, said in told),
        disagreed=sum(len(set(said)) > 1 for _, said in told),
        lines=tuple(_line(each, held[each.code].population, told) for each in every if each.code in held),
        figures=tuple(_figure(POINTS[point.code], found, frame, point) for point in points),
        groups=groups,
        too_few=too_few,
        agreement=estimates.agreement((said[0], said[1]) for _, said in told if len(said) == 2),
        unsampled=unsampled,
        weak=ceil(unsampled * 2 ** min(each.band.lowest for each in every)),
    )


def _told(sample: Sample) -> list[tuple[SamplePair, list[str]]]:
    """Return the pairs of a sample with what each labeller said, in the same order of labellers."""
    said: dict[int, list[str]] = {}
    for label in Label.objects.filter(pair__sample=sample).order_by("by"):
        said.setdefault(label.pair_id, []).append(label.said)
    return [(pair, said.get(pair.pk, [])) for pair in sample.pairs.order_by("place")]


def _labelled(pair: SamplePair, said: str, groups: frozenset[str]) -> Labelled:
    return Labelled(stratum_code(pair.band, pair.are_one), said, pair.weight, pair.is_automatic, pair.are_one, groups)


def _groups(pair: SamplePair) -> frozenset[str]:
    return frozenset(
        f"{kind}|{group_words(code)}"
        for kind, codes in (("ethnicity", pair.ethnicities), ("origin", pair.origins))
        for code in codes
    )


def group_words(code: str) -> str:
    """Return the group of a code of ethnicity: what people say of themselves by its first part, else all of it."""
    said = words.say("ethnicity", code)
    return said if said.startswith("Officer") else said.partition(":")[0]


_KINDS = {
    "ethnicity": "By recorded ethnicity of either",
    "origin": "By origin of name: with whom the surname of either mostly goes here",
}


def _by_group(
    found: list[Labelled], frame: Frame, points: Iterable[Point]
) -> tuple[tuple[tuple[str, tuple[Figure, ...]], ...], int]:
    """Return the figures of what is published for each group with enough labels, and how many groups have too few."""
    published = next(point for point in points if point.code == "published")
    counts: dict[str, int] = {}
    for pair in found:
        for group in pair.groups if pair.said != estimates.UNSURE else ():
            counts[group] = counts.get(group, 0) + 1
    enough = sorted(group for group, number in counts.items() if number >= in_force().watching.fewest_labels)
    told = tuple(
        (title, tuple(_figure(g.partition("|")[2], found, frame, published, g) for g in enough if g.startswith(kind)))
        for kind, title in _KINDS.items()
    )
    return tuple(each for each in told if each[1]), len(counts) - len(enough)


def _figure(title: str, found: list[Labelled], frame: Frame, point: Point, group: str | None = None) -> Figure:
    def work_out(measure: Measure) -> Estimate:
        return estimates.estimate(found, frame, point, measure, group)

    return Figure(title, work_out("precision"), work_out("recall"))


def _line(stratum: Stratum, population: int, told: list[tuple[SamplePair, list[str]]]) -> Line:
    mine = (stratum.band.code, stratum.are_one)
    here = [estimates.together(said) for pair, said in told if (pair.band, pair.are_one) == mine]
    same, different, unsure = (here.count(each) for each in Label.Said.values)
    return Line(
        stratum.words,
        population,
        drawn=len(here),
        labelled=same + different + unsure,
        same=same,
        different=different,
        unsure=unsure,
        interval=exact(same, same + different) if same + different else None,
    )


def last_complete(partition: str) -> tuple[Sample, Results] | None:
    """Return the last sample of a partition of which every pair has a label, with what it tells."""
    unlabelled = SamplePair.objects.filter(sample=OuterRef("pk"), labels=None)
    every = Sample.objects.filter(Exists(SamplePair.objects.filter(sample=OuterRef("pk"))), partition=partition)
    sample = every.exclude(Exists(unlabelled)).select_related("run").order_by("-pk").first()
    return (sample, results(sample)) if sample else None


def to_look_at(sample: Sample) -> list[tuple[SamplePair, str]]:
    """Return the pairs, of those that the reader may see, whose label and prime record say two different things."""
    odd = [
        (pair, said[0])
        for pair, said in _told(sample)
        if said and len(set(said)) == 1 and (pair.are_one, said[0]) in {(True, "different"), (False, "same")}
    ]
    odd.sort(key=lambda each: (not each[0].are_one, each[0].place))  # a wrong merge is the worse
    seen = set(visible(SamplePair.objects.filter(pk__in=[pair.pk for pair, _ in odd])).values_list("pk", flat=True))
    return [(pair, said) for pair, said in odd if pair.pk in seen]
