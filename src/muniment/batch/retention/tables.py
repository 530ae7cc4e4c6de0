"""The tables that a whole-set retention run reads and writes.

Dates known only to the month or the year arrive as two columns, earliest and latest. A null date is an
unknown one. `controller` is the code of the force that holds the record. Nullable unless said otherwise.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

PERSONS = pa.schema(
    [
        ("person_id", pa.int64()),  # not null, unique
        ("born_earliest", pa.date32()),
        ("born_latest", pa.date32()),
        ("possible_group", pa.int8()),
        ("possible_clear_from", pa.date32()),
    ]
)

# The last completed review of a person by each controller; another's looked at other records.
REVIEWS = pa.schema(
    [
        ("person_id", pa.int64()),  # not null, unique with the controller
        ("controller", pa.string()),
        ("last_review", pa.date32()),
        ("next_review", pa.date32()),  # as it chose it
    ]
)

FLAGS = pa.schema(
    [
        ("person_id", pa.int64()),
        ("flag", pa.string()),
        ("start", pa.date32()),
        ("until", pa.date32()),
    ]
)

INVOLVEMENTS = pa.schema(
    [
        ("involvement_id", pa.int64()),  # not null, unique
        ("person_id", pa.int64()),
        ("record_id", pa.int64()),
        ("controller", pa.string()),
        ("role", pa.string()),
        ("cjs", pa.string()),
        ("ho_class", pa.string()),
        ("max_penalty_years", pa.float64()),
        ("happened_earliest", pa.date32()),
        ("happened_latest", pa.date32()),
        ("dated", pa.date32()),
        ("result", pa.string()),
        ("sentence_custodial", pa.bool_()),
        ("sentence_months", pa.int32()),
        ("released", pa.date32()),
    ]
)

RECORDS = pa.schema(
    [
        ("record_id", pa.int64()),  # not null, unique
        ("controller", pa.string()),
        ("class_id", pa.string()),  # a class of the schedule or a family such as CRIME
        ("outcome", pa.string()),
        ("cjs", pa.string()),  # what the record itself is classed as
        ("ho_class", pa.string()),
        ("others_retained", pa.bool_()),  # null: computed from the persons on the record
    ]
)

RECORD_DATES = pa.schema(
    [
        ("record_id", pa.int64()),
        ("kind", pa.string()),  # a trigger event of the schedule
        ("earliest", pa.date32()),
        ("latest", pa.date32()),
    ]
)

EVENTS = pa.schema(
    [
        ("person_id", pa.int64()),
        ("kind", pa.string()),
        ("dated", pa.date32()),
        ("closed", pa.date32()),
    ]
)

HOLDS = pa.schema(
    [
        ("hold_id", pa.string()),
        ("record_id", pa.int64()),  # one of the two is set: the hold's scope is expanded already
        ("person_id", pa.int64()),
        ("from", pa.date32()),
        ("until", pa.date32()),
    ]
)

PERSON_DECISIONS = pa.schema(
    [
        ("person_id", pa.int64()),
        ("controller", pa.string()),
        ("group", pa.int8()),
        ("clear_from", pa.date32()),
        ("due", pa.date32()),
        ("outcome", pa.string()),
        ("rule", pa.string()),
        ("driving_involvement", pa.int64()),
        ("driving_record", pa.int64()),
        ("missing", pa.list_(pa.string())),  # sorted codes
        ("because", pa.list_(pa.string())),  # sorted rule ids and reason codes
        ("kept_until", pa.date32()),  # before which records with others on them stay whole; null for no offender
    ]
)

RECORD_DECISIONS = pa.schema(
    [
        ("record_id", pa.int64()),
        ("controller", pa.string()),
        ("class_id", pa.string()),  # resolved; the family where it could not be
        ("due", pa.date32()),
        ("outcome", pa.string()),
        ("rule", pa.string()),
        ("driving_person", pa.int64()),
        ("missing", pa.list_(pa.string())),
        ("because", pa.list_(pa.string())),
    ]
)

Source: TypeAlias = "pa.Table | Path"


@dataclass(frozen=True)
class Tables:
    """What a run reads: an Arrow table of the schema named, or the path of a Parquet file of it."""

    persons: Source = field(default_factory=PERSONS.empty_table)
    reviews: Source = field(default_factory=REVIEWS.empty_table)
    flags: Source = field(default_factory=FLAGS.empty_table)
    involvements: Source = field(default_factory=INVOLVEMENTS.empty_table)
    records: Source = field(default_factory=RECORDS.empty_table)
    record_dates: Source = field(default_factory=RECORD_DATES.empty_table)
    events: Source = field(default_factory=EVENTS.empty_table)
    holds: Source = field(default_factory=HOLDS.empty_table)


@dataclass(frozen=True)
class Schedule:
    """What a run gives: one row per person and controller with records of that person; one per record."""

    persons: pa.Table  # PERSON_DECISIONS
    records: pa.Table  # RECORD_DECISIONS
