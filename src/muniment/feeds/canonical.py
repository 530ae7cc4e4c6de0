"""The canonical tables: what every feed turns a source export into, whatever its format.

One intake of one file gives one `Batch`. References are the source's own text, unique within a controller
and a system. `row` is the one-based position of the row in its file, so that a quarantined row can be
found again by the owner of the source. Every table names the row that its values came from; a row is known
across intakes by its `key` and compared by its `hash`, so that what one row said is replaced as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

REASON = pa.struct([("code", pa.string()), ("field", pa.string()), ("message", pa.string())])

NAME = pa.struct([("kind", pa.string()), ("name", pa.string())])  # a reference, and whether of a record or a nominal

ROWS = pa.schema(
    [
        ("row", pa.int32()),
        ("entity", pa.string()),  # record | nominal | link | event: what the row is mainly about
        ("key", pa.string()),  # unique within the feed's table: normally the main reference
        ("hash", pa.string()),  # SHA-256 of the row's mapped values, hexadecimal
    ]
)

RECORDS = pa.schema(
    [
        ("row", pa.int32()),
        ("reference", pa.string()),
        ("class_id", pa.string()),  # an id of kind class:, written bare, such as CUS-REC-N or CRIME
        ("area", pa.string()),  # business area code, such as CUSTODY
        ("partition", pa.string()),  # policing | corporate | sealed
        ("title", pa.string()),
        ("outcome", pa.string()),  # the source's outcome in code_lists words: CHARGED, NFA, UNDETECTED, ...
        ("cjs", pa.string()),
        ("ho_class", pa.string()),
        ("offence_text", pa.string()),
        ("purposes", pa.list_(pa.string())),
        ("purpose_from", pa.string()),  # source | declaration
        ("marking", pa.string()),
        ("restriction", pa.string()),  # null, or a restriction code such as COVERT or PSD
        ("location", pa.string()),
        ("postcode", pa.string()),
        ("attributes", pa.string()),  # what has no canonical field, as a JSON object
    ]
)

RECORD_DATES = pa.schema(
    [
        ("row", pa.int32()),
        ("reference", pa.string()),
        ("kind", pa.string()),  # a trigger event of the schedule, such as reported_date
        ("earliest", pa.date32()),
        ("latest", pa.date32()),
    ]
)

PERSON_TEXT_FIELDS = (
    "forename",
    "middle_names",
    "surname",
    "full_name",
    "born",
    "sex",
    "ethnicity",
    "birth_place",
    "occupation",
    "address",
    "postcode",
    "phone",
    "email",
    "pncid",
    "cro",
    "ni_number",
    "driver_number",
)

NOMINALS = pa.schema(
    [
        ("row", pa.int32()),
        ("reference", pa.string()),
        ("partition", pa.string()),
        *[(name, pa.string()) for name in PERSON_TEXT_FIELDS],
        ("aliases", pa.list_(pa.string())),
    ]
)

FLAGS = pa.schema(
    [
        ("row", pa.int32()),
        ("reference", pa.string()),  # of the nominal
        ("flag", pa.string()),  # mappa_ever, pdp, deceased, child_at_risk, protected, ...
        ("start", pa.date32()),
        ("until", pa.date32()),
    ]
)

INVOLVEMENTS = pa.schema(
    [
        ("row", pa.int32()),
        ("record", pa.string()),
        ("nominal", pa.string()),
        ("role", pa.string()),  # code_lists person_roles_internal
        ("dated", pa.date32()),  # the day of the action that the role names
        ("cjs", pa.string()),
        ("ho_class", pa.string()),
        ("happened_earliest", pa.date32()),
        ("happened_latest", pa.date32()),
        ("result", pa.string()),  # convicted | acquitted | nfa | cautioned | penalty_notice | pending
        ("sentence_custodial", pa.bool_()),
        ("sentence_months", pa.int32()),
        ("released", pa.date32()),
    ]
)

PLACE_TEXT_FIELDS = ("address", "postcode", "uprn")
VEHICLE_TEXT_FIELDS = ("registration", "vin", "make", "model", "colour")
OBJECT_TEXT_FIELDS = (*PLACE_TEXT_FIELDS, *VEHICLE_TEXT_FIELDS)

OBJECTS = pa.schema(
    [
        ("row", pa.int32()),
        ("kind", pa.string()),  # place | vehicle
        ("record", pa.string()),  # whose it is: a record, a nominal, or both
        ("nominal", pa.string()),
        ("role", pa.string()),  # place_roles or vehicle_roles of the vocabulary
        ("start", pa.date32()),
        ("until", pa.date32()),
        *[(name, pa.string()) for name in OBJECT_TEXT_FIELDS],
    ]
)

TEXTS = pa.schema(
    [
        ("row", pa.int32()),
        ("record", pa.string()),
        ("kind", pa.string()),  # narrative, summary, note
        ("text", pa.string()),
    ]
)

EVENTS = pa.schema(
    [
        ("row", pa.int32()),
        ("kind", pa.string()),  # delete | merge | unmerge | seal
        ("entity", pa.string()),  # record | nominal
        ("reference", pa.string()),
        ("into", pa.string()),  # the surviving reference of a merge
        ("dated", pa.date32()),
    ]
)

QUARANTINE = pa.schema(
    [
        ("row", pa.int32()),
        ("reference", pa.string()),  # when it could be read
        ("reasons", pa.list_(REASON)),
        ("original", pa.string()),  # the row as it stood in the file
        ("known_by", pa.string()),  # the same however it is written, or a digest where its text may not be kept
        ("names", pa.list_(NAME)),  # the records and people that it names, as far as could be read
        ("partition", pa.string()),  # where it waits: as it says, or strictly where what it says could not be read
        ("area", pa.string()),
        ("restriction", pa.string()),  # empty for none
    ]
)

_SHOWN = 5  # references


@dataclass(frozen=True)
class Batch:
    """What one file of one feed says, in canonical tables, with the rows that could not be accepted."""

    controller: str
    system: str
    feed: str
    table: str  # the table of the feed that this file fills, such as crimes or persons
    file: str
    digest: str  # SHA-256 of the file's bytes
    kind: str  # full | delta
    as_of: date
    partition: str  # what the table declares, and for people and quarantined rows: partition, area, marking
    area: str
    marking: str
    rows_read: int  # data rows in the file; each is in exactly one of rows and quarantine
    never_seen: tuple[str, ...] = ()  # columns that the feed maps and that no row of the file has
    unmapped: tuple[str, ...] = ()  # columns with values that the feed does not map
    of_several: tuple[str, ...] = ()  # references of people of whom rows say two names and two dates of birth
    keeps_both: bool = False  # several records may share a reference
    terms: Mapping[str, str] = field(default_factory=dict)  # what the source calls its references, see `feeds.terms`
    labels: tuple[str, ...] = ()  # of the people without a number of their own, who are named by the record
    rows: pa.Table = field(default_factory=ROWS.empty_table)
    records: pa.Table = field(default_factory=RECORDS.empty_table)
    record_dates: pa.Table = field(default_factory=RECORD_DATES.empty_table)
    nominals: pa.Table = field(default_factory=NOMINALS.empty_table)
    flags: pa.Table = field(default_factory=FLAGS.empty_table)
    involvements: pa.Table = field(default_factory=INVOLVEMENTS.empty_table)
    objects: pa.Table = field(default_factory=OBJECTS.empty_table)
    texts: pa.Table = field(default_factory=TEXTS.empty_table)
    events: pa.Table = field(default_factory=EVENTS.empty_table)
    quarantine: pa.Table = field(default_factory=QUARANTINE.empty_table)

    @property
    def doubt(self) -> str:
        """The sentence that says which references seem to stand for several people; empty where none does."""
        if not self.of_several:
            return ""
        number, some = len(self.of_several), ", ".join(self.of_several[:_SHOWN])
        return (
            f"{self.file}: {number:,} {'reference' if number == 1 else 'references'} of people"
            f" {'is' if number == 1 else 'are'} given two names and two dates of birth ({some}): one that stands for"
            " nobody belongs under blanks in the feed; of any other, what the last row says is taken."
        )
