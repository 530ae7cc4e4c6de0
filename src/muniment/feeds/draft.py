"""Drafting a feed for an unseen export: a proposal with what was seen beside it, its declarations left to be signed."""

import csv
import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml
from defusedxml.ElementTree import iterparse

from muniment.feeds import formats, profiles, sources
from muniment.feeds.chunks import Chunk
from muniment.feeds.faults import BadFile
from muniment.feeds.feed import UNSIGNED, Dialect, Field, Person, Table
from muniment.feeds.limits import Limits
from muniment.feeds.profiles import Column

_SAMPLE = 2_000
_PERSON = "person"  # someone of whom no role was seen
_IDENTITY = frozenset({"forename", "surname", "full_name", "born", "pncid"})


@dataclass
class _Found:
    """What the draft makes of the columns."""

    reference: Column | None = None
    record: dict[str, Column] = field(default_factory=dict)
    dates: dict[str, Column] = field(default_factory=dict)
    texts: list[Column] = field(default_factory=list)
    people: dict[str, dict[str, Column]] = field(default_factory=dict)
    unused: list[Column] = field(default_factory=list)


def draft(file: Path) -> str:
    """Return a feed for a file as YAML text, to be completed and signed. Raise BadFile when it cannot be read."""
    if not file.is_file():
        raise BadFile(f"There is no file {file}.")
    limits = Limits(chunk_rows=_SAMPLE)
    table = _table(file, limits)
    chunk = next(formats.chunks(file, table, limits), None)
    if chunk is None or not (chunk.columns or chunk.children):
        raise BadFile(f"{file.name} holds no rows to draft a feed from.")
    repeated = _repeated(chunk, table, file, limits)
    if repeated:
        marks = tuple(_each(path) for path in repeated)
        chunk = next(formats.chunks(file, replace(table, persons=marks), limits))
    return _written(file, table, chunk)


def _each(path: str) -> Person:
    return Person(path, path, None, None, None, (), Field(value="policing"), {}, None, {}, ())


def _table(file: Path, limits: Limits) -> Table:
    """Return how the file is written, as far as its first bytes show."""
    start = sources.head(file, 65_536)
    plain = Table("rows", (file.name,), "csv", "full", {"given": "2026-01-01"}, "CRIME")
    if start.startswith(b"PAR1"):
        return replace(plain, format="parquet")
    if start.startswith(b"PK\x03\x04"):
        with sources.damage(file), zipfile.ZipFile(file) as archive:
            if "xl/workbook.xml" in archive.namelist():
                sheet, dialect = _sheet(file)
                return replace(plain, format="xlsx", sheet=sheet, dialect=dialect)
        return replace(plain, format="zip-of-csv")
    text = start.lstrip(b"\xef\xbb\xbf \r\n\t")
    if text.startswith(b"<"):
        return replace(plain, format="xml", rows_at=_rows_at(file))
    if text.startswith(b"{"):
        return replace(plain, format="jsonl")
    return replace(plain, dialect=_dialect(start))


def _sheet(file: Path) -> tuple[str, Dialect]:
    """Return the sheet with most rows and the row of its header: the first as wide as the widest."""
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True)
    rows = {sheet.title: list(sheet.iter_rows(values_only=True, max_row=_SAMPLE)) for sheet in book.worksheets}
    book.close()
    name = max(rows, key=lambda title: len(rows[title]))
    widths = [sum(cell is not None for cell in row) for row in rows[name][:20]]
    header = next((at for at, width in enumerate(widths, 1) if width == max(widths, default=0)), 1)
    return name, Dialect(header_row=header)


def _rows_at(file: Path) -> str:
    """Return the path of the element that is repeated most just below the root, or below one wrapper of it."""
    counts: Counter[str] = Counter()
    trail: list[str] = []
    with file.open("rb") as stream:
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                trail.append(element.tag.rpartition("}")[2])
                if 2 <= len(trail) <= 3:
                    counts["/".join(trail)] += 1
                continue
            trail.pop()
            element.clear()
            if sum(counts.values()) > 20_000:
                break
    shallow = {path: count for path, count in counts.items() if path.count("/") == 1}
    if any(count > 1 for count in shallow.values()):
        return max(shallow, key=lambda path: shallow[path])
    return max(counts, key=lambda path: counts[path]) if counts else ""


