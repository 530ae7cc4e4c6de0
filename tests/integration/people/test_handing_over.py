"""Rows handed to PostgreSQL and read from it within a transaction, by either of the two ways."""

import psycopg
import pyarrow as pa
import pytest
from django.db import connection, transaction

from muniment.people import handing_over
from muniment.people.handing_over import Rows, copied, tables

pytestmark = pytest.mark.django_db

SCHEMA = pa.schema(
    [("key", pa.int64()), ("said", pa.string()), ("is_so", pa.bool_()), ("names", pa.list_(pa.string()))]
)
AWKWARD = [
    (1, 'a "quoted" word, and\na line', True, ["one", "two, three"]),
    (2, "", False, []),
    (3, None, None, None),
    (-(2**40), "ünï%(code)s {x}", True, ["'"]),
]


@pytest.mark.parametrize("few", [0, 2000])
def test_whatever_is_handed_over_comes_back_as_it_was(few, monkeypatch):
    monkeypatch.setattr(handing_over, "FEW", few)
    for _ in range(2):  # what one call hands over is gone with the next of its name
        with transaction.atomic(), connection.cursor() as cursor:
            handed = tables(cursor, {"awkward": Rows(AWKWARD, SCHEMA)})
            query = f"SELECT key, said, is_so, names FROM {handed.names['awkward']} t ORDER BY abs(key)"
            found = copied(cursor, query, handed.rows, SCHEMA)
        assert [tuple(row.values()) for row in found.to_pylist()] == AWKWARD


def test_what_fails_on_the_way_says_so_and_leaves_the_connection_whole():
    schema = pa.schema([("number", pa.int64())])
    with connection.cursor() as cursor:
        for wrong in ("SELECT 1 / (5 - n) FROM generate_series(1, 9) n", "SELECT nothing"):
            with pytest.raises(psycopg.Error, match=r"division by zero|nothing"), transaction.atomic():
                copied(cursor, wrong, {}, schema)
        assert copied(cursor, "SELECT 7", {}, schema).to_pylist() == [{"number": 7}]
