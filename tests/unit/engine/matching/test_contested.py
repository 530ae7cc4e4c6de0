"""Who may be either of two who are told apart goes to neither, unless to one of them much sooner."""

import pytest

from muniment.engine.matching.weighing import Weighed, contested

DECISIVE = 10.0
ONE, TWO, WHO, ELSE = 1, 2, 3, 4
PNCIDS = {ONE: "2001/0000019K", TWO: "1997/9000008T"}


def pair(left: int, right: int, weight: float = 20.0, **more: object) -> Weighed:
    given = {"speaks": True, "automatic": True, "blocked_by": None, "twins": False} | more
    return Weighed(left, right, weight, **given)  # type: ignore[arg-type]


def torn(pairs: list[Weighed], pncids: dict[int, str] | None = None, apart: list[tuple[int, int]] | None = None) -> set:
    nominals = {key: {"pncid": (pncids or {}).get(key), "cro": None} for key in (ONE, TWO, WHO, ELSE)}
    found = contested(pairs, nominals, apart or [], DECISIVE)
    assert [(each.left, each.right, each.weight) for each in found] == [each[:3] for each in pairs]
    assert all(each.automatic != (each.blocked_by == "contested") for each in found if not each.twins)
    return {(each.left, each.right) for each in found if each.blocked_by == "contested"}


BOTH = [pair(ONE, WHO), pair(TWO, WHO, 25.0)]
TWINS = pair(ONE, TWO, -3.0, speaks=False, automatic=False, blocked_by="twins", twins=True)


@pytest.mark.parametrize(
    ("pairs", "more"),
    [
        (BOTH, {"pncids": PNCIDS}),
        (BOTH, {"apart": [(ONE, TWO)]}),
        (BOTH, {"apart": [(TWO, ONE)]}),
        ([*BOTH, TWINS], {}),
    ],
    ids=["by numbers", "by a person", "by a person, said the other way round", "as twins"],
)
def test_of_two_who_are_told_apart_however_that_is_neither_gets_it(pairs: list[Weighed], more: dict) -> None:
    assert torn(pairs, **more) == {(ONE, WHO), (TWO, WHO)}


def test_nobody_is_torn_where_nothing_tells_two_apart() -> None:
    assert torn(BOTH) == set()
    assert torn(BOTH, pncids={ONE: PNCIDS[ONE], TWO: PNCIDS[ONE]}) == set()
    assert torn([*BOTH, pair(WHO, ELSE)], pncids={ONE: PNCIDS[ONE]}) == set()


def test_what_is_much_likelier_the_one_stays_with_them_alone() -> None:
    assert torn([pair(ONE, WHO), pair(TWO, WHO, 20.0 + DECISIVE)], pncids=PNCIDS) == {(ONE, WHO)}


def test_another_who_tells_of_neither_is_no_rival() -> None:
    pairs = [*BOTH, pair(WHO, ELSE, 12.0)]
    assert torn(pairs, pncids=PNCIDS) == {(ONE, WHO), (TWO, WHO)}


def test_whoever_it_was_said_not_to_be_is_no_rival() -> None:
    assert torn(BOTH, pncids=PNCIDS, apart=[(WHO, ONE)]) == set()
