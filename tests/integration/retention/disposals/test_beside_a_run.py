"""A destruction that is committed while a run computes: what has gone meanwhile is left out when it publishes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from factories.deeds import WORKER, answered, carried_out, keys_of
from factories.exports import row
from muniment.people.actions import resolve as resolving
from muniment.people.models import Belonging, MatchEdge, PrimePerson, SearchToken
from muniment.records.models import Nominal
from muniment.retention.actions import destruction
from muniment.retention.deciding import schedule_tables
from muniment.retention.models import RecordDecision

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def after(monkeypatch, module, name, deed):
    """Let a deed be done once when a function has computed what it returns, and before that is published."""
    computed, done = getattr(module, name), []

    def then(*given, **more):
        made = computed(*given, **more)
        if not done and "part" not in more:
            done.append(deed())
        return made

    monkeypatch.setattr(module, name, then)


@pytest.mark.parametrize(("module", "name"), [(resolving.runs, "tell"), (schedule_tables, "decide")])
def test_what_is_destroyed_while_a_run_computes_is_left_out(own_life, monkeypatch, module, name):
    answered(own_life)
    own_life.crime.send([row("C8", "P8", FORENAME="Tansy", SURNAME="Other", BORN="1979-01-02")], on="2026-07-01")
    after(monkeypatch, module, name, lambda: destruction.work(by=WORKER))
    own_life.run_over_everybody()
    assert [each.reference for each in Nominal.objects.all()] == ["P8"]
    assert [each.nominal.reference for each in Belonging.objects.all()] == ["P8"]
    assert [each.record.reference for each in RecordDecision.objects.all()] == ["C8"]
    assert not SearchToken.objects.filter(token="fictional").exists()
    assert not MatchEdge.objects.exists()


def test_a_person_part_of_whom_is_destroyed_while_a_run_computes_stays_who_they_are(own_life, monkeypatch):
    was, review = Belonging.objects.get(nominal__reference="D1").prime, own_life.review
    part = {"kept_records": keys_of(["CU1"]), "next_review": timezone.localdate() + timedelta(days=365)}
    after(monkeypatch, resolving.runs, "tell", lambda: carried_out(own_life, review, ["C1"], "part", **part))
    own_life.run_over_everybody()
    assert [each.reference for each in Nominal.objects.all()] == ["D1"]
    assert Belonging.objects.get(until__isnull=True).prime == was
    assert PrimePerson.objects.get().anchor.reference == "D1"
