"""Columns joined line by line keep their lines, whatever is empty."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.feeds.rows.columns import joined

TEXTS = st.none() | st.sampled_from(["a", "b c", "d"])


@settings(deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=6), st.integers(1, 3))
def test_a_line_is_its_texts_or_null(rows, width):
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(width)]
    wanted = [", ".join(text for text in row[:width] if text is not None) or None for row in rows]
    assert joined(columns, ", ").to_pylist() == wanted
