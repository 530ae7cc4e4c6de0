"""Every table of the product, row by row, in words that do not depend on when or in what order rows were written.

Left out: the audit, the runs and intakes (what was tried is their subject), sittings and sessions. Within a row: times
of writing, keys made by the database (a reference to a row is written as what that row says), secrets, and what is
derived from such keys. Content is opened and its text is compared; certificates are compared without their keys and
times. Dates of the records themselves, digests and tombstones are compared as they are.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

APPS = ("core", "records", "people", "objects", "retention")
OF_RUNS = {
    "core.AuditEvent", "core.AuditLeaf", "core.AuditSeal", "core.BatchRun", "core.Sitting", "core.ContentKey",
    "core.LedgerEntry",    "core.CovertEvent", "core.CovertLeaf", "core.CovertSeal", "records.Intake",
    "people.RunFigures", "people.ReservePair", "people.RunHold", "people.HeldChange", "retention.ForeseenCount",
    "retention.ForeseenMove",
    "retention.KeptForecast", "retention.KeptBacklog", "retention.KeptException",
}  # fmt: skip
# Derived from keys that the database makes, or from times.
DERIVED = {
    "core.User.password",
    "people.Standardised.written_in",
    "objects.PlaceBelonging.decided_in",
    "objects.VehicleBelonging.decided_in",
    "retention.PersonDecision.membership_digest",
    "retention.Review.membership_digest",
    "retention.DisposalOrder.membership_digest",
    "retention.DisposalOrder.prime_reference",
    "retention.DisposalItem.record_key",
    "retention.Certificate.digest",
    "retention.RequestReply.digest",
}
# Of certificates: references made of keys, and times.
DERIVED_IN_CERTIFICATES = {"order", "person", "review", "proposed", "approved", "destroyed_at"}
# What names a row where no unique constraint without condition does.
NAMED_BY = {
    "retention.Review": ("prime", "controller", "trigger", "due"),
    "retention.DisposalOrder": ("prime", "controller", "review"),
    "retention.PersonRequest": ("prime", "controller", "kind", "received_on"),
    "retention.RequestReply": ("request", "drafted_by", "sent_on"),
    "retention.Restriction": ("request",),
}


def compared() -> list[type[models.Model]]:
    """Return the models that are compared: all of ours but those of runs, and the tables between them."""
    every = [model for name in APPS for model in apps.get_app_config(name).get_models(include_auto_created=True)]
    return [model for model in every if model._meta.label not in OF_RUNS]


class Dump:
    """All rows of one moment."""

    def __init__(self) -> None:
        self.rows: dict[type[models.Model], dict[Any, dict[str, Any]]] = {
            model: {_key(model, row): row for row in model._base_manager.values()} for model in compared()
        }
        self.name = cache(self._name)
        self.special = {
            "core.Content.owner": lambda row: self.owner(row["owner"]),
            "people.SearchToken.scope_id": lambda row: self.name("core.Scope", row["scope_id"]),
            "retention.Review.kept_records": lambda row: sorted(
                map(str, (self.name("records.Record", key) for key in row["kept_records"]))
            ),
            "records.Tombstone.certificate": lambda row: bool(row["certificate"]),
            "retention.Certificate.body": _certified,
        }

    def tables(self) -> dict[str, list[str]]:
        """Return the lines of every table, sorted."""
        return {
            model._meta.label: sorted(json.dumps(self._line(model, row), default=str) for row in rows.values())
            for model, rows in self.rows.items()
        }

    def _line(self, model: type[models.Model], row: dict[str, Any]) -> dict[str, Any]:
        line = dict(self._said(model, row, [field.name for field in model._meta.concrete_fields]))
        if model._meta.label == "core.Content":
            line["text"] = _opened(row)
        return line

    def _said(self, model: type[models.Model], row: dict[str, Any], names: Any) -> Iterator[tuple[str, Any]]:
        for name in names:
            field = model._meta.get_field(name)
            place = f"{model._meta.label}.{name}"
            if place in self.special:
                yield name, self.special[place](row)
            elif place in DERIVED or isinstance(field, models.AutoField | models.DateTimeField | models.BinaryField):
                continue
            elif not field.is_relation:
                yield name, row[field.attname]
            elif field.related_model._meta.label not in OF_RUNS:
                yield name, self.name(field.related_model._meta.label, row[field.attname])

    def _name(self, label: str, key: Any) -> Any:
        """Return what names a row: what its unique constraints hold, or else all that it says."""
        model = apps.get_model(label)
        if key is None or model not in self.rows:
            return key
        row = self.rows[model].get(key)
        return None if row is None else tuple(value for _, value in self._said(model, row, _naming(model)))

    def owner(self, owner: str) -> Any:
        """Return whose content it is, without keys that the database makes."""
        kind, *rest = owner.split(":")
        if kind == "record":
            return kind, self.name("records.Record", int(rest[0]))
        if kind == "review":
            return kind, self.name("retention.Review", int(rest[0])), rest[1]
        if kind == "request":
            return kind, self.name("retention.PersonRequest", int(rest[0]))
        if kind == "judgement":
            return kind, *(self.name("records.Nominal", int(key)) for key in rest)
        return kind, rest[-1]


def _key(model: type[models.Model], row: dict[str, Any]) -> Any:
    """Return what relations name a row by; a table whose key is of several columns has none."""
    key = tuple(row[field.attname] for field in model._meta.pk_fields)
    return key if len(key) > 1 else key[0]


@cache
def _naming(model: type[models.Model]) -> tuple[str, ...]:
    if model._meta.label in NAMED_BY:
        return NAMED_BY[model._meta.label]
    for constraint in model._meta.total_unique_constraints:
        return tuple(constraint.fields)
    for field in model._meta.concrete_fields:
        if field.unique and not field.primary_key:
            return (field.name,)
    return tuple(field.name for field in model._meta.concrete_fields)


def _opened(row: dict[str, Any]) -> str:
    from muniment.core import content
    from muniment.core.models import Content

    try:
        return content.read(Content(**row))
    except content.Destroyed:
        return "THE KEY IS GONE"


def _certified(row: dict[str, Any]) -> dict[str, Any]:
    fits = hashlib.sha256(json.dumps(row["body"], sort_keys=True).encode()).hexdigest() == row["digest"]
    return {
        "fits its digest": fits,
        **{name: said for name, said in row["body"].items() if name not in DERIVED_IN_CERTIFICATES},
    }


def tables() -> dict[str, list[str]]:
    """Return the lines of every table as they are now."""
    return Dump().tables()


def keys() -> dict[str, list[str]]:
    """Compare the two databases: contents without a key, and keys of records or people that are no more."""
    from muniment.core.models import Content, ContentKey
    from muniment.records.models import Record

    owners = set(ContentKey.objects.values_list("owner", flat=True))
    used = set(Content.objects.values_list("owner", flat=True))
    records = set(Record.objects.values_list("pk", flat=True))
    return {
        "content without key": sorted(used - owners),
        "keys without content": sorted(owners - used),
        "content of no record": sorted(
            each for each in used if each.startswith("record:") and int(each.split(":")[1]) not in records
        ),
    }
