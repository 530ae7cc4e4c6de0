"""Drafting a feed for an unseen export: a proposal with what was seen beside it, its declarations left to be signed."""

import re
from dataclasses import replace
from pathlib import Path

import yaml

from muniment.feeds import formats
from muniment.feeds.chunks import Child, Chunk
from muniment.feeds.drafting import ahead, guess, profiles, sniff
from muniment.feeds.drafting.guess import PERSON, Found, Party
from muniment.feeds.drafting.profiles import Column
from muniment.feeds.faults import BadFile
from muniment.feeds.feed import UNSIGNED, Field, Person, Table
from muniment.feeds.limits import Limits
from muniment.feeds.vocabulary import standard

_SAMPLE = 2_000
# Roles that people have in the records of the organisation itself too.
_OFFICE = frozenset({"EMPLOYEE", "DRIVER", "REGISTERED_KEEPER", "APPLICANT", "REFEREE", "COMPLAINANT"})
_ALIASES = frozenset({"aliases", "alias", "aka"})


def draft(file: Path) -> str:
    """Return a feed for a file as YAML text, to be completed and signed. Raise BadFile when it cannot be read."""
    if not file.is_file():
        raise BadFile(f"There is no file {file}.")
    limits = Limits(chunk_rows=_SAMPLE)
    layout = sniff.layout(file, limits)
    table = layout.table
    chunk = next(formats.chunks(file, table, limits), None)
    if chunk is None or not (chunk.columns or chunk.children):
        raise BadFile(f"{file.name} holds no rows to draft a feed from.")
    repeated = _repeated(chunk, table)
    if repeated:
        marks = tuple(_each(path) for path in repeated)
        chunk = next(formats.chunks(file, replace(table, persons=marks), limits))
    return _written(file, layout, chunk)


def _each(path: str) -> Person:
    return Person(path, path, None, None, None, (), Field(value="policing"), {}, None, {}, ())


def _repeated(chunk: Chunk, table: Table) -> list[str]:
    """Return the columns that hold lists of objects, which become repeated parts of a row."""
    if table.format not in ("jsonl", "xml", "parquet"):
        return []
    return [
        name
        for name, values in chunk.columns.items()
        if name.rpartition(".")[2].lower() not in _ALIASES
        and any(value and value.lstrip().startswith('[{"') for value in values.to_pylist()[:500])
    ]


def _columns(columns: object) -> list[Column]:
    assert hasattr(columns, "items")
    return [profiles.profile(name, values.to_pylist()) for name, values in columns.items() if name]


def _written(file: Path, layout: sniff.Layout, chunk: Chunk) -> str:
    columns = _columns(chunk.columns)
    found = guess.sort_out(columns)
    people = _people(found, chunk, ahead.dated(found, chunk.columns, file.name))
    nothings = sorted({word for column in columns for word in column.nothings})
    lines = [
        f"# Drafted from {file.name}: {len(chunk) + len(chunk.unread):,} rows looked at,"
        f" {len(chunk.unread)} of them unreadable.",
        "# It is a proposal. Check every line, fill in what says TO BE SIGNED, and run 'muniment feed check' on it.",
        *(f"# {remark}" for remark in layout.remarks),
        f"id: {_name(file)}",
        "controller: to-be-named # the code of the force or office whose records these are",
        "system: to-be-named # the code of the system that they come from",
        f"title: {_quoted('Export ' + file.name)}",
        *(
            ["declarations: {} # a list of people has no records to declare anything of"]
            if found.is_list_of_people
            else _declarations(found)
        ),
        "tables:",
        f"  {_name(file)}: # the name tells this table from the others of its system; do not change it later",
        f"    files: {_quoted(_glob(file.name))} # which files this table takes",
        *_format(layout.table),
        "    kind: full # full: what is missing was withdrawn at source; delta: only what changed",
        *_area(file, columns, found),
        *_as_of(file.name),
        *(
            [f"    blanks: [{', '.join(map(_quoted, nothings))}] # what means that nothing is known"]
            if nothings
            else []
        ),
        *_duplicates(found),
        *_record(found),
        *people,
        *_unused(found),
    ]
    return "\n".join(lines) + "\n"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "feed"


def _name(file: Path) -> str:
    """Return a name that later exports of the same kind have too: without the day."""
    return _slug(ahead.DAY.sub("", file.name.partition(".")[0]))


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, default_style='"', width=10_000, allow_unicode=True).strip()