def _dialect(start: bytes) -> Dialect:
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    if encoding == "utf-8":
        try:
            io.TextIOWrapper(io.BytesIO(start[: start.rfind(b"\n") + 1 or None]), "utf-8").read()
        except UnicodeDecodeError:
            encoding = "cp1252"
    text = start.decode(encoding, "replace")
    lines = text.splitlines()[:50]
    scores = {mark: min(line.count(mark) for line in lines[:5]) if lines else 0 for mark in ",;|\t"}
    delimiter = max(scores, key=lambda mark: scores[mark])
    if not scores[delimiter]:
        try:
            delimiter = csv.Sniffer().sniff(text[:20_000], ",;|\t").delimiter
        except csv.Error:
            delimiter = ","
    return Dialect(encoding=encoding, delimiter=delimiter, escape="\\" if '\\"' in text else "")


def _repeated(chunk: Chunk, table: Table, file: Path, limits: Limits) -> list[str]:
    """Return the columns that hold lists of objects, which become repeated parts of a row."""
    if table.format not in ("jsonl", "xml", "parquet"):
        return []
    return [
        name
        for name, values in chunk.columns.items()
        if any(value and value.lstrip().startswith('[{"') for value in values.to_pylist()[:500])
    ]


def _columns(columns: object) -> list[Column]:
    assert hasattr(columns, "items")
    return [profiles.profile(name, values.to_pylist()) for name, values in columns.items() if name]


def _sorted_out(columns: list[Column]) -> _Found:
    found = _Found()
    references = [column for column in columns if column.is_unique and _is_reference(column)]
    unique = references or [column for column in columns if column.is_unique and column.kind == "text"]
    found.reference = unique[0] if unique else None
    for column in columns:
        if column is not found.reference and not _placed(column, found):
            found.unused.append(column)
    _gather_one_person(found)
    for label in [label for label, fields in found.people.items() if not _IDENTITY & set(fields)]:
        found.unused += found.people.pop(label).values()
    return found


def _gather_one_person(found: _Found) -> None:
    """Give facts whose header names no part to the one part that is named: a surname of the subject, and a DOB."""
    named = [label for label in found.people if label != _PERSON]
    loose = found.people.get(_PERSON, {})
    if len(named) == 1 and loose and not loose.keys() & found.people[named[0]].keys():
        found.people[named[0]] |= found.people.pop(_PERSON)


def _is_reference(column: Column) -> bool:
    return bool(set(column.words.split()) & profiles.REFERENCE_WORDS) or column.words.endswith(("ref", "id", "no"))


def _placed(column: Column, found: _Found) -> bool:
    words = column.words
    role = next((profiles.ROLE_WORDS[word] for word in words.split() if word in profiles.ROLE_WORDS), "")
    person = profiles.spoken_of(words, profiles.PERSON_WORDS)
    if column.kind in ("postcode", "email", "phone", "pncid", "sex"):
        person = person or column.kind
    if column.kind == "date" and person != "born":
        return _placed_date(column, found)
    if role and _is_reference(column) and person is None:
        person = "reference"
    if person is not None:
        return found.people.setdefault(role or _PERSON, {}).setdefault(person, column) is column
    if column.longest > 200:
        found.texts.append(column)
        return True
    table = [(phrase, target) for phrases, target in profiles.RECORD_WORDS for phrase in phrases]
    target = profiles.spoken_of(words, table)
    return target is not None and found.record.setdefault(target, column) is column


def _placed_date(column: Column, found: _Found) -> bool:
    table = [(phrase, kind) for phrases, kind in profiles.DATE_WORDS for phrase in phrases]
    # A date whose header says nothing known is most likely when the thing happened.
    kind = profiles.spoken_of(column.words, table) or "event_date"
    return found.dates.setdefault(kind, column) is column


