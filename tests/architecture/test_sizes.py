"""Files, functions and parameter lists stay small; exceptions are listed and the list may only shrink."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from architecture.tree import ROOT, SOURCE, functions

FILE_LINES, FUNCTION_LINES, PARAMETERS = 500, 80, 5
EXCEPTIONS = yaml.safe_load((Path(__file__).parent / "exceptions.yaml").read_text())


def beyond(found: Mapping[str, int], limit: int, excepted: Mapping[str, int]) -> list[str]:
    """Return what is over its limit, and exceptions that nothing needs any more."""
    over = [
        f"{name}: {size}, at most {excepted.get(name, limit)}"
        for name, size in found.items()
        if size > excepted.get(name, limit)
    ]
    stale = [f"{name}: take it off the list of exceptions" for name in excepted if found.get(name, 0) <= limit]
    return over + stale


def test_files_are_short() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines())
        for folder in (SOURCE, ROOT / "tests", ROOT / "benchmarks")
        for path in folder.rglob("*.py")
        if "migrations" not in path.parts
    }
    assert beyond(found, FILE_LINES, EXCEPTIONS["long_files"]) == []


def test_functions_are_short() -> None:
    found = {each.key: each.lines for each in functions()}
    assert beyond(found, FUNCTION_LINES, EXCEPTIONS["long_functions"]) == []


def test_parameters_are_few() -> None:
    found = {each.key: each.parameters for each in functions()}
    assert beyond(found, PARAMETERS, EXCEPTIONS["many_parameters"]) == []


@pytest.mark.parametrize(
    ("found", "excepted", "faults"),
    [({"f": 6}, {}, 1), ({"f": 6}, {"f": 6}, 0), ({"f": 7}, {"f": 6}, 1), ({"f": 5}, {"f": 6}, 1), ({}, {"f": 6}, 1)],
)
def test_exceptions_only_shrink(found: dict[str, int], excepted: dict[str, int], faults: int) -> None:
    assert len(beyond(found, 5, excepted)) == faults
