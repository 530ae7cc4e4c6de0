"""How far a run has moved from the last one, and the data from what the model was trained on.

A distribution is held against another by the population stability index, the sum over classes of (now - before) times
the natural logarithm of (now / before); a share by its change. What is counted on too few to tell is not judged: so few
that chance alone would bring half of what is worth a look.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Literal

from muniment.engine.matching.model import Model
from muniment.engine.matching.tables import Watching

FLOOR = 1e-4  # a class that nobody is in counts as so large a share
Verdict = Literal["steady", "look", "act", "few"]


@dataclass(frozen=True)
class Move:
    """One thing that is watched: what, of which feature, against what; before and now as shares, and how it is judged.

    `what` is joined, doubtful, missing, weights or levels; `against` is last or trained. `moved` is the change of the
    share, or the index of a distribution, which has no `before` and `now`.
    """

    what: str
    against: str
    moved: float
    verdict: Verdict
    feature: str = ""
    before: float | None = None
    now: float | None = None


def psi(before: Sequence[float], now: Sequence[float]) -> float:
    """Return the population stability index of two distributions over the same classes, given as counts or shares.

    Raise ValueError when they have not the same classes, or one of them counts nobody.
    """
    if len(before) != len(now) or sum(before) <= 0 or sum(now) <= 0:
        raise ValueError("The index compares two distributions over the same classes, each with somebody in it.")
    pairs = [(max(b / sum(before), FLOOR), max(n / sum(now), FLOOR)) for b, n in zip(before, now, strict=True)]
    return sum((n - b) * log(n / b) for b, n in pairs)


@dataclass(frozen=True)
class Learnt:
    """What a run's model was made of: the model, and the figures of the data it was trained on; None: not known."""

    model: Model | None
    figures: Mapping[str, Any] | None


def moves(now: Mapping[str, Any], last: Mapping[str, Any] | None, learnt: Learnt, limits: Watching) -> list[Move]:
    """Return everything that is watched of a run's figures: against the last run, the training data and the model."""
    found: list[Move] = []
    if last is not None:
        found += [_share("joined", "last", (_joined(last), _joined(now)), limits)]
        found += [_share("doubtful", "last", (_doubtful(last), _doubtful(now)), limits)]
        found += _weights(last, now, limits)
        found += _missing("last", last, now, limits)
    if learnt.figures is not None:
        found += _missing("trained", learnt.figures, now, limits)
    if learnt.model is not None:
        found += _levels(learnt.model, now, limits)
    return found


def _joined(figures: Mapping[str, Any]) -> float:
    nominals = figures["nominals"]
    return (nominals - figures["prime_records"]) / nominals if nominals else 0.0


def _doubtful(figures: Mapping[str, Any]) -> float:
    return figures["waiting"] / figures["nominals"] if figures["nominals"] else 0.0


def _share(what: str, against: str, shares: tuple[float, float], limits: Watching, feature: str = "") -> Move:
    before, now = shares
    moved = now - before
    verdict: Verdict = "look" if abs(moved) >= limits.share_look else "steady"
    return Move(what, against, moved, verdict, feature, before, now)


def _missing(against: str, before: Mapping[str, Any], now: Mapping[str, Any], limits: Watching) -> Iterator[Move]:
    for feature, lacking in now["missing"].items():
        if feature in before["missing"] and before["nominals"] and now["nominals"]:
            share = before["missing"][feature] / before["nominals"]
            yield _share("missing", against, (share, lacking / now["nominals"]), limits, feature)


def _index(what: str, against: str, before: Sequence[float], now: Sequence[float], feature: str = "") -> Move:
    return Move(what, against, psi(before, now), "steady", feature)


def _weights(last: Mapping[str, Any], now: Mapping[str, Any], limits: Watching) -> Iterator[Move]:
    """Compare how weights are spread, at and above the doubtful point: what a person or the program acts on."""
    before, after = by_bit(last), by_bit(now)
    bits = sorted(before.keys() | after.keys())
    counts = [[float(each.get(bit, 0)) for bit in bits] for each in (before, after)]
    if sum(counts[0]) and sum(counts[1]):
        yield _judged(_index("weights", "last", counts[0], counts[1]), len(bits), min(map(sum, counts)), limits)


def by_bit(figures: Mapping[str, Any]) -> dict[int, int]:
    """Return how many pairs have each weight, in whole bits, at the doubtful point or above."""
    found: dict[int, int] = {}
    for row in figures.get("weights", ()):
        if row["band"] not in ("near", "far"):
            found[row["bit"]] = found.get(row["bit"], 0) + row["pairs"]
    return found


def _levels(model: Model, now: Mapping[str, Any], limits: Watching) -> Iterator[Move]:
    """Compare how matches agree now, each pair counted by its probability, with what the model learnt of matches."""
    for feature, matches in now.get("levels", {}).items():
        weights = model.weights.get(feature)
        if weights is not None and len(weights.m) == len(matches) and sum(matches) > 0:
            yield _judged(_index("levels", "trained", weights.m, matches, feature), len(matches), sum(matches), limits)


def _judged(move: Move, classes: int, counted: float, limits: Watching) -> Move:
    verdict: Verdict = "steady"
    if (classes - 1) / counted > limits.psi_look / 2:
        verdict = "few"
    elif move.moved >= limits.psi_look:
        verdict = "act" if move.moved >= limits.psi_act else "look"
    return Move(move.what, move.against, move.moved, verdict, move.feature)
