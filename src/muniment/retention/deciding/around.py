"""What has to be read to decide a sample of people and records as a run about everyone decides them."""

from dataclasses import dataclass

from muniment.batch.retention import tables
from muniment.batch.retention.sampled import Drawn
from muniment.people.linking import pairs
from muniment.records import staging
from muniment.retention.deciding import schedule_tables
from muniment.retention.deciding.schedule_tables import RECORDS_OF, Part, among

_PEOPLE_ON = """
SELECT DISTINCT b.prime_id AS id FROM records_involvement i
JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL WHERE {records}
"""


@dataclass(frozen=True)
class Around:
    """Everything around a sample: the tables of a run, and the conditions that they were read by."""

    given: tables.Tables
    only: dict[str, str]


def read(drawn: Drawn) -> Around:
    """Return what is around a sample. Whoever may be the same as somebody near is near too, with their records."""
    people = set(drawn.persons["person_id"].to_pylist())
    records = set(drawn.records["record_id"].to_pylist())
    records |= _keys(RECORDS_OF.format(primes=among("b.prime_id", sorted(people))))
    people |= _keys(_PEOPLE_ON.format(records=among("i.record_id", sorted(records))))
    people |= pairs.near(people)
    only = schedule_tables.conditions(Part(tuple(sorted(people)), tuple(sorted(records))))
    return Around(schedule_tables.read(only), only)


def _keys(query: str) -> set[int]:
    return set(staging.read(query)["id"].to_pylist())
