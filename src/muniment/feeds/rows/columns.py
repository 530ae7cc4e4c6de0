"""Fields of a chunk as columns: sources joined, blanks made null, conversions run once per distinct value."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from muniment.engine.values.dates import PartialDate
from muniment.feeds.chunks import Positions
from muniment.feeds.faults import BadValue, Fault
from muniment.feeds.feed import Field, Interval
from muniment.feeds.limits import Limits
from muniment.feeds.rows import conversions

_FUTURE = timedelta(days=366 * 100)
_AHEAD = 50  # years: how far a year of two digits may lie after the export, in a field that may
_EPOCH = date(1970, 1, 1).toordinal()

Mask = npt.NDArray[np.bool_]


# What was converted before in a file, by the way of converting: the same days and codes come again and again, in
# later chunks and in other fields that are read alike.
Memory = dict[tuple[str, str], dict[str, Any]]
_REMEMBERED = 200_000  # values converted one way


@dataclass
class Faults:
    """The reasons collected for the rows of a chunk, by position."""

    by_position: dict[int, list[Fault]] = field(default_factory=lambda: defaultdict(list))

    def add(self, positions: Positions, fault: Fault) -> None:
        """Give these rows this reason, once."""
        for position in positions.tolist():
            if fault not in self.by_position[position]:
                self.by_position[position].append(fault)


@dataclass
class Columns:
    """The columns of one frame (a chunk, or a repeated part of it) and how its fields are evaluated.

    `parent` gives for each line the position of its row in the chunk; `outer` the columns of the row itself,
    named with a leading `../`. Rows outside `wanted` are evaluated and never faulted.
    """

    source: Mapping[str, pa.Array]
    length: int
    faults: Faults
    limits: Limits
    as_of: date
    blanks: tuple[str, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parent: Positions | None = None
    outer: Mapping[str, pa.Array] = field(default_factory=dict)
    wanted: Mask | None = None
    memory: "Memory" = field(default_factory=dict)
    _clean: dict[str, pa.Array] = field(default_factory=dict)

    def fault(self, lines: Mask, fault: Fault) -> None:
        """Give the rows of these lines this reason, as far as they are wanted."""
        if self.wanted is not None:
            lines = lines & self.wanted
        positions = np.flatnonzero(lines)
        self.faults.add(positions if self.parent is None else self.parent[positions], fault)

    def column(self, name: str) -> pa.Array:
        """Return a column of the source, stripped, with what means nothing as null; null when there is none."""
        if name not in self._clean:
            self._clean[name] = self._cleaned(name)
        return self._clean[name]

    def _cleaned(self, name: str) -> pa.Array:
        if name.startswith("../") and name[3:] in self.outer:
            raw = self.outer[name[3:]].take(pa.array(self.parent))
        elif name in self.source:
            raw = self.source[name]
        else:
            return pa.nulls(self.length, pa.string())
        text = pc.utf8_trim_whitespace(raw)
        empty = pc.equal(text, "")
        if self.blanks:
            empty = pc.or_(empty, pc.is_in(text, pa.array(self.blanks, pa.string())))
        return pc.if_else(empty, None, text)

    def raw(self, spec: Field) -> pa.Array:
        """Return the text of a field before any conversion."""
        if spec.value is not None:
            return pa.repeat(pa.scalar(spec.value), self.length)
        columns = [self.column(name) for name in spec.columns]
        if not columns:
            return pa.nulls(self.length, pa.string())
        return pc.coalesce(*columns) if spec.first else joined(columns, spec.join)

    def _conversion(self, spec: Field) -> conversions.Conversion | None:
        years = _AHEAD if spec.future else 0
        return conversions.conversion(spec, self.codes, latest_year=self.as_of.year + years)

    def text(self, spec: Field | None, name: str) -> pa.Array:
        """Return a field as text, null where it is empty; too long or required and empty is a fault."""
        if spec is None:
            return pa.nulls(self.length, pa.string())
        raw = values = self.raw(spec)
        convert = self._conversion(spec)
        if convert is not None:
            values = self.distinct(raw, lambda text: _as_text(convert(text)), pa.string(), name, spec)
        if spec.default is not None:
            values = pc.fill_null(values, spec.default)
        self._require(raw, values, spec, name)
        width = self.limits.width(name.rpartition(".")[2])
        self._refuse_longer(values, width, name)
        return values

    def _refuse_longer(self, raw: pa.Array, width: int, name: str) -> None:
        long = mask_of(pc.greater(pc.utf8_length(raw), width))
        if long.any():
            self.fault(long, Fault("too_long", name, f"The field has more than {width:,} characters."))

    def texts(self, spec: Field | None, name: str) -> pa.Array:
        """Return a field as lists of text, null where it is empty."""
        kind = pa.list_(pa.string())
        if spec is None:
            return pa.nulls(self.length, kind)
        convert = self._conversion(spec) or (lambda text: text)
        raw = self.raw(spec)
        if spec.default is not None:
            raw = pc.fill_null(raw, spec.default)

        def many(text: str) -> list[str] | None:
            value = convert(text)
            if isinstance(value, list):
                return value or None
            if isinstance(value, str) and value.startswith("["):
                return conversions.json_list(value) or None
            return None if value is None else [str(value)]

        self._refuse_longer(raw, self.limits.field_characters * 10, name)
        lists = self.distinct(raw, many, kind, name, spec)
        self._require(raw, lists, spec, name)
        return lists

    def dates(self, spec: Field | Interval | None, name: str) -> tuple[pa.Array, pa.Array]:
        """Return a date as its earliest and latest day."""
        if spec is None:
            return pa.nulls(self.length, pa.date32()), pa.nulls(self.length, pa.date32())
        if isinstance(spec, Interval):
            start = self.dates(spec.earliest, f"{name}.earliest")
            end = self.dates(spec.latest, f"{name}.latest")
            earliest, latest = pc.coalesce(start[0], end[0]), pc.coalesce(end[1], start[1])
            crossed = mask_of(pc.greater(earliest, latest))
            self.fault(crossed, Fault("absurd_date", name, "The date ends before it begins."))
            return earliest, latest
        convert = self._conversion(spec)
        since = self.limits.earliest
        until = self.as_of + (_FUTURE if spec.future else timedelta(days=self.limits.days_ahead))

        def day(text: str) -> tuple[int, int] | None:
            value = convert(text) if convert else text
            if isinstance(value, str):
                value = _lenient_date(value, spec)
            if value is None:
                return None
            if not isinstance(value, PartialDate):
                raise BadValue("bad_date", f"'{text[:40]}' is not a date.")
            if value.latest < since or value.earliest > until:
                if spec.invalid != "quarantine":
                    return None
                raise BadValue("absurd_date", f"{value} is before {since} or after {until}.")
            return value.earliest.toordinal() - _EPOCH, value.latest.toordinal() - _EPOCH

        raw = self.raw(spec)
        if spec.default is not None:
            raw = pc.fill_null(raw, spec.default)
        days, indices = self._converted(raw, day, "days", name, spec)
        earliest = pa.array([found and found[0] for found in days], pa.int32()).cast(pa.date32()).take(indices)
        latest = pa.array([found and found[1] for found in days], pa.int32()).cast(pa.date32()).take(indices)
        self._require(raw, earliest, spec, name)
        return earliest, latest

    def typed(self, spec: Field | None, name: str, kind: pa.DataType) -> pa.Array:
        """Return a field as a yes or no (bool) or as months (int32)."""
        if spec is None:
            return pa.nulls(self.length, kind)
        convert = self._conversion(spec)
        final: Callable[[Any], Any] = conversions.boolean if pa.types.is_boolean(kind) else conversions.months

        def read(text: str) -> Any:
            value = convert(text) if convert else text
            return final(value) if isinstance(value, str) else value

        raw = self.raw(spec)
        filled = raw if spec.default is None else pc.fill_null(raw, spec.default)
        values = self.distinct(filled, read, kind, name, spec)
        self._require(filled, values, spec, name)
        return values

    def distinct(
        self, raw: pa.Array, convert: Callable[[str], Any], kind: pa.DataType, name: str, spec: Field | None = None
    ) -> pa.Array:
        """Return a column converted, the conversion run once per distinct value, its faults by row.

        With `spec` what was converted is remembered for later chunks.
        """
        values, indices = self._converted(raw, convert, str(kind), name, spec)
        return pa.array(values, kind).take(indices)

    def _converted(
        self, raw: pa.Array, convert: Callable[[str], Any], kind: str, name: str, spec: Field | None
    ) -> tuple[list[Any], pa.Array]:
        """Return the converted distinct values and, for each line, which of them is its own."""
        coded = raw.dictionary_encode()
        known: dict[str, Any] = {}
        if spec is not None:
            way = repr((spec.convert, spec.map, spec.unknown, spec.invalid, spec.future))
            known = self.memory.setdefault((way, kind), {})
        if len(known) > _REMEMBERED:
            known.clear()
        bad: dict[int, BadValue] = {}
        values: list[Any] = []
        for index, text in enumerate(coded.dictionary.to_pylist()):
            if text not in known:
                try:
                    known[text] = convert(text)
                except BadValue as error:
                    known[text] = error
            value = known[text]
            if isinstance(value, BadValue):
                bad[index] = value
                value = None
            values.append(value)
        if bad:
            self._fault_values(coded.indices, bad, name)
        return values, coded.indices

    def _fault_values(self, indices: pa.Array, bad: Mapping[int, BadValue], name: str) -> None:
        at = pc.fill_null(indices, -1).to_numpy(zero_copy_only=False)
        lines = np.isin(at, list(bad))
        if self.wanted is not None:
            lines = lines & self.wanted
        for line in np.flatnonzero(lines).tolist():
            error = bad[int(at[line])]
            position = line if self.parent is None else int(self.parent[line])
            self.faults.add(np.asarray([position]), Fault(error.code, name, str(error)))

    def _require(self, raw: pa.Array, values: pa.Array, spec: Field, name: str) -> None:
        """Fault the lines whose required field is empty, in the source or once it is converted."""
        if not (spec.required and values.null_count):
            return
        where = " or ".join(spec.columns) or "the field"
        missing, blank = mask_of(pc.is_null(values)), mask_of(pc.is_null(raw))
        self.fault(missing & blank, Fault("required", name, f"{where} is empty and is required."))
        nothing = missing & ~blank
        if nothing.any():
            fault = Fault("required", name, f"{where} is empty once it is converted, and is required.")
            self.fault(nothing & ~self.faulted(name), fault)

    def faulted(self, name: str) -> Mask:
        """Return the lines whose row has a reason already for this field."""
        told = self.faults.by_position.items()
        known = [position for position, faults in told if any(fault.field == name for fault in faults)]
        return np.isin(np.arange(self.length) if self.parent is None else self.parent, known)


def _lenient_date(text: str, spec: Field) -> PartialDate | None:
    try:
        return conversions.partial_date(text)
    except BadValue:
        if spec.invalid == "quarantine":
            raise
        return None


def _as_text(value: conversions.Value) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(value)
    return str(value)


def joined(columns: Sequence[pa.Array], mark: str) -> pa.Array:
    """Return columns of text joined line by line, without those that are null; null where all are."""
    if len(columns) == 1:
        return columns[0]
    # Arrow drops a line of which every value is null, and all lines after it would stand one too high.
    nothing = reduce(pc.and_, [pc.is_null(column) for column in columns])
    first = pc.if_else(nothing, "", columns[0])
    texts = pc.binary_join_element_wise(first, *columns[1:], mark, null_handling="skip")
    return pc.if_else(pc.equal(texts, ""), None, texts)


def mask_of(values: pa.Array) -> Mask:
    mask: Mask = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return mask
