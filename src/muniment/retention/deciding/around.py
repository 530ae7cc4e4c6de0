"""What has to be read to decide some people and records as a run about everyone decides them."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.retention import tables
from muniment.batch.retention.sampled import Drawn, Parts
from muniment.batch.retention.sampled import around as narrowed
from muniment.people.linking import pairs
from muniment.people.models import Belonging
from muniment.records import staging
from muniment.retention.deciding import schedule_tables
from muniment.retention.deciding.schedule_tables import Part, among

_RECORDS_OF = """
SELECT DISTINCT i.record_id AS key FROM records_involvement i
JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL WHERE {primes}
"""

_PEOPLE_ON = """
SELECT DISTINCT b.prime_id AS key FROM records_involvement i
JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL WHERE {records}
"""

# Whoever is on the records, also those of whom nothing else is read.
_INVOLVEMENTS_ON = """
SELECT i.id AS involvement_id, b.prime_id AS person_id, i.record_id, c.code AS controller, i.role,
    nullif(i.cjs, '') AS cjs, nullif(i.ho_class, '') AS ho_class,
    NULL::double precision AS max_penalty_years, i.happened_earliest, i.happened_latest, i.dated,
    nullif(i.result, '') AS result, i.sentence_custodial, i.sentence_months, i.released
FROM records_involvement i JOIN people_belonging b ON b.nominal_id = i.nominal_id AND b.until IS NULL
JOIN records_record r ON r.id = i.record_id JOIN records_sourcesystem s ON s.id = r.system_id
JOIN core_controller c ON c.id = s.controller_id WHERE {records}
"""


@dataclass(frozen=True)
class Around:
    """Everything around a sample: the tables of a run, and the conditions by which doubtful matches are found."""

    given: tables.Tables
    only: dict[str, str]


def read(drawn: Drawn, roles: Parts) -> Around:
    """Return what is around a sample. Whoever may be the same as somebody near is near too, with their records."""
    people = set(drawn.persons["person_id"].to_pylist())
    records = set(drawn.records["record_id"].to_pylist())
    records |= _keys(_RECORDS_OF.format(primes=among("b.prime_id", sorted(people))))
    people |= _keys(_PEOPLE_ON.format(records=among("i.record_id", sorted(records))))
    may_be = set(
        Belonging.objects.filter(until__isnull=True, nominal_id__in=pairs.near(people)).values_list(
            "prime_id", flat=True
        )
    )
    near = tuple(sorted(people | may_be))
    only = schedule_tables.conditions(Part(near, tuple(sorted(records))))
    found = {name: schedule_tables.read_one(name, only) for name in schedule_tables.QUERIES if name != "involvements"}
    every = found["records"]["record_id"].to_pylist()
    on_them = _INVOLVEMENTS_ON.format(records=among("i.record_id", every))
    found["involvements"] = schedule_tables.read_one("involvements", only, on_them)
    found["persons"] = _with_strangers(found["persons"], found["involvements"]["person_id"])
    return Around(narrowed(tables.Tables(**found), drawn, roles, may_be), only)


def _with_strangers(persons: pa.Table, named: pa.ChunkedArray) -> pa.Table:
    """Add whoever is named and not read, of whom nothing hangs on more than the part that they had."""
    unknown = pc.unique(named.filter(pc.invert(pc.is_in(named, persons["person_id"].combine_chunks()))))
    more = {field.name: pa.nulls(len(unknown), field.type) for field in persons.schema}
    return pa.concat_tables([persons, pa.table(more | {"person_id": unknown}, schema=persons.schema)])


def _keys(query: str) -> set[int]:
    return set(staging.read(query)["key"].to_pylist())
