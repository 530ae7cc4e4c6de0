"""How well linkage finds the persons in a file whose truth is known.

The truth is read only to count; nothing is trained or chosen with it. Pairs are those that the groups imply.
"""

import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from muniment.batch.connecting import connect
from muniment.batch.matching.policy import in_force
from muniment.batch.matching.resolve import resolve
from muniment.batch.matching.standardise import standardise
from muniment.batch.matching.train import train
from muniment.engine.matching.model import Points
from muniment.engine.values import births
from muniment.feeds.canonical import PERSON_TEXT_FIELDS
from muniment.feeds.rows.conversions import with_century

FIELDS = (*PERSON_TEXT_FIELDS, "aliases")
_ALIAS_BREAK = r"\s*[;|]\s*"


class InputError(ValueError):
    """What was given cannot be evaluated; the message says why and what to do."""


@dataclass(frozen=True)
class Task:
    """A file with the truth, the columns that its people are in, and a second file when two are to be linked."""

    file: Path
    identity: str  # the column that tells records apart
    truth: str  # the column that is the same for records of one person
    mapping: Mapping[str, tuple[str, ...]]  # canonical field: columns, joined by a space
    second: Path | None = None


@dataclass(frozen=True)
class Score:
    """Counts at one operating point. `threshold` is in bits; time and memory are of the whole run up to here."""

    f1: float
    precision: float
    recall: float
    pairs_true: int
    pairs_found: int
    clusters: int
    records: int
    threshold: float
    seconds: float
    peak_memory_bytes: int


@dataclass(frozen=True)
class Evaluation:
    """The scores at the model point and at the automatic point, and how many birth dates could not be read."""

    model: Score
    automatic: Score
    births_unread: int


def evaluate(task: Task, *, today: date) -> Evaluation:
    """Train on the file without its truth, link it, and score it at the model point and at the automatic point.

    A year of two digits in a date of birth is the last one up to `today`.

    At the model point the hard rules are off, like for like with other programs; at the automatic point they are on.
    Raise `InputError` when a file or a column is not there, ids are not unique, or nothing can be compared.
    """
    began = time.perf_counter()
    tables = in_force()
    nominals = _read(task, today)
    truth = nominals.select(["person_id", "file", "truth"])
    people = standardise(nominals.drop_columns(["file", "truth"]))
    try:
        model = train(people)
    except ValueError as error:
        raise InputError(str(error)) from error
    scores = []
    across = task.second is not None
    for points in (
        replace(tables.points, automatic=tables.model_point, hard_rules=False, across=across),
        replace(tables.points, across=across),
    ):
        clusters = resolve(people, model, points=points).clusters
        scores.append(_score(truth, clusters, points, began))
    return Evaluation(scores[0], scores[1], _unread(nominals))


def _unread(nominals: pa.Table) -> int:
    """Count the dates of birth that do not even look like dates."""
    if "born" not in nominals.column_names:
        return 0
    told = nominals["born"].combine_chunks().dictionary_encode()
    read = pa.array([bool(text) and births.read(text) is None for text in told.dictionary.to_pylist()], pa.bool_())
    return int(pc.sum(pc.fill_null(read.take(told.indices), False)).as_py() or 0) if len(read) else 0


def _read(task: Task, today: date) -> pa.Table:
    files = [task.file] if task.second is None else [task.file, task.second]
    tables = []
    for number, path in enumerate(files):
        raw = _load(path)
        _check_columns(raw, path, task)
        _check_ids(raw, path, task.identity)
        tables.append(_map(raw, number, task, today))
    nominals = pa.concat_tables(tables)
    return nominals.append_column("person_id", pa.array(range(nominals.num_rows), pa.int64()))


def _load(path: Path) -> pa.Table:
    if not path.is_file():
        raise InputError(f"There is no file {path}; check the name.")
    if path.suffix.lower() in (".parquet", ".pq"):
        return _read_by("read_parquet", path, path)
    try:
        return _read_by("read_csv", path, path, header=True, all_varchar=True)
    except InputError:
        # What is no UTF-8 is most likely of Windows; decoded first, because the reader knows no such encoding.
        with TemporaryDirectory() as folder:
            decoded = Path(folder, "decoded.csv")
            return _read_by("read_csv", _decoded(path, decoded), path, header=True, all_varchar=True)


