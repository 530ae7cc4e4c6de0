"""A feed: how the exports of one source system become canonical tables, read from YAML and checked.

Every scalar of the YAML is read as text, so that 07, 08 and NO stay the codes that they are.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from muniment.feeds.faults import BadFeed
from muniment.feeds.vocabulary import Vocabulary, standard

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

UNSIGNED = "TO BE SIGNED"  # what a draft leaves where the owner of the source has to decide

UNNAMED = "to-be-named"

Step = str | Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """Where one canonical field comes from and how it is converted."""

    columns: tuple[str, ...] = ()
    first: bool = False  # the first column that holds something, rather than all of them joined
    join: str = " "
    value: str | None = None  # the same for every row
    convert: tuple[Step, ...] = ()
    map: Mapping[str, str] | None = None
    unknown: str = "quarantine"  # what to do with a code that the map lacks
    invalid: str = "quarantine"  # what to do with a value that cannot be converted
    default: str | None = None
    required: bool = False
    future: bool = False  # a date may lie after the day of the export, such as the end of a certificate
    made_from: tuple[str, ...] | None = None  # identity without an id: these columns and the row itself


@dataclass(frozen=True)
class Interval:
    """A date that the source holds as two ends."""

    earliest: Field
    latest: Field


@dataclass(frozen=True)
class Signed:
    """What the owner of the source declares for every row that does not say it itself."""

    values: tuple[str, ...]
    authority: str
    by: str  # job title
    on: str  # ISO date


@dataclass(frozen=True)
class Flagging:
    """A flag on a person: its code, when it holds and from when to when."""

    flag: Field
    when: Field | None = None
    nominal: Field | None = None
    start: Field | None = None
    until: Field | None = None


@dataclass(frozen=True)
class Person:
    """One place in a row, or one repeated part of it, where a person is written."""

    label: str
    each: str | None
    reference: Field | None
    record: Field | None
    role: Field | None
    when: tuple[str, ...]
    partition: Field
    fields: Mapping[str, Field]
    aliases: Field | None
    involvement: Mapping[str, Field | Interval]
    flags: tuple[Flagging, ...]


@dataclass(frozen=True)
class Thing:
    """A place or a vehicle in a row: what it is to the row's record, or to the person with a label, or to both."""

    kind: str  # place | vehicle
    role: Field
    record: Field | None  # another record than the row's own
    nominal: Field | None
    person: str  # the label of a person of the row
    start: Field | None
    until: Field | None
    when: tuple[str, ...]  # columns of which one at least has to hold something
    fields: Mapping[str, Field]

    @property
    def telling(self) -> tuple[str, ...]:
        """The fields that tell that there is one: of a vehicle its mark or VIN, of a place its address or UPRN."""
        return ("address", "uprn") if self.kind == "place" else ("registration", "vin")


