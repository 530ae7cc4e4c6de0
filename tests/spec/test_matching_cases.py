"""Nobody who only looks like another is joined to them without a person; who is one is found.

Each case of `policy/matching/cases` is resolved by itself and among all the others in an invented world.
"""

from functools import cache

import pytest

from factories.matching_cases import Case, pairs, read_cases, resolve_among_all, resolve_apart, world
from muniment.batch.matching.resolve import Resolution

pytestmark = pytest.mark.xdist_group("matching_cases")  # one world, and one model of it
ALLOWED = {
    "apart": {"joined", "asked", "apart"},
    "joined": {"joined"},
    "asked": {"asked"},
    "found": {"joined", "asked"},
}
CASES = pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.name)


def wrong(case: Case, resolution: Resolution, first: int) -> list[str]:
    """Return what a resolution gives for a case other than the case expects; `first` is its first record's number."""
    failed = []
    for (one, two), found in pairs(resolution, case.persons, first).items():
        is_one = case.persons[one] == case.persons[two]
        if found not in (ALLOWED[case.expect] if is_one else {"asked", "apart"}):
            failed.append(f"records {one + 1} and {two + 1} are {found}")
    return failed


def places(first: int) -> dict[str, int]:
    """Return by case the number of its first record, where the first of all has this one."""
    found = {}
    for case in read_cases():
        found[case.name] = first
        first += len(case.records)
    return found


@cache
def by_themselves() -> Resolution:
    return resolve_apart([case.records for case in read_cases()])


@cache
def among_everybody() -> Resolution:
    return resolve_among_all([record for case in read_cases() for record in case.records])


@CASES
def test_each_case_by_itself(case: Case) -> None:
    assert wrong(case, by_themselves(), places(1)[case.name]) == []


@CASES
def test_each_case_among_everybody(case: Case) -> None:
    assert wrong(case, among_everybody(), places(world().num_rows)[case.name]) == []


def test_nobody_of_a_case_is_joined_to_anybody_else() -> None:
    whose = {
        number: case.name
        for case in read_cases()
        for number in range(
            places(world().num_rows)[case.name], places(world().num_rows)[case.name] + len(case.records)
        )
    }
    groups: dict[int, set[str]] = {}
    for person, anchor in zip(*(column.to_pylist() for column in among_everybody().clusters.columns), strict=True):
        groups.setdefault(anchor, set()).add(whose.get(person, "the world"))
    assert [names for names in groups.values() if len(names) > 1] == []
