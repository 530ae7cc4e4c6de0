"""Two engines laid side by side: alike where they are, and every difference told where they are not."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from muniment.batch.connecting import connect
from muniment.batch.matching.agreement import compare
from muniment.batch.matching.engines import OneMachine, one_machine
from muniment.batch.matching.resolve import Given


class Cruder(OneMachine):
    """An engine to which names must be the same letters to be close."""

    name = "cruder"

    def condition(self, text):
        return text.replace("jaro_winkler_similarity(forename_l, forename_r) >= 0.92", "false").replace(
            "jaro_similarity(forename_l, forename_r) >= 0.8", "false"
        )


@contextmanager
def cruder():
    connection = connect()
    try:
        yield Cruder(connection)
    finally:
        connection.close()


def test_an_engine_agrees_with_itself(fake):
    people, model = fake
    found = compare((one_machine(), one_machine()), Given(people), model)
    assert (found.nominals, found.differences, found.apart, found.asked) == (people.num_rows, (), (), ())
    assert found.pairs > 500


def test_each_pair_that_is_weighed_otherwise_is_told_with_why(fake):
    people, model = fake
    found = compare((one_machine(), cruder()), Given(people), replace(model, version="crude"))
    assert found.differences
    for each in found.differences:
        assert each.features["forename"]["duckdb"] == "close" != each.features["forename"]["cruder"]
        assert each.weights["duckdb"] != pytest.approx(each.weights["cruder"], abs=1e-3)
    told = {frozenset((each.left, each.right)) for each in found.differences}
    assert {frozenset(pair) for pair in found.asked} & told
