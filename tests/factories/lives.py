"""A small life, from exports to a review that is due."""

from datetime import date
from pathlib import Path

from factories import kept
from factories.cast import make_cast, refresh
from factories.exports import Source, row
from factories.linkage import activate_model
from muniment.core.actors import Actor
from muniment.core.models import BatchRun, Controller, User
from muniment.engine import policy
from muniment.people.actions.attach import attach
from muniment.people.actions.resolve import resolve
from muniment.records.actions.organise import load_organisation
from muniment.records.models import Nominal
from muniment.retention.actions.schedule import schedule
from muniment.retention.models import Review

BY = Actor("tests")
NOW = date(2026, 11, 22)
ORGANISATION = Path(__file__).parents[2] / "examples" / "demonstration" / "organisation.yaml"


class Life:
    """A person cautioned for shop theft long ago, known to two systems, and what can be done about them."""

    def __init__(self, tmp_path, cast):
        self.cast = cast
        self.crime = Source(tmp_path, kind="delta")
        self.custody = Source(tmp_path, system="custody", kind="delta", area="CUSTODY", record_class="CUSTODY")

    def take_in(self):
        self.crime.send([row("C1", "P1", POSTCODE="NH1 1AA", PHONE="07700900123", ADDRESS="1 Invented Street")])
        self.custody.send(
            [row("CU1", "D1", ROLE="DETAINEE", POSTCODE="NH1 1AA", PHONE="07700900123", ADDRESS="1 Invented Street")]
        )
        self.run()

    def run(self):
        """Link and decide everybody: where a run has linked them, one by one, which is sooner done and says the same.

        That it says the same is tested where linking is (`integration/people/test_attach.py`).
        """
        if not BatchRun.objects.filter(kind="resolve", state="done").exists():
            return self.run_over_everybody()
        attach(list(Nominal.objects.values_list("pk", flat=True)), by=BY)
        return self._decide()

    def run_over_everybody(self):
        resolve(by=BY)
        return self._decide()

    def _decide(self):
        refresh()
        return schedule(policy.load(), by=BY, on=NOW)

    @property
    def review(self):
        return Review.objects.exclude(state__in=["decided", "closed"]).get()


def begin(folder: Path) -> Life:
    """Register the organisation and the cast, activate a model, and take the life in."""
    kept.once("life", lambda: _make(folder))
    return Life(folder, {each.username: each for each in User.objects.all()})


def _make(folder: Path) -> None:
    load_organisation(ORGANISATION, by=BY)
    activate_model()
    Life(folder, make_cast({each.code: each for each in Controller.objects.all()})).take_in()
