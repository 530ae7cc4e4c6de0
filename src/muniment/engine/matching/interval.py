"""The exact interval of a share (Clopper and Pearson, 1934)."""

from math import exp, inf, lgamma, log, log1p

import numpy as np


def exact(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return (lower, upper) bounds of the share behind `hits` out of `trials`, each 0 to 1.

    Each bound leaves out half of what `confidence` leaves out; nothing tried says nothing: (0, 1). Raise ValueError
    for counts that cannot be.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials} is no share.")
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    # The lower bound is the upper bound of the misses, seen from the other side.
    return 1 - _upper(trials - hits, trials, tail), _upper(hits, trials, tail)


def _upper(hits: int, trials: int, tail: float) -> float:
    """Return the share under which so few hits, or fewer, have the chance `tail`."""
    if hits == trials:
        return 1.0
    low, high = hits / trials, 1.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(hits, trials, middle) > tail else (low, middle)
    return (low + high) / 2


def _at_most(hits: int, trials: int, share: float) -> float:
    """Return the chance of so many hits or fewer; terms too small to count are left out."""
    # Terms fall away from the last one, because `share` is above hits / trials.
    first = max(0, hits - 20 * int((trials * share) ** 0.5 + 20))
    log_terms = np.array([_log_chance(count, trials, share) for count in range(first, hits + 1)])
    peak = float(log_terms.max(initial=-inf))
    return exp(peak) * float(np.exp(log_terms - peak).sum()) if peak > -inf else 0.0


def _log_chance(count: int, trials: int, share: float) -> float:
    ways = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
    return ways + count * log(share) + (trials - count) * log1p(-share) if share < 1 else -inf
