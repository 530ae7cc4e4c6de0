"""A copy that was made before some deeds follows what the ledger says of them.

The deeds are done and taken back again: what is left is the copy, and the ledger outside it.
"""

import pytest
from django.db import transaction

from factories.deeds import WORKER, approved, by, carried_out, place, prime_of
from muniment.core import ledger
from muniment.core.models import AuditEvent, ContentKey, LedgerEntry
from muniment.records.models import Nominal, Record, Tombstone
from muniment.retention.actions import destruction, disposal, replay
from muniment.retention.actions import hold as holding
from muniment.retention.models import Certificate, DisposalOrder, Hold


class TakenBack(Exception):
    """Undoes what was done."""


def ledger_of(deeds):
    """Return the ledger after deeds that the database knows nothing of."""
    before = ledger.position().number
    with pytest.raises(TakenBack), transaction.atomic(), transaction.atomic(using="keys"):
        deeds()
        ledger.write_outside()
        raise TakenBack
    return list(ledger.read(ledger.file())), before


def follow(deeds, **how):
    lines, before = ledger_of(deeds)
    return replay.follow(lines, before, by=WORKER, **how)


def actions():
    return set(AuditEvent.objects.values_list("action", flat=True))


def finish(order):
    disposal.instruct(order, by=WORKER)
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=WORKER, said="done", note="")
    destruction.work(by=WORKER)


def test_an_order_that_waited_in_the_copy_is_carried_out_with_its_proof(life):
    order = approved(life)
    owners = set(ContentKey.objects.filter(owner__startswith="record:").values_list("owner", flat=True))
    assert owners
    done = follow(lambda: finish(order))
    assert (done.disposals, done.records, done.nominals, done.findings) == (2, 2, 2, [])
    assert not Record.objects.exists() and not Nominal.objects.exists()
    assert not ContentKey.objects.filter(owner__in=owners).exists()
    order.refresh_from_db()
    assert (order.state, order.certificate.is_provisional) == ("certified", False)
    assert not order.items.filter(destroyed_at__isnull=True).exists()
    assert sorted(Tombstone.objects.values_list("entity", flat=True)) == ["nominal", "nominal", "record", "record"]
    assert "disposal.replay" in actions()
    assert ledger.position().number == LedgerEntry.objects.count() == 2
    destruction.work(by=WORKER)  # the copy has caught up with the file: the worker goes on


def test_of_an_order_that_the_copy_never_knew_the_proof_comes_back_too(life):
    made = {}
    done = follow(lambda: made.update(order=carried_out(life, life.review, ["C1", "CU1"]).reference))
    order = DisposalOrder.objects.get()
    assert (order.reference, order.prime, order.state) == (made["order"], None, "certified")
    assert Certificate.objects.get().body["order"] == order.reference
    assert (done.records, done.findings) == (2, [])


def test_a_hold_on_somebody_whom_the_copy_does_not_know_covers_everything_until_it_is_named_again(life):
    done = follow(lambda: place(life, people=[10**9]))
    assert len(done.findings) == 1 and "does not know" in done.findings[0]
    assert {each.record.reference for each in Hold.objects.get().held.all()} == {"C1", "CU1"}


def test_a_hold_that_was_released_since_is_released_and_what_it_covered_goes(life):
    held = place(life)

    def deeds():
        holding.ask_release(held, by=by(life, "hazel"), reason="The inquest has ended, and its paper says so.")
        holding.release(held, by=by(life, "ash"))
        carried_out(life, life.review, ["C1", "CU1"])

    done = follow(deeds)
    held.refresh_from_db()
    assert held.released_at is not None and held.released_by == "ash"
    assert (done.records, done.findings) == (2, [])


def test_beside_the_live_keys_nothing_of_them_is_written(life):
    before = ContentKey.objects.count()
    done = follow(lambda: carried_out(life, life.review, ["C1", "CU1"]), keys_too=False)
    assert ContentKey.objects.count() == before
    assert any("keys of content" in each for each in done.findings)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[1:], "taken out"),
        (lambda lines: [lines[1], lines[0]], "taken out"),
        (lambda lines: [lines[0].replace('"hold"', '"disposal"'), *lines[1:]], "was changed"),
        (lambda lines: [lines[0][:40], *lines[1:]], "not a line"),
    ],
)
def test_a_ledger_that_was_changed_is_not_followed(life, change, why):
    place(life, classes=["CRIME"])
    place(life, classes=["CUSTODY"])
    ledger.write_outside()
    path = ledger.file()
    assert [line.body["facts"]["title"] for line in ledger.read(path)] == ["Inquest", "Inquest"]
    assert "Inquest" not in path.read_text()
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    with pytest.raises(ledger.BadLedger, match=why):
        list(ledger.read(path))


def test_where_the_file_goes_further_than_the_database_nothing_is_destroyed(life):
    order = approved(life)
    ledger_of(lambda: place(life, classes=["CUSTODY"]))
    with pytest.raises(ledger.BadLedger, match="older copy"):
        destruction.work(by=WORKER)
    order.refresh_from_db()
    assert order.state == "approved"


def test_a_restored_copy_keeps_the_marks_of_what_went_and_the_kind_of_a_hold(life):
    from muniment.retention.holds import gone

    def deeds():
        carried_out(life, life.review, ["C1", "CU1"])
        place(life, areas=["CUSTODY"], match="all")

    follow(deeds)
    held = Hold.objects.get()
    assert (held.kind, held.decided_by, held.scope["match"]) == ("proceedings", "Chief Constable", "all")
    assert [went.item.reference for went in gone.too_late(gone.Scope.of_version(held.versions.get()))] == ["CU1"]


def test_a_copy_follows_what_was_amended_since(life):
    from muniment.core.models import Controller
    from muniment.retention.actions import amending
    from muniment.retention.holds import gone
    from muniment.retention.models import LetGoRecord, hold_versions

    held = place(life)

    def change(**scope):
        bound = (Controller.objects.get(code="northshire"),)
        proposal = amending.Amendment(scope, bound, "Letter of 3 June 2026", "Chief Constable", "It wrote again.")
        amending.amend(Hold.objects.get(pk=held.pk), proposal, by=by(life, "hazel"))

    def deeds():
        change(areas=["CUSTODY"])
        amending.agree(held, by=by(life, "ash"))
        change(areas=["CUSTODY"], people=[prime_of("P1").pk], match="all")

    follow(deeds)
    held = Hold.objects.get()
    assert [(each.number, each.state) for each in held.versions.all()] == [
        (1, "standing"),
        (2, "standing"),
        (3, "asked"),
    ]
    assert held.scope == {"areas": ["CUSTODY"]}
    assert [each.number for each in hold_versions.in_force(held)] == [2, 3]
    assert [each.record.reference for each in held.held.all()] == ["CU1"]
    assert [each.record.reference for each in LetGoRecord.objects.all()] == ["C1"]
    assert gone.Scope.of_version(held.versions.last()).people == {prime_of("P1").pk}