@dataclass(frozen=True)
class Dialect:
    """How a text file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    header_row: int = 1  # 0 when there is none
    columns: tuple[str, ...] = ()
    footer_rows: int = 0
    footer: str = ""  # a pattern that the last row must match; its group, if any, is the number of rows
    unquoted: str = ""  # the one column that may hold the delimiter without quotes around it


@dataclass(frozen=True)
class Table:
    """One kind of file of a feed and what its rows say."""

    name: str
    files: tuple[str, ...]
    format: str
    kind: str
    as_of: Mapping[str, Any]
    area: str  # of its people, of its quarantined rows, and of records that map no other
    partition: str = "policing"
    continues: str = ""  # the table whose rows this one changes: their keys are one space
    dialect: Dialect = Dialect()
    member: str = "*"
    sheet: str = ""
    rows_at: str = ""
    blanks: tuple[str, ...] = ()
    duplicates: str = "quarantine"
    key: tuple[str, ...] = ()
    declarations: Mapping[str, Signed] = field(default_factory=dict)
    record: Mapping[str, Field] = field(default_factory=dict)
    attributes: Mapping[str, str] | None = None  # name to column; None takes every column not mapped
    persons: tuple[Person, ...] = ()
    dates: Mapping[str, Field | Interval] = field(default_factory=dict)
    flags: tuple[Flagging, ...] = ()
    texts: tuple[tuple[str, Field], ...] = ()
    event: Mapping[str, Field] = field(default_factory=dict)
    things: tuple[Thing, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Feed:
    """A feed as its owner signed it."""

    id: str
    controller: str
    system: str
    title: str
    declarations: Mapping[str, Signed]
    tables: tuple[Table, ...]
    path: Path

    def table_of(self, file: Path) -> Table | None:
        """Return the table whose pattern the name of the file matches; the longest pattern wins."""
        matches = [
            (len(pattern), table)
            for table in self.tables
            for pattern in table.files
            if fnmatch(file.name.lower(), pattern.lower())
        ]
        return max(matches, key=lambda match: match[0])[1] if matches else None


def find(name: str, folders: Sequence[Path] = (Path("feeds"), Path("examples/demonstration/feeds"))) -> Path:
    """Return the path of a feed given as a path, or by name in one of these folders. Raise BadFeed without one."""
    candidates = [Path(name), *(folder / f"{name}.yaml" for folder in folders)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise BadFeed(f"There is no feed '{name}': give the path of its YAML file, or make one with 'feed draft'.")


def load(path: Path, *, vocabulary: Vocabulary | None = None) -> Feed:
    """Read a feed from YAML. Raise BadFeed, naming the place and what to change, when it cannot be used."""
    from muniment.feeds.review import review

    tree = _tree(path)
    _match_schema(tree, path)
    feed = _build(tree, path)
    if problems := review(feed, vocabulary or standard()):
        raise BadFeed(f"{path.name}: " + " ".join(problems))
    return feed


def _tree(path: Path, *, depth: int = 0) -> dict[str, Any]:
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - text only
    except OSError as error:
        raise BadFeed(f"There is no feed at {path}: give the path of its YAML file.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadFeed(f"{path.name} is not YAML in UTF-8: {error}") from error
    if not isinstance(tree, dict):
        raise BadFeed(f"{path.name} must be a YAML mapping with id, controller, system, declarations, tables.")
    if base := tree.pop("extends", None):
        if depth > 3:
            raise BadFeed(f"{path.name}: extends runs in a ring or too deep.")
        merged: dict[str, Any] = _merged(_tree(path.parent / base, depth=depth + 1), tree)
        return merged
    return tree


def _merged(base: Any, over: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return base | {key: _merged(base.get(key), value) for key, value in over.items()}


@cache
def _validator() -> "Draft202012Validator":
    import jsonschema

    schema = json.loads(Path(__file__).with_name("feed.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def _match_schema(tree: dict[str, Any], path: Path) -> None:
    from jsonschema.exceptions import best_match

    error = best_match(_validator().iter_errors(tree))
    if error is None:
        return
    place = ".".join(str(part) for part in error.absolute_path) or "the top level"
    raise BadFeed(f"{path.name}, at {place}: {error.message[:300]}.")


def _build(tree: dict[str, Any], path: Path) -> Feed:
    declarations = _declarations(tree["declarations"])
    codes = tree.get("codes", {})
    return Feed(
        id=tree["id"],
        controller=tree["controller"],
        system=tree["system"],
        title=tree["title"],
        declarations=declarations,
        tables=tuple(_table(name, part, declarations, codes) for name, part in tree["tables"].items()),
        path=path,
    )


def _declarations(tree: dict[str, Any]) -> dict[str, Signed]:
    return {
        name: Signed(
            values=tuple(part.get("codes", ())) or ((part["value"],) if part.get("value") else ()),
            authority=part["authority"],
            by=part["signed_by"],
            on=part["signed_on"],
        )
        for name, part in tree.items()
    }


def _table(name: str, tree: dict[str, Any], declarations: dict[str, Signed], codes: dict[str, dict[str, str]]) -> Table:
    record = dict(tree.get("record", {}))
    attributes = record.pop("attributes", {})
    if isinstance(attributes, list):
        attributes = {column: column for column in attributes}
    plain = {
        key: tree[key]
        for key in (
            "format",
            "kind",
            "as_of",
            "member",
            "sheet",
            "rows_at",
            "duplicates",
            "area",
            "partition",
            "continues",
        )
        if key in tree
    }
    return Table(
        name=name,
        files=_several(tree["files"]),
        dialect=_dialect(tree.get("dialect", {})),
        blanks=tuple(tree.get("blanks", ())),
        key=tuple(tree.get("key", ())),
        declarations=declarations | _declarations(tree.get("declarations", {})),
        record={key: _field(part) for key, part in record.items()},
        attributes=None if attributes == "rest" else attributes,
        persons=tuple(
            _person(number, part, tree.get("partition", "policing"))
            for number, part in enumerate(tree.get("persons", ()), 1)
        ),
        dates={kind: _dated(part) for kind, part in tree.get("dates", {}).items()},
        flags=tuple(_flag(part) for part in tree.get("flags", ())),
        texts=tuple((part["kind"], _field(part["text"])) for part in tree.get("texts", ())),
        event={key: _field(part) for key, part in tree.get("event", {}).items()},
        things=tuple(_thing(kind, part) for kind in ("place", "vehicle") for part in tree.get(f"{kind}s", ())),
        codes=codes,
        **plain,
    )


def _dialect(tree: dict[str, Any]) -> Dialect:
    known = dict(tree)
    for name in ("header_row", "footer_rows"):
        if name in known:
            known[name] = int(known[name])
    if "columns" in known:
        known["columns"] = tuple(known["columns"])
    return Dialect(**known)


def _several(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _field(tree: str | dict[str, Any]) -> Field:
    if isinstance(tree, str):
        return Field(columns=(tree,))
    return Field(
        columns=_several(tree.get("first") or tree.get("from") or ()),
        first="first" in tree,
        join=tree.get("join", " "),
        value=tree.get("value"),
        convert=tuple(tree.get("convert", ())),
        map=tree.get("map"),
        unknown=tree.get("unknown", "quarantine"),
        invalid=tree.get("invalid", "quarantine"),
        default=tree.get("default"),
        required=tree.get("required") == "true",
        future=tree.get("future") == "true",
        made_from=tuple(tree["made_from"]) if "made_from" in tree else None,
    )


def _dated(tree: str | dict[str, Any]) -> Field | Interval:
    if isinstance(tree, dict) and "earliest" in tree:
        return Interval(_field(tree["earliest"]), _field(tree["latest"]))
    return _field(tree)


def _flag(tree: dict[str, Any]) -> Flagging:
    return Flagging(**{name: _field(part) for name, part in tree.items()})


def _person(number: int, tree: dict[str, Any], everywhere: str) -> Person:
    rest = dict(tree)
    label = rest.pop("label", str(number))
    named = {
        name: _field(rest.pop(name)) if name in rest else None for name in ("reference", "record", "role", "aliases")
    }
    partition = _field(rest.pop("partition")) if "partition" in rest else Field(value=everywhere)
    return Person(
        label=label,
        each=rest.pop("each", None),
        when=_several(rest.pop("when", ())),
        partition=partition,
        involvement={key: _dated(part) for key, part in rest.pop("involvement", {}).items()},
        flags=tuple(_flag(part) for part in rest.pop("flags", ())),
        fields={name: _field(part) for name, part in rest.items()},
        **named,
    )


def _thing(kind: str, tree: dict[str, Any]) -> Thing:
    rest = dict(tree)
    person, when = rest.pop("person", ""), _several(rest.pop("when", ()))
    named = {name: _field(rest.pop(name)) if name in rest else None for name in ("record", "nominal", "start", "until")}
    role = _field(rest.pop("role"))
    return Thing(
        kind=kind,
        role=role,
        person=person,
        when=when,
        fields={name: _field(part) for name, part in rest.items()},
        **named,
    )


def signed_on(signed: Signed) -> date | None:
    """Return the day of a signature, or None when it is no ISO date."""
    try:
        return date.fromisoformat(signed.on) if re.match(r"^\d{4}-\d\d-\d\d$", signed.on) else None
    except ValueError:
        return None