def _glob(name: str) -> str:
    # Brackets and such mean something in a pattern: any one character stands for them.
    return re.sub(r"[\[\]*?]", "?", ahead.DAY.sub("\0", name)).replace("\0", "*")


def _area(file: Path, columns: list[Column], found: Found) -> list[str]:
    """Return the area, to be signed, and the partition: corporate where the export seems to be of such an area."""
    words = standard()
    seems = None if _tells_of_policing(found) else profiles.corporate_area(file.name.partition(".")[0], columns)
    hint = f", {seems} by the look of it" if seems else ""
    lines = [f"    area: {UNSIGNED} # the business area{hint}: {', '.join(sorted(words.areas))}"]
    if seems in words.corporate_areas:
        return [*lines, "    partition: corporate # a guess: the records and people of the organisation itself"]
    every = ", ".join(sorted(words.corporate_areas))
    return [*lines, f"    # partition: corporate # has to be said where the area is {every}; left out, it is policing"]


def _tells_of_policing(found: Found) -> bool:
    return any(party.role and party.role not in _OFFICE for party in found.people.values())


def _as_of(name: str) -> list[str]:
    match = ahead.DAY.search(name)
    if match is None:
        return [f"    as_of: {{given: {UNSIGNED}}} # the day of the export, or {{name: pattern}} or {{column: name}}"]
    pattern = re.sub(r"\d+", lambda digits: f"[0-9]{{{len(digits[0])}}}", match[0])
    return [f"    as_of: {{name: {_quoted(f'({pattern})')}}} # the day of the export, from the name of the file"]


def _format(table: Table) -> list[str]:
    lines = [f"    format: {table.format}"]
    if table.sheet:
        lines.append(f"    sheet: {_quoted(table.sheet)}")
    if table.rows_at:
        lines.append(f"    rows_at: {_quoted(table.rows_at)} # where the rows lie")
    if table.member != "*":
        lines.append(f"    member: {_quoted(table.member)} # which members of the zip hold rows")
    dialect, parts = table.dialect, []
    if table.format.endswith("csv"):
        parts += [f"encoding: {dialect.encoding}", f"delimiter: {_quoted(dialect.delimiter)}"]
        parts += [f"escape: {_quoted(dialect.escape)}"] if dialect.escape else []
    parts += [f"header_row: {dialect.header_row}"] if dialect.header_row != 1 else []
    parts += [f"columns: [{', '.join(dialect.columns)}]"] if dialect.columns else []
    parts += [f"footer_rows: {dialect.footer_rows}"] if dialect.footer_rows else []
    parts += [f"footer: {_quoted(dialect.footer)}"] if dialect.footer else []
    return [*lines, f"    dialect: {{{', '.join(parts)}}}"] if parts else lines


def _declarations(found: Found) -> list[str]:
    lines = ["# What the owner of the source declares for every row that does not say it itself.", "declarations:"]
    wanted = [("class", "value", "a class of the retention schedule, such as CRIME or CUSTODY")]
    if "purposes" not in found.record:
        wanted.insert(0, ("purposes", "codes", "why the records are held: PP1 to PP5, or ADMIN"))
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


def _source(column: Column, *, born: bool = False, ahead: bool = False) -> str:
    name = _quoted(column.name)
    more = [f"convert: [{column.convert}]"] if column.convert else []
    more += ["invalid: keep"] if born and column.convert else []
    more += ["future: true"] if ahead else []
    return f"{{from: {name}, {', '.join(more)}}}" if more else name


def _duplicates(found: Found) -> list[str]:
    if found.shared_reference is not None:
        return [
            "    duplicates: same_record # several rows bear one reference; quarantine or keep_both if they tell two"
        ]
    return ["    duplicates: quarantine # or keep_both; same_record when several rows tell one record"]


def _record(found: Found) -> list[str]:
    if found.is_list_of_people:
        return []
    lines = ["    record:"]
    reference = found.reference or found.shared_reference
    if reference is not None:
        lines.append(f"      reference: {_quoted(reference.name)} {_seen(reference)}")
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
    kept = [column for column in found.unused if column.filled and not guess.is_of_person(column)]
    if kept:
        found.unused = [column for column in found.unused if column not in kept]
        lines.append("      attributes: # kept as they stand; strike out what is not needed")
        lines += [f"        - {_quoted(column.name)} {_seen(column)}" for column in kept]
    if found.dates:
        lines.append("    dates:")
        lines += [_date(kind, column, guessed=kind in found.guessed) for kind, column in found.dates.items()]
    if found.texts:
        lines.append("    texts:")
        lines += [
            f"      - {{kind: narrative, text: {_quoted(column.name)}}} {_seen(column)}" for column in found.texts
        ]
    return lines


