"""Whether records open for a purpose: what their parts tell of somebody may be restricted in its use."""

from collections.abc import Collection

from django.db import connection

from muniment.core import guards
from muniment.records.models import Nominal, Quarantine, QuarantineName, Record


def pass_by(found: Record, purpose: str) -> None:
    """Let somebody by who looks at a record for an access purpose. Raise UseRestricted where it does not open it."""
    on_it = [nominal for _, nominal, _ in _on([found.pk])]
    guards.pass_by(on_it, purpose, f"{found.system.code} {found.reference}", found.system.controller_id)


def pass_all(records: Collection[int], purpose: str, subject: str, duty: str = "") -> None:
    """Let somebody by who looks at what tells of records. Raise UseRestricted where it does not open one of them."""
    on_them: dict[int, set[int]] = {}
    for _, nominal, controller in _on(records):
        on_them.setdefault(controller, set()).add(nominal)
    for controller, nominals in sorted(on_them.items()):
        guards.pass_by(sorted(nominals), purpose, subject, controller, duty)


def pass_waiting(row: Quarantine, purpose: str) -> None:
    """Let somebody by who looks at a row in quarantine, which may name records and people that are here."""
    subject = f"{row.system.code} row {row.row}"
    named = dict.fromkeys(("record", "nominal"), frozenset[str]())
    for kind, name in QuarantineName.objects.filter(waiting=row).values_list("kind", "name"):
        named[kind] = named.get(kind, frozenset()) | {name}
    records = Record.objects.filter(system=row.system, reference__in={row.reference, *named["record"]})
    pass_all(set(records.values_list("pk", flat=True)), purpose, subject)
    nominals = Nominal.objects.filter(system=row.system, reference__in={row.reference, *named["nominal"]})
    keys = list(nominals.order_by("pk").values_list("pk", flat=True))
    guards.pass_by(keys, purpose, subject, row.system.controller_id)


def closed(records: Collection[int], purpose: str, duty: str = "") -> set[int]:
    """Return which of some records do not open for an access purpose, by key."""
    on_them = _on(records)
    restricting = guards.closed({nominal for _, nominal, _ in on_them}, purpose, duty)
    return {record for record, nominal, controller in on_them if controller in restricting.get(nominal, ())}


def _on(records: Collection[int]) -> list[tuple[int, int, int]]:
    """Return (record, nominal, controller of the record) of everybody on records, whether the reader sees them."""
    if not records:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT record, nominal, controller FROM muniment.on_records(%s)", [sorted(records)])
        return [(record, nominal, controller) for record, nominal, controller in cursor.fetchall()]
