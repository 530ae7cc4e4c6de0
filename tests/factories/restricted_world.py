"""A person whose use is restricted, with something of theirs on every kind of page, and what they share with others.

What stands in `MARKS` is told of them alone. Nobody may read it for a purpose that does not open.
"""

from datetime import date

from factories import supplies
from factories.asking import decided, drafted, kept_until_next_year, sent
from factories.deeds import NO, WHY, WORKER, by, keys_of, place, prime_of
from factories.exports import LINKS, row
from factories.lives import BY
from muniment.core.models import Controller
from muniment.objects.actions.resolve import resolve as resolve_objects
from muniment.people.actions import judge as judging
from muniment.people.actions import judge_together as together
from muniment.people.actions import sampling
from muniment.people.models import JudgingAct
from muniment.people.queries import life_digest
from muniment.records.models import Nominal
from muniment.retention.actions import adopting, comparing, disposal, effects
from muniment.retention.actions import review as reviewing
from muniment.retention.models import PersonRequest

MARKS = ("zqtitle", "zqnarrative", "7 zqaddress", "900888", "0171310", "zqreason", "zqneed", "zqraw")
_HOME = {"ADDRESS": "7 Zqaddress Street", "POSTCODE": "NH1 9ZQ", "PHONE": "07700900888"}
_OTHER = {"FORENAME": "Tansy", "SURNAME": "Quite", "BORN": "1961-07-08"}
_ALIKE = {"ADDRESS": "7-9 Zqaddress Street", "POSTCODE": "NH1 9ZQ", "BORN": "1980-12-05"}


def restrict(life):
    _, request = decided(life, "erasure_request", outcome="retain", **kept_until_next_year())
    sent(life, drafted(life, request)[0])
    return PersonRequest.objects.get(pk=request.pk)


def make(life, folder):
    """Restrict Marlow Fictional (P1, D1); Tansy Quite (P2) is on a record with them, and P3 and P4 may be they."""
    supplies.agree()
    restrict(life)
    _dispose(life)
    life.crime.beside(LINKS)
    told = {"TITLE": "Zqtitle of C1", "TEXT": "Zqnarrative of C1", "PNCID": "2001/0171310W", **_HOME}
    life.crime.send([row("C1", "P1", **told), row("C2", "P2", **_OTHER)], on="2026-06-02")
    life.crime.send([row("C1", "P2", ROLE="WITNESS")], name="links", on="2026-06-02")
    raw = row("C9", "P1", TEXT="Zqraw of a row", **_HOME)
    life.crime.send([raw, raw | {"TITLE": "Another"}], on="2026-06-03")
    life.custody.send([row("CU3", "P3", **_ALIKE), row("CU4", "P4", **_ALIKE)], on="2026-06-03")
    life.run_over_everybody()
    resolve_objects(by=BY)
    _judge(life)
    supplies.supply(life, folder / "given", prime_of("P2"))
    place(life, people=[prime_of("P1").pk])
    northshire = Controller.objects.get(code="northshire")
    wanted = adopting.Proposal(northshire, "PER-G3B", date(2026, 12, 1), "Paper 7 of the board of 2026")
    adopting.ask(wanted, by=by(life, "ash"))
    effects.work_out(by=WORKER)
    comparing.take_reviews(northshire, by=by(life, "rowan"))


def _judge(life):
    one, two = (Nominal.objects.get(reference=each) for each in ("P1", "P3"))
    why = "Zqreason: the file of the one names the mother of the other."
    judging.judge(one, two, judging.Said("unsure", "records", why), by=by(life, "sorrel"))
    prime = prime_of("P1")
    pair = tuple(Nominal.objects.filter(belongings__prime=prime, belongings__until=None).order_by("pk")[:2])
    act = together.Act(JudgingAct.Act.ONE, prime, (pair,))
    together.judge_together(act, together.Because("records", why), by=by(life, "sorrel"))
    sampling.draw("policing", 20, by=BY)


def _dispose(life):
    """Have a disposal proposed of what a review has let go, and another review opened."""
    prime, northshire = prime_of("P1"), Controller.objects.get(code="northshire")
    done = reviewing.decide(
        _ask(life, prime, northshire),
        reviewing.Answers(NO, WHY, seen=life_digest(prime.pk)),
        reviewing.Conclusion("dispose", "Zqneed: it is no longer necessary for any policing purpose."),
        by=by(life, "rowan"),
    )
    records = keys_of(["C1", "CU1"])
    disposal.propose(disposal.Proposal(prime, northshire, records, done, with_others=records), by=by(life, "rowan"))
    _ask(life, prime, northshire)


def _ask(life, prime, controller):
    need = reviewing.Need("error_found", "Zqneed: a wrong offence was found in the paper file.")
    return reviewing.ask(prime, controller, by=by(life, "rowan"), need=need)
