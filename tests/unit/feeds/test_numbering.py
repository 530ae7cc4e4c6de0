"""Records that share a reference keep their numbers, in whatever order a later file has them."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_feed import GOOD

from muniment import feeds
from muniment.engine.values.sharing import numbered
from muniment.feeds import canonical
from muniment.feeds.rows.numbering import as_held

NAMES = {"A": "Ashdown", "B": "Beech", "C": "Cedar", "D": "Dogwood"}


@pytest.fixture
def told(load, small, write):
    """Return a function that reads a file in which one reference stands for the people of these initials."""
    small["tables"]["crimes"]["duplicates"] = "keep_both"
    del small["tables"]["crimes"]["persons"][0]["reference"]
    return lambda initials: feeds.read(load(small), write(*(GOOD.replace("Ashdown", NAMES[each]) for each in initials)))


def keys(batch):
    return dict(zip(batch.rows["key"].to_pylist(), batch.rows["hash"].to_pylist(), strict=True))


def whose(batch):
    """Return who stands on the record under each reference."""
    name = dict(batch.nominals.select(["reference", "surname"]).to_pandas().itertuples(index=False))
    return {line["record"]: name[line["nominal"]][0] for line in batch.involvements.to_pylist()}


@pytest.mark.parametrize(
    ("held", "comes", "expected"),
    [
        ("AB", "BA", {"C1": "A", "C1#2": "B"}),
        ("AB", "B", {"C1#2": "B"}),
        ("AB", "CBA", {"C1": "A", "C1#2": "B", "C1#3": "C"}),
        ("AB", "CB", {"C1": "C", "C1#2": "B"}),
        ("AB", "BC", {"C1": "C", "C1#2": "B"}),
        ("ABC", "CAD", {"C1": "A", "C1#2": "D", "C1#3": "C"}),
        ("A", "BA", {"C1": "A", "C1#2": "B"}),
        ("AB", "AB", {"C1": "A", "C1#2": "B"}),
        ("", "BA", {"C1": "B", "C1#2": "A"}),
    ],
)
def test_each_keeps_its_number(told, held, comes, expected):
    batch = as_held(told(comes), keys(told(held)) if held else {})
    assert whose(batch) == expected
    assert sorted(batch.rows["key"].to_pylist()) == sorted(expected)
    assert set(batch.record_dates["reference"].to_pylist()) == set(expected)
    marked = dict(zip(batch.records["reference"].to_pylist(), batch.records["attributes"].to_pylist(), strict=True))
    assert {name for name, said in marked.items() if said} == set(expected) - {"C1"}


def test_a_number_that_a_source_gave_is_its_own(load, small, write):
    small["tables"]["crimes"]["duplicates"] = "keep_both"
    batch = feeds.read(load(small), write(GOOD.replace("C1", "C1#7")))
    assert as_held(batch, {"C1#7": "what it said before"}) is batch


@given(st.permutations("ABCD"), st.permutations("ABCD"), st.integers(0, 4))
def test_whatever_was_held_is_where_it_was(first, second, number):
    """Rows alone: who is held keeps the key, and no two have one."""
    rows = [
        {"row": row, "entity": "record", "key": numbered("R", row), "hash": each}
        for row, each in enumerate(second[:number], 1)
    ]
    batch = canonical.Batch(
        *("", "", "", "", "", "", "full"), None, "", "", "", number, rows=pa.Table.from_pylist(rows, canonical.ROWS)
    )
    held = {numbered("R", place): each for place, each in enumerate(first[:3], 1)}
    found = keys(as_held(batch, held))
    assert sorted(found.values()) == sorted(second[:number])
    assert {key: each for key, each in found.items() if each in held.values()} == {
        key: each for key, each in held.items() if each in found.values()
    }
