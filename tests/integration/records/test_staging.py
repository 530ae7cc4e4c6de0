"""What is staged is what was given, whichever columns say the same throughout."""

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.records import staging

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = st.sampled_from(["", "a", "it's", "a,b", 'say "x"', "{}", "\\", "NULL"])
KINDS = {
    pa.string(): st.none() | TEXTS,
    pa.list_(pa.string()): st.none() | st.lists(st.none() | TEXTS, max_size=2),
    pa.date32(): st.none() | st.dates(),
    pa.bool_(): st.none() | st.booleans(),
    pa.int64(): st.none() | st.integers(-5, 5),
    pa.list_(pa.date32()): st.none() | st.lists(st.dates(), max_size=2),
    pa.json_(): st.none() | st.sampled_from(['{"a": "it\'s"}', "{}", "[]", '{"b": "\\u0001 é"}']),
}


@st.composite
def tables(draw):
    """A table of a few rows, in which some columns say the same in every one."""
    length = draw(st.integers(0, 4))
    columns = {"row": pa.array(range(length), pa.int32())}
    for number, (kind, values) in enumerate(KINDS.items()):
        same = draw(st.booleans())
        said = [draw(values)] * length if same else draw(st.lists(values, min_size=length, max_size=length))
        columns[f"c{number}"] = pa.array(said, kind)
    return pa.table(columns)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_what_is_staged_comes_back(table):
    with staging.staged({"given": table}) as names:
        back = staging.read(f"SELECT * FROM {names['given']} ORDER BY row")
    assert back.to_pylist() == table.to_pylist()


def test_a_list_of_nothing_is_not_a_list_of_an_empty_text():
    table = pa.table({"row": [1, 2], "said": pa.array([[], [""]], pa.list_(pa.string()))})
    with staging.staged({"given": table}) as names:
        back = staging.read(f"SELECT * FROM {names['given']} ORDER BY row")
    assert back["said"].to_pylist() == [[], [""]]
