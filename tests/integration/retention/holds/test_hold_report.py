"""What has gone of a hold's scope since a day: what is left of a record can say, what nothing can, and who is told."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from factories.cast import sign_in
from factories.deeds import WORKER, by, carried_out, place, prime_of
from factories.spreadsheets import rows
from muniment.cli import exits
from muniment.cli import hold as command
from muniment.core import ledger
from muniment.core.models import AuditEvent, Controller
from muniment.retention.actions import hold as holding
from muniment.retention.holds import hold_reports
from muniment.retention.models import Hold, HoldVersion, Trace

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def gone(life):
    """Everything of the life is destroyed; `life.person` was whose it was."""
    life.person = prime_of("P1").pk
    life.order = carried_out(life, life.review, ["C1", "CU1"])
    return life


def look(hold, days=30):
    return hold_reports.report(hold, timezone.localdate() - timedelta(days=days))


def names(those):
    return sorted(each.item.reference for each in those)


SCOPES = [
    ({"ho_classes": ["046"]}, ["C1", "CU1"], []),
    ({"ho_classes": ["046/00"]}, ["C1", "CU1"], []),
    ({"ho_classes": ["019"]}, [], []),
    ({"cjs": ["th68010"]}, ["C1", "CU1"], []),
    ({"areas": ["CUSTODY"]}, ["CU1"], []),
    ({"systems": ["crime"]}, ["C1"], []),
    ({"classes": ["CUSTODY"]}, ["CU1"], []),
    ({"cjs": ["TH68010"], "from": "2015-03-01", "until": "2015-03-02"}, ["C1", "CU1"], []),
    ({"cjs": ["TH68010"], "from": "2016-01-01"}, [], []),
    ({"keywords": ["notebook"]}, [], ["C1", "CU1"]),
    ({"keywords": ["notebook"], "areas": ["CUSTODY"]}, ["CU1"], ["C1"]),
    ({"keywords": ["notebook"], "areas": ["CUSTODY"], "match": "all"}, [], ["CU1"]),
    ({"places": ["Orgreave"], "units": ["squad"], "from": "2016-01-01"}, [], []),
    ({}, ["C1", "CU1"], []),
]


def test_what_is_left_of_a_record_says_whether_it_was_in_scope(gone):
    for scope, went, unknown in SCOPES:
        report = look(place(gone, **scope))
        assert (names(report.went), names(report.unknown)) == (went, unknown), scope
        assert report.others == 2 - len(went) - len(unknown)
        assert report.is_clear == (not went and not unknown)
        assert all(check.agrees for check in report.checks)
        assert report.while_it_stood == ()


def test_whoever_was_on_it_can_be_asked_for_and_nobody_else(gone):
    assert names(look(place(gone, people=[gone.person])).went) == ["C1", "CU1"]
    assert look(place(gone, people=[10**9])).went == ()


def test_before_its_day_nothing_is_told(gone):
    report = hold_reports.report(place(gone), timezone.localdate() + timedelta(days=1))
    assert (report.went, report.others) == ((), 0)
    assert report.verdict.startswith("Nothing in scope of this hold has gone since")


def test_marks_name_nothing_and_are_like_no_others(gone):
    one, two = Trace.objects.all()
    assert not set(one.marks) & set(two.marks), "the same person, offence and class leave other marks"
    assert {len(mark) for mark in one.marks + two.marks} == {32}, "as long as any other, whatever it is of"


def test_what_went_while_a_hold_stood_was_looked_through_for_its_words(life):
    hold = place(life, keywords=["a word that is nowhere"])
    carried_out(life, life.review, ["C1", "CU1"])
    report = look(hold)
    assert (report.went, report.unknown, report.others) == ((), (), 2)
    assert report.is_clear


def test_what_should_not_have_gone_is_said_first(gone):
    hold = place(gone, areas=["CUSTODY"])
    Hold.objects.update(placed_at=timezone.now() - timedelta(days=2))  # no deed of anybody's leads here
    HoldVersion.objects.update(since=timezone.now() - timedelta(days=2))
    hold.refresh_from_db()
    report = look(hold)
    assert names(report.while_it_stood) == ["CU1"]
    assert "1 record of them went while it stood: find out why." in report.verdict
    assert [check.agrees for check in report.checks] == [True, False]


def test_an_audit_that_tells_of_fewer_does_not_agree(gone):
    AuditEvent.objects.filter(action="record.destroy").latest("pk").delete()
    report = look(place(gone, ho_classes=["019"]))
    assert report.went == () and not report.is_clear
    assert "does not agree" in report.verdict


def test_the_page_and_the_print_say_it(gone):
    hold = place(gone, areas=["CUSTODY"], keywords=["notebook"])
    client = sign_in(gone.cast["hazel"])
    page = client.get(reverse("hold_report", args=[hold.reference])).text
    assert "1 record in scope of this hold has gone since" in page
    assert "Of 1 record that went, nobody can say" in page
    assert "CU1" in page and gone.order.reference in page
    assert "words are left nowhere" in page
    assert "when records were first taken in here" in page, "of what went before there was anything, it says nothing"
    assert AuditEvent.objects.get(action="hold.report").detail == {"since": "2026-01-01", "went": 1, "unknown": 1}
    printed = client.get(reverse("hold_report_pdf", args=[hold.reference]) + "?since=2026-01-01")
    assert printed.content.startswith(b"%PDF")
    book = client.get(reverse("hold_report_xlsx", args=[hold.reference]) + "?since=2026-01-01").content
    (_, *went), about = rows(book, "What has gone"), dict(rows(book, "About"))
    assert [line[3] for line in went] == [gone.order.reference]
    assert (about["In scope and gone"], about["Gone, and nobody can say"]) == (1, 1)
    assert client.get(reverse("hold_report", args=[hold.reference]) + "?since=yesterday").status_code == 422
    given = {
        "title": "Inquest",
        "kind": "proceedings",
        "authority": "Coroner's letter of 2 June",
        "decided_by": "Chief Constable",
        "start": "1/2/2026",
        "controllers": [Controller.objects.get(code="northshire").pk],
        "areas": "CUSTODY",
        "ahead": "on",
    }
    page = client.post(reverse("place_hold"), given, follow=True).text
    assert "It came too late for 1 record" in page and gone.order.reference in page


def test_of_another_force_the_report_says_nothing(gone):
    both = tuple(Controller.objects.filter(code__in=["northshire", "westvale"]))
    proposal = holding.Proposal(
        "Inquiry", "Letter of 2 June", timezone.localdate(), {}, both, kind="inquiry", decided_by="Chief Constable"
    )
    hold = holding.place(proposal, by=WORKER)
    page = sign_in(gone.cast["wren"]).get(reverse("hold_report", args=[hold.reference])).text
    assert "This says nothing of Northshire" in page
    assert "CU1" not in page and gone.order.reference not in page
    assert "0 records by their orders, 0 by the audit" in page
    mine = place(gone, areas=["CUSTODY"])
    assert sign_in(gone.cast["wren"]).get(reverse("hold_report", args=[mine.reference])).status_code == 404


def run(*words):
    done = CliRunner().invoke(command.app, list(words))
    return done.exit_code, done.stdout


def test_the_command_holds_it_against_tombstones_and_ledger(gone):
    hold = place(gone, areas=["CUSTODY"])
    ledger.write_outside()
    code, said = run("report", hold.reference, "--since", "2026-01-01", "--json")
    facts = json.loads(said)
    assert code == 0
    assert [each["reference"] for each in facts["went"]] == ["CU1"]
    assert facts["scope"] == {"areas": ["CUSTODY"]} and facts["others"] == 1
    agree = {each["what"]: each["agrees"] for each in facts["checks"]}
    assert [agree[name] for name in agree if "tombstone" in name or "ledger" in name] == [True, True]
    text = ledger.file().read_text().splitlines()
    ledger.file().write_text("\n".join(text[1:]) + "\n")
    code, said = run("report", hold.reference, "--json")
    assert code == exits.CHECK_FAILED
    assert "taken out" in said


def test_the_command_lists_holds_as_they_are_matched(life):
    hold = place(life, places=["Orgreave"], match="all")
    code, said = run("list", "--json")
    (only,) = json.loads(said)["holds"]
    assert code == 0
    assert (only["hold"], only["scope"]) == (hold.reference, {"places": ["Orgreave"], "match": "all"})
    assert run("report", "H9999999-X")[0] == 2


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_released_hold_brings_everything_to_a_person_and_nothing_to_the_clock(own_life):
    """Release makes reviews: what fell due under a hold is looked at, and no order is made of it."""
    from muniment.retention.models import DisposalOrder, RecordDecision

    hold = place(own_life)
    holding.ask_release(hold, by=by(own_life, "hazel"), reason="Inquest closed, letter of 2 June")
    holding.release(hold, by=by(own_life, "ash"))
    Hold.objects.update(released_at=timezone.now() - timedelta(days=30))
    own_life.run()
    assert set(RecordDecision.objects.values_list("outcome", flat=True)) <= {"review"}
    assert own_life.review.state == "open"
    assert not DisposalOrder.objects.exists()
