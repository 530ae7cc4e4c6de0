"""What an installation is asked, to have something to back up, to destroy it and to look for it afterwards."""

import os
from pathlib import Path

from django.utils import timezone

from factories.asking import ANSWERS, drafted, kept_until_next_year, sent
from factories.cast import make_cast
from factories.deeds import NO, WHY, by, carried_out, place, prime_of
from factories.exports import row
from factories.linkage import activate_model
from factories.lives import BY, Life
from muniment.core.actors import from_user
from muniment.core.models import Controller, RuleAdoption, User
from muniment.people.queries import life_digest
from muniment.retention.actions import adopting, destruction, effects
from muniment.retention.actions import requests as requesting
from muniment.retention.actions import review as reviewing
from muniment.retention.models import Hold, PersonRequest, Review

MARKER = "Quillthorn"  # in no other name or word


def _life(folder: str) -> Life:
    return Life(Path(folder), {each.username: each for each in User.objects.all()})


def begin(folder: str) -> None:
    """Take in somebody who will be destroyed, of the marker's name, and somebody who stays."""
    make_cast({each.code: each for each in Controller.objects.all()})
    activate_model()
    life = _life(folder)
    marked = {"SURNAME": MARKER, "TEXT": f"{MARKER} was seen.", "ADDRESS": f"1 {MARKER} Street", "POSTCODE": "NH1 1AA"}
    other = {"SURNAME": "Keepwell", "FORENAME": "Tansy", "BORN": "1979-01-02"}
    life.crime.send([row("C1", "P1", **marked), row("C9", "P9", **other)])
    life.run()


def destroy(folder: str) -> str:
    """Have the person of the marker destroyed, with proof; return the certificate."""
    review = Review.objects.get(prime=prime_of("P1"))
    return carried_out(_life(folder), review, ["C1"]).certificate.reference


def hold_who_stays(folder: str) -> str:
    """Place a hold on the other person."""
    return place(_life(folder), people=[prime_of("P9").pk]).reference


def restrict_who_stays(folder: str) -> str:
    """Have the use of what is held of the other person restricted; return the reference of the request."""
    life, prime, on = _life(folder), prime_of("P9"), timezone.localdate()
    asked = requesting.Asked("erasure_request", "le", "person", on)
    made = requesting.record(prime, Controller.objects.get(code="northshire"), asked, by=by(life, "hazel"))
    answers = reviewing.Answers(NO, WHY, seen=life_digest(prime.pk))
    given = {made.pk: ANSWERS["erasure_request"]}
    conclusion = reviewing.Conclusion("retain", "It is evidence.", requests=given, **kept_until_next_year())
    reviewing.decide(Review.objects.get(prime=prime), answers, conclusion, by=by(life, "rowan"))
    sent(life, drafted(life, PersonRequest.objects.get(pk=made.pk))[0])
    return made.reference


def hold_everything(folder: str) -> str:
    """Place a hold on every crime."""
    return place(_life(folder), classes=["CRIME"]).reference


def adopt() -> str:
    """Have a rule adopted by two people; return its reference."""
    force = Controller.objects.get(code="northshire")
    paper = "Retention policy of the force, section 3, of 1 December 2026"
    rowan, ash = (from_user(User.objects.get(username=name)) for name in ("rowan", "ash"))
    asked = adopting.ask(adopting.Proposal(force, "HR-RAD", timezone.localdate(), paper), by=rowan)
    effects.work_out(by=BY)
    adopting.complete(asked, by=ash, shown=effects.digest(effects.run_of(asked)))
    return asked.reference


def adopted() -> list[str]:
    """Return the references of what was adopted."""
    return [each.reference for each in RuleAdoption.objects.filter(completed_at__isnull=False)]


def held(reference: str) -> list[str]:
    """Return the references of the records that a hold covers, if it stands."""
    found = [each for each in Hold.objects.filter(released_at__isnull=True) if each.reference == reference]
    return sorted(each.record.reference for hold in found for each in hold.held.select_related("record"))


def work() -> dict[str, int]:
    """Carry out what is due."""
    return destruction.work(by=BY)


def web_address(dbname: str) -> str:
    """Return where the web signs in to a database."""
    from muniment.core import database

    return database.uri("web", dbname=dbname)


def let_go() -> None:
    """Give up every connection, so that a database may be taken away."""
    from django.db import connections

    connections.close_all()


def marked_tables() -> list[str]:
    """Return the tables of the database in which the marker stands, in any column."""
    from muniment.core import database

    with database.admin_connection(database.names()[0]) as admin:
        tables = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        within = 'SELECT count(*) FROM "{}" t WHERE t::text ILIKE %s'
        counts = {name: admin.execute(within.format(name), [f"%{MARKER}%"]).fetchone()[0] for (name,) in tables}
    return [name for name, count in counts.items() if count]


def back_up(folder: str) -> int:
    """Copy the records into a folder; return how far the ledger went."""
    from muniment.core.backup import taking

    return taking.records(Path(folder))["ledger"]["number"]


def refused(folder: str, keys: str, ledger: str, **settings: str) -> str:
    """Return why a copy, a copy of keys and a ledger are not taken, with other files of keys; empty if they are."""
    from muniment.cli import restoring
    from muniment.core.backup import BadBackup, NoKey
    from muniment.core.ledger import BadLedger

    before = dict(os.environ)
    os.environ.update(settings)
    try:
        restoring.Given.of(Path(folder), Path(keys), Path(ledger))
    except (BadBackup, NoKey, BadLedger) as why:
        return str(why)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return ""
