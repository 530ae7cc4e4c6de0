"""Deeds that lead to a state: a state is reached by what people do, never set by hand."""

from datetime import date

from django.utils import timezone

from muniment.core import actors
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.people.actions import judge
from muniment.people.models import Belonging, PrimePerson
from muniment.people.queries import life_digest
from muniment.records.models import Nominal, Record
from muniment.retention.actions import answering, destruction, disposal, hold, subject_event
from muniment.retention.actions import review as reviewing
from muniment.retention.reviews import assessment

NO = dict.fromkeys(assessment.criteria(), "no")
WHY = {code: "Nothing was found that bears on it." for code, each in assessment.criteria().items() if each.needs_reason}
WORKER = Actor("worker")


def by(life, name):
    return actors.from_user(life.cast[name], "RETENTION_REVIEW")


def decide(life, outcome="dispose", **more):
    conclusion = reviewing.Conclusion(outcome, "No longer necessary for any policing purpose.", **more)
    return reviewing.decide(life.review, reviewing.Answers(NO, WHY), conclusion, by=by(life, "rowan"))


def asked_for(life):
    """Return a review of the one person whom nothing else opened: somebody needs it."""
    need = reviewing.Need("error_found", "A wrong offence was found in the paper file.")
    prime = PrimePerson.objects.get(retired_at__isnull=True)
    return reviewing.ask(prime, Controller.objects.get(code="northshire"), by=by(life, "rowan"), need=need)


def propose(life):
    done = decide(life)
    records = tuple(Record.objects.values_list("pk", flat=True))
    return disposal.propose(disposal.Proposal(done.prime, done.controller, records, done), by=by(life, "rowan"))


def approved(life):
    return disposal.approve(propose(life), by=by(life, "ash"))


def answered(life):
    order = disposal.instruct(approved(life), by=WORKER)
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")
    return order


def place(life, **scope):
    proposal = hold.Proposal(
        "Inquest",
        "Coroner's letter",
        date(2026, 1, 1),
        scope,
        (Controller.objects.get(code="northshire"),),
        decided_by="Chief Constable",
    )
    return hold.place(proposal, by=by(life, "hazel"))


def ask(life, kind="sar", person=None):
    prime = person or PrimePerson.objects.get(retired_at__isnull=True)
    return subject_event.record(prime, by=by(life, "rowan"), kind=kind, dated=timezone.localdate())


def prime_of(reference):
    return Belonging.objects.get(nominal__reference=reference, until__isnull=True).prime


def say(one, two, verdict, *, by):
    pair = (Nominal.objects.get(reference=reference) for reference in (one, two))
    judge.judge(*pair, judge.Said(verdict, "document", "The passport was seen at the desk."), by=by)


def answer_elsewhere(life, order, but=""):
    """Have every place but the sources, `but` one, answer that it has done what was asked."""
    for duty in order.duties.filter(answer="").exclude(where="source").exclude(place=but):
        said = "done" if duty.where == "national" else "out"
        answering.answer_one(duty, answering.Said(said), by=by(life, "rowan"))


def carried_out(life, review, references, outcome="dispose", looked_at=(), **more):
    """Return the order by which what a review let go was destroyed; `looked_at` are those on which others wait."""
    conclusion = reviewing.Conclusion(outcome, "No longer necessary for any policing purpose.", **more)
    answers = reviewing.Answers(NO, WHY, seen=life_digest(review.prime_id))
    done = reviewing.decide(review, answers, conclusion, by=by(life, "rowan"))
    proposal = disposal.Proposal(done.prime, done.controller, keys_of(references), done, with_others=keys_of(looked_at))
    order = disposal.approve(disposal.propose(proposal, by=by(life, "rowan")), by=by(life, "ash"))
    destruction.work(by=WORKER)
    for instruction in order.instructions.all():
        disposal.answer(instruction, by=by(life, "rowan"), said="done", note="")
    destruction.work(by=WORKER)
    order.refresh_from_db()
    return order


def keys_of(references):
    return tuple(Record.objects.filter(reference__in=references).values_list("pk", flat=True))