def _date(kind: str, column: Column, *, guessed: bool) -> str:
    doubt = "; a guess, the header names no event" if guessed else ""
    return f"      {kind}: {_source(column, ahead=ahead.runs_ahead(kind, column))} {_seen(column)}{doubt}"


def _people(found: Found, chunk: Chunk, dated: Column | None) -> list[str]:
    if found.is_list_of_people:
        party = found.people[PERSON]
        party.fields = ({"reference": found.reference} if found.reference else {}) | party.fields
        found.within = {path: _columns(child.columns) for path, child in chunk.children.items()}
        return ["    persons:", *_person(PERSON, party)]
    lines: list[str] = []
    for label, party in found.people.items():
        lines += _person(label, party, has_record=True)
        if dated is not None:
            source = _source(dated)
            lines.append(f"        involvement: {{dated: {source}}} # the day of the action that the role names")
    for path, child in chunk.children.items():
        inner = guess.sort_out(_columns(child.columns), within=True)
        if not inner.people:
            found.unused += _whole_list(path, child, inner.unused, len(chunk))
            continue
        party = next(iter(inner.people.values()))
        for column in inner.unused:
            if guess.is_reference(column):
                party.fields.setdefault("reference", column)
        mapped = [*party.fields.values(), *party.address]
        found.within[path] = [column for column in inner.every_column if column not in mapped]
        role = profiles.spoken_of(_slug(path).replace("-", " "), list(profiles.ROLE_WORDS.items()))
        lines += _person(_slug(path), replace(party, role=role or party.role), each=path, has_record=True)
    return ["    persons:", *lines] if lines else []


def _whole_list(path: str, child: Child, parts: list[Column], rows: int) -> list[Column]:
    """Return a repeated part that tells of nobody as the one column that it is kept as, if it is."""
    if not parts:
        return []
    note = f"lists of {', '.join(part.name or 'texts' for part in parts)}, kept as JSON"
    filled = len(set(child.parent.tolist()))
    return [replace(parts[0], name=path, filled=filled, of=rows, distinct=len(child.parent), kind="list", note=note)]


def _person(label: str, party: Party, *, each: str | None = None, has_record: bool = False) -> list[str]:
    lines = [f"      - label: {_slug(label)}"]
    fields = party.fields
    if each:
        lines.append(f"        each: {_quoted(each)} # repeated within a row; ../ before a name reaches the row itself")
    if has_record and "role" not in fields:
        doubt = "a guess from the header, to be confirmed: " if party.role else ""
        lines.append(
            f"        role: {{value: {party.role or UNSIGNED}}} # {doubt}what part the person has in the record"
        )
    if "reference" not in fields:
        lines.append("        # No number of the person's own was seen; references are made from the row.")
    lines += [_person_field(name, column) for name, column in fields.items()]
    if len(party.address) == 1:
        lines.append(_person_field("address", party.address[0]))
    elif party.address:
        names = ", ".join(_quoted(column.name) for column in party.address)
        lines.append(f'        address: {{from: [{names}], join: ", "}}')
    return lines


def _person_field(name: str, column: Column) -> str:
    source = _source(column, born=name == "born")
    if name == "aliases":
        split = "json_list" if column.kind == "list" else "{split: ';'}"
        source = f"{{from: {_quoted(column.name)}, convert: [{split}]}}"
    elif column.kind == "list":
        source = f'{{from: {_quoted(column.name)}, convert: [json_list, {{join: " "}}]}}'
    elif name == "role":
        # Codes stand for parts; which for which is for the owner to say.
        return f"        role: {source} {_seen(column)}; if these are codes: {{from: ..., map: {{code: VICTIM}}}}"
    return f"        {name}: {source} {_seen(column)}"


def _unused(found: Found) -> list[str]:
    """List what is not mapped, of the rows and of the parts that they repeat."""
    lines = [f"#   {_quoted(column.name)} {_seen(column)}" for column in found.unused]
    for path, columns in found.within.items():
        lines += [f"#   {_quoted(column.name)} within {_quoted(path)} {_seen(column)}" for column in columns]
    if not lines:
        return []
    return ["# Not mapped, and not kept: put what is needed into the record, its dates or its persons.", *lines]
