"""Tables that a session makes once for what one transaction works out."""

import pytest
from django.db import connection, transaction

from muniment.core import scratch

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = {"worked_out": "number bigint, said text STORAGE PLAIN"}


def rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM worked_out")
        return cursor.fetchall()


def work_out(number):
    with connection.cursor() as cursor:
        scratch.ready(cursor, TABLE)
        cursor.execute("INSERT INTO worked_out VALUES (%s, 'of somebody')", [number])


def test_nothing_of_a_transaction_is_left_for_the_next_nor_in_the_files_of_the_database():
    with transaction.atomic():
        work_out(1)
        work_out(2)
        assert rows() == [(2,)], "whoever asks again finds it empty"
    assert rows() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('worked_out')")
        assert cursor.fetchone() == (0,)


def test_what_was_rolled_back_with_its_table_is_made_again():
    connection.close()  # a session of its own, that has made nothing
    with pytest.raises(LookupError), transaction.atomic():
        work_out(1)
        raise LookupError
    with transaction.atomic():
        work_out(3)
        assert rows() == [(3,)]
