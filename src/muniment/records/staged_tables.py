"""A batch as `intake_sql` reads it: what takes whole columns to work out is worked out before it is handed over."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.utils import timezone

from muniment.core import policy_in_force
from muniment.engine.values import dates
from muniment.feeds.canonical import Batch
from muniment.records import staging
from muniment.records.staging import Handed

_SMALL = 200  # lines of what rows tell, up to which they go with each statement


@dataclass(frozen=True)
class Staged:
    """A batch that lies ready; `drop` it when it has been taken in or is given up."""

    batch: Batch
    handed: Handed

    def drop(self) -> None:
        """Take away what was staged; what was taken in stays."""
        self.handed.drop()

    @property
    def is_small(self) -> bool:
        """Whether its rows go with the statements."""
        return bool(self.handed.rows)


def stage(batch: Batch) -> Staged:
    """Load a batch to where `take_in_staged` finds it, with a connection of this thread's own, unless it is small."""
    tables = of_batch(batch)
    if sum(table.num_rows for table in tables.values()) <= _SMALL:
        return Staged(batch, staging.handed(tables))
    return Staged(batch, Handed(staging.load(tables), {}))


def of_batch(batch: Batch) -> dict[str, pa.Table]:
    """Return the tables to stage, by the names that `intake_sql` calls them by.

    What the indexes order lies in their order: looking it up, numbering it and writing it then go along them once.
    """
    return {
        "rows": batch.rows.sort_by("key"),
        "records": _with_days(batch.records.sort_by("reference"), batch.record_dates),
        "nominals": _numbered(_with_births(_restricted(batch.nominals, batch.records), batch.as_of)).sort_by(
            "reference"
        ),
        "flags": batch.flags,
        "involvements": _each_once(batch.involvements).sort_by("record"),
        "objects": batch.objects,
        "events": batch.events,
    }


def _with_days(records: pa.Table, told: pa.Table) -> pa.Table:
    """Add to the line of each record what its row says of dates: all kinds, and their days as ranges written out.

    Its attributes are parsed as they are sent, and not where the database writes the record.
    """
    said = told.take(pa.array(np.argsort(told["row"].to_numpy(), kind="stable"))).combine_chunks()
    rows, own = said["row"].to_numpy(), records["row"].to_numpy()
    first, last = (np.searchsorted(rows, own, side=side) for side in ("left", "right"))
    lengths = last - first
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    lines = pa.array(np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], lengths))
    earliest, latest = (said[name].cast(pa.string()) for name in ("earliest", "latest"))
    days = pc.binary_join_element_wise("[", earliest, ",", latest, "]", "")
    for name, values in (("kinds", said["kind"]), ("days", days)):
        lists = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values.take(lines).combine_chunks())
        records = records.append_column(name, lists)
    attributes = records["attributes"].cast(pa.json_())
    return records.set_column(records.column_names.index("attributes"), "attributes", attributes)


def _restricted(nominals: pa.Table, records: pa.Table) -> pa.Table:
    """Add to the line of each person the restriction of the record that their row tells of, empty for none."""
    restrictions = pa.repeat("", nominals.num_rows)
    if records["restriction"].null_count < len(records):
        lines = pc.index_in(nominals["row"].combine_chunks(), records["row"].combine_chunks())
        restrictions = pc.fill_null(records["restriction"].combine_chunks().take(lines), "")
    return nominals.append_column("restriction", restrictions)


def _each_once(involvements: pa.Table) -> pa.Table:
    """Return the links without those that a row tells twice, the same in everything; two offences of a code are two."""
    keys = involvements.column_names
    once = _numbered(involvements).group_by(keys).aggregate([("line", "min")])["line_min"]
    return involvements if len(once) == len(involvements) else involvements.take(once.take(pc.sort_indices(once)))


def _numbered(told: pa.Table) -> pa.Table:
    """Add the number of each line, since one row may tell of several people."""
    return told.append_column("line", pa.array(np.arange(told.num_rows, dtype=np.int32)))


def _with_births(nominals: pa.Table, as_of: date) -> pa.Table:
    """Add the interval that each date of birth means; Python runs once per distinct text.

    What cannot be one is kept as written and has no interval; the decision will name the missing fact.
    """
    possible = policy_in_force.births(timezone.localdate())
    encoded = nominals["born"].combine_chunks().dictionary_encode()
    intervals = [_birth(text, possible, as_of) for text in encoded.dictionary.to_pylist()]
    earliest = pa.array([i.earliest if i else None for i in intervals], pa.date32())
    latest = pa.array([i.latest if i else None for i in intervals], pa.date32())
    return nominals.append_column("born_earliest", earliest.take(encoded.indices)).append_column(
        "born_latest", latest.take(encoded.indices)
    )


def _birth(text: str | None, possible: policy_in_force.Births, as_of: date) -> dates.PartialDate | None:
    try:
        born = dates.parse(text) if text else None
    except ValueError:
        return None
    if born is None or born.latest < possible.since or born.earliest > as_of:
        return None
    return None if born.is_exact and born.earliest in possible.defaults else born