def _written(file: Path, table: Table, chunk: Chunk) -> str:
    columns = _columns(chunk.columns)
    found = _sorted_out(columns)
    lines = [
        f"# Drafted from {file.name}: {len(chunk) + len(chunk.unread):,} rows looked at,"
        f" {len(chunk.unread)} of them unreadable.",
        "# It is a proposal. Check every line, fill in what says TO BE SIGNED, and run 'muniment feed check' on it.",
        f"id: {_slug(file.stem)}",
        "controller: to-be-named # the code of the force or office whose records these are",
        "system: to-be-named # the code of the system that they come from",
        f"title: {_quoted('Export ' + file.name)}",
        *(
            ["declarations: {} # a list of people has no records to declare anything of"]
            if _is_list_of_people(found)
            else _declarations(found)
        ),
        "tables:",
        "  rows:",
        f"    files: {_quoted(_glob(file.name))} # which files this table takes",
        *_format(table),
        "    kind: full # full: what is missing was withdrawn at source; delta: only what changed",
        "    area: CRIME # the business area: CRIME, INTEL, CUSTODY, DOMESTIC_ABUSE, CHILD_PROTECTION, FIREARMS",
        *_as_of(file.name),
        "    duplicates: quarantine # or keep_both; same_record when several rows tell one record",
        *_record(found),
        *_people(found, chunk),
        *_unused(found.unused),
    ]
    return "\n".join(lines) + "\n"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "feed"


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, default_style='"', width=10_000).strip()


def _glob(name: str) -> str:
    return re.sub(r"\d{4}[-_]?\d{2}([-_]?\d{2})?", "*", name)


def _as_of(name: str) -> list[str]:
    match = re.search(r"\d{4}([-_]?)\d{2}(\1\d{2})?", name)
    if match is None:
        return [f"    as_of: {{given: {UNSIGNED}}} # the day of the export, or {{name: pattern}} or {{column: name}}"]
    pattern = re.sub(r"\d+", lambda digits: f"[0-9]{{{len(digits[0])}}}", match[0])
    return [f"    as_of: {{name: {_quoted(f'({pattern})')}}} # the day of the export, from the name of the file"]


def _format(table: Table) -> list[str]:
    lines = [f"    format: {table.format}"]
    if table.sheet:
        lines.append(f"    sheet: {_quoted(table.sheet)}")
    if table.rows_at:
        lines.append(f"    rows_at: {table.rows_at} # the element that is one row")
    dialect = table.dialect
    parts = [f"encoding: {dialect.encoding}", f"delimiter: {_quoted(dialect.delimiter)}"]
    parts += [f"escape: {_quoted(dialect.escape)}"] if dialect.escape else []
    if table.format.endswith("csv"):
        lines.append(f"    dialect: {{{', '.join(parts)}}}")
    elif dialect.header_row != 1:
        lines.append(f"    dialect: {{header_row: {dialect.header_row}}}")
    return lines


def _declarations(found: _Found) -> list[str]:
    lines = ["# What the owner of the source declares for every row that does not say it itself.", "declarations:"]
    wanted = [("class", "value", "a class of the retention schedule, such as CRIME or CUSTODY")]
    if "purposes" not in found.record:
        wanted.insert(0, ("purposes", "codes", "why the records are held: PP1 to PP5"))
    if "marking" not in found.record:
        wanted.append(("marking", "value", "OFFICIAL or OFFICIAL-SENSITIVE"))
    for name, key, words in wanted:
        value = f"[{UNSIGNED}]" if key == "codes" else UNSIGNED
        lines += [
            f"  {name}:",
            f"    {key}: {value} # {words}",
            f"    authority: {UNSIGNED} # the law, policy or entry in the asset register that says so",
            f"    signed_by: {UNSIGNED} # the job title of who signs",
            f"    signed_on: {UNSIGNED} # the day, as 2026-01-31",
        ]
    return lines


