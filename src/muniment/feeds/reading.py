"""Reading a file of a feed: refused as a whole, or every row in exactly one of rows and quarantine."""

import gc
import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muniment.engine.values import dates
from muniment.feeds import canonical, formats, presence
from muniment.feeds.chunks import Chunk
from muniment.feeds.faults import BadFile, Fault
from muniment.feeds.feed import Feed, Table
from muniment.feeds.limits import Limits
from muniment.feeds.rows import duplicates, fingerprints, refused
from muniment.feeds.rows.lines import Setting
from muniment.feeds.rows.mapping import Mapped, map_chunk
from muniment.feeds.terms import own_terms
from muniment.feeds.vocabulary import Vocabulary, standard

_SCHEMAS = {
    "rows": canonical.ROWS,
    "records": canonical.RECORDS,
    "record_dates": canonical.RECORD_DATES,
    "nominals": canonical.NOMINALS,
    "flags": canonical.FLAGS,
    "involvements": canonical.INVOLVEMENTS,
    "objects": canonical.OBJECTS,
    "texts": canonical.TEXTS,
    "events": canonical.EVENTS,
    "quarantine": canonical.QUARANTINE,
}
_AS_OF = {  # where the day of an export stands
    "name": "the name of the file",
    "given": "the day that the feed gives",
    "column": "the column that has the day of the export",
}
_WITHHELD = "Not kept: the row is marked above what this system may hold. Find it in its source by its number."


def check(feed: Feed, file: Path, *, limits: Limits | None = None, today: date | None = None) -> list[str]:
    """Return why a file has to be refused as a whole, as sentences; nothing when it can be read.

    With `today` a file whose day has not come is refused: every later one would seem older.
    """
    limits = limits or Limits()
    try:
        table = table_of(feed, file)
        columns = formats.inspect(file, table, limits)
        as_of = _as_of(file, table, limits)
    except BadFile as error:
        return [str(error)]
    if today is not None and as_of > today + timedelta(days=limits.days_ahead):
        return [
            f"{file.name} is as of {as_of} and today is {today}: correct {_AS_OF[next(iter(table.as_of))]}, or as_of in"
            f" the table {table.name} of the feed."
        ]
    return _lacking(file, table, columns)


def read(
    feed: Feed,
    file: Path,
    *,
    limits: Limits | None = None,
    vocabulary: Vocabulary | None = None,
    as_of: date | None = None,
) -> canonical.Batch:
    """Return what a file says in canonical tables, with the rows that could not be accepted.

    `as_of` stands over what the feed says of the day of the export. Raise BadFile, with a sentence that says
    what to do, when the file has to be refused as a whole.
    """
    limits = limits or Limits()
    table = table_of(feed, file)
    if problems := check(feed, file, limits=limits):
        raise BadFile(" ".join(problems))
    setting = Setting(table, vocabulary or standard(), limits, as_of or _as_of(file, table, limits))
    collected: dict[str, list[pa.Table]] = {name: [] for name in _SCHEMAS}
    rows_read = 0
    unseen = presence.Unseen(table)
    with _collector_resting():
        for chunk in formats.chunks(file, table, limits):
            rows_read += len(chunk) + len(chunk.unread)
            unseen.take(chunk)
            for name, part in _settled(chunk, map_chunk(chunk, setting), setting).items():
                collected[name].append(part)
    tables = {name: pa.concat_tables(parts or [_SCHEMAS[name].empty_table()]) for name, parts in collected.items()}
    tables = _deduplicated(tables, setting, file)
    return canonical.Batch(
        controller=feed.controller,
        system=feed.system,
        feed=feed.id,
        table=table.continues or table.name,
        file=file.name,
        digest=_digest(file),
        kind=table.kind,
        as_of=setting.as_of,
        partition=table.partition,
        area=table.area,
        marking=_marking(table, setting.words),
        rows_read=rows_read,
        never_seen=unseen.columns(),
        unmapped=unseen.unmapped(),
        keeps_both=table.duplicates == "keep_both",
        labels=duplicates.labels(table),
        terms=own_terms(table),
        of_several=duplicates.of_several(tables["nominals"]),
        **tables,
    )


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Keep the garbage collector from walking millions of parsed fields, none of which can form a cycle.

    Measured: a third of the time of reading delimited text.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def day_of(feed: Feed, file: Path, *, limits: Limits | None = None) -> date:
    """Return the day that a file is as of. Raise BadFile when it does not say."""
    return _as_of(file, table_of(feed, file), limits or Limits())


