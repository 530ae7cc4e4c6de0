"""A hold and a request from a second connection, before and after every step of a disposal, in both orders.

Whoever comes second waits for the first, and then knows all that it did: what is set first stops the step, and what
comes second stops the order or, after a destruction, is told that it came too late and for what.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest
from django.db import connection, connections, transaction

from factories.deeds import NO, WORKER, ask, by, keys_of, prime_of
from factories.exports import row
from muniment.core.models import AuditEvent, Controller
from muniment.core.verdicts import Refused
from muniment.records import staging
from muniment.records.models import Record
from muniment.retention.actions import destruction, disposal, hold
from muniment.retention.actions import review as reviewing
from muniment.retention.models import DisposalOrder, SubjectEvent

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
_PATIENCE = 20  # seconds


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone()[0] > 0


def both(first, second):
    """Do two deeds on two connections: the second begins when the first is done and not committed; return both ends."""
    done = Event()

    def one():
        with transaction.atomic():
            made = attempt(first)
            done.set()
            until = time.monotonic() + _PATIENCE
            while not somebody_waits():
                assert time.monotonic() < until, "the second did not wait for the first"
                time.sleep(0.01)
        return made

    def other():
        assert done.wait(_PATIENCE)
        return attempt(second)

    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(closing, deed) for deed in (one, other)]
        return [each.result(_PATIENCE) for each in ends]


def closing(deed):
    try:
        return deed()
    finally:
        staging.close()
        connections.close_all()


def attempt(deed):
    try:
        return deed()
    except Refused as refusal:
        return refusal


SURNAMES = ("Aldbury", "Birchmoor", "Coldwell", "Dunmarsh", "Elmstead", "Fenwicke", "Garrowby", "Hollinside")
FORENAMES = ("Tansy", "Wilmot", "Linnet", "Corin", "Perrin", "Sorley", "Merrin", "Thora")


@pytest.fixture
def people(own_life):
    """Eight people with a record and a review each: one for every way in which two may meet."""
    rows = [
        row(
            f"R{number}",
            f"N{number}",
            FORENAME=FORENAMES[number],
            SURNAME=surname,
            BORN=f"19{50 + 4 * number}-03-1{number}",
        )
        for number, surname in enumerate(SURNAMES)
    ]
    own_life.crime.send(rows, on="2026-07-01")
    own_life.run()
    return [One(own_life, number) for number in range(len(SURNAMES))]


class One:
    """One of the people, what can be done about their record, and what may stop it."""

    def __init__(self, life, number):
        self.life, self.number = life, number

    @property
    def prime(self):
        return prime_of(f"N{self.number}")

    @property
    def is_here(self):
        return Record.objects.filter(reference=f"R{self.number}").exists()

    @property
    def order(self):
        return DisposalOrder.objects.get(items__reference=f"R{self.number}")

    def propose(self):
        done = self.prime.reviews.get()
        proposal = disposal.Proposal(done.prime, done.controller, keys_of([f"R{self.number}"]), done)
        return disposal.propose(proposal, by=by(self.life, "rowan"))

    def answer(self):
        for instruction in self.order.instructions.all():
            disposal.answer(instruction, by=WORKER, said="done", note="")

    def lead_to(self, state):
        """Take the steps before the one to a state, and return that one."""
        conclusion = reviewing.Conclusion("dispose", "No longer necessary for any policing purpose.")
        reviewing.decide(self.prime.reviews.get(), reviewing.Answers(NO), conclusion, by=by(self.life, "rowan"))
        steps = {
            "proposed": self.propose,
            "approved": lambda: disposal.approve(self.order, by=by(self.life, "ash")),
            "instructed": lambda: disposal.instruct(self.order, by=WORKER),
            "destroyed": lambda: destruction.destroy(self.order, by=WORKER),
        }
        for name, step in steps.items():
            if name == "destroyed":
                self.answer()
            if name == state:
                return step
            step()
        raise AssertionError(state)

    def hold(self):
        """Return the deed of placing a hold on this person, whoever they are by then."""
        prime, controller = self.prime, Controller.objects.get(code="northshire")
        scope = {"people": [prime.pk]}
        proposal = hold.Proposal(
            "Inquest", "Coroner's letter", date(2026, 1, 1), scope, (controller,), decided_by="Chief Constable"
        )
        return lambda: hold.set_up(proposal, by=by(self.life, "hazel"))

    def request(self):
        """Return the deed of recording that this person asks for access."""
        prime = self.prime
        return lambda: ask(self.life, person=prime)


STATES = ("proposed", "approved", "instructed", "destroyed")


def test_what_is_set_first_stops_the_step_that_waits_behind_it(people):
    for number, state in enumerate(STATES):
        for one, stop in ((people[2 * number], "hold"), (people[2 * number + 1], "request")):
            step = one.lead_to(state)
            made, end = both(getattr(one, stop)(), step)
            assert not isinstance(made, Refused)
            assert isinstance(end, Refused), f"{state} in spite of a {stop} that had been set"
            assert one.is_here
    destruction.work(by=WORKER)
    assert all(one.is_here for one in people)


def test_what_is_set_second_stops_the_order_or_is_told_what_had_gone(people):
    for number, state in enumerate(STATES[:-1]):
        for one, stop in ((people[2 * number], "hold"), (people[2 * number + 1], "request")):
            made, end = both(one.lead_to(state), getattr(one, stop)())
            assert made.state == state and not isinstance(end, Refused)
            assert one.order.state == "stopped", f"{state}: the {stop} did not see the order"
    destruction.work(by=WORKER)
    assert all(one.is_here for one in people)

    held, asked = people[-2:]
    order, placed = both(held.lead_to("destroyed"), held.hold())
    assert order.state == "destroyed" and not held.is_here
    assert (placed.records, placed.orders_stopped) == (0, 0)
    assert [went.item.reference for went in placed.too_late] == [f"R{held.number}"]
    assert order.reference in placed.too_late[0].words
    assert AuditEvent.objects.filter(action="hold.place").latest("pk").detail["came_too_late_for"] == 1

    prime = asked.prime
    order, end = both(asked.lead_to("destroyed"), asked.request())
    assert order.state == "destroyed" and not asked.is_here
    assert isinstance(end, Refused) and "too late" in str(end)
    assert order.reference in str(end) and "1 record" in str(end)
    assert not SubjectEvent.objects.filter(prime=prime).exists()
