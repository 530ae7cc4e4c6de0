"""Which people and records a batch names, once it has been taken in."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from muniment.feeds.canonical import Batch
from muniment.records.models import Nominal, Record


@dataclass(frozen=True)
class Touched:
    """The keys of nominals and records that rows of files name, changed or not."""

    nominals: frozenset[int] = frozenset()
    records: frozenset[int] = frozenset()

    def __or__(self, other: "Touched") -> "Touched":
        """Return what either names."""
        return Touched(self.nominals | other.nominals, self.records | other.records)


def named_in(batch: Batch) -> Touched:
    """Return what a batch names and its system holds: told of, linked, flagged, or in an event."""
    of = batch.events
    events = {kind: of.filter(pc.equal(of["entity"], kind)) for kind in ("nominal", "record")}
    nominals = _told(
        (batch.nominals, "reference"),
        (batch.involvements, "nominal"),
        (batch.flags, "reference"),
        (events["nominal"], "reference"),
        (events["nominal"], "into"),
    )
    records = _told(
        (batch.records, "reference"),
        (batch.involvements, "record"),
        (events["record"], "reference"),
        (events["record"], "into"),
    )
    own = {"system__controller__code": batch.controller, "system__code": batch.system}
    return Touched(
        frozenset(Nominal.objects.filter(**own, reference__in=nominals).values_list("pk", flat=True)),
        frozenset(Record.objects.filter(**own, reference__in=records).values_list("pk", flat=True)),
    )


def _told(*columns: tuple[pa.Table, str]) -> list[str]:
    return sorted({text for table, name in columns for text in table[name].to_pylist() if text})
