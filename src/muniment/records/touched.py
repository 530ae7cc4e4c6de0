"""Which people and records a batch names, once it has been taken in."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds.canonical import Batch
from muniment.records.models import Nominal, Record

AT_ONCE = 1000  # of a kind, up to which it is sooner done for each than for everybody
FEW = 50  # of a kind, up to which plans are kept: of more, each statement is planned for how many there are

# What updated rows of table `fate` have told of until now, kind by kind.
_TOLD_BEFORE = " UNION ALL ".join(
    f"SELECT {key} FROM {table} said JOIN fate f ON f.row_id = said.row_id AND f.fate = 'updated'"  # noqa: S608
    for table, key in (
        ("records_placelink", "place_id, NULL::bigint AS vehicle_id, record_id, nominal_id"),
        ("records_vehiclelink", "NULL, vehicle_id, record_id, nominal_id"),
        ("records_involvement", "NULL, NULL, record_id, nominal_id"),
        ("records_nominalflag", "NULL, NULL, NULL, nominal_id"),
    )
)
TOLD_BEFORE = f"WITH told AS ({_TOLD_BEFORE}) " + " UNION ALL ".join(  # noqa: S608
    f"(SELECT DISTINCT '{kind}s', {kind}_id FROM told WHERE {kind}_id IS NOT NULL LIMIT {AT_ONCE + 1})"  # noqa: S608
    for kind in ("nominal", "record", "place", "vehicle")
)


@dataclass(frozen=True)
class Touched:
    """The keys of nominals and records that rows of files name, changed or not, or named until now.

    `places` and `vehicles` are those that somebody else than these tells of otherwise now: what rows said before.
    """

    nominals: frozenset[int] = frozenset()
    records: frozenset[int] = frozenset()
    places: frozenset[int] = frozenset()
    vehicles: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything to follow."""
        return any(vars(self).values())

    @property
    def are_too_many(self) -> bool:
        """Whether a run over everybody is sooner done."""
        return any(len(keys) > AT_ONCE for keys in vars(self).values())

    @property
    def are_few(self) -> bool:
        """Whether statements about them are planned for a few rows."""
        return all(len(keys) <= FEW for keys in vars(self).values())

    def __or__(self, other: "Touched") -> "Touched":
        """Return what either names."""
        return Touched(**{name: keys | getattr(other, name) for name, keys in vars(self).items()})


def named_in(batch: Batch) -> Touched:
    """Return what a batch names and its system holds: told of, linked, flagged, or in an event."""
    of = batch.events
    events = {kind: of.filter(pc.equal(of["entity"], kind)) for kind in ("nominal", "record")}
    nominals = _told(
        (batch.nominals, "reference"),
        (batch.involvements, "nominal"),
        (batch.flags, "reference"),
        (batch.objects, "nominal"),
        (events["nominal"], "reference"),
        (events["nominal"], "into"),
    )
    records = _told(
        (batch.records, "reference"),
        (batch.involvements, "record"),
        (batch.objects, "record"),
        (events["record"], "reference"),
        (events["record"], "into"),
    )
    own = {"system__controller__code": batch.controller, "system__code": batch.system}
    return Touched(
        frozenset(Nominal.objects.filter(**own, reference__in=nominals).values_list("pk", flat=True)),
        frozenset(Record.objects.filter(**own, reference__in=records).values_list("pk", flat=True)),
    )


def before(told: Iterable[tuple[str, int]]) -> Touched:
    """Return what the rows of `TOLD_BEFORE` name."""
    found: dict[str, set[int]] = defaultdict(set)
    for kind, key in told:
        found[kind].add(key)
    return Touched(**{kind: frozenset(keys) for kind, keys in found.items()})


def _told(*columns: tuple[pa.Table, str]) -> list[str]:
    return sorted({text for table, name in columns for text in table[name].to_pylist() if text})
