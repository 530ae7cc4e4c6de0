"""A run over everybody is the reference's where there are few, and the set engine's where there are many."""

import pytest
from django.utils import timezone

from factories.small_world import make_small_world
from muniment.core import policy_in_force
from muniment.core.actors import Actor
from muniment.retention.actions.schedule import schedule
from muniment.retention.deciding import schedule_tables
from muniment.retention.models import PersonDecision, RecordDecision


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_what_one_engine_has_decided_the_other_does_not_change(controllers, monkeypatch):
    monkeypatch.setattr(schedule_tables, "FEW", 0)
    make_small_world()
    assert PersonDecision.objects.count() > 100 and RecordDecision.objects.count() > 100
    monkeypatch.setattr(schedule_tables, "FEW", 1_000_000)
    again = schedule(policy_in_force.load(), by=Actor("tests"), on=timezone.localdate())
    assert (again.changed_people, again.changed_records, again.reviews_opened, again.reviews_closed) == (0, 0, 0, 0)
