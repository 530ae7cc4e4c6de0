"""Statements that are planned once a session and sent together."""

import pytest
from django.db import IntegrityError, connection, transaction

from muniment.core import planned

ADD = "INSERT INTO told (key) VALUES (%(key)s)"
AGAIN = "INSERT INTO told (key) SELECT key + 10 FROM told"
FEWER = "DELETE FROM told WHERE key < %(below)s"
EVERY = "SELECT key FROM told ORDER BY key"


@pytest.fixture(autouse=True)
def table(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE told (key bigint PRIMARY KEY) ON COMMIT DROP")


def test_each_sees_what_those_before_it_did_and_says_how_many_it_changed():
    assert planned.send([ADD, AGAIN, AGAIN.replace("10", "20"), FEWER], {"key": 1, "below": 20}) == [1, 1, 2, 2]
    assert [row["key"] for row in planned.rows(EVERY, {})] == [21, 31]


def test_rows_come_by_the_name_of_their_query():
    planned.send([ADD], {"key": 7})
    found = planned.every({"all": EVERY, "none": "SELECT key FROM told WHERE key < %(key)s"}, {"key": 7})
    assert found == {"all": [{"key": 7}], "none": []}


def test_one_that_fails_undoes_those_before_it_and_stops_those_after_it():
    for key in (1, 2):  # the second time the session knows the statements, those too that were never carried out
        with pytest.raises(IntegrityError), transaction.atomic():
            planned.send([ADD, ADD, FEWER], {"key": key, "below": 9})
        assert planned.rows(EVERY, {}) == []
    assert planned.send([ADD, FEWER], {"key": 3, "below": 9}) == [1, 1]


def test_a_statement_is_planned_once_whatever_it_is_given():
    for key in range(5):
        planned.send([ADD], {"key": key})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(generic_plans + custom_plans) FROM pg_prepared_statements WHERE statement LIKE %s",
            ["INSERT INTO told (key) VALUES%"],
        )
        assert cursor.fetchone() == (5,)
