"""The audit is sealed: whoever rewrites it, a superuser too, is found out by a script that knows nothing of us."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from muniment.core import audit, verify_audit
from muniment.core.actors import Actor

SCRIPT = Path(verify_audit.__file__)


@pytest.fixture
def events(db):
    for number in range(150):
        audit.record(Actor("someone"), "person.view", subject=f"P{number}")
    audit.seal()
    for number in range(150, 250):
        audit.record(Actor("someone"), "person.view", subject=f"P{number}")
    audit.seal()


def check(tmp_path, lines=None):
    export = tmp_path / "export.jsonl"
    export.write_text("".join(json.dumps(line) + "\n" for line in (lines or audit.export())))
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(export), "--seals", str(audit.seals_file())],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_an_untouched_audit_verifies(events, tmp_path):
    code, said = check(tmp_path)
    assert code == 0, said
    assert "Everything that was sealed is unchanged." in said


def test_the_tail_that_is_not_sealed_is_reported(events, tmp_path):
    audit.record(Actor("someone"), "person.view", subject="late")
    _, said = check(tmp_path)
    assert "1 events are not sealed yet" in said


def test_sealing_twice_seals_nothing_more(events):
    assert audit.seal() == 0


def test_one_changed_word_is_found(events, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditevent SET actor = 'nobody' WHERE subject = 'P7'")
    code, said = check(tmp_path)
    assert code == 1
    assert "the event was changed" in said


def test_a_superuser_who_rewrites_the_last_hundred_and_every_hash_is_found(events, tmp_path):
    """They change the events, recompute every digest, root and seal in the database, and sign with a key of theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_auditevent SET actor = 'innocent'"
            " WHERE id IN (SELECT event_id FROM core_auditleaf WHERE number > 150)"
        )
        cursor.execute("DELETE FROM core_auditleaf")
        cursor.execute("DELETE FROM core_auditseal")
        cursor.execute("DELETE FROM core_covertseal")
    kept = audit.seals_file().read_text()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    theirs = Ed25519PrivateKey.generate()
    original = audit._signing_key
    audit._signing_key = lambda: theirs
    audit.seals_file().unlink()  # the sealer refuses to seal again what is sealed outside
    try:
        audit.seal()
        lines = list(audit.export())
    finally:
        audit._signing_key = original
    audit.seals_file().write_text(kept)
    code, said = check(tmp_path, lines)
    assert code == 1
    assert "CHANGED" in said


def test_who_takes_out_the_last_seal_cannot_have_it_sealed_again(events, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM core_auditevent WHERE id = (SELECT event_id FROM core_auditleaf WHERE number = 200)"
        )
        cursor.execute("DELETE FROM core_auditleaf WHERE number > 150")
        cursor.execute("DELETE FROM core_auditseal WHERE number = 2")
    with pytest.raises(audit.SealsAhead, match="taken out of the database"):
        audit.seal()
    code, said = check(tmp_path)
    assert code == 1
    assert "100 events are missing" in said


def test_a_seal_that_a_kill_kept_from_the_file_is_written_by_the_next_run(events, tmp_path):
    """Killed after the commit, and in the middle of the line."""
    first, second = audit.seals_file().read_text().splitlines(keepends=True)
    audit.seals_file().write_text(first)
    code, said = check(tmp_path)
    assert (code, "100 events are not sealed yet" in said) == (0, True)
    for left in (first, first + second[:40]):
        audit.seals_file().write_text(left)
        assert audit.seal() == 0
        assert audit.seals_file().read_text() == first + second


def test_half_a_line_that_is_no_seal_is_not_written_over(events):
    with audit.seals_file().open("a") as file:
        file.write("{half")
    with pytest.raises(audit.SealsAhead, match="half a line"):
        audit.seal()


def test_a_deleted_event_is_found(events, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_auditleaf WHERE number = 200")
    code, said = check(tmp_path)
    assert code == 1
    assert "missing" in said


def test_a_body_that_is_gone_without_an_expiry_is_found(events, tmp_path):
    """Whoever deletes events and leaves their digests cannot say that they expired, or that they are covert."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_auditevent WHERE subject IN ('P7', 'P8')")
    code, said = check(tmp_path)
    assert code == 1
    assert said.count("the event is gone, and no sealed expiry took it") == 2


def test_a_dropped_seal_is_found(events, tmp_path):
    lines = [line for line in audit.export() if not (line["line"] == "seal" and line["number"] == 2)]
    code, _ = check(tmp_path, lines)
    assert code == 1
