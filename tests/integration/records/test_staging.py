"""What is staged is what was given, whichever columns say the same throughout."""

import time

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.core.models import Controller
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


def test_a_stream_gives_what_several_queries_find_at_one_moment_though_more_has_come_since(cast):
    with staging.snapshot() as rows_of:
        before = rows_of("SELECT count(*) AS n FROM core_controller")["n"][0].as_py()
        Controller.objects.create(code="late", name="Late")
        stream = rows_of.stream("SELECT id FROM core_controller", "SELECT -id AS id FROM core_controller")
        keys = [key for batch in stream for key in batch["id"].to_pylist()]
    assert len(keys) == 2 * before
    assert sorted(keys) == sorted(-key for key in keys)
    assert Controller.objects.get(code="late").pk not in keys


def test_a_stream_raises_what_went_wrong_in_one_of_its_queries(cast):
    with staging.snapshot() as rows_of, pytest.raises((adbc.Error, OSError), match="division by zero"):
        list(rows_of.stream("SELECT 1 AS n", "SELECT 1 / (id - id) AS n FROM core_controller"))


def test_a_stream_that_nobody_reads_to_its_end_ends_its_queries(cast):
    many = "SELECT generate_series(1, 30000000) AS nobody_takes_all_of_it"
    with staging.snapshot() as rows_of:
        next(taken := rows_of.stream(many, many))
        taken.close()
        never = rows_of.stream(many)
        del never
    assert _running("nobody_takes_all_of_it") == 0


def _running(words):
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s AND pid <> pg_backend_pid()"
                " AND state <> 'idle'",
                [f"%{words}%"],
            )
            if (running := cursor.fetchone()[0]) == 0:
                break
        time.sleep(0.1)
    return running
