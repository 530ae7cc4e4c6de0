"""The prime records to look at are ranked wrong by wrong, and only as far as they are shown."""

import pytest

from muniment.people.judging import clusters

FOUND = {key: {why} for key, why in enumerate(["large", "two", "loose", "large", "two", "alone", "large"])}
IN_ORDER = [4, 1, 5, 2, 6, 3, 0]  # those with one wrong from the highest key down, as `rank` below has it


@pytest.fixture
def asked(monkeypatch):
    """Return which keys were ranked, and rank those with one wrong by their keys, the highest first."""
    asked = []

    def rank(found):
        asked.extend(found)
        return sorted(found, reverse=True)

    monkeypatch.setattr(clusters, "_ranked", rank)
    return asked


def ranked():
    found = {key: clusters._Found(set(why), 1) for key, why in FOUND.items()}
    found[1].why.add("large")
    return clusters.Ranked(found, are_more=False)


@pytest.mark.parametrize("start", range(8))
@pytest.mark.parametrize("stop", range(9))
def test_any_page_is_a_part_of_the_whole_order(asked, start, stop):
    assert ranked()[start:stop] == IN_ORDER[start:stop]


def test_what_is_not_shown_is_not_ranked(asked):
    assert ranked()[:2] == [4, 1]
    assert sorted(asked) == [1, 4]
    assert (len(ranked()), ranked().of("large"), ranked().of("two")) == (7, 4, 2)


def test_going_through_all_ranks_each_once(asked):
    assert list(ranked()) == IN_ORDER
    assert sorted(asked) == sorted(IN_ORDER)
