"""Tell the owners of sources what was judged of their own nominals, and record what they answered."""

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit
from muniment.core.actors import Actor
from muniment.core.verdicts import unless
from muniment.people.models import Judgement, SourceAdvice
from muniment.people.said import advice
from muniment.records.models import SourceSystem

Answer = SourceAdvice.Answer


def send(system: SourceSystem, *, by: Actor) -> list[SourceAdvice]:
    """Return what the owner of a system has not answered, and note that it was sent.

    Who may judge pairs of its controller may send it.
    """
    if by.user:
        access.may(by.user, "match.judge", on=timezone.localdate(), controller=system.controller).require()
    with transaction.atomic():
        found = list(advice.waiting().filter(judgement__left__system=system))
        unless(bool(found), "Nothing waits to be told to this source.").require()
        fresh = [each.pk for each in found if each.sent_at is None]
        SourceAdvice.objects.filter(pk__in=fresh).update(sent_at=timezone.now(), sent_by=by.name)
        audit.record(
            by,
            "match.tell_source",
            subject=f"{system.code}: {len(found)} pairs",
            controller=system.controller.code,
            recipient=system.owner,
            detail={"advice": [each.reference for each in found]},
        )
    return found


def answer(told: SourceAdvice, *, by: Actor, said: str) -> SourceAdvice:
    """Record what the owner answered. Where they say otherwise, the judgement has to be looked at again."""
    with transaction.atomic():
        held = SourceAdvice.objects.select_for_update().get(pk=told.pk)
        controller = held.judgement.left.system.controller
        if by.user:
            access.may(by.user, "match.judge", on=timezone.localdate(), controller=controller).require()
        check = unless(said in Answer.values, "Choose what the owner answered.")
        check &= unless(held.sent_at is not None, "Tell the source first: download its work file.")
        check &= unless(not held.answer, "The answer is recorded already.")
        check.require()
        held.answer, held.answered_by, held.answered_at = said, by.name, timezone.now()
        held.save(update_fields=["answer", "answered_by", "answered_at"])
        if said == Answer.OTHERWISE:
            standing = Judgement.objects.filter(pk=held.judgement_id, superseded_at__isnull=True)
            standing.filter(reopened_at__isnull=True).update(
                reopened_at=timezone.now(), reopened_because=Judgement.Reopened.SOURCE
            )
        audit.record(
            by, "match.source_answer", subject=held.reference, controller=controller.code, detail={"answer": said}
        )
    return held
