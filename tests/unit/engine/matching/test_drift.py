"""What has moved: the index by hand, and what is judged of shares, levels and weights."""

from datetime import date
from math import log

import pytest

from muniment.engine.matching import tables
from muniment.engine.matching.drift import Learnt, moves, psi
from muniment.engine.matching.model import Model, Weights

LIMITS = tables.load(date(2026, 6, 1)).watching
MODEL = Model("1-x", "1", 100, 0.01, {"sex": Weights((0.98, 0.02), (0.5, 0.5))}, {})


def figures(**other):
    base = {
        "nominals": 1000,
        "prime_records": 700,
        "waiting": 100,
        "missing": {"postcode": 200, "sex": 10},
        "weights": [{"band": "certain", "bit": 30, "blocked_by": "", "pairs": 5000}],
        "levels": {"sex": [980.0, 20.0]},
    }
    return base | other


def judged(now, last=None, trained=None, model=None):
    found = moves(now, last, Learnt(model, trained), LIMITS)
    return {(move.what, move.against, move.feature): move for move in found}


def test_the_index_by_hand():
    assert psi([50, 50], [50, 50]) == 0
    assert psi([50, 50], [60, 40]) == pytest.approx(0.1 * log(0.6 / 0.5) - 0.1 * log(0.4 / 0.5))
    assert psi([0.5, 0.5], [6, 4]) == psi([50, 50], [60, 40])


@pytest.mark.parametrize(("before", "now"), [([1, 2], [1]), ([0, 0], [1, 1]), ([1, 1], [0, 0])])
def test_the_index_refuses_what_cannot_be_compared(before, now):
    with pytest.raises(ValueError, match="same classes"):
        psi(before, now)


def test_what_is_as_before_is_steady():
    found = judged(figures(), figures(), figures(), MODEL)
    assert {move.verdict for move in found.values()} == {"steady"}
    assert len(found) == 8


def test_a_share_that_moved_is_looked_at():
    found = judged(figures(missing={"postcode": 340, "sex": 10}, prime_records=660), figures())
    assert found["missing", "last", "postcode"].verdict == "look"
    assert found["missing", "last", "postcode"].moved == pytest.approx(0.14)
    assert found["missing", "last", "sex"].verdict == "steady"
    assert found["joined", "last", ""].verdict == "look"


@pytest.mark.parametrize(("same", "verdict"), [(980, "steady"), (900, "look"), (800, "act")])
def test_levels_are_held_against_the_model(same, verdict):
    found = judged(figures(levels={"sex": [float(same), 1000.0 - same]}), model=MODEL)
    assert found["levels", "trained", "sex"].verdict == verdict


def test_too_few_are_not_judged():
    found = judged(figures(levels={"sex": [8.0, 8.0]}), model=MODEL)
    assert found["levels", "trained", "sex"].verdict == "few"


def test_weak_pairs_do_not_count_as_weights():
    weak = [{"band": "far", "bit": -9, "blocked_by": "", "pairs": 10**6}]
    found = judged(figures(weights=figures()["weights"] + weak), figures())
    assert found["weights", "last", ""].moved == 0


def test_without_anything_to_compare_with_nothing_is_said():
    assert judged(figures()) == {}
    assert judged(figures(nominals=0, prime_records=0, waiting=0), figures())["joined", "last", ""].now == 0
