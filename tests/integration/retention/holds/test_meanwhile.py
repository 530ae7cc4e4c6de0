"""A hold that is placed while the worker runs covers what its placer cannot see before anything more is done."""

from datetime import date

import pytest

from factories.deeds import WORKER, answered, approved
from muniment.core.models import Controller
from muniment.core.verdicts import Refused
from muniment.records.models import Record
from muniment.retention.actions import destruction, disposal, held_records
from muniment.retention.models import DisposalOrder, Hold, HoldController

pytestmark = pytest.mark.django_db(databases="__all__")


def held_unseen():
    """A hold of someone who sees none of the records that it is to cover."""
    held = Hold.objects.create(
        title="Inquest", authority="x", scope={}, start=date(2026, 1, 1), placed_by="hazel", review_on=date(2027, 1, 1)
    )
    HoldController.objects.create(hold=held, controller=Controller.objects.get(code="northshire"))


@pytest.mark.parametrize("reach", [approved, answered])
def test_a_hold_placed_after_the_worker_began_is_widened_before_its_next_step(life, monkeypatch, reach):
    order, widen = reach(life), held_records.expand_all
    held = []

    def then(**more):
        widen(**more)
        if not held:
            held.append(held_unseen())

    monkeypatch.setattr(held_records, "expand_all", then)
    done = destruction.work(by=WORKER)
    assert (done["instructed"], done["destroyed"]) == (0, 0)
    assert DisposalOrder.objects.get(pk=order.pk).state == "stopped"
    assert Record.objects.count() == 2


@pytest.mark.parametrize(("reach", "step"), [(approved, disposal.instruct), (answered, destruction.destroy)])
def test_a_step_taken_alone_heeds_a_hold_that_is_not_widened_yet(life, reach, step):
    order = reach(life)
    held_unseen()
    with pytest.raises(Refused):
        step(order, by=WORKER)
    assert Record.objects.count() == 2
