"""A request that comes up between a proposal and a destruction stops it."""

from datetime import date

import pytest
from django.utils import timezone

from factories.deeds import WORKER, answered, approved, ask, by, decide, propose
from muniment.core.verdicts import Refused
from muniment.people.models import PrimePerson
from muniment.records.models import Record
from muniment.retention.actions import destruction, disposal, subject_event
from muniment.retention.models import DisposalOrder

pytestmark = pytest.mark.django_db(databases="__all__")


def state(order):
    return DisposalOrder.objects.get(pk=order.pk).state


@pytest.mark.parametrize("stage", [propose, approved, answered], ids=["proposed", "approved", "answered"])
def test_an_access_request_stops_it_at_once(life, stage):
    order = stage(life)
    ask(life)
    assert state(order) == "stopped"
    assert "access request" in DisposalOrder.objects.get(pk=order.pk).stopped_by.lower()
    destruction.work(by=WORKER)
    assert Record.objects.count() == 2


def test_an_open_request_forbids_a_proposal_until_it_is_closed(life):
    request = ask(life)
    done = decide(life)
    wanted = disposal.Proposal(done.prime, done.controller, tuple(Record.objects.values_list("pk", flat=True)), done)
    with pytest.raises(Refused, match="is open"):
        disposal.propose(wanted, by=by(life, "rowan"))
    subject_event.close(request, by=by(life, "rowan"), closed=timezone.localdate())
    assert disposal.propose(wanted, by=by(life, "rowan")).state == "proposed"


def test_an_enquiry_that_only_starts_a_review_stops_nothing(life):
    order = approved(life)
    ask(life, "dbs_search")
    assert state(order) == "approved"


def test_a_request_that_the_web_could_not_see_is_found_by_the_worker(life):
    order = answered(life)
    prime = PrimePerson.objects.get(retired_at__isnull=True)
    prime.events.create(kind="something policy does not list", dated=date(2026, 6, 1), by="another force")
    assert destruction.work(by=WORKER)["refused"] == 1
    assert state(order) == "stopped"
    assert Record.objects.count() == 2
