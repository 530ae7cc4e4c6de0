"""How many pairs of an act somebody else looks at, by policy."""

from dataclasses import replace
from datetime import date

import pytest

from muniment.engine.matching import tables

POLICY = tables.load(date(2026, 6, 1)).stewardship
TENTH = replace(POLICY, check_share=0.1, check_least=10)


@pytest.mark.parametrize(("pairs", "checked"), [(1, 1), (10, 10), (11, 10), (100, 10), (101, 11), (1000, 100)])
def test_a_share_and_no_fewer_than_the_least(pairs: int, checked: int) -> None:
    assert TENTH.checked(pairs) == checked


def test_one_act_can_be_looked_at_in_part() -> None:
    assert 0 < POLICY.checked(POLICY.bulk_most) <= POLICY.bulk_most