def _seen(column: Column) -> str:
    return f"# {column.filled:,} of {column.of:,} filled, {column.distinct:,} different; {column.note}"


def _source(column: Column, *, born: bool = False) -> str:
    name = _quoted(column.name)
    if column.kind != "date" or column.note.startswith("dates, year"):
        return name
    first = "{date: {month_first: true}}" if "month first" in column.note and "cannot" not in column.note else "date"
    return f"{{from: {name}, convert: [{first}]{', invalid: keep' if born else ''}}}"


def _record(found: _Found) -> list[str]:
    if _is_list_of_people(found):
        return []
    lines = ["    record:"]
    if found.reference is not None:
        lines.append(f"      reference: {_quoted(found.reference.name)} {_seen(found.reference)}")
    else:
        lines.append(f"      reference: {UNSIGNED} # no column is filled and different in every row")
    for target, column in found.record.items():
        if target == "outcome":
            lines.append(
                "      # Map the outcome to CHARGED, CONVICTED, CAUTIONED, NFA, UNDETECTED, CANCELLED, PENDING, ..."
            )
            lines.append(f"      # outcome: {{from: {_quoted(column.name)}, map: {{}}}} {_seen(column)}")
        else:
            lines.append(f"      {target}: {_quoted(column.name)} {_seen(column)}")
    if found.dates:
        lines.append("    dates:")
        lines += [f"      {kind}: {_source(column)} {_seen(column)}" for kind, column in found.dates.items()]
    if found.texts:
        lines.append("    texts:")
        lines += [
            f"      - {{kind: narrative, text: {_quoted(column.name)}}} {_seen(column)}" for column in found.texts
        ]
    return lines


def _is_list_of_people(found: _Found) -> bool:
    return not (found.record or found.dates or found.texts) and list(found.people) == [_PERSON]


def _people(found: _Found, chunk: Chunk) -> list[str]:
    lines: list[str] = []
    if _is_list_of_people(found):
        fields = {"reference": found.reference} if found.reference else {}
        return ["    persons:", *_person(_PERSON, fields | found.people[_PERSON], each=None, has_record=False)]
    for label, fields in found.people.items():
        lines += _person(label, fields, each=None, has_record=found.reference is not None)
        if found.dates:
            source = _source(next(iter(found.dates.values())))
            lines.append(f"        involvement: {{dated: {source}}} # the day of the action that the role names")
    for path, child in chunk.children.items():
        inner = _sorted_out(_columns(child.columns))
        fields = dict(inner.people.get(_PERSON) or next(iter(inner.people.values()), {}))
        known = [*inner.unused, *([inner.reference] if inner.reference else [])]
        for column in known:
            if column.words == "role" or _is_reference(column):
                fields["role" if column.words == "role" else "reference"] = column
        lines += _person(_slug(path), fields, each=path, has_record=found.reference is not None)
    return ["    persons:", *lines] if lines else []


def _person(label: str, fields: dict[str, Column], *, each: str | None, has_record: bool) -> list[str]:
    lines = [f"      - label: {_slug(label)}"]
    if each:
        lines.append(f"        each: {_quoted(each)} # repeated within a row; ../ before a name reaches the row itself")
    if has_record and "role" not in fields:
        role = label if label in profiles.ROLE_WORDS.values() else None
        lines.append(f"        role: {{value: {role or UNSIGNED}}} # what part the person has in the record")
    if "reference" not in fields:
        lines.append("        # No number of the person's own was seen; references are made from the row.")
    for name, column in fields.items():
        if name == "aliases":
            lines.append(
                f"        aliases: {{from: {_quoted(column.name)}, convert: [{{split: ';'}}]}} {_seen(column)}"
            )
        else:
            lines.append(f"        {name}: {_source(column, born=name == 'born')} {_seen(column)}")
    return lines


def _unused(columns: list[Column]) -> list[str]:
    if not columns:
        return []
    lines = ["# Not mapped. Put what is needed into the record, into dates, or under record.attributes."]
    return lines + [f"#   {_quoted(column.name)} {_seen(column)}" for column in columns]
