"""Markers in every column of every table, and the search for them in the bytes of an installation.

A marker is a word or eight bytes that stand nowhere else. In a column that decides what happens it is written and
taken back, so that it stands in a row as it was before: that lies in the files until they are written anew.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from psycopg import sql
from psycopg.types.json import Jsonb

from muniment.core.fields import Kind
from muniment.retention.disposals.remaining import NOT_ABOUT_ANYBODY

# What destruction itself makes, and the keys, whose bytes are their own markers.
MADE_LATER = {
    "retention_certificate", "retention_certificateissue", "retention_trace", "records_tombstone", "core_contentkey",
}  # fmt: skip
WORD = "Zq{:05d}wX"
WORDS = re.compile(rb"Zq(\d{5})wX")
# Eight bytes as the server writes them: four that count, and four that make them a plausible value of their type.
_ENDS = {"bigint": b"\xd2\xc3\xa7\x51", "double precision": b"\x45\x4a\x93\x40", "timestamptz": b"\xdc\xf3\x02\x00"}
_EIGHT = re.compile(b"(?s)(...)\x5a(" + b"|".join(map(re.escape, _ENDS.values())) + b")")
# What is said of the person alone, and nothing asks when it is decided once more whether a record may go.
_LIVE = {Kind.IDENTITY, Kind.LIFE, Kind.REFERENCE, Kind.WORDS, Kind.ACTOR}
_ALSO_LIVE = {"core_auditevent.detail"}
_STEER = {
    "records_nominal.born", "retention_disposalorder.prime_reference", "retention_disposalitem.others",
    "records_quarantinename.name", "records_sourceevent.reference", "records_sourceevent.into",
    "core_ledgerentry.line", "core_ledgerentry.body", "records_record.reference", "records_nominal.reference",
    "retention_disposalitem.reference", "people_standardised.keys",
}  # fmt: skip


@dataclass
class Planted:
    """Which marker stands in which column, and which rows were there, by table."""

    columns: dict[int, str] = field(default_factory=dict)
    sealed: dict[str, list[bytes]] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)  # columns that say their marker, and did not only say it before
    bare: list[str] = field(default_factory=list)  # tables of which no column could be marked


def tables() -> list[type[models.Model]]:
    """Return the models whose rows may be about somebody: all but those that are listed not to be."""
    every = apps.get_models(include_auto_created=True)
    ours = [each for each in every if each._meta.managed and each._meta.db_table not in NOT_ABOUT_ANYBODY]
    return sorted(ours, key=lambda each: each._meta.db_table)


def plant(admin) -> Planted:
    """Mark every column of every row of these tables, which have one row at least."""
    planted, numbers = Planted(), count()
    for model in tables():
        table = model._meta.db_table
        if table in MADE_LATER:
            continue
        columns = [(each, *_marker(each, next(numbers))) for each in _fields(model)]
        columns = [(each, number, value) for each, number, value in columns if value is not None]
        live = [each for each in columns if _is_live(model, each[0])]
        past = [each for each in columns if not _is_live(model, each[0])]
        admin.execute(f"CREATE TEMPORARY TABLE was AS SELECT * FROM {table}")
        key = ", ".join(each.column for each in model._meta.pk_fields)
        for some, back in ((past, True), (live, False)):
            if some:
                changes = sql.SQL(", ").join(_set(each, value) for each, _, value in some)
                admin.execute(sql.SQL("UPDATE {} SET {}").format(sql.Identifier(table), changes))
            if some and back:
                again = ", ".join(f'"{each.column}" = was."{each.column}"' for each, _, _ in some)
                same = " AND ".join(f'now."{each.column}" = was."{each.column}"' for each in model._meta.pk_fields)
                admin.execute(f"UPDATE {table} now SET {again} FROM was WHERE {same}")
        admin.execute("DROP TABLE was")
        planted.columns |= {number: f"{table}.{each.column}" for each, number, _ in columns}
        planted.live |= {f"{table}.{each.column}" for each, _, _ in live}
        planted.rows[table] = [row for (row,) in admin.execute(f"SELECT ({key})::text FROM {table}").fetchall()]
        if not columns:
            planted.bare.append(table)
    return planted


def _fields(model) -> Iterator[models.Field]:
    for each in model._meta.concrete_fields:
        if not isinstance(each, models.ForeignKey) and not each.primary_key:
            yield each


def _kind(model, each) -> Kind:
    said = getattr(model, "Fields", None)
    return getattr(said, each.name) if said else Kind.WORDS  # of a table of Django's nothing is said


def _is_live(model, each) -> bool:
    place = f"{model._meta.db_table}.{each.column}"
    words = isinstance(each, models.CharField | models.TextField | models.JSONField) or (
        isinstance(each, ArrayField) and isinstance(each.base_field, models.CharField | models.TextField)
    )
    return words and place not in _STEER and (_kind(model, each) in _LIVE or place in _ALSO_LIVE)


def _marker(each, number):
    """Return the number of a marker and its value for a column; None where the type cannot hold one."""
    word = WORD.format(number)
    if isinstance(each, models.JSONField):
        return number, Jsonb({"marker": word})
    if isinstance(each, models.CharField | models.TextField):
        return number, word
    if isinstance(each, ArrayField) and isinstance(each.base_field, models.CharField | models.TextField):
        return number, [word]
    eight = {
        models.BigIntegerField: "bigint",
        models.FloatField: "double precision",
        models.DateTimeField: "timestamptz",
    }
    for kind, name in eight.items():
        if type(each) is kind:
            return number, (name, struct.pack("<I", number)[:3] + b"\x5a" + _ENDS[name])
    return number, None


def _set(each, value) -> sql.Composed:
    column = sql.Identifier(each.column)
    if isinstance(value, Jsonb):  # beside what is there, as an array or as an object
        marker = value.obj["marker"]
        said = sql.SQL("CASE jsonb_typeof({0}) WHEN 'array' THEN {0} || {1} ELSE coalesce({0}, '{{}}') || {2} END")
        return sql.SQL("{} = ").format(column) + said.format(column, Jsonb([marker]), value)
    if isinstance(value, list):
        return sql.SQL("{0} = array_cat({0}::text[], {1}::text[])").format(column, value)
    if isinstance(value, tuple):
        name, raw = value
        number = struct.unpack("<q", raw)[0]
        if name == "double precision":
            return sql.SQL("{} = {}").format(column, struct.unpack("<d", raw)[0])
        if name == "timestamptz":
            moment = sql.SQL("{} = timestamptz '2000-01-01 00:00:00+00' + {} * interval '1 microsecond'")
            return moment.format(column, number)
        return sql.SQL("{} = {}").format(column, number)
    return sql.SQL("{} = {} || ctid::text").format(column, value)  # unique where that is asked


def found(planted: Planted, folders: Iterable[Path]) -> dict[str, set[str]]:
    """Return the columns whose markers stand in the files of some folders, with the files."""
    seen: dict[str, set[str]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            data = path.read_bytes()
            numbers = {int(each) for each in WORDS.findall(data)}
            numbers |= {int.from_bytes(low, "little") for low, _ in _EIGHT.findall(data)}
            places = {planted.columns[each] for each in numbers if each in planted.columns}
            places |= {place for place, values in planted.sealed.items() if any(each in data for each in values)}
            for place in places:
                seen.setdefault(place, set()).add(str(path.relative_to(folder)))
    return seen
