"""Covert enquiries look unseen: what they do is in the covert audit alone, and sealed with the rest."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.urls import reverse
from typer.testing import CliRunner

from factories.cast import refresh, sign_in
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.cli import audit as commands
from muniment.core import audit, database, verify_audit
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, AuditLeaf, AuditSeal, CovertEvent, CovertLeaf, RoleAssignment
from muniment.core.verdicts import Refused
from muniment.people.actions.resolve import resolve
from muniment.people.models import PrimePerson

pytestmark = pytest.mark.django_db(transaction=True)
OPERATION = "Operation Invented 12"


def begin(client, reference=OPERATION):
    answer = client.post(reverse("purpose"), {"purpose": "COVERT"})
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("covert_enquiry"))
    answer = client.post(answer.url, {"reference": reference, "authority": "A. Example, superintendent, 3 March 2026"})
    assert answer.status_code == 302


def ordinary():
    return list(AuditEvent.objects.order_by("pk").values_list("actor", "action"))


def covert():
    return list(CovertEvent.objects.order_by("pk").values_list("action", "outcome"))


def verify(tmp_path, lines):
    export = tmp_path / "export.jsonl"
    export.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = subprocess.run(
        [sys.executable, "-I", verify_audit.__file__, str(export), "--seals", str(audit.seals_file())],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.fixture
def person(cast, tmp_path):
    Source(tmp_path).send([row("C1", "P1")])
    activate_model()
    resolve(by=Actor("tests"))
    refresh()
    return PrimePerson.objects.get()


def test_what_an_enquiry_looks_at_is_in_the_covert_audit_alone(cast, person):
    client = sign_in(cast["thorn"], purpose=None)
    before = ordinary()
    begin(client)
    assert client.get(reverse("home")).status_code == 200
    assert client.get(reverse("find"), {"q": "smith"}).status_code == 200
    assert client.get(reverse("person", args=[person.reference])).status_code == 200
    assert client.get(reverse("reviews")).status_code == 403
    assert ordinary() == before
    assert covert() == [
        ("enquiry.begin", "done"),
        ("home.view", "done"),
        ("person.find", "done"),
        ("person.view", "done"),
        ("access.refused", "refused"),
    ]
    assert set(CovertEvent.objects.values_list("detail__enquiry", flat=True)) == {OPERATION}


def test_an_enquiry_ends_with_another_purpose_and_with_the_session(cast, person):
    client = sign_in(cast["thorn"], purpose=None)
    begin(client)
    client.post(reverse("purpose"), {"purpose": "COMPLAINT"})
    client.get(reverse("person", args=[person.reference]))
    assert ("thorn", "person.view") in ordinary()
    begin(client)
    client.post(reverse("account_logout"))
    assert [action for action, _ in covert()] == ["enquiry.begin", "enquiry.end"] * 2
    assert ordinary()[-1] == ("thorn", "access.sign_out")


def test_an_enquiry_only_looks(cast, person):
    """What others would see cannot be done, though another role of the same user may."""
    RoleAssignment.objects.create(
        user=cast["thorn"], controller=cast["rowan"].assignments.get().controller, role="records_manager",
        start="2020-01-01",
    )  # fmt: skip
    client = sign_in(cast["thorn"])
    assert client.get(reverse("place_hold")).status_code == 200
    begin(client)
    answer = client.get(reverse("place_hold"))
    assert answer.status_code == 403
    assert "you only look" in answer.text
    assert reverse("holds") not in client.get(reverse("home")).text


def test_an_enquiry_stops_with_the_permission(cast, person):
    client = sign_in(cast["thorn"], purpose=None)
    begin(client)
    RoleAssignment.objects.filter(user=cast["thorn"]).update(role="officer")
    assert client.get(reverse("person", args=[person.reference])).status_code == 403
    assert covert()[-1] == ("access.refused", "refused")
    assert client.get(reverse("purpose")).status_code == 200


@pytest.mark.parametrize("name", ["rowan", "teasel", "yarrow"])
def test_nobody_else_is_offered_a_covert_purpose(cast, name):
    client = sign_in(cast[name], purpose=None)
    assert "COVERT" not in client.get(reverse("purpose")).text
    assert client.post(reverse("purpose"), {"purpose": "COVERT"}).status_code == 200
    assert "purpose" not in client.session
    assert client.post(reverse("covert_enquiry"), {"reference": "x", "authority": "y"}).status_code == 403


def test_an_enquiry_needs_its_reference_and_its_authority(cast):
    client = sign_in(cast["thorn"], purpose=None)
    answer = client.post(reverse("covert_enquiry"), {"reference": "", "authority": ""})
    assert answer.status_code == 200
    assert "enquiry" not in client.session
    assert "who authorised it" in answer.text


def test_what_an_ordinary_auditor_sees_is_the_same_with_and_without_an_enquiry(cast, person):
    auditor = sign_in(cast["teasel"], purpose=None)
    audit.seal()
    auditor.get(reverse("audit"))
    begin(sign_in(cast["thorn"], purpose=None))
    seen = auditor.get(reverse("audit")).text
    for word in ("Invented 12", "enquiry.begin", "COVERT", "Covert"):
        assert word not in seen
    # Both pages and the other's sign-in; what the enquiry wrote is not among them.
    assert "3 events not sealed yet" in seen
    assert AuditEvent.objects.count() - AuditLeaf.objects.count() == 3
    assert auditor.get(reverse("covert_audit")).status_code == 403


def test_a_covert_auditor_reads_unseen(cast, person):
    begin(sign_in(cast["thorn"], purpose=None))
    auditor = sign_in(cast["yarrow"], purpose=None)
    before = ordinary()
    seen = auditor.get(reverse("covert_audit")).text
    assert OPERATION in seen
    assert "superintendent" in seen
    assert ordinary() == before
    assert covert()[-1] == ("audit.view", "done")
    assert auditor.get(reverse("audit")).status_code == 403


def test_the_wall_holds_against_raw_sql(cast, person):
    begin(sign_in(cast["thorn"], purpose=None))
    audit.seal()
    tables = ("core_covertevent", "core_covertleaf", "core_covertseal")
    with psycopg.connect(database.uri("web", dbname=connection.settings_dict["NAME"]), autocommit=True) as web:
        for name, sees in (("teasel", False), ("rowan", False), ("thorn", False), ("yarrow", True)):
            web.execute("SELECT muniment.sit(%s, %s, 600)", [cast[name].pk, f"token-{name}"])
            with web.transaction():
                web.execute("SELECT muniment.enter(%s)", [f"token-{name}"])
                found = [web.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0 for table in tables]
                assert found == [sees] * 3, name
                assert (web.execute("SELECT count(*) FROM core_auditevent").fetchone()[0] > 0) is (name == "teasel")
        for statement in ("DELETE FROM core_covertevent", "UPDATE core_covertevent SET actor = 'x'",
                          "SELECT muniment.expire_audit(1)", "SELECT muniment.expire_covert_audit(1)"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(statement)


def test_neither_keys_nor_leaves_nor_seals_of_the_ordinary_audit_leave_a_gap(db):
    for number in range(6):
        audit.record(Actor("someone", enquiry="O" if number % 2 else ""), "person.view", subject=f"P{number}")
        if number == 3:
            audit.seal()
    audit.seal()
    keys = list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert keys == list(range(keys[0], keys[0] + 3))
    assert list(AuditLeaf.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]
    assert list(AuditSeal.objects.order_by("number").values_list("first_leaf", "last_leaf")) == [(1, 2), (3, 3)]
    assert CovertLeaf.objects.count() == 3


def test_a_covert_event_alone_makes_no_seal_until_one_is_due_anyway(db, time_machine):
    time_machine.move_to(datetime(2026, 6, 1, 9, 0, tzinfo=UTC), tick=False)
    audit.record(Actor("someone"), "home.view")
    assert audit.seal() == 1
    audit.record(Actor("someone", enquiry="O"), "person.view")
    assert audit.seal() == 0
    assert AuditSeal.objects.count() == 1
    time_machine.shift(timedelta(minutes=61))
    assert audit.seal() == 0
    assert AuditSeal.objects.count() == 2
    assert CovertLeaf.objects.count() == 1
    # An hour in which nothing happened at all looks the same.
    time_machine.shift(timedelta(minutes=61))
    audit.seal()
    assert AuditSeal.objects.count() == 3


def export(tmp_path, *options):
    """Export as the command does; return its exit code or refusal, and what it wrote."""
    out = tmp_path / "out.jsonl"
    done = CliRunner().invoke(commands.app, ["export", str(out), *options])
    return done.exception or done.exit_code, out.read_text() if out.exists() else ""


def test_an_export_is_an_event_in_its_own_part(cast, tmp_path):
    begin(sign_in(cast["thorn"], purpose=None))
    audit.seal()
    before = covert()
    code, written = export(tmp_path)
    assert code == 0
    assert OPERATION not in written
    assert ordinary()[-1][1] == "audit.export"
    assert covert() == before
    told = ordinary()
    code, written = export(tmp_path, "--covert-as", "yarrow")
    assert code == 0
    assert OPERATION in written
    assert ordinary() == told
    assert covert()[-1] == ("audit.export", "done")
    assert CovertEvent.objects.order_by("-pk").first().actor.endswith("for yarrow")


@pytest.mark.parametrize("name", ["teasel", "rowan", "thorn"])
def test_who_may_not_read_the_covert_audit_may_not_export_it(cast, tmp_path, name):
    refusal, written = export(tmp_path, "--covert-as", name)
    assert isinstance(refusal, Refused)
    assert written == ""


@pytest.fixture
def mixed(db):
    """Two seals, each over ordinary and covert events."""
    for run in range(2):
        for number in range(5):
            audit.record(Actor("someone"), "person.view", subject=f"P{run}{number}")
            audit.record(Actor("unseen", enquiry=OPERATION), "person.view", subject=f"Q{run}{number}")
        audit.seal()


def test_an_export_without_the_covert_audit_verifies_and_says_nothing_of_it(mixed, tmp_path):
    lines = list(audit.export())
    code, said = verify(tmp_path, lines)
    assert code == 0, said
    text = json.dumps(lines)
    assert OPERATION not in text
    assert "unseen" not in text
    assert {line["line"] for line in lines} == {"key", "event", "seal"}
    assert sum(line["line"] == "event" for line in lines) == 10
    assert "overt" not in said


def test_a_full_export_verifies(mixed, tmp_path):
    lines = list(audit.export(covert=True))
    assert OPERATION in json.dumps(lines)
    code, said = verify(tmp_path, lines)
    assert code == 0, said
    assert "Covert audit: 10 events, 2 seals, 10 events sealed." in said


def test_a_seal_over_nothing_covert_looks_like_any_other(db, tmp_path):
    audit.record(Actor("someone"), "home.view")
    audit.seal()
    seal = next(line for line in audit.export() if line["line"] == "seal")
    assert len(bytes.fromhex(seal["covert"])) == 32
    code, said = verify(tmp_path, list(audit.export(covert=True)))
    assert code == 0, said


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_covertevent SET actor = 'nobody' WHERE subject = 'Q03'",
        "DELETE FROM core_covertevent WHERE subject = 'Q03'",
        "DELETE FROM core_covertleaf WHERE number = 3",
        "DELETE FROM core_covertseal WHERE number = 2",
        "UPDATE core_covertseal SET last_leaf = 4, root = sha256('x') WHERE number = 1",
    ],
)
def test_a_covert_event_that_was_changed_or_taken_out_is_found(mixed, tmp_path, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    code, said = verify(tmp_path, list(audit.export(covert=True)))
    assert code == 1, said
    # The ordinary audit is untouched, and says so.
    assert verify(tmp_path, list(audit.export()))[0] == 0


def test_an_ordinary_event_cannot_be_hidden_as_covert(mixed, tmp_path):
    with connection.cursor() as cursor:
        columns = "at, actor_id, actor, action, outcome, controller, subject, purpose, recipient, detail, salt"
        columns += ", concerns"
        cursor.execute(
            f"INSERT INTO core_covertevent ({columns}, compartment)"
            f" SELECT {columns}, 'covert' FROM core_auditevent WHERE subject = 'P03'"
        )
        cursor.execute("DELETE FROM core_auditevent WHERE subject = 'P03'")
        cursor.execute("DELETE FROM core_auditleaf WHERE event_id NOT IN (SELECT id FROM core_auditevent)")
    code, said = verify(tmp_path, list(audit.export()))
    assert code == 1
    assert "1 events are missing" in said
