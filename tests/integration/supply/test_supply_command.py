"""`muniment export`: what it prints, and how each ending is told by its exit code."""

import json

import pytest
from typer.testing import CliRunner

from factories.deeds import prime_of
from factories.supplies import agree, supply
from muniment.cli import exits, export
from muniment.core import sittings
from muniment.core.models import AuditEvent
from muniment.supply import form
from muniment.supply.models import Supply

pytestmark = pytest.mark.xdist_group("supply")


@pytest.fixture
def muniment(life, monkeypatch):
    """Run the command within the transaction of the test, which cannot begin another snapshot."""
    within = sittings.within
    monkeypatch.setattr(export, "prepare", lambda role: None)
    monkeypatch.setattr(sittings, "within", lambda user, **_: within(user))

    def run(*words):
        done = CliRunner().invoke(export.app, words)
        return exits.code_of(done.exception) if done.exception and done.exit_code == 1 else done.exit_code, done

    return run


def given(muniment, out, *words, user="sedge"):
    to = ("--as", user, "--purpose", "RETENTION_REVIEW", "--to", "index", "--out", str(out))
    return muniment("run", *to, *words)


def test_it_gives_and_says_how_much(muniment, out):
    agree()
    code, done = given(muniment, out, "--people", prime_of("P1").reference, "--json")
    said = json.loads(done.stdout)
    assert code == 0
    assert (said["people"], said["person_rows"], said["event_rows"]) == (1, 1, 2)
    assert Supply.objects.get().selection == {"people": [prime_of("P1").reference]}


@pytest.mark.parametrize(
    ("words", "user", "code"),
    [
        (("--everybody",), "robin", exits.REFUSED),
        (("--everybody",), "nobody", exits.WRONG_USE),
        ((), "sedge", exits.WRONG_USE),
        (("--everybody", "--changed-since", "2026-01-01"), "sedge", exits.WRONG_USE),
        (("--changed-since", "yesterday"), "sedge", exits.WRONG_USE),
        (("--changed-since", "2999-01-01"), "sedge", exits.REFUSED),
        (("--people", "P0000001-X"), "sedge", exits.WRONG_USE),
        (("--everybody", "--format", "xml"), "sedge", exits.WRONG_USE),
        (("--everybody", "--of", "westvale"), "sedge", exits.REFUSED),
        (("--everybody", "--of", "atlantis"), "sedge", exits.WRONG_USE),
    ],
)
def test_what_cannot_be_given_ends_with_its_code(muniment, out, words, user, code):
    agree()
    ended, _ = given(muniment, out, *words, user=user)
    assert ended == code
    assert not out.exists() and not Supply.objects.exists()


def test_a_recipient_that_nobody_knows_is_bad_input_and_a_refusal_is_recorded(muniment, out):
    assert given(muniment, out, "--everybody")[0] == exits.BAD_INPUT
    agree(until="2026-02-01")
    assert given(muniment, out, "--everybody", "--of", "northshire")[0] == exits.REFUSED
    assert AuditEvent.objects.filter(action="export.refused", outcome="refused", actor="sedge").exists()


def test_a_folder_that_holds_something_is_left_alone(muniment, out):
    agree()
    out.mkdir()
    (out / "kept.txt").write_text("kept")
    assert given(muniment, out, "--everybody")[0] == exits.REFUSED
    assert [path.name for path in out.iterdir()] == ["kept.txt"]


def test_the_schema_is_printed_without_a_database(muniment):
    code, done = muniment("schema")
    assert code == 0 and json.loads(done.stdout) == form.json_schema()


def test_check_and_corrections_say_so_where_there_is_nothing_to_say(muniment, life, out):
    agree()
    supply(life, out)
    code, done = muniment("check", str(out), "--json")
    assert (code, json.loads(done.stdout)["faults"]) == (0, [])
    (out / "event.jsonl").unlink()
    assert muniment("check", str(out))[0] == exits.CHECK_FAILED
    words = ("--as", "sedge", "--purpose", "RETENTION_REVIEW", "--to", "index", "--out", str(out.with_name("c")))
    code, done = muniment("corrections", *words, "--json")
    assert (code, json.loads(done.stdout)["notices"]) == (0, 0)
