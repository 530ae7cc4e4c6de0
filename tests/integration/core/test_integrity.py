"""References that are checked a statement at a time: nothing names what is not held, however much is written."""

import pytest
from django.db import IntegrityError, connection, transaction

from factories.exports import Source, row
from muniment.records.models import Record, RecordDates, SourceRow

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 1500  # over the number from which parents that lie together are walked along
AGAIN = """
WITH gone AS (DELETE FROM records_recorddates RETURNING row_id, record_id)
INSERT INTO records_recorddates (row_id, record_id, kinds, days)
SELECT row_id, {record}, '{{}}', '{{}}' FROM gone ORDER BY record_id
"""


@pytest.fixture(params=[3, MANY])
def records(request, controllers, tmp_path):
    """The keys of some records, few or many, with a line of dates each."""
    Source(tmp_path).send([row(f"C{n:04}") for n in range(request.param)])
    return list(Record.objects.order_by("pk").values_list("pk", flat=True))


def write(record):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(AGAIN.format(record=record))


def test_what_names_all_that_is_held_is_written(records):
    write("record_id")
    assert RecordDates.objects.count() == len(records)


@pytest.mark.parametrize("beyond", [1, 1_000_000])
def test_one_that_is_not_held_refuses_the_statement(records, beyond):
    lost = records[-1] + beyond
    with pytest.raises(IntegrityError, match=rf"record_id names records_record {lost}, which is not held"):
        write(f"CASE record_id WHEN {records[1]} THEN {lost} ELSE record_id END")
    assert RecordDates.objects.count() == len(records)


def test_one_that_went_from_among_them_refuses_the_statement(records):
    lost = records[1]
    RecordDates.objects.filter(record=lost).delete()
    Record.objects.filter(pk=lost).delete()
    with pytest.raises(IntegrityError, match=rf"record_id names records_record {lost}, which is not held"):
        write(f"CASE record_id WHEN {records[2]} THEN {lost} ELSE record_id END")


def test_one_that_went_from_among_them_and_that_nothing_names_stops_nothing(records):
    lost = records[1]
    RecordDates.objects.filter(record=lost).delete()
    Record.objects.filter(pk=lost).delete()
    write("record_id")
    assert RecordDates.objects.count() == len(records) - 1


def test_a_change_is_checked_as_well(records):
    with pytest.raises(IntegrityError, match="which is not held"):
        Record.objects.filter(pk=records[0]).update(row_id=10**9)


def test_what_is_named_cannot_go(records):
    with pytest.raises(IntegrityError, match="still names it"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM records_sourcerow")
    assert SourceRow.objects.count() == len(records)
