"""A frozen model of linkage, and the weight that it gives to a pair.

The weight of a pair is in bits: the base-two logarithm of the odds that the two are one person. It is the sum
of a prior and of one contribution for each feature that both records have (Fellegi and Sunter, 1969). Agreement
on a common value counts less than on a rare one: the contribution of a level with a frequency column is
`log2(m / u)` plus `log2(u / share)`, where `share` is the larger share of the two values (Winkler, 1989).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import log2

from muniment.engine.matching.features import FEATURES, Feature, Level, Nominal

_BY_NAME = {feature.name: feature for feature in FEATURES}
_SETS = frozenset({"stop_keys", "crowded", "common_names"})


@dataclass(frozen=True)
class Points:
    """The operating points of linkage, in bits, and how it is run.

    From `automatic` upwards two nominals are joined without a person; from `doubtful` to `automatic` a person
    is asked; below `doubtful` nothing is kept. With `across`, only nominals of different sources (the part of
    `source_key` before its last bar) are compared. Without `hard_rules`, weights alone decide; judgements still stand.
    Two groups are joined only if `least_links` of the pairs across them are at `doubtful` or above. `watched`, a run
    also tells of itself (`muniment.batch.matching.watching`).
    """

    automatic: float
    doubtful: float
    hard_rules: bool = True
    across: bool = False
    least_links: float = 0.25
    watched: bool = False


@dataclass(frozen=True)
class Weights:
    """What one feature tells: for each of its levels, the share among matches (m) and among non-matches (u)."""

    m: tuple[float, ...]
    u: tuple[float, ...]

    @classmethod
    def distinct(cls, m: Sequence[float], u: Sequence[float]) -> "Weights":
        """Make weights in which no level adds nought or the same as another, so that a weight tells its level."""
        seen = {0.0}
        moved = []
        for start, other in zip(m, u, strict=True):
            one = float(start)
            while log2(one / other) in seen:
                one *= 1 + 1e-9
            seen.add(log2(one / other))
            moved.append(one)
        return cls(tuple(moved), tuple(float(value) for value in u))

    def bits(self, level: int) -> float:
        """Return the contribution of a level before the adjustment for common values."""
        return log2(self.m[level] / self.u[level])


@dataclass(frozen=True)
class Model:
    """One version of linkage: frozen by `train`, used by every `resolve` and every `compare`.

    `prior` is the probability that two nominals taken at random are one person. `frequencies` gives, by column,
    the share of records that hold a value; a value that is not listed has the share `rarest`. `stop_keys` are the
    blocking keys that so many records share that they tell nothing; no pair is sought by them. Two nominals of
    whom much is known are compared only if they share `least_keys` of the other keys. `crowded` are the places
    (`postcode|` or `address|` and the value; `phone|` or `email|` too) that more share than a household would,
    `common_names` the words of names that too many people bear to tell one from another.
    """

    version: str
    standard: str  # the version of standardisation that the model was trained on
    records: int
    prior: float
    weights: Mapping[str, Weights]
    frequencies: Mapping[str, Mapping[str, float]] = field(repr=False)
    rarest: float = 1.0
    least_keys: int = 1
    stop_keys: frozenset[str] = field(default=frozenset(), repr=False)
    crowded: frozenset[str] = field(default=frozenset(), repr=False)
    common_names: frozenset[str] = field(default=frozenset(), repr=False)

    def share(self, column: str, value: str) -> float:
        """Return the share of records that hold a value."""
        return self.frequencies.get(column, {}).get(value, self.rarest)

    def to_json(self) -> str:
        """Write the model as JSON text, the same for the same model."""
        body = asdict(self) | {name: sorted(getattr(self, name)) for name in _SETS}
        return json.dumps(body, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Model":
        """Read a model from JSON text; raise ValueError when it is not one."""
        try:
            body = json.loads(text)
            body["weights"] = {
                name: Weights(tuple(value["m"]), tuple(value["u"])) for name, value in body["weights"].items()
            }
            for name in _SETS & body.keys():  # models of before `common_names` lack it
                body[name] = frozenset(body[name])
            return cls(**body)
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError("This file is not a model of linkage; make one with `muniment train`.") from error


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to the weight of a pair, with the sentence that says so."""

    feature: str
    level: str
    weight: float
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """The weight of a pair in bits, the prior that it starts from, and what each feature adds."""

    weight: float
    prior: float
    contributions: tuple[Contribution, ...]


def compare(left: Nominal, right: Nominal, model: Model) -> Comparison:
    """Weigh two standardised nominals; the contributions and the prior add up to the weight."""
    contributions = []
    for name in model.weights:
        feature = _BY_NAME[name]
        index = feature.level(left, right)
        if index is not None:
            contributions.append(_contribution(feature, index, (left, right), model))
    prior = log2(model.prior / (1 - model.prior))
    return Comparison(prior + sum(c.weight for c in contributions), prior, tuple(contributions))


def _contribution(feature: Feature, index: int, pair: tuple[Nominal, Nominal], model: Model) -> Contribution:
    level = feature.levels[index]
    weights = model.weights[feature.name]
    weight = weights.bits(index)
    if level.frequency:
        share = max(model.share(level.frequency, str(nominal[level.frequency])) for nominal in pair)
        weight += log2(weights.u[index]) - log2(share)
    return Contribution(feature.name, level.name, weight, _sentence(level, weight))


def _sentence(level: Level, weight: float) -> str:
    words = level.words[0].upper() + level.words[1:]
    if abs(weight) < 0.5:
        return f"{words}: this tells little either way."
    times = f"{2 ** min(abs(weight), 40):,.0f}" if abs(weight) >= 3 else f"{2 ** abs(weight):.1f}"
    kind = "one person" if weight > 0 else "two people"
    return f"{words}: {times} times as likely if they are {kind}."