def table_of(feed: Feed, file: Path) -> Table:
    """Return the table that takes a file. Raise BadFile when none does."""
    table = feed.table_of(file)
    if table is None:
        patterns = ", ".join(pattern for table in feed.tables for pattern in table.files)
        raise BadFile(f"The feed {feed.id} has no table for {file.name}; it takes files named {patterns}.")
    return table


def _lacking(file: Path, table: Table, columns: set[str] | presence.Seen) -> list[str]:
    if isinstance(columns, presence.Seen):
        found = presence.lacking(table, columns)
        where = " in every row"
    else:
        found, where = presence.missing(table, columns), ""
    return [presence.refusal(file.name, table, found, where)] if found else []


def _as_of(file: Path, table: Table, limits: Limits) -> date:
    rule = table.as_of
    if "given" in rule:
        return _day(rule["given"], "as_of.given")
    if "name" in rule:
        match = re.search(rule["name"], file.name)
        if match is None:
            raise BadFile(
                f"{file.name} does not bear the day of its export: name it so that '{rule['name']}' is found."
            )
        return _day("-".join(part for part in match.groups() if part) or match[0], "the name of the file")
    first = next(formats.chunks(file, table, limits), None)
    values = first.columns.get(rule["column"]) if first is not None else None
    days = [value for value in pc.unique(values).to_pylist() if value] if values is not None else []
    if not days:
        raise BadFile(f"{file.name} gives no day of export in {rule['column']}: have it exported with it.")
    return max(_day(value.strip(), rule["column"]) for value in days)


def _day(text: str, where: str) -> date:
    try:
        return dates.parse(re.sub(r"^(\d{4})(\d{2})$", r"\1-\2", text.replace("_", "-"))).latest
    except ValueError as error:
        raise BadFile(f"The day of the export in {where} cannot be read: {error}.") from error


def _settled(chunk: Chunk, mapped: Mapped, setting: Setting) -> dict[str, pa.Table]:
    """Part good rows from faulty ones, and give the good ones their hash."""
    faulty = np.zeros(len(chunk), dtype=np.bool_)
    faulty[list(mapped.faults)] = True
    good = ~faulty
    settled = {}
    for name, lines in mapped.tables.items():
        settled[name] = lines.filter(pa.array(good[lines["row"].to_numpy()])) if faulty.any() else lines
    hashes = np.asarray(fingerprints.of_rows(settled, len(chunk)), dtype=object)
    for name, lines in settled.items():
        if lines.num_rows:
            numbers = pa.array(chunk.rows[lines["row"].to_numpy()])
            settled[name] = lines.set_column(0, lines.schema.field("row"), numbers)
    settled["rows"] = pa.table(
        [
            pa.array(chunk.rows[good]),
            mapped.entities.filter(pa.array(good)),
            mapped.keys.filter(pa.array(good)),
            pa.array(hashes[good].tolist(), pa.string()),
        ],
        schema=canonical.ROWS,
    )
    settled["quarantine"] = _quarantine(chunk, mapped, setting)
    return settled


