"""What a report on a hold is held against by who sees everything: tombstones, and the ledger outside the database."""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from muniment.core import ledger
from muniment.records.actions.take_in import fingerprint
from muniment.records.models import Record, Tombstone
from muniment.retention.holds.hold_reports import Check, Report
from muniment.retention.models import DisposalItem

_STONE = ("system_id", "reference_hash")


def proved(report: Report) -> Report:
    """Return the report held against what is kept beside the orders."""
    items = DisposalItem.objects.filter(order__controller__in=report.controllers, destroyed_at__isnull=False)
    fresh = list(items.filter(destroyed_at__date__gte=report.since).select_related("system__controller").order_by("pk"))
    more = (_by_tombstones(report, fresh), _by_the_ledger(report, fresh), _as_their_sources_left_them(report))
    return replace(report, checks=(*report.checks, *more))


def _by_tombstones(report: Report, items: list[DisposalItem]) -> Check:
    """Each record that went has a tombstone, and no tombstone stands for one that no order tells of."""
    stones = Tombstone.objects.filter(entity="record", system__controller__in=report.controllers)
    known = set(stones.filter(at__date__gte=report.since).values_list("system_id", "reference_hash"))
    told = {(each.system_id, fingerprint(each.reference)) for each in items}
    older = set(stones.filter(reference_hash__in=[digest for _, digest in told - known]).values_list(*_STONE))
    lacking, untold = told - known - older, known - told
    found = f"{len(told):,} records by their orders; {len(lacking):,} without a tombstone"
    return Check(
        "a tombstone stands for each record that went",
        f"{found}, {len(untold):,} tombstones without an order",
        not lacking and not untold,
    )


def _by_the_ledger(report: Report, items: list[DisposalItem]) -> Check:
    """The ledger outside the database, whole and signed, tells of the same records."""
    what = "the ledger outside the database tells of the same records"
    if not ledger.file().exists():
        return Check(what, f"there is no ledger at {ledger.file()}", False)
    codes = {each.code for each in report.controllers}
    outside: set[tuple[str, str, str]] = set()
    lines = 0
    try:
        for line in ledger.read(ledger.file()):
            lines += 1
            if line.kind == "disposal" and line.body["controller"] in codes:
                outside |= {
                    (*each["system"], each["reference"]) for each in line.body["items"] if _is_since(each, report)
                }
    except ledger.BadLedger as fault:
        return Check(what, str(fault), False)
    inside = {(each.system.controller.code, each.system.code, each.reference) for each in items}
    found = f"{lines:,} lines, unbroken and signed; {len(outside):,} records there, {len(inside):,} here"
    return Check(what, found, outside == inside)


def _is_since(item: dict[str, str | None], report: Report) -> bool:
    said = item["destroyed_at"]
    return said is not None and timezone.localtime(datetime.fromisoformat(said)).date() >= report.since


def _as_their_sources_left_them(report: Report) -> Check:
    """How many records in scope their sources have written over since: what they said before is not kept."""
    held = Record.objects.filter(holds__hold=report.hold)
    changed = held.filter(row__changed_intake__at__date__gte=report.since, row__first_intake__at__date__lt=report.since)
    found = f"{changed.count():,} records in scope have been written over by their sources since then"
    return Check("what sources have changed is not kept as it was", found, None)
