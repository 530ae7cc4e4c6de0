"""A row in every table: of somebody's own where what was done to them made none, one that names them is added."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from psycopg import sql
from psycopg.types.json import Jsonb

from factories import markers
from muniment.core import content
from muniment.core.models import Content

# What a row that is added has to say, so that it stops nothing.
_SAID = {
    "retention_hold": {"released_at": "2026-01-02 00:00:00+00", "released_by": "ash"},
    "retention_subjectevent": {"kind": "sar", "closed": date(2026, 1, 2), "dated": date(2026, 1, 1)},
    "retention_personrequest": {"kind": "erasure_request", "closed_on": date(2026, 1, 2)},
    "retention_keptexception": {"of": "people"},
    "records_nominalflag": {"flag": "missing", "until": date(2026, 1, 2)},
    "records_quarantine": {"reference": "C1"},
    "records_quarantinename": {"kind": "record", "name": "C1"},
    "records_sourceevent": {"entity": "nominal", "kind": "merge", "reference": "P1", "into": "D1"},
    "people_belonging": {"until": "2026-01-02 00:00:00+00"},
    "supply_supply": {"state": "given", "about": "event", "recipient": "national"},
    "supply_given": {"what": "event", "recipient": "national", "is_current": False},
    "supply_notice": {"what": "event", "recipient": "national", "answer": "done"},
    "core_ledgerentry": {"kind": "hold", "number": 0, "line": "{}"},
}  # fmt: skip

# Whose content it is that a row names.
_OWNERS = {
    "records_quarantine": "quarantine", "people_judgement": "judgement", "people_runhold": "run",
    "objects_placejudgement": "place", "objects_vehiclejudgement": "vehicle", "retention_reviewanswer": "review",
    "retention_reviewtrigger": "review", "retention_reviewask": "review", "retention_agreement": "review",
    "retention_personrequest": "request", "retention_requestreply": "request",
    "retention_reviewescalation": "review",
    "retention_sampleddecision": "check", "retention_manualdecision": "manual",
}  # fmt: skip

_KEYS_OF_RECORDS = {"supply_given": ("key", "whole"), "supply_notice": ("key",)}
_PLAIN = (
    (ArrayField, "{}"),
    (models.JSONField, Jsonb({})),
    (models.DateTimeField, "2026-01-02 00:00:00+00"),
    (models.DateField, date(2026, 1, 2)),
    (models.BooleanField, False),
    (models.BinaryField, b"\x00"),
    ((models.CharField, models.TextField), ""),
)


def fill(admin, *, but: tuple[str, ...] = ()) -> list[str]:
    """Add a row to each table that has none, `but` those whose names begin so; return which."""
    some = [each for each in markers.tables() if not each._meta.db_table.startswith(but)]
    waiting = [each for each in some if each._meta.db_table not in markers.MADE_LATER]
    for model in waiting:  # with what they hang on
        waiting += [each.related_model for each in _parents(model) if each.related_model not in waiting]
    added = []
    while waiting:
        ready = [each for each in waiting if _has_rows(admin, each)]
        for every in (True, False):  # with all that they may name, or else with all that they have to
            ready = ready or [
                each for each in waiting
                if all(_has_rows(admin, one.related_model) for one in _parents(each, every=every))
            ][:1]  # fmt: skip
        assert ready, f"nothing to hang these on: {waiting}"
        for model in ready:
            waiting.remove(model)
            if not _has_rows(admin, model):
                _add(admin, model)
                added.append(model._meta.db_table)
    return added


def _has_rows(admin, model) -> bool:
    return admin.execute(f"SELECT EXISTS (SELECT 1 FROM {model._meta.db_table})").fetchone()[0]


def _parents(model, *, every=False):
    return [
        each for each in model._meta.concrete_fields
        if isinstance(each, models.ForeignKey) and each.related_model not in (model, Content)
        and (every or not each.null)
    ]  # fmt: skip


def _add(admin, model) -> None:
    table = model._meta.db_table
    values = {
        each.column: _value(admin, table, each) for each in model._meta.concrete_fields if not _makes_itself(each)
    }
    values = {name: value for name, value in values.items() if value is not None}
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
    )
    admin.execute(statement, list(values.values()))


def _makes_itself(each) -> bool:
    return isinstance(each, models.AutoField | models.BigAutoField)


def _value(admin, table, each):
    if each.column in _SAID.get(table, {}):
        return _SAID[table][each.column]
    if isinstance(each, models.ForeignKey):
        return _named(admin, table, each)
    if each.column in _KEYS_OF_RECORDS.get(table, ()):
        return admin.execute("SELECT min(id) FROM records_record").fetchone()[0]
    if each.null and (not isinstance(each, models.DateTimeField) or each.column == "until"):
        return None
    return next((value for kinds, value in _PLAIN if isinstance(each, kinds)), 0)


def _named(admin, table, each):
    """Return the key of a row that a relation names: one of a pair is the first, the other the last."""
    parent = each.related_model
    if parent is Content:
        return content.store(f"{_OWNERS[table]}:1:2", each.name, "What was said of somebody.").pk
    if parent._meta.db_table == table:
        return None
    end = "max" if each.name in {"right", "becomes"} else "min"
    return admin.execute(f"SELECT {end}({parent._meta.pk.column}) FROM {parent._meta.db_table}").fetchone()[0]