def _quarantine(chunk: Chunk, mapped: Mapped, setting: Setting) -> pa.Table:
    table = setting.table
    references = mapped.references.to_pylist() if mapped.faults else []
    main = pa.table({"row": np.arange(len(chunk), dtype=np.int32), "reference": mapped.references})
    told = refused.told_of({**mapped.tables, "records": mapped.records, "main": main}, mapped.faults, setting)
    lines = [
        _refused(int(chunk.rows[position]), references[position], faults, _Said(table, chunk.original(position)))
        | told[position]
        for position, faults in sorted(mapped.faults.items())
    ]
    lines += [
        _refused(unread.row, None, [unread.fault], _Said(table, unread.original)) | refused.unread(table)
        for unread in chunk.unread
    ]
    return pa.Table.from_pylist(sorted(lines, key=lambda line: line["row"]), schema=canonical.QUARANTINE)


@dataclass(frozen=True)
class _Said:
    """The text of a refused row."""

    table: Table
    text: str

    @property
    def plain(self) -> str:
        """The same for every way of writing the row."""
        return formats.plain(self.text, self.table)


def _refused(row: int, reference: str | None, faults: Iterable[Fault], said: _Said) -> dict[str, Any]:
    reasons = [{"code": fault.code, "field": fault.field, "message": fault.message} for fault in faults]
    line: dict[str, Any] = {"row": row, "reference": reference, "reasons": reasons}
    if any(reason["code"] == "above_tier" for reason in reasons):
        tier = [reason for reason in reasons if reason["code"] == "above_tier"]
        line["reasons"] = tier + refused.unspoken(reason for reason in reasons if reason not in tier)
        known_by = hashlib.sha256(said.plain.encode("utf-8", "surrogatepass")).hexdigest()
        return line | {"original": _WITHHELD, "known_by": known_by}
    return line | {"original": said.text, "known_by": said.plain}


def _deduplicated(tables: dict[str, pa.Table], setting: Setting, file: Path) -> dict[str, pa.Table]:
    table = setting.table
    verdict = duplicates.judge(tables, table)
    if not (verdict.silent or verdict.refused or verdict.renamed):
        return tables
    tables = dict(tables)
    if verdict.refused:
        torn = pa.array(sorted(verdict.refused), pa.int32())
        keyed = tables["rows"].filter(pc.is_in(tables["rows"]["row"], torn))
        references = dict(zip(keyed["row"].to_pylist(), keyed["key"].to_pylist(), strict=True))
        found = _originals(file, table, setting.limits, set(verdict.refused))
        told = refused.told_of(tables, {row: [fault] for row, fault in verdict.refused.items()}, setting)
        lines = [
            _refused(row, references[row], [fault], _Said(table, found[row])) | told[row]
            for row, fault in sorted(verdict.refused.items())
        ]
        more = pa.Table.from_pylist(lines, schema=canonical.QUARANTINE)
        tables = {
            name: part if name == "quarantine" else part.filter(pc.invert(pc.is_in(part["row"], torn)))
            for name, part in tables.items()
        }
        tables["quarantine"] = pa.concat_tables([tables["quarantine"], more]).sort_by("row")
    rows = tables.pop("rows")
    quarantine = tables.pop("quarantine")
    renamed, rows = duplicates.renamed(tables, rows, verdict, table)
    return renamed | {"rows": rows, "quarantine": quarantine}


def _originals(file: Path, table: Table, limits: Limits, wanted: set[int]) -> dict[int, str]:
    """Read the file again for the text of some rows, whose conflict showed only when all had been read."""
    found: dict[int, str] = {}
    for chunk in formats.chunks(file, table, limits):
        for position, row in enumerate(chunk.rows.tolist()):
            if row in wanted:
                found[row] = chunk.original(position)
    return found


def _marking(table: Table, words: Vocabulary) -> str:
    """Return the marking of people and quarantined rows: what is declared, or the highest held here."""
    declared = table.declarations.get("marking")
    return declared.values[0] if declared else words.highest_marking


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def texts_of(reasons: Iterable[dict[str, str]]) -> Iterator[str]:
    """Yield the reasons of a quarantined row as sentences."""
    for reason in reasons:
        yield f"{reason['field'] or 'row'}: {reason['message']}"