def _read_by(reader: str, path: Path, given: Path, **options: bool) -> pa.Table:
    connection = connect()
    try:
        table: pa.Table = getattr(connection, reader)(str(path), **options).to_arrow_table()
        return table
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{given} cannot be read as CSV or Parquet: {reason}") from error
    finally:
        connection.close()


def _decoded(path: Path, into: Path) -> Path:
    """Write a file of Windows' or UTF-16 text as UTF-8; return the file itself when it is UTF-8 already."""
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        into.write_text(raw.decode(encoding, "replace"), encoding="utf-8", newline="")
        return into
    return path


def _check_columns(raw: pa.Table, path: Path, task: Task) -> None:
    unknown = sorted(set(task.mapping) - set(FIELDS))
    if unknown:
        raise InputError(f"'{unknown[0]}' is not a person field; the fields are {', '.join(FIELDS)}.")
    for column in (task.identity, task.truth, *(name for names in task.mapping.values() for name in names)):
        if column not in raw.column_names:
            raise InputError(f"{path} has no column '{column}'; its columns are {', '.join(raw.column_names)}.")


def _check_ids(raw: pa.Table, path: Path, identity: str) -> None:
    ids = raw[identity]
    if ids.null_count or pc.count_distinct(ids).as_py() != raw.num_rows:
        raise InputError(f"The column '{identity}' of {path} does not tell every record apart; name another by --id.")


def _map(raw: pa.Table, number: int, task: Task, today: date) -> pa.Table:
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "file": pa.array([number] * raw.num_rows, pa.int8()),
        "truth": pc.cast(raw[task.truth], pa.string()),
        # The row, not the id, makes the reference: ids may hold the bar that parts a source from a reference.
        "source_key": pa.array([f"evaluation|file {number + 1}|{row:09d}" for row in range(raw.num_rows)]),
        "partition": pa.array(["policing"] * raw.num_rows),
    }
    for field, names in task.mapping.items():
        parts = [pc.cast(raw[name], pa.string()) for name in names]
        joined = parts[0]
        if len(parts) > 1:
            # Not null_handling="skip": Arrow drops a line of which every value is null.
            told = pc.binary_join_element_wise(*parts, " ", null_handling="replace", null_replacement="")
            joined = pc.utf8_trim_whitespace(told)
            joined = pc.if_else(pc.equal(joined, ""), None, joined)
        columns[field] = pc.split_pattern_regex(joined, _ALIAS_BREAK) if field == "aliases" else joined
    if "born" in columns:
        columns["born"] = _with_centuries(columns["born"], today)
    return pa.table(columns)


def _with_centuries(born: pa.ChunkedArray | pa.Array, today: date) -> pa.Array:
    told = (born.combine_chunks() if isinstance(born, pa.ChunkedArray) else born).dictionary_encode()
    texts = told.dictionary.to_pylist()
    return pa.array([with_century(text, today.year) if text else text for text in texts], pa.string()).take(
        told.indices
    )


def _score(truth: pa.Table, clusters: pa.Table, points: Points, began: float) -> Score:
    connection = connect()
    try:
        connection.register("truth", truth)
        connection.register("clusters", clusters)
        # A record without a truth is a person of its own.
        connection.execute(
            "create temp table known as select file, anchor_id, coalesce(truth, '?' || person_id) as truth "
            "from truth join clusters using (person_id)"
        )
        true, found, both = (
            _count_pairs(connection, columns, across=points.across)
            for columns in ("truth", "anchor_id", "truth, anchor_id")
        )
    finally:
        connection.close()
    return Score(
        f1=2 * both / (true + found) if true + found else 1.0,
        precision=both / found if found else 1.0,
        recall=both / true if true else 1.0,
        pairs_true=true,
        pairs_found=found,
        clusters=pc.count_distinct(clusters["anchor_id"]).as_py(),
        records=truth.num_rows,
        threshold=points.automatic,
        seconds=round(time.perf_counter() - began, 2),
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _count_pairs(connection: duckdb.DuckDBPyConnection, columns: str, *, across: bool) -> int:
    """Count the pairs of records that agree on columns: all of them, or those across the two files only."""
    pairs = (
        "count(*) filter (where file = 0) * count(*) filter (where file = 1)"
        if across
        else "count(*) * (count(*) - 1) // 2"
    )
    total = connection.sql(
        f"select coalesce(sum(n), 0) from (select {pairs} as n from known group by {columns})"  # noqa: S608
    ).fetchall()[0][0]
    return int(total)
