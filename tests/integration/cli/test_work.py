"""The worker's rounds: one duty that fails keeps no other waiting, and what failed is said without its words."""

import pytest

from muniment.cli import work
from muniment.core import audit
from muniment.core.actors import Actor
from muniment.core.models import AuditEvent, AuditSeal
from muniment.retention.actions import destruction

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

BY = Actor("tests")


def failing(*, by):
    raise KeyError("what a record says")


def test_seals_are_made_though_disposal_fails(controllers, monkeypatch, capsys):
    audit.record(BY, "tests.something")
    monkeypatch.setattr(destruction, "work", failing)
    monkeypatch.setattr(work, "_recover", lambda: None)
    done = [work._try(duty) for duty in work._duties(BY, sweep=True)]
    assert [at for at, each in enumerate(done) if not each] == [6] and len(done) == 16
    assert AuditSeal.objects.exists()
    said = capsys.readouterr().err
    assert "KeyError" in said
    assert "what a record says" not in said
    assert AuditEvent.objects.filter(action="tests.something").exists()


def test_a_single_round_does_not_hide_a_failure(controllers, monkeypatch):
    monkeypatch.setattr(destruction, "work", failing)
    with pytest.raises(KeyError):
        work._round(BY)
