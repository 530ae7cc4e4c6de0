"""A world with people who may be given and people who may not, made once for a file; a test's own is undone."""

import pytest

from factories.exports import Source, row
from factories.lives import BY
from muniment.objects.actions.resolve import resolve as resolve_objects

HOME = {"POSTCODE": "NH1 1AA", "PHONE": "07700900123", "ADDRESS": "1 Invented Street"}
VICTIM = {"ROLE": "VICTIM", "RESULT": "", "FORENAME": "Vera", "SURNAME": "Harmed", "BORN": "1900-01-01"}
RESTRICTING = ("      outcome: OUTCOME\n", "      outcome: OUTCOME\n      restriction: INTO\n")


def secret(number, **values):
    """A row of somebody of whom nothing may be given: X1 about S1, and so on, each of a name of their own."""
    name = ("Zeugma", "Zymurgy", "Zoophyte", "Zucchetto", "Zwieback", "Zyzzyva")[number - 1]
    who = {"FORENAME": "Ottoline", "SURNAME": name, "BORN": f"1961-07-0{number}", "CJS": "TH68010"}
    return row(f"X{number}", f"S{number}", **{**who, **values})


def populate(life, folder):
    """Take in Vera, and six of whom nothing may be given: why is said beside each."""
    life.crime.send([row("C2", "V1", PNCID="1980/1234567X", **VICTIM, **HOME)], on="2026-06-03")
    Source(folder, controller="westvale", kind="delta").send([secret(1)])  # held by another force
    restricted = Source(folder, system="intelligence", kind="delta", duplicates="same_record").amend(RESTRICTING)
    restricted.send([secret(2, INTO="PROTECTED")])
    life.crime.send([secret(3), secret(4)], on="2026-06-04")
    sealed = [row("S3", ACTION="S", ENTITY="nominal"), row("X3", ACTION="S", ENTITY="record")]
    withdrawn = [row("S4", ACTION="D", ENTITY="nominal"), row("X4", ACTION="D", ENTITY="record")]
    life.crime.send(sealed + withdrawn, on="2026-07-02")
    staff = Source(folder, system="hr", kind="delta", area="HR", record_class="HR-VET", partition="corporate")
    staff.send([secret(5)])
    ungraded = Source(folder, system="firearms", kind="delta", area="INTEL", record_class="INTEL")
    # Intelligence without a handling code: about somebody, and about one who may be Marlow.
    ungraded.send([secret(6), row("X7", "S7", POSTCODE="NH9 9ZZ", PHONE="07700900777", ADDRESS="99 Elsewhere Road")])
    life.run()
    resolve_objects(by=BY)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    from factories import emptying
    from factories.lives import begin

    with django_db_blocker.unblock():
        folder = tmp_path_factory.mktemp("world")
        life = begin(folder)
        populate(life, folder)
        yield life
        for alias in ("default", "keys"):
            emptying.empty(alias)


@pytest.fixture
def life(db, world):
    return world


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"
